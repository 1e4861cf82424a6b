package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Bound tells how far an epoch is durable that this process writes.
type Bound interface {
	// Durable returns the epoch and the number of its durable records.
	Durable() Cursor
}

// Recent is a [Bound] that keeps its newest entries in memory, so that a follower
// that keeps up need not read and decode what its own process has just written.
type Recent interface {
	Bound
	// Recent returns the durable record seq as it was appended, with its line,
	// and the sequence of the first record of its segment. It returns false
	// if it does not keep it.
	Recent(seq uint64) (e Entry, segment uint64, ok bool)
}

// Facts resolves the facts that a record names.
type Facts interface {
	// Fact returns the fact with that hash. It is found if the record that
	// the reader returned last names it.
	Fact(hash string) (*Fact, bool)
}

// FolderReader replays the ledger of a folder. It implements [Reader] and
// [Facts], works beside any number of writers and keeps in memory no more than
// the longest line and the facts of one segment. It must not be used
// concurrently; open one for each follower.
//
// An epoch that another process writes is followed to its last complete line,
// which the reader makes durable itself before it returns it. The reader goes on
// to the next epoch only when the one before has ended, so a cursor never skips a
// record: while two processes overlap, the records of the newer one wait.
//
// Segments whose retention has ended are passed over: the zero cursor stands
// before the first record that is left, and a cursor among records that have
// expired goes on at the next one there is. The sequences of records stay.
type FolderReader struct {
	dir    string
	bounds []Bound

	at     Cursor // the cursor that the position below belongs to
	epoch  *epochReader
	end    *End
	judged uint64 // the place whose tail was already found harmless
	facts  map[string]*Fact
}

var (
	_ Reader = (*FolderReader)(nil)
	_ Facts  = (*FolderReader)(nil)
)

// OpenReader opens the ledger in dir. Bounds are the logs that this process
// writes: their epochs are read up to what they say is durable, and what is
// [Recent] is had from them and not from the files.
func OpenReader(dir string, bounds ...Bound) (*FolderReader, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &os.PathError{Op: "open", Path: dir, Err: errors.New("not a folder")}
	}
	return &FolderReader{dir: dir, bounds: bounds, facts: map[string]*Fact{}}, nil
}

// Close releases the open segment.
func (r *FolderReader) Close() error {
	if r.epoch == nil {
		return nil
	}
	err := r.epoch.close()
	r.epoch = nil
	return err
}

// Fact implements [Facts].
func (r *FolderReader) Fact(hash string) (*Fact, bool) {
	f, ok := r.facts[hash]
	return f, ok
}

// Next implements [Reader]. A cursor to a place that the ledger does not have,
// because its epoch or its records are gone without having expired, is an error matching [ErrCorrupt].
func (r *FolderReader) Next(ctx context.Context, c Cursor) (Entry, Cursor, error) {
	if r.epoch == nil || c != r.at {
		if err := r.seek(ctx, c); err != nil {
			return Entry{}, c, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return Entry{}, c, err
		}
		if r.epoch == nil {
			return Entry{}, c, io.EOF
		}
		e, err := r.entry()
		switch {
		case errors.Is(err, errEnded):
			moved, err := r.advance()
			if err != nil {
				return Entry{}, c, err
			}
			if !moved {
				return Entry{}, c, io.EOF
			}
			continue
		case err != nil:
			return Entry{}, c, err
		}
		r.at = Cursor{Epoch: r.epoch.epoch, Seq: e.Seq + 1}
		return e, r.at, nil
	}
}

// errEnded is returned by line at the end of an epoch that takes no more.
var errEnded = errors.New("epoch has ended")

// entry returns the next record of the present epoch, io.EOF if there is none yet,
// or errEnded.
func (r *FolderReader) entry() (Entry, error) {
	// The bound is read before the line: what it covers must be there.
	bound, limit := r.bound()
	if r.end == nil && bound == nil {
		// While the epoch is somebody else's the end is looked for only
		// when the lines run out.
		l, err := r.epoch.line()
		if err == nil {
			return r.decoded(l)
		}
		if !isEOF(err) {
			return Entry{}, err
		}
		end, ended, err := ReadEnd(r.dir, r.epoch.epoch)
		if err != nil {
			return Entry{}, err
		}
		if ended {
			r.end = &end
			return r.entry()
		}
		return Entry{}, r.tail()
	}
	if r.end != nil {
		limit = r.end.Size
	}
	if r.epoch.next >= limit {
		if r.end == nil {
			// The log may have closed since.
			end, ended, err := ReadEnd(r.dir, r.epoch.epoch)
			if err != nil {
				return Entry{}, err
			}
			if !ended {
				return Entry{}, io.EOF
			}
			r.end = &end
			return r.entry()
		}
		if r.epoch.next > limit {
			return Entry{}, r.epoch.corrupt()
		}
		return Entry{}, errEnded
	}
	if e, ok, err := r.recent(bound); ok || err != nil {
		return e, err
	}
	l, err := r.epoch.line()
	if isEOF(err) {
		// What was read ahead, beside the writer, can be older than the
		// bound. It was dropped; the file has the last word.
		l, err = r.epoch.line()
	}
	if isEOF(err) && r.epoch.segment.Expired && r.epoch.next == limit {
		// The epoch's last records have expired.
		return r.entry()
	}
	if isEOF(err) {
		return Entry{}, r.epoch.corrupt()
	}
	if err != nil {
		return Entry{}, err
	}
	return r.decoded(l)
}

