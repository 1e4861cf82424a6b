package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
)

// releasedIDs returns the disclosure ids of a ledger's released records.
func releasedIDs(entries []ledger.Entry) []string {
	var ids []string
	for _, e := range ofKind(entries, ledger.KindReleased) {
		ids = append(ids, e.Disclosure.ID)
	}
	return ids
}

// checkRoots recomputes the tree of every epoch and compares it with what its end
// file and the records of later epochs say.
func checkRoots(t *testing.T, dir string, entries []ledger.Entry) {
	t.Helper()
	trees := map[string]*ledger.Tree{}
	for _, e := range entries {
		if trees[e.Epoch] == nil {
			trees[e.Epoch] = new(ledger.Tree)
		}
		trees[e.Epoch].Append(e.Leaf)
	}
	for epoch, tree := range trees {
		end, ended, err := ledger.ReadEnd(dir, epoch)
		must(t, err)
		if ended && (end.Size != tree.Size() || end.Root != tree.Root()) {
			t.Errorf("epoch %s ends at %d %v, its records say %d %v", epoch, end.Size, end.Root, tree.Size(), tree.Root())
		}
	}
	for _, e := range ofKind(entries, ledger.KindRecovered) {
		tree := trees[e.Recovered.Epoch]
		if tree == nil {
			tree = new(ledger.Tree)
		}
		if root, err := tlog.ParseHash(e.Recovered.Root); err != nil || e.Recovered.Size != tree.Size() || root != tree.Root() {
			t.Errorf("recovered record %+v, the records say %d %v", *e.Recovered, tree.Size(), tree.Root())
		}
	}
}

func TestTornTailAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 8 << 10})
	appendRecord(t, l, released(1))
	appendRecord(t, l, &ledger.Record{Kind: ledger.KindState, Time: instant, State: &ledger.StateChange{Snapshot: ledger.Snapshot{Store: "s", Seq: 9}}})
	used := l.writer.current.off
	crash(t, l)
	path := filepath.Join(l.Epoch(), ledger.SegmentName(0))
	whole, err := os.ReadFile(filepath.Join(dir, path))
	must(t, err)
	last := int64(bytes.LastIndexByte(whole[:used-1], '\n') + 1)

	for cut := last; cut < used; cut++ {
		for _, after := range []string{"zeros", "end of file"} {
			copied := copyTree(t, dir)
			torn := slices.Clone(whole[:cut])
			if after == "zeros" {
				torn = append(torn, make([]byte, int64(len(whole))-cut)...)
			}
			writeFile(t, filepath.Join(copied, path), torn)

			if got := releasedIDs(readAll(t, copied)); !slices.Equal(got, []string{disclosureID(1)}) {
				t.Fatalf("cut at byte %d, %s: read %v before recovery", cut-last, after, got)
			}
			next := openLog(t, Options{Dir: copied, SegmentSize: 4 << 10})
			appendRecord(t, next, released(3))
			closeLog(t, next)
			entries := readAll(t, copied)
			if got := releasedIDs(entries); !slices.Equal(got, []string{disclosureID(1), disclosureID(3)}) {
				t.Fatalf("cut at byte %d, %s: read %v", cut-last, after, got)
			}
			recovered := ofKind(entries, ledger.KindRecovered)
			if len(recovered) != 1 || recovered[0].Recovered.Torn != cut-last || recovered[0].Recovered.Damaged {
				t.Fatalf("cut at byte %d, %s: recovered records %+v", cut-last, after, recovered)
			}
			checkRoots(t, copied, entries)
			if now, err := os.ReadFile(filepath.Join(copied, path)); err != nil || !bytes.Equal(now, torn) {
				t.Fatalf("cut at byte %d, %s: recovery changed the bytes: %v", cut-last, after, err)
			}
		}
	}
}

