// Package retention ends the keeping of ledger records: it tells which segments
// are due, and removes them so that the trees they are part of still verify.
package retention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// DefaultKeep is how many years records are kept after the end of the month in
// which they were written: the three years of the APPI's records of provision
// to third parties (Art. 29 and 30), which are the longest.
const DefaultKeep = 3

// Reason says why a segment is not due.
type Reason string

// The reasons.
const (
	Due     Reason = ""
	Live    Reason = "live"    // its epoch has no end yet
	Age     Reason = "age"     // a record of it is to be kept longer
	Held    Reason = "hold"    // a hold covers it, or was set in it and is in force
	Damaged Reason = "damaged" // its epoch is not what its end says
)

// Segment is a segment whose records are still there.
type Segment struct {
	Epoch, Name    string
	First, Records uint64
	Oldest, Newest time.Time // of its records

	ended, damaged bool
	sets           []string // holds
	said           bool     // an expired record names it
}

// Survey is what a ledger says of its own retention.
type Survey struct {
	Segments []*Segment
	Holds    []ledger.Hold // in force, in the order in which they were set
}

// KeepUntil returns when the retention of a record ends: years after its month.
func KeepUntil(written time.Time, years int) time.Time {
	written = written.UTC()
	return time.Date(written.Year()+years, written.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

// Look reads the whole ledger in dir. Memory grows with segments, not with records.
func Look(ctx context.Context, dir string) (*Survey, error) {
	s := new(Survey)
	epochs, err := ledger.Epochs(dir)
	if err != nil {
		return nil, err
	}
	said := map[[2]string]bool{}
	for _, epoch := range epochs {
		if err := s.epoch(ctx, dir, epoch, said); err != nil {
			return nil, err
		}
	}
	for _, g := range s.Segments {
		g.said = said[[2]string{g.Epoch, g.Name}]
	}
	return s, nil
}

func (s *Survey) epoch(ctx context.Context, dir, epoch string, said map[[2]string]bool) error {
	// The end first: an epoch that ends meanwhile counts as live.
	end, ended, err := ledger.ReadEnd(dir, epoch)
	if err != nil {
		return err
	}
	names, err := ledger.Segments(dir, epoch)
	if err != nil {
		return err
	}
	var of []*Segment
	for _, n := range names {
		if !n.Expired {
			of = append(of, &Segment{Epoch: epoch, Name: n.Name, First: n.First, ended: ended})
		}
	}
	tail, err := ledger.ScanEpoch(ctx, dir, epoch, func(l ledger.Line) error {
		i, exact := slices.BinarySearchFunc(of, l.Seq, func(g *Segment, seq uint64) int {
			switch {
			case g.First < seq:
				return -1
			case g.First > seq:
				return 1
			}
			return 0
		})
		if !exact {
			i--
		}
		if i < 0 {
			return nil // a segment that was not there when they were listed
		}
		return s.line(of[i], l, said)
	})
	if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
		return err
	}
	damaged := err != nil || ended && (tail.Tree.Size() != end.Size || tail.Tree.Root() != end.Root)
	for _, g := range of {
		g.damaged = damaged || g.Records == 0
	}
	s.Segments = append(s.Segments, of...)
	return nil
}

func (s *Survey) line(g *Segment, l ledger.Line, said map[[2]string]bool) error {
	at, err := written(l)
	if err != nil {
		return err
	}
	if g.Records == 0 || at.Before(g.Oldest) {
		g.Oldest = at
	}
	if at.After(g.Newest) {
		g.Newest = at
	}
	g.Records++
	if l.Kind != ledger.KindHold && l.Kind != ledger.KindExpired {
		return nil
	}
	r, err := l.Record()
	if err != nil {
		return fmt.Errorf("%w: a line that is no record", ledger.ErrCorrupt)
	}
	switch {
	case r.Expired != nil && r.Expired.What == ledger.ExpiredSegment:
		said[[2]string{r.Expired.Epoch, r.Expired.Segment}] = true
	case r.Hold != nil && r.Hold.Lifted != "":
		s.Holds = slices.DeleteFunc(s.Holds, func(h ledger.Hold) bool { return h.ID == r.Hold.Lifted })
	case r.Hold != nil:
		s.Holds = append(s.Holds, *r.Hold)
		g.sets = append(g.sets, r.Hold.ID)
	}
	return nil
}

// written returns the time of a line without decoding the rest, which may be long.
func written(l ledger.Line) (time.Time, error) {
	_, rest, _ := bytes.Cut(l.Bytes, []byte(`"time":"`))
	text, _, _ := bytes.Cut(rest, []byte{'"'})
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return at, fmt.Errorf("%w: a line without a time", ledger.ErrCorrupt)
	}
	return at, nil
}

// Judge says whether a segment is due at a time if records are kept for years.
func (s *Survey) Judge(g *Segment, at time.Time, years int) Reason {
	switch {
	case !g.ended:
		return Live
	case g.damaged:
		return Damaged
	case at.Before(KeepUntil(g.Newest, years)):
		return Age
	}
	for _, h := range s.Holds {
		if slices.Contains(g.sets, h.ID) || !h.From.After(g.Newest) && !h.To.Before(g.Oldest) {
			return Held
		}
	}
	return Due
}