// recent returns the next record if the bound still has it. It is asked at every
// record: going between memory and files costs nothing, because the place in the
// segment is known all the time.
func (r *FolderReader) recent(b Bound) (Entry, bool, error) {
	keeper, ok := b.(Recent)
	if !ok {
		return Entry{}, false, nil
	}
	e, segment, ok := keeper.Recent(r.epoch.next)
	if !ok || !r.epoch.reaches(segment) {
		return Entry{}, false, nil
	}
	if err := r.epoch.pass(segment, e.Line); err != nil {
		return Entry{}, false, err
	}
	if asRead(&e) {
		return e, true, nil
	}
	e, err := r.decoded(Line{Seq: e.Seq, Kind: e.Kind, Bytes: e.Line})
	return e, err == nil, err
}

// tail returns io.EOF if what stands after the last line of an epoch without an
// end can be a write under way or a torn one.
func (r *FolderReader) tail() error {
	if r.epoch.file == nil || r.judged == r.epoch.next+1 {
		return io.EOF
	}
	_, state, err := r.epoch.file.peek()
	if err != nil {
		return err
	}
	if state != lineBad {
		return io.EOF
	}
	_, damaged, err := r.epoch.tail()
	if err != nil {
		return err
	}
	if damaged {
		return r.epoch.corrupt()
	}
	// Looking through a large segment again at each call would cost more
	// than it finds.
	r.judged = r.epoch.next + 1
	return io.EOF
}

// bound returns the bound of the present epoch and where it is, or nil.
func (r *FolderReader) bound() (Bound, uint64) {
	for _, b := range r.bounds {
		if d := b.Durable(); d.Epoch == r.epoch.epoch {
			return b, d.Seq
		}
	}
	return nil, 0
}

// decoded decodes a line and remembers it if it is a fact.
func (r *FolderReader) decoded(l Line) (Entry, error) {
	record, err := l.Record()
	if err != nil {
		// The line is intact and not a record: its writer broke the
		// format, or somebody who can compute a checksum.
		return Entry{}, r.epoch.corrupt()
	}
	r.remember(record)
	return Entry{
		Record:  record,
		Receipt: Receipt{Epoch: r.epoch.epoch, Seq: l.Seq, Leaf: LeafHash(l.Bytes)},
		Line:    l.Bytes,
	}, nil
}

func (r *FolderReader) remember(record Record) {
	if record.Fact != nil {
		r.facts[record.Hash] = &Fact{Kind: record.Kind, Hash: record.Hash, JSON: append(json.RawMessage(nil), record.Fact...)}
	}
}

// seek goes to the place of a cursor, gathering the facts that the segment has
// before it.
func (r *FolderReader) seek(ctx context.Context, c Cursor) error {
	if err := r.Close(); err != nil {
		return err
	}
	epochs, err := Epochs(r.dir)
	if err != nil {
		return err
	}
	if len(epochs) == 0 && c == (Cursor{}) {
		return nil
	}
	if c.Epoch == "" {
		c.Epoch = epochs[0]
		return r.open(c.Epoch, Cursor{})
	}
	if !slices.Contains(epochs, c.Epoch) {
		return corruptCursor(r.dir, c)
	}
	if err := r.open(c.Epoch, c); err != nil {
		return err
	}
	if err := r.epoch.seek(c.Seq); err != nil {
		return err
	}
	for r.epoch.next < c.Seq {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, r.Close())
		}
		l, err := r.epoch.line()
		if isEOF(err) {
			return errors.Join(corruptCursor(r.dir, c), r.Close())
		}
		if err != nil {
			return errors.Join(err, r.Close())
		}
		switch l.Kind {
		case KindPolicy, KindRecipient, KindProfile:
			record, err := l.Record()
			if err != nil {
				return errors.Join(r.epoch.corrupt(), r.Close())
			}
			r.remember(record)
		default:
		}
	}
	return nil
}

// open makes epoch the present one; at is the cursor that stands for its start.
func (r *FolderReader) open(epoch string, at Cursor) error {
	end, ended, err := ReadEnd(r.dir, epoch)
	if err != nil {
		return err
	}
	r.end, r.judged, r.at = nil, 0, at
	if ended {
		r.end = &end
	}
	settle := !ended && !slices.ContainsFunc(r.bounds, func(b Bound) bool { return b.Durable().Epoch == epoch })
	r.epoch = &epochReader{dir: r.dir, epoch: epoch, settle: settle, onSegment: func() { clear(r.facts) }}
	return nil
}

// advance goes to the start of the next epoch; the cursor stays until a record
// of it was read.
func (r *FolderReader) advance() (bool, error) {
	epochs, err := Epochs(r.dir)
	if err != nil {
		return false, err
	}
	after := r.epoch.epoch
	i := slices.IndexFunc(epochs, func(e string) bool { return e > after })
	if i < 0 {
		return false, nil
	}
	at := r.at
	if err := r.Close(); err != nil {
		return false, err
	}
	return true, r.open(epochs[i], at)
}

func corruptCursor(dir string, c Cursor) error {
	return fmt.Errorf("%w: %s has no record %d of epoch %s", ErrCorrupt, dir, c.Seq, c.Epoch)
}