// A batch whose first sectors are missing while later ones are there is torn; a
// record that is missing under one written after its sync is damage.
func TestDamageIsToldFromATornWrite(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 32 << 10})
	for i := range 5 {
		appendRecord(t, l, released(i)) // each a batch of its own
	}
	crash(t, l)
	path := filepath.Join(l.Epoch(), ledger.SegmentName(0))
	whole, err := os.ReadFile(filepath.Join(dir, path))
	must(t, err)
	third := bytes.Index(whole, []byte(disclosureID(2)))

	for _, tt := range []struct {
		name   string
		damage func(b []byte)
	}{
		{"a bit flipped", func(b []byte) { b[third] ^= 1 }},
		{"a sector zeroed", func(b []byte) { clear(b[third-third%sector+sector : third-third%sector+2*sector]) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			copied := copyTree(t, dir)
			b := slices.Clone(whole)
			tt.damage(b)
			writeFile(t, filepath.Join(copied, path), b)
			var reported error
			next := openLog(t, Options{Dir: copied, OnError: func(err error) { reported = errors.Join(reported, err) }})
			closeLog(t, next)
			if !errors.Is(reported, ledger.ErrCorrupt) {
				t.Errorf("reported %v, want ErrCorrupt", reported)
			}
			entries := readAll(t, copied)
			recovered := ofKind(entries, ledger.KindRecovered)
			if len(recovered) != 1 || !recovered[0].Recovered.Damaged {
				t.Errorf("recovered records %+v, want one that tells of damage", recovered)
			}
			if got := releasedIDs(entries); !slices.Equal(got, []string{disclosureID(0), disclosureID(1)}) {
				t.Errorf("read %v, want what stands before the damage", got)
			}
		})
	}
}

// In an epoch that was closed, nothing may be other than it was.
func TestEveryBitFlipIsDetected(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendRecord(t, l, &ledger.Record{Kind: ledger.KindHeartbeat})
	closeLog(t, l)
	path := filepath.Join(dir, l.Epoch(), ledger.SegmentName(0))
	whole, err := os.ReadFile(path)
	must(t, err)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	for bit := range len(whole) * 8 {
		at := int64(bit / 8)
		_, err := f.WriteAt([]byte{whole[at] ^ 1<<(bit%8)}, at)
		must(t, err)
		_, err = tryReadAll(t, dir)
		if !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Fatalf("bit %d of byte %d (%q): %v, want ErrCorrupt with the file", bit%8, at, whole[at], err)
		}
		_, err = f.WriteAt(whole[at:at+1], at)
		must(t, err)
	}
}

func TestRemovedOrReorderedRecordsAreDetected(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 8 << 10})
	for i := range 40 {
		appendRecord(t, l, released(i))
	}
	closeLog(t, l)
	segments, err := ledger.Segments(dir, l.Epoch())
	must(t, err)
	first := filepath.Join(l.Epoch(), segments[0].Name)
	middle := filepath.Join(l.Epoch(), segments[len(segments)/2].Name)
	rewrite := func(name string, change func(lines []string) []string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			b, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			lines := change(strings.SplitAfter(string(b), "\n"))
			writeFile(t, filepath.Join(dir, name), []byte(strings.Join(lines, "")))
		}
	}
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir string)
	}{
		{"a record removed", rewrite(first, func(l []string) []string { return slices.Delete(l, 2, 3) })},
		{"two records swapped", rewrite(first, func(l []string) []string { l[1], l[2] = l[2], l[1]; return l })},
		{"a record doubled", rewrite(first, func(l []string) []string { return slices.Insert(l, 2, l[1]) })},
		{"the last record of a segment cut off", rewrite(first, func(l []string) []string { return l[:len(l)-2] })},
		{"a segment removed", func(t *testing.T, dir string) { t.Helper(); must(t, os.Remove(filepath.Join(dir, middle))) }},
		{"the first segment removed", func(t *testing.T, dir string) { t.Helper(); must(t, os.Remove(filepath.Join(dir, first))) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			copied := copyTree(t, dir)
			tt.damage(t, copied)
			if _, err := tryReadAll(t, copied); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("reading: %v, want ErrCorrupt", err)
			}
		})
	}
}

