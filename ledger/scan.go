package ledger

import (
	"context"
	"errors"
)

// Tail is what [ScanEpoch] found at the end of an epoch.
type Tail struct {
	Tree    *Tree  // over the records that are there, and those that have expired
	Segment string // the file name of the last segment, empty if there is none
	Torn    int64  // bytes of the last segment read after its last record
	Damaged bool   // something of those bytes had been durable
}

// ScanEpoch reads an epoch from its first line to its last good one and calls
// each with it; the line is valid during the call. Of an expired segment the tree
// takes the leaves, and each is not called. It checks frames and order,
// not contents, and stops with an error matching [ErrCorrupt] where no torn
// write can be the reason. Nobody must be writing the epoch. Memory is bounded
// by the longest line.
func ScanEpoch(ctx context.Context, dir, epoch string, each func(Line) error) (tail Tail, err error) {
	r := &epochReader{dir: dir, epoch: epoch}
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	tail.Tree = new(Tree)
	r.onLeaf = tail.Tree.Append
	for {
		if err := ctx.Err(); err != nil {
			return tail, err
		}
		l, err := r.line()
		tail.Segment = r.segment.Name
		if isEOF(err) {
			tail.Torn, tail.Damaged, err = r.tail()
			return tail, err
		}
		if errors.Is(err, ErrCorrupt) {
			tail.Damaged = true
			if r.file != nil {
				tail.Torn, _, _ = r.file.tail(r.next)
			}
		}
		if err != nil {
			return tail, err
		}
		tail.Tree.Append(LeafHash(l.Bytes))
		if err := each(l); err != nil {
			return tail, err
		}
	}
}
