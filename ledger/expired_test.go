package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
)

const oldEpoch = "01935784-6f00-7c31-9a54-0a1b2c3d4e5f"

// oldLedger writes an ended epoch of three segments with three records each, and
// returns the leaves of them all.
func oldLedger(t *testing.T) (dir string, leaves []tlog.Hash) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, oldEpoch), 0o700); err != nil {
		t.Fatal(err)
	}
	var tree Tree
	for first := uint64(0); first < 9; first += 3 {
		var lines []byte
		for seq := first; seq < first+3; seq++ {
			l := line(t, seq, seq > 0)
			leaves = append(leaves, LeafHash(l))
			tree.Append(LeafHash(l))
			lines = append(append(lines, l...), '\n')
		}
		write(t, filepath.Join(dir, oldEpoch, SegmentName(first)), lines)
	}
	end, err := json.Marshal(End{How: EndClosed, Size: tree.Size(), Root: tree.Root()})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, oldEpoch, EndFile), end)
	return dir, leaves
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// leave writes the leaves of a segment.
func leave(t *testing.T, dir string, first uint64, leaves []tlog.Hash) {
	t.Helper()
	var b []byte
	for _, leaf := range leaves {
		b = append(b, leaf[:]...)
	}
	write(t, filepath.Join(dir, oldEpoch, LeavesName(first)), b)
}

func drop(t *testing.T, dir string, first uint64) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, oldEpoch, SegmentName(first))); err != nil {
		t.Fatal(err)
	}
}

// readFrom returns the sequences that a reader has from a cursor on.
func readFrom(t *testing.T, dir string, c Cursor) (seqs []uint64, err error) {
	t.Helper()
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		var e Entry
		e, c, err = r.Next(t.Context(), c)
		if errors.Is(err, io.EOF) {
			return seqs, nil
		}
		if err != nil {
			return seqs, err
		}
		seqs = append(seqs, e.Seq)
	}
}

// Whichever segments have expired, a reader has the records that are left, under
// the numbers that they always had, and the tree stays that of all of them.
func TestExpiredSegmentsArePassedOver(t *testing.T) {
	t.Parallel()
	for mask := range 8 {
		dir, leaves := oldLedger(t)
		var want []uint64
		for i := range uint64(3) {
			if mask>>i&1 == 0 {
				want = append(want, 3*i, 3*i+1, 3*i+2)
				continue
			}
			leave(t, dir, 3*i, leaves[3*i:3*i+3])
			drop(t, dir, 3*i)
		}
		for seq := range uint64(10) {
			c := Cursor{Epoch: oldEpoch, Seq: seq}
			if seq == 0 {
				c = Cursor{}
			}
			after := slices.DeleteFunc(slices.Clone(want), func(s uint64) bool { return s < seq })
			got, err := readFrom(t, dir, c)
			if err != nil || !slices.Equal(got, after) {
				t.Errorf("expired %03b, from %d: records %v, %v, want %v", mask, seq, got, err, after)
			}
		}
		end, _, err := ReadEnd(dir, oldEpoch)
		if err != nil {
			t.Fatal(err)
		}
		var scanned []uint64
		tail, err := ScanEpoch(t.Context(), dir, oldEpoch, func(l Line) error {
			scanned = append(scanned, l.Seq)
			return nil
		})
		if err != nil || !slices.Equal(scanned, want) || tail.Tree.Size() != end.Size || tail.Tree.Root() != end.Root {
			t.Errorf("expired %03b: scanned %v of %d, %v", mask, scanned, tail.Tree.Size(), err)
		}
		if _, err := LastState(t.Context(), dir); err != nil {
			t.Errorf("expired %03b: last state: %v", mask, err)
		}
	}
}

// Leaves alone do not end a segment: while it is there it is read.
func TestSegmentBesideItsLeavesIsRead(t *testing.T) {
	t.Parallel()
	dir, leaves := oldLedger(t)
	leave(t, dir, 3, leaves[3:6])
	if got, err := readFrom(t, dir, Cursor{}); err != nil || len(got) != 9 {
		t.Errorf("records %v, %v", got, err)
	}
}

// A reader that has a segment open reads it to its end when it expires meanwhile,
// and goes on after it.
func TestExpiryBesideAReader(t *testing.T) {
	t.Parallel()
	dir, leaves := oldLedger(t)
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	var seqs []uint64
	for {
		var e Entry
		if e, c, err = r.Next(t.Context(), c); err != nil {
			break
		}
		if seqs = append(seqs, e.Seq); e.Seq == 1 {
			for _, first := range []uint64{0, 3} {
				leave(t, dir, first, leaves[first:first+3])
				drop(t, dir, first)
			}
		}
	}
	if want := []uint64{0, 1, 2, 6, 7, 8}; !errors.Is(err, io.EOF) || !slices.Equal(seqs, want) {
		t.Errorf("records %v, %v, want %v", seqs, err, want)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A segment that is gone without its leaves, or with others than its own number
// of them, is damage.
func TestMissingSegmentIsDamage(t *testing.T) {
	t.Parallel()
	for name, leavesOf := range map[string]func([]tlog.Hash) []tlog.Hash{
		"none":  nil,
		"empty": func([]tlog.Hash) []tlog.Hash { return nil },
		"fewer": func(l []tlog.Hash) []tlog.Hash { return l[:2] },
		"more":  func(l []tlog.Hash) []tlog.Hash { return append(slices.Clone(l), l[0]) },
	} {
		for first := uint64(0); first < 9; first += 3 {
			dir, leaves := oldLedger(t)
			drop(t, dir, first)
			if leavesOf != nil {
				leave(t, dir, first, leavesOf(leaves[first:first+3]))
			}
			if got, err := readFrom(t, dir, Cursor{}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s of segment %d: records %v, %v", name, first, got, err)
			}
		}
	}
}

func TestExpiryAndHoldAreRecords(t *testing.T) {
	t.Parallel()
	at := time.Date(2029, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range []Record{
		{Kind: KindExpired, Expired: &Expired{
			What: ExpiredSegment, Epoch: oldEpoch, Segment: SegmentName(3), First: 3, Records: 3, Hash: "aGFzaA==", KeepUntil: at, By: "ops", Reason: "retention",
		}},
		{Kind: KindExpired, Expired: &Expired{What: ExpiredPeriod, Period: "2026-11", KeepUntil: at, Forced: true, Signatures: []string{"privacy+0123abcd"}}},
		{Kind: KindHold, Hold: &Hold{ID: oldEpoch, From: at.AddDate(-3, 0, 0), To: at, Reason: "litigation", By: "legal", Lifted: oldEpoch}},
	} {
		want.Time = at
		body, err := AppendBody(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseLine(bytes.TrimSuffix(AppendLine(nil, 3, true, body), []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Record()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-wrote +read):\n%s", err, diff)
		}
		for _, misfit := range []Record{
			{Kind: want.Kind}, {Kind: KindSummary, Expired: want.Expired, Hold: want.Hold}, {Kind: want.Kind, Expired: &Expired{}, Hold: &Hold{}},
		} {
			if _, err := AppendBody(nil, &misfit); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v was encoded: %v", misfit, err)
			}
		}
	}
}