// However often the recovery itself is cut short, an epoch's end is recorded once.
func TestRecoveredExactlyOnce(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendRecord(t, l, released(1))
	appendRecord(t, l, intent(2))
	appendRecord(t, l, intent(3))
	crash(t, l)
	died := l.Epoch()
	before := files(t, filepath.Join(dir, died))
	delete(before, nextFile)

	boom := errors.New("power gone")
	opened := 0
	// Each attempt leaves an epoch to recover, so the next one has more to do.
	for step := 0; ; step += 1 + step/4 {
		// The process dies at the step-th operation of its opening.
		fsys := new(faultFS)
		var n atomic.Int64
		fsys.set(func(string, string) error {
			if n.Add(1) > int64(step) {
				return boom
			}
			return nil
		})
		next, err := Open(t.Context(), Options{Dir: dir, SegmentSize: 16 << 10, fs: fsys})
		if err != nil {
			if !errors.Is(err, boom) || !errors.Is(err, ledger.ErrUnavailable) {
				t.Fatalf("step %d: Open() = %v", step, err)
			}
			continue
		}
		opened++
		_ = next.Close(t.Context())
		if _, ended, err := ledger.ReadEnd(dir, died); err != nil || !ended {
			t.Fatalf("step %d: opened, and the epoch has no end: %v", step, err)
		}
		if step > 200 || opened > 2 {
			break
		}
	}
	closeLog(t, openLog(t, Options{Dir: dir}))

	entries := readAll(t, dir)
	checkRoots(t, dir, entries)
	count := map[string]int{}
	for _, e := range ofKind(entries, ledger.KindRecovered) {
		count[e.Recovered.Epoch]++
	}
	for epoch, n := range count {
		if n != 1 {
			t.Errorf("epoch %s: %d recovered records", epoch, n)
		}
	}
	if count[died] != 1 {
		t.Errorf("%d recovered records of the first epoch", count[died])
	}
	unknown := map[string]int{}
	for _, e := range ofKind(entries, ledger.KindUnknown) {
		unknown[e.Disclosure.Of]++
	}
	if diff := cmp.Diff(map[string]int{disclosureID(2): 1, disclosureID(3): 1}, unknown); diff != "" {
		t.Errorf("unknown records by intent (-want +got):\n%s", diff)
	}
	after := files(t, filepath.Join(dir, died))
	delete(after, ledger.EndFile)
	delete(after, ledger.EndFile+".tmp")
	delete(after, nextFile)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))); diff != "" {
		t.Errorf("files of the recovered epoch (-before +after):\n%s", diff)
	}
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s was changed by the recovery", name)
		}
	}
}

// An intent whose end nobody recorded counts as disclosed, however its epoch ended.
func TestIntentsBecomeUnknown(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, l *Log)
	}{{"crash", crash}, {"close", closeLog}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			l := openLog(t, Options{Dir: dir, Clock: func() time.Time { return instant }})
			for i := range 4 {
				appendRecord(t, l, intent(i))
			}
			appendRecord(t, l, released(0)) // the same disclosure goes on
			aborted := released(9)
			aborted.Kind, aborted.Disclosure.Of = ledger.KindAborted, disclosureID(1)
			appendRecord(t, l, aborted)
			refused := releasedOf(2, 0)
			refused.Kind, refused.Disclosure.Outcome = ledger.KindRefused, ledger.Refused
			appendRecord(t, l, refused)
			tt.end(t, l)
			closeLog(t, openLog(t, Options{Dir: dir}))

			unknown := ofKind(readAll(t, dir), ledger.KindUnknown)
			if len(unknown) != 1 {
				t.Fatalf("%d unknown records, want one", len(unknown))
			}
			got, want := unknown[0].Disclosure, intent(3).Disclosure
			want.ID, want.Of, want.Outcome, want.Reason = got.ID, disclosureID(3), ledger.Disclosed, reasonNoEnd
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unknown record (-want +got):\n%s", diff)
			}
			if got.ID == got.Of {
				t.Error("the unknown record has the intent's id for its own")
			}
		})
	}
}

