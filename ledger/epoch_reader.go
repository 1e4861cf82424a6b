package ledger

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// epochReader reads the lines of one epoch in order, across its segments.
type epochReader struct {
	dir, epoch string
	settle     bool // see segmentFile
	file       *segmentFile
	segment    Segment
	off        int64  // in segment, where file has to be opened; 0 while it is open
	next       uint64 // sequence of the next line
	onSegment  func() // called when another segment begins

	onLeaf func(tlog.Hash) // called for each record that has expired; may be nil
}

func (r *epochReader) close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.close()
	r.file = nil
	return err
}

// open goes to the start of a segment, or past it if it has expired.
func (r *epochReader) open(s Segment) error {
	if s.Expired {
		return r.pastLeaves(s)
	}
	f, err := openSegment(filepath.Join(r.dir, r.epoch, s.Name), r.settle)
	if errors.Is(err, fs.ErrNotExist) {
		// It may have expired since the folder was listed.
		s.Name, s.Expired = LeavesName(s.First), true
		if past := r.pastLeaves(s); !errors.Is(past, fs.ErrNotExist) {
			return past
		}
	}
	if err != nil {
		return err
	}
	err = r.close()
	r.file, r.segment, r.off = f, s, 0
	if r.onSegment != nil {
		r.onSegment()
	}
	return err
}

// pastLeaves goes past an expired segment: next is what follows its records.
func (r *epochReader) pastLeaves(s Segment) error {
	n, err := readLeaves(filepath.Join(r.dir, r.epoch, s.Name), r.onLeaf)
	if err != nil {
		return err
	}
	err = r.close()
	r.segment, r.off, r.next = s, 0, s.First+n
	if r.onSegment != nil {
		r.onSegment()
	}
	return err
}

// seek goes to the segment that holds, or will hold, the record seq and stands
// at its first line, or past it if it has expired.
func (r *epochReader) seek(seq uint64) error {
	segments, err := Segments(r.dir, r.epoch)
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(segments) {
		if s.First <= seq {
			r.next = s.First
			return r.open(s)
		}
	}
	if len(segments) > 0 {
		// The record's segment is missing.
		return corrupt(filepath.Join(r.dir, r.epoch, segments[0].Name), 0)
	}
	r.next = 0
	return r.close()
}

// reaches reports whether the next line is of the present segment, or begins the
// segment whose first record is first.
func (r *epochReader) reaches(first uint64) bool {
	return r.next == first || r.segment.Name != "" && r.segment.First == first
}

// pass moves past the next line, which was not read here. It is of the segment
// whose first record is first.
func (r *epochReader) pass(first uint64, line []byte) error {
	if r.segment.Name == "" || r.segment.First != first {
		if err := r.close(); err != nil {
			return err
		}
		r.segment, r.off = Segment{Name: SegmentName(first), First: first}, 0
		if r.onSegment != nil {
			r.onSegment()
		}
	}
	if r.file != nil {
		r.file.pass(len(line) + 1)
	} else {
		r.off += int64(len(line)) + 1
	}
	r.next++
	return nil
}

// reopen opens the file of the place that pass came to.
func (r *epochReader) reopen() error {
	f, err := openSegment(filepath.Join(r.dir, r.epoch, r.segment.Name), r.settle)
	if err != nil {
		return err
	}
	f.off = r.off
	r.file, r.off = f, 0
	return nil
}

// line returns the next line, or io.EOF where there is none yet. It does not
// judge what stands there instead: that takes knowing where the epoch ends.
func (r *epochReader) line() (Line, error) {
	for {
		if r.file == nil && r.off > 0 {
			if err := r.reopen(); err != nil {
				return Line{}, err
			}
		}
		if r.file == nil && r.segment.Expired {
			following, ok, err := r.following()
			if err != nil {
				return Line{}, err
			}
			if !ok {
				return Line{}, io.EOF
			}
			if following.First != r.next {
				return Line{}, r.corrupt()
			}
			if err := r.open(following); err != nil {
				return Line{}, err
			}
			continue
		}
		if r.file == nil {
			if err := r.seek(r.next); err != nil {
				return Line{}, err
			}
			if r.segment.Expired {
				continue
			}
			if r.file == nil {
				return Line{}, io.EOF
			}
		}
		l, state, err := r.file.peek()
		if err != nil {
			return Line{}, err
		}
		if state == lineGood {
			return r.take(l)
		}
		following, ok, err := r.following()
		if err != nil {
			return Line{}, err
		}
		if !ok {
			return Line{}, io.EOF
		}
		// A log rotates when everything is durable, so nothing can be
		// missing here. But it may have gone on between the two looks.
		if l, state, err = r.file.peek(); err != nil {
			return Line{}, err
		}
		if state == lineGood {
			return r.take(l)
		}
		if state == lineBad || following.First != r.next {
			return Line{}, r.corrupt()
		}
		if err := r.open(following); err != nil {
			return Line{}, err
		}
	}
}

func (r *epochReader) take(l Line) (Line, error) {
	if l.Seq != r.next {
		// An intact line at another's place: no torn write does that.
		return Line{}, r.corrupt()
	}
	r.file.skip(l)
	r.next++
	return l, nil
}

// following returns the segment after the present one.
func (r *epochReader) following() (Segment, bool, error) {
	segments, err := Segments(r.dir, r.epoch)
	if err != nil {
		return Segment{}, false, err
	}
	for _, s := range segments {
		if s.First > r.segment.First {
			return s, true, nil
		}
	}
	return Segment{}, false, nil
}

// corrupt names the present place.
func (r *epochReader) corrupt() error {
	if r.file == nil {
		return corrupt(filepath.Join(r.dir, r.epoch), 0)
	}
	return corrupt(r.file.path, r.file.off)
}

// tail judges the place where line returned io.EOF: how many bytes follow that
// are no record, and whether something of them had been durable. The second
// look at the line tells a write under way from a bad line.
func (r *epochReader) tail() (torn int64, damaged bool, err error) {
	if r.file == nil {
		return 0, false, nil
	}
	torn, damaged, err = r.file.tail(r.next)
	if err != nil || !damaged {
		return torn, false, err
	}
	if _, state, err := r.file.peek(); err != nil || state == lineGood {
		return 0, false, err
	}
	return torn, true, nil
}

// isEOF keeps the readers below short.
func isEOF(err error) bool { return errors.Is(err, io.EOF) }
