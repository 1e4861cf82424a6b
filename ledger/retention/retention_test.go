package retention

import (
	"errors"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
	"github.com/modicum-dev/modicum/ledger/segment"
)

var (
	written2026 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	dueFrom     = time.Date(2029, 12, 1, 0, 0, 0, 0, time.UTC)
)

var errCut = errors.New("the power went")

// cutFS fails the step with the number at, and every later one.
type cutFS struct {
	disk.OS
	steps, at int
}

func (c *cutFS) step(do func() error) error {
	if c.steps++; c.steps > c.at {
		return errCut
	}
	return do()
}

func (c *cutFS) Rename(a, b string) error { return c.step(func() error { return c.OS.Rename(a, b) }) }
func (c *cutFS) Remove(p string) error    { return c.step(func() error { return c.OS.Remove(p) }) }
func (c *cutFS) SyncDir(p string) error   { return c.step(func() error { return c.OS.SyncDir(p) }) }

func openAt(t *testing.T, dir string, at time.Time) *segment.Log {
	t.Helper()
	l, err := segment.Open(t.Context(), segment.Options{Dir: dir, SegmentSize: 1 << 10, Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shut(t *testing.T, l *segment.Log) {
	t.Helper()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// old writes an epoch of several segments, with records after it.
func old(t *testing.T, records ...*ledger.Record) string {
	t.Helper()
	dir := t.TempDir()
	l := openAt(t, dir, written2026)
	for range 20 {
		records = append(records, &ledger.Record{Kind: ledger.KindHeartbeat})
	}
	for _, r := range records {
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, l)
	return dir
}

func look(t *testing.T, dir string) *Survey {
	t.Helper()
	s, err := Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// However far an expiry came, the next one completes it: each segment has one
// record, and the tree is what it was.
func TestExpiryIsCompletedAfterACrash(t *testing.T) {
	t.Parallel()
	for at := range 6 {
		dir := old(t)
		epoch := look(t, dir).Segments[0].Epoch
		for _, fsys := range []disk.FS{&cutFS{at: at}, disk.OS{}} {
			l := openAt(t, dir, dueFrom)
			e := Expirer{Dir: dir, Log: l, Years: DefaultKeep, fs: fsys}
			s := look(t, dir)
			for _, g := range s.Segments {
				if s.Judge(g, dueFrom, DefaultKeep) != Due {
					continue
				}
				if err := e.Expire(t.Context(), s, g, dueFrom); err != nil && !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				if fsys != (disk.OS{}) {
					break
				}
			}
			shut(t, l)
		}
		left, err := ledger.Segments(dir, epoch)
		if err != nil || len(left) < 2 {
			t.Fatalf("%d segments, %v", len(left), err)
		}
		told := map[string]int{}
		epochs, err := ledger.Epochs(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range epochs {
			tail, err := ledger.ScanEpoch(t.Context(), dir, id, func(l ledger.Line) error {
				r, err := l.Record()
				if r.Expired != nil {
					told[r.Expired.Segment]++
				}
				return err
			})
			end, _, endErr := ledger.ReadEnd(dir, id)
			if err := errors.Join(err, endErr); err != nil || tail.Tree.Root() != end.Root {
				t.Errorf("cut at %d: tree of %s: %v", at, id, err)
			}
		}
		for _, g := range left {
			if n := told[ledger.SegmentName(g.First)]; !g.Expired || n != 1 {
				t.Errorf("cut at %d: %s has %d records", at, g.Name, n)
			}
		}
	}
}

// Records are kept to the end of the month three years on, and while they are
// held or their epoch is live.
func TestWhatIsNotDue(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	hold := func(from, to time.Time) *ledger.Record {
		return &ledger.Record{Kind: ledger.KindHold, Hold: &ledger.Hold{ID: "h", From: from, To: to, Reason: "litigation"}}
	}
	lift := &ledger.Record{Kind: ledger.KindHold, Hold: &ledger.Hold{ID: "l", Lifted: "h"}}
	covers := hold(written2026.Add(-day), written2026.Add(day))
	for name, test := range map[string]struct {
		records []*ledger.Record
		at      time.Time
		want    Reason // of the first segment
	}{
		"due":              {nil, dueFrom, Due},
		"a moment before":  {nil, dueFrom.Add(-time.Millisecond), Age},
		"held":             {[]*ledger.Record{covers}, dueFrom, Held},
		"lifted":           {[]*ledger.Record{covers, lift}, dueFrom, Due},
		"its hold is kept": {[]*ledger.Record{hold(written2026.Add(day), written2026.Add(2*day))}, dueFrom, Held},
	} {
		s := look(t, old(t, test.records...))
		if got := s.Judge(s.Segments[0], test.at, DefaultKeep); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	dir := t.TempDir()
	l := openAt(t, dir, written2026)
	s := look(t, dir)
	if got := s.Judge(s.Segments[0], dueFrom, DefaultKeep); got != Live {
		t.Errorf("of a live epoch: %q", got)
	}
	if err := (&Expirer{Dir: dir, Log: l, Years: DefaultKeep}).Expire(t.Context(), s, s.Segments[0], dueFrom); !errors.Is(err, ErrNotDue) {
		t.Errorf("a live segment: %v", err)
	}
	shut(t, l)
}