// During an upgrade two processes write one ledger. Neither waits, neither takes
// the other for dead, and readers see one order.
func TestTwoLogsInOneFolder(t *testing.T) {
	dir := t.TempDir()
	older := openLog(t, Options{Dir: dir})
	newer := openLog(t, Options{Dir: dir, adopt: make(chan time.Time)})
	for i := range 10 {
		appendRecord(t, older, released(2*i))
		appendRecord(t, newer, released(2*i+1))
	}
	if got := releasedIDs(readAll(t, dir, older, newer)); len(got) != 10 || got[9] != disclosureID(18) {
		t.Errorf("read %v, want the older epoch only: the cursor could not come back for it", got)
	}
	closeLog(t, older)
	entries := readAll(t, dir, newer)
	var want []string
	for i := range 10 {
		want = append(want, disclosureID(2*i))
	}
	for i := range 10 {
		want = append(want, disclosureID(2*i+1))
	}
	if diff := cmp.Diff(want, releasedIDs(entries)); diff != "" {
		t.Error(diff)
	}
	if got := ofKind(entries, ledger.KindRecovered); len(got) != 0 {
		t.Errorf("a living epoch was recovered: %+v", got)
	}
	closeLog(t, newer)
}

// The older process of an overlap is killed: the newer one records its end, so
// that readers need not wait for the next start.
func TestKilledNeighbourIsAdopted(t *testing.T) {
	dir := t.TempDir()
	older := openLog(t, Options{Dir: dir})
	tick := make(chan time.Time)
	newer := openLog(t, Options{Dir: dir, adopt: tick})
	appendRecord(t, older, released(1))
	appendRecord(t, newer, released(2))
	tick <- time.Time{} // the older one lives
	tick <- time.Time{} // the look before is over
	if _, ended, err := ledger.ReadEnd(dir, older.Epoch()); err != nil || ended {
		t.Fatalf("a living epoch was given an end: %v", err)
	}
	grown := newer.Changed()
	crash(t, older)
	for adopted := false; !adopted; {
		select {
		case tick <- time.Time{}:
		case <-grown:
			adopted = true
		}
	}
	closeLog(t, newer)
	entries := readAll(t, dir)
	if diff := cmp.Diff([]string{disclosureID(1), disclosureID(2)}, releasedIDs(entries)); diff != "" {
		t.Error(diff)
	}
	if got := ofKind(entries, ledger.KindRecovered); len(got) != 1 || got[0].Recovered.Epoch != older.Epoch() {
		t.Errorf("recovered records %+v, want one of the older epoch", got)
	}
	checkRoots(t, dir, entries)
}

func TestReaderFollows(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 8 << 10})
	r, err := ledger.OpenReader(dir, l)
	must(t, err)
	defer func() { must(t, r.Close()) }()
	foreign, err := ledger.OpenReader(dir) // as another process reads
	must(t, err)
	defer func() { must(t, foreign.Close()) }()
	var at, foreignAt ledger.Cursor
	next := func(r *ledger.FolderReader, c *ledger.Cursor) (ids []string) {
		t.Helper()
		for {
			e, to, err := r.Next(t.Context(), *c)
			if errors.Is(err, io.EOF) {
				if to != *c {
					t.Errorf("the cursor moved at the end: %+v to %+v", *c, to)
				}
				return ids
			}
			must(t, err)
			*c = to
			if e.Kind != ledger.KindReleased {
				continue
			}
			ids = append(ids, e.Disclosure.ID)
			for _, hash := range []string{e.Disclosure.PolicyFact, e.Disclosure.RecipientFact, e.Disclosure.Subjects[0].Profile} {
				if f, ok := r.Fact(hash); !ok || f.Hash != ledger.FactHash(f.Kind, f.JSON) {
					t.Errorf("%s uses a fact that the reader does not have", e.Disclosure.ID)
				}
			}
		}
	}
	i := 0
	for _, n := range []int{1, 0, 3, 20, 1} {
		var want []string
		for range n {
			appendRecord(t, l, released(i))
			want = append(want, disclosureID(i))
			i++
		}
		if got := next(r, &at); !slices.Equal(got, want) {
			t.Errorf("own reader got %v, want %v", got, want)
		}
		if got := next(foreign, &foreignAt); !slices.Equal(got, want) {
			t.Errorf("foreign reader got %v, want %v", got, want)
		}
		// One that starts in the middle of a segment knows its facts too.
		fresh, err := ledger.OpenReader(dir, l)
		must(t, err)
		back := ledger.Cursor{Epoch: at.Epoch, Seq: at.Seq - 1}
		if _, to, err := fresh.Next(t.Context(), back); err != nil || to != at {
			t.Errorf("from %+v: %+v, %v; want %+v", back, to, err, at)
		}
		must(t, fresh.Close())
	}
	closeLog(t, l)
	l = openLog(t, Options{Dir: dir})
	appendRecord(t, l, released(i))
	for _, got := range [][]string{next(r, &at), next(foreign, &foreignAt)} {
		if !slices.Equal(got, []string{disclosureID(i)}) {
			t.Errorf("in the next epoch: %v", got)
		}
	}
	for _, c := range []ledger.Cursor{
		{Epoch: "0193578a-9c00-7000-8000-000000000000", Seq: 3},
		{Epoch: at.Epoch, Seq: at.Seq + 1},
	} {
		if _, _, err := foreign.Next(t.Context(), c); !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("a cursor to what is not there: %v, want ErrCorrupt", err)
		}
	}
	closeLog(t, l)
}

