package ledger

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

var (
	// ErrNoDisclosure is returned for an id that no record of the ledger has.
	ErrNoDisclosure = errors.New("the ledger has no such disclosure")
	// ErrNotSigned is returned for a record that no checkpoint covers yet.
	ErrNotSigned = errors.New("no checkpoint covers the record yet")
)

// Prove returns a proof of the record of a disclosure or a refusal, by its id, and the
// verifier key that the epoch names, which is empty if it names none or if the
// record that names it has expired. The proof rests
// on the held checkpoint, which was kept elsewhere, or on the newest one of the
// record's epoch if held is nil. The whole epoch is read, beside its writer if it has
// one; memory is bounded by the longest line. Errors match [ErrNoDisclosure],
// [ErrNotSigned] or [ErrCorrupt], or are those of reading.
func Prove(ctx context.Context, dir, id string, held []byte) (p *Proof, key string, err error) {
	place, err := find(ctx, dir, id)
	if err != nil {
		return nil, "", err
	}
	signed := held
	if signed == nil {
		if signed, err = os.ReadFile(filepath.Clean(filepath.Join(dir, place.epoch, CheckpointFile))); errors.Is(err, os.ErrNotExist) {
			return nil, "", ErrNotSigned
		}
		if err != nil {
			return nil, "", fmt.Errorf("reading checkpoint: %w", err)
		}
	}
	c, err := parseCheckpoint(string(signed))
	if err != nil {
		return nil, "", err
	}
	if !strings.HasSuffix(c.Origin, "/"+place.epoch) {
		return nil, "", fmt.Errorf("%w: the one given is of another epoch than the record's, %s", ErrNotSigned, place.epoch)
	}
	if place.seq >= c.Size {
		return nil, "", fmt.Errorf("%w: it is number %d of its epoch, and the checkpoint covers %d", ErrNotSigned, place.seq, c.Size)
	}
	climb := newClimb(place.seq, c.Size)
	p = &Proof{Index: place.seq, Checkpoint: signed}
	err = eachLine(ctx, dir, place.epoch, c.Size, climb.leaf, func(l Line) error {
		if l.Seq == place.seq {
			p.Line = bytes.Clone(l.Bytes)
		}
		if l.Kind == KindConfig && key == "" {
			r, err := l.Record()
			if err != nil || r.Config == nil {
				return fmt.Errorf("%w: record %d of epoch %s", ErrCorrupt, l.Seq, place.epoch)
			}
			key = r.Config.Key
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	if climb.whole.Size() != c.Size || climb.whole.Root() != c.Root {
		return nil, "", fmt.Errorf("%w: epoch %s is not what its checkpoint says", ErrCorrupt, place.epoch)
	}
	p.Path = climb.path()
	return p, key, nil
}

// place is where a record stands.
type place struct {
	epoch string
	seq   uint64
}

// find looks for the record of a disclosure, the newest epoch first. An intent is
// passed over: what it came to has a record of its own.
func find(ctx context.Context, dir, id string) (place, error) {
	epochs, err := Epochs(dir)
	if err != nil {
		return place{}, err
	}
	want := []byte(`,"disclosure":{"id":` + string(appendString(nil, id)))
	for _, epoch := range slices.Backward(epochs) {
		var at place
		err := eachLine(ctx, dir, epoch, 1<<63-1, nil, func(l Line) error {
			if l.Kind != KindIntent && bytes.Contains(l.Bytes, want) {
				at = place{epoch, l.Seq}
			}
			return nil
		})
		if err != nil {
			return place{}, err
		}
		if at.epoch != "" {
			return at, nil
		}
	}
	return place{}, ErrNoDisclosure
}

// eachLine reads the first n records of an epoch, or all that there are. leaf is told
// of each record, expired ones among them, unless it is nil, and line of those that
// are there.
func eachLine(ctx context.Context, dir, epoch string, n uint64, leaf func(tlog.Hash), line func(Line) error) (err error) {
	var seen uint64
	expired := func(h tlog.Hash) {
		if seen++; leaf != nil && seen <= n {
			leaf(h)
		}
	}
	r := &epochReader{dir: dir, epoch: epoch, onLeaf: expired}
	defer func() { err = errors.Join(err, r.close()) }()
	for seen < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := r.line()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if seen++; leaf != nil {
			leaf(LeafHash(l.Bytes))
		}
		if err := line(l); err != nil {
			return err
		}
	}
	return nil
}

// climb gathers the hashes beside the way from a leaf to the root, each of them the
// root of a range of leaves, while the leaves pass by in order.
type climb struct {
	whole  Tree
	ranges []leafRange // from the root to the leaf
	order  []int       // of ranges, by their leaves
	at     int         // in order
}

type leafRange struct {
	from, to uint64
	tree     Tree
}

func newClimb(index, size uint64) *climb {
	c := new(climb)
	for from, to := uint64(0), size; to-from > 1; {
		// The left side is the largest complete tree that is not all of it.
		half := uint64(1) << (bits.Len64(to-from-1) - 1)
		if mid := from + half; index < mid {
			c.ranges = append(c.ranges, leafRange{from: mid, to: to})
			to = mid
		} else {
			c.ranges = append(c.ranges, leafRange{from: from, to: mid})
			from = mid
		}
		c.order = append(c.order, len(c.order))
	}
	slices.SortFunc(c.order, func(a, b int) int { return cmp.Compare(c.ranges[a].from, c.ranges[b].from) })
	return c
}

// leaf adds the next leaf.
func (c *climb) leaf(h tlog.Hash) {
	i := c.whole.Size()
	c.whole.Append(h)
	for c.at < len(c.order) && i >= c.ranges[c.order[c.at]].to {
		c.at++
	}
	if c.at < len(c.order) && i >= c.ranges[c.order[c.at]].from {
		c.ranges[c.order[c.at]].tree.Append(h)
	}
}

// path returns the hashes from the leaf to the root.
func (c *climb) path() []tlog.Hash {
	var path []tlog.Hash
	for i := range slices.Backward(c.ranges) {
		path = append(path, c.ranges[i].tree.Root())
	}
	return path
}