// What was written and is not yet synced must not be followed.
func TestReaderStopsAtTheDurableEnd(t *testing.T) {
	dir := t.TempDir()
	fsys := new(faultFS)
	l := openLog(t, Options{Dir: dir, fs: fsys})
	appendRecord(t, l, released(1))
	syncing, release := make(chan struct{}), make(chan struct{})
	fsys.set(func(op, path string) error {
		if op == "sync" && strings.HasSuffix(path, ".seg") {
			close(syncing)
			<-release
		}
		return nil
	})
	done := make(chan error, 1)
	go func() {
		_, err := l.Append(t.Context(), released(2))
		done <- err
	}()
	<-syncing
	if got := releasedIDs(readAll(t, dir, l)); !slices.Equal(got, []string{disclosureID(1)}) {
		t.Errorf("read %v before the sync", got)
	}
	fsys.set(nil)
	close(release)
	must(t, <-done)
	if got := releasedIDs(readAll(t, dir, l)); !slices.Equal(got, []string{disclosureID(1), disclosureID(2)}) {
		t.Errorf("read %v after the sync", got)
	}
	closeLog(t, l)
}

func TestLastState(t *testing.T) {
	dir := t.TempDir()
	state := func(store string, seq uint64) *ledger.Record {
		r := releasedOf(0, 0)
		r.Disclosure.State = ledger.Snapshot{Store: store, Seq: seq, Head: fmt.Sprintf("head-%d", seq)}
		return r
	}
	check := func(want ...ledger.Snapshot) {
		t.Helper()
		got, err := ledger.LastState(t.Context(), dir)
		must(t, err)
		if diff := cmp.Diff(want, got.List()); diff != "" {
			t.Errorf("last state (-want +got):\n%s", diff)
		}
	}
	check()
	l := openLog(t, Options{Dir: dir})
	appendRecord(t, l, state("a", 7))
	appendRecord(t, l, state("a", 6)) // requests overlap
	appendRecord(t, l, state("b", 1))
	appendRecord(t, l, state("", 99)) // refused before any state was read
	a, b := ledger.Snapshot{Store: "a", Seq: 7, Head: "head-7"}, ledger.Snapshot{Store: "b", Seq: 1, Head: "head-1"}
	check(b, a)
	closeLog(t, l)
	check(b, a)
	l = openLog(t, Options{Dir: dir})
	appendRecord(t, l, &ledger.Record{Kind: ledger.KindState, State: &ledger.StateChange{Snapshot: ledger.Snapshot{Store: "a", Seq: 8, Head: "head-8"}}})
	crash(t, l)
	a = ledger.Snapshot{Store: "a", Seq: 8, Head: "head-8"}
	check(a, b)
	closeLog(t, openLog(t, Options{Dir: dir}))
	check(a, b)
	missing, err := ledger.LastState(t.Context(), filepath.Join(dir, "nowhere"))
	if err != nil || len(missing.List()) != 0 {
		t.Errorf("of a folder that does not exist: %v, %v", missing, err)
	}
}

func TestOpenFailsWhereItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, nil)
	for _, dir := range []string{file, filepath.Join(file, "ledger")} {
		if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("Open() = %v, want ErrUnavailable", err)
		}
	}
	if _, err := Open(t.Context(), Options{Dir: t.TempDir(), Origin: "with space", Key: testKey}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error("an origin that no note can have was accepted")
	}
}
