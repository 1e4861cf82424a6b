package segment

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readAll reads a ledger to its present end.
func readAll(t *testing.T, dir string, bounds ...ledger.Bound) []ledger.Entry {
	t.Helper()
	entries, err := tryReadAll(t, dir, bounds...)
	if err != nil {
		t.Fatalf("reading ledger: %v", err)
	}
	return entries
}

func tryReadAll(t *testing.T, dir string, bounds ...ledger.Bound) ([]ledger.Entry, error) {
	t.Helper()
	r, err := ledger.OpenReader(dir, bounds...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(t, r.Close()) }()
	var entries []ledger.Entry
	for c := (ledger.Cursor{}); ; {
		e, next, err := r.Next(t.Context(), c)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		e.Line = slices.Clone(e.Line)
		entries = append(entries, e)
		c = next
	}
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("closing log: %v", err)
	}
}

// crash ends a log as a killed process does: nothing is written any more and the
// lock is gone.
func crash(t *testing.T, l *Log) {
	t.Helper()
	_ = l.poison(errors.New("killed"))
	if err := l.Close(context.WithoutCancel(t.Context())); !errors.Is(err, ledger.ErrUnavailable) {
		t.Fatalf("closing a poisoned log: %v, want ErrUnavailable", err)
	}
}

func appendRecord(t *testing.T, l *Log, r *ledger.Record) ledger.Receipt {
	t.Helper()
	receipt, err := l.Append(t.Context(), r)
	if err != nil {
		t.Fatalf("appending: %v", err)
	}
	return receipt
}

func kinds(entries []ledger.Entry) []ledger.Kind {
	var all []ledger.Kind
	for _, e := range entries {
		all = append(all, e.Kind)
	}
	return all
}

func ofKind(entries []ledger.Entry, kind ledger.Kind) []ledger.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e ledger.Entry) bool { return e.Kind != kind })
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, Instance: "gw-1", Version: "1.0", ConfigHash: "c0ffee"})
	want := []*ledger.Record{
		releasedOf(1, 3),
		releasedOf(2, 0),
		{Kind: ledger.KindState, Time: instant, State: &ledger.StateChange{Snapshot: ledger.Snapshot{Store: "s", Seq: 9, Head: "ab"}, Kinds: map[string]int{"consent": 2}}},
		{Kind: ledger.KindHeartbeat, Time: instant},
		{Kind: ledger.KindSummary, Time: instant, Summary: &ledger.Summary{From: instant, To: instant, Reasons: map[string]int64{"recipient_unauthenticated": 3}}},
	}
	var receipts []ledger.Receipt
	for _, r := range want {
		receipts = append(receipts, appendRecord(t, l, r))
	}
	closeLog(t, l)

	entries := readAll(t, dir)
	wantKinds := []ledger.Kind{"config", "policy", "recipient", "profile", "released", "released", "state", "heartbeat", "summary"}
	if diff := cmp.Diff(wantKinds, kinds(entries)); diff != "" {
		t.Fatalf("kinds (-want +got):\n%s", diff)
	}
	config := *entries[0].Config
	if config.Instance != "gw-1" || config.Version != "1.0" || config.Hash != "c0ffee" || config.Epoch != l.Epoch() || config.Format != ledger.Format {
		t.Errorf("config record %+v does not say what runs", config)
	}
	for i, e := range entries[4:] {
		got, expect := e.Record, *want[i]
		expect.Uses = nil
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Errorf("record %d (-appended +read):\n%s", i, diff)
		}
		if e.Receipt != receipts[i] {
			t.Errorf("record %d: read at %+v, receipt %+v", i, e.Receipt, receipts[i])
		}
		if e.Leaf != tlog.RecordHash(e.Line) {
			t.Errorf("record %d: leaf is not the hash of its line", i)
		}
		if !json.Valid(e.Line) {
			t.Errorf("record %d: line is not JSON", i)
		}
	}
}

func TestConcurrentAppendsAllReadBack(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 64 << 10})
	const writers, each = 32, 40
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seqs = map[uint64]string{}
	)
	for w := range writers {
		wg.Go(func() {
			last := uint64(0)
			for i := range each {
				r := released(w*each + i)
				receipt, err := l.Append(t.Context(), r)
				if err != nil {
					t.Errorf("appending: %v", err)
					return
				}
				if receipt.Seq <= last {
					t.Errorf("sequence %d after %d", receipt.Seq, last)
				}
				last = receipt.Seq
				if l.Durable().Seq <= receipt.Seq {
					t.Errorf("record %d acknowledged and not durable", receipt.Seq)
				}
				mu.Lock()
				if id, ok := seqs[receipt.Seq]; ok {
					t.Errorf("sequence %d given to %s and %s", receipt.Seq, id, r.Disclosure.ID)
				}
				seqs[receipt.Seq] = r.Disclosure.ID
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	read := map[uint64]string{}
	for _, e := range ofKind(readAll(t, dir, l), ledger.KindReleased) {
		read[e.Seq] = e.Disclosure.ID
	}
	if diff := cmp.Diff(seqs, read); diff != "" {
		t.Errorf("acknowledged and read records differ (-acknowledged +read):\n%s", diff)
	}
	closeLog(t, l)
}

// Each segment explains itself: a fact stands in it once, before its first use.
func TestFactsOncePerSegment(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 16 << 10})
	for i := range 100 {
		appendRecord(t, l, released(i))
	}
	closeLog(t, l)
	segments, err := ledger.Segments(dir, l.Epoch())
	if err != nil {
		t.Fatal(err)
	}
	if len(segments) < 4 {
		t.Fatalf("%d segments, the test needs several", len(segments))
	}
	for _, s := range segments {
		b, err := os.ReadFile(filepath.Join(dir, l.Epoch(), s.Name))
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for i, text := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
			line, err := ledger.ParseLine([]byte(text))
			if err != nil {
				t.Fatalf("%s line %d: %v", s.Name, i, err)
			}
			r, err := line.Record()
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 && line.Seq != s.First {
				t.Errorf("%s begins with record %d", s.Name, line.Seq)
			}
			if r.Fact != nil {
				count[r.Hash]++
			}
			if d := r.Disclosure; d != nil {
				for _, hash := range []string{d.RecipientFact, d.PolicyFact, d.Subjects[0].Profile} {
					if count[hash] != 1 {
						t.Fatalf("%s line %d uses a fact that stands before it %d times", s.Name, i, count[hash])
					}
				}
			}
		}
	}
}

// A record with facts that no segment has room for gets a segment of its own size.
func TestRecordLargerThanASegment(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentSize: 8 << 10})
	appendRecord(t, l, released(1))
	appendRecord(t, l, releasedOf(2, 1000))
	appendRecord(t, l, released(3))
	closeLog(t, l)
	if got := len(ofKind(readAll(t, dir), ledger.KindReleased)); got != 3 {
		t.Errorf("%d disclosures read, want 3", got)
	}
}

func TestRefusesWhatBreaksTheFormat(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir()})
	defer closeLog(t, l)
	unused := released(1)
	unused.Uses = unused.Uses[:2]
	liar := &ledger.Fact{Kind: ledger.KindProfile, Hash: profile.Hash, JSON: []byte(`{}`)}
	lying := released(1)
	lying.Uses = []*ledger.Fact{policy, recipient, liar}
	twoLines := &ledger.Fact{Kind: ledger.KindProfile, JSON: []byte("{\n}")}
	twoLines.Hash = ledger.FactHash(twoLines.Kind, twoLines.JSON)
	broken := released(1)
	broken.Uses = append(slices.Clone(broken.Uses), twoLines)
	for _, tt := range []struct {
		name string
		r    *ledger.Record
		want error
	}{
		{"kind without its member", &ledger.Record{Kind: ledger.KindReleased}, ledger.ErrInvalid},
		{"two members", &ledger.Record{Kind: ledger.KindState, State: &ledger.StateChange{}, Config: &ledger.Config{}}, ledger.ErrInvalid},
		{"heartbeat with a member", &ledger.Record{Kind: ledger.KindHeartbeat, State: &ledger.StateChange{}}, ledger.ErrInvalid},
		{"unknown kind", &ledger.Record{Kind: "gossip"}, ledger.ErrInvalid},
		{"fact named and not used", unused, ledger.ErrInvalid},
		{"fact that is not what its hash says", lying, ledger.ErrInvalid},
		{"fact of two lines", broken, ledger.ErrInvalid},
		{"more than a record may have", releasedOf(1, 80_000), ledger.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := l.Durable()
			if _, err := l.Append(t.Context(), tt.r); !errors.Is(err, tt.want) {
				t.Errorf("Append() = %v, want %v", err, tt.want)
			}
			if got := l.Durable(); got != before {
				t.Errorf("something was written: %+v, was %+v", got, before)
			}
			if err := l.Ready(); err != nil {
				t.Errorf("Ready() = %v: one caller's mistake stopped the others", err)
			}
		})
	}
}

func TestPoisonedByAnyFailure(t *testing.T) {
	for _, op := range []string{"write", "sync"} {
		t.Run(op, func(t *testing.T) {
			dir := t.TempDir()
			fsys := new(faultFS)
			l := openLog(t, Options{Dir: dir, fs: fsys})
			appendRecord(t, l, released(1))
			calls := 0
			fsys.set(func(did, path string) error {
				if did == op && strings.HasSuffix(path, ".seg") {
					calls++
					return syscall.EIO
				}
				return nil
			})
			for i := range 3 {
				_, err := l.Append(t.Context(), released(2+i))
				if !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, syscall.EIO) {
					t.Errorf("Append() = %v, want ErrUnavailable for EIO", err)
				}
			}
			if err := l.Ready(); !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("Ready() = %v, want ErrUnavailable", err)
			}
			if calls != 1 {
				t.Errorf("%d attempts on a descriptor that failed, want one", calls)
			}
			if err := l.Close(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("Close() = %v, want why the log was poisoned", err)
			}
			// A new log goes on where it can, in new files.
			l = openLog(t, Options{Dir: dir})
			appendRecord(t, l, released(9))
			closeLog(t, l)
			ids := []string{}
			for _, e := range ofKind(readAll(t, dir), ledger.KindReleased) {
				ids = append(ids, e.Disclosure.ID)
			}
			if !slices.Contains(ids, disclosureID(1)) || !slices.Contains(ids, disclosureID(9)) {
				t.Errorf("read %v, want what was acknowledged before and after", ids)
			}
		})
	}
}

// A full disk stops the log when the space that it holds is used up, and not
// before; nothing is acknowledged that is not there.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	fsys := new(faultFS)
	l := openLog(t, Options{Dir: dir, SegmentSize: 16 << 10, fs: fsys})
	fsys.set(func(op, path string) error {
		if op == "create" || op == "write" && strings.HasSuffix(path, nextFile) {
			return syscall.ENOSPC
		}
		return nil
	})
	var acknowledged []string
	for i := 0; ; i++ {
		_, err := l.Append(t.Context(), released(i))
		if err != nil {
			if !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Append() = %v, want ErrUnavailable for ENOSPC", err)
			}
			break
		}
		acknowledged = append(acknowledged, disclosureID(i))
	}
	if len(acknowledged) < 8 {
		t.Errorf("%d records taken, a segment holds more", len(acknowledged))
	}
	_ = l.Close(t.Context())
	fsys.set(nil)
	closeLog(t, openLog(t, Options{Dir: dir}))
	var read []string
	for _, e := range ofKind(readAll(t, dir), ledger.KindReleased) {
		read = append(read, e.Disclosure.ID)
	}
	if diff := cmp.Diff(acknowledged, read); diff != "" {
		t.Errorf("(-acknowledged +read):\n%s", diff)
	}
}

// A deleted file takes writes and syncs without an error.
func TestDeletedLedgerIsNoticed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir, epoch string)
	}{
		{"segment deleted", func(t *testing.T, dir, epoch string) {
			t.Helper()
			must(t, os.Remove(filepath.Join(dir, epoch, ledger.SegmentName(0))))
		}},
		{"segment replaced", func(t *testing.T, dir, epoch string) {
			t.Helper()
			path := filepath.Join(dir, epoch, ledger.SegmentName(0))
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Rename(path, path+".bak"))
			writeFile(t, path, b)
		}},
		{"folder moved away", func(t *testing.T, dir, _ string) {
			t.Helper()
			must(t, os.Rename(dir, dir+".old"))
		}},
		{"folder replaced by an empty one", func(t *testing.T, dir, _ string) {
			t.Helper()
			must(t, os.Rename(dir, dir+".old"))
			must(t, os.Mkdir(dir, 0o700))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, notice := range []string{"append", "ready"} {
				dir := filepath.Join(t.TempDir(), "ledger")
				// Ready looks each time.
				l := openLog(t, Options{Dir: dir, look: time.Nanosecond})
				appendRecord(t, l, released(1))
				tt.damage(t, dir, l.Epoch())
				var err error
				if notice == "append" {
					_, err = l.Append(t.Context(), released(2))
				} else {
					err = l.Ready()
				}
				if !errors.Is(err, ledger.ErrUnavailable) {
					t.Errorf("%s: %v, want ErrUnavailable", notice, err)
				}
				_ = l.Close(t.Context())
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestContextEndsTheWaitAndNotTheRecord(t *testing.T) {
	dir := t.TempDir()
	fsys := new(faultFS)
	l := openLog(t, Options{Dir: dir, fs: fsys})
	hang, release := make(chan struct{}), make(chan struct{})
	fsys.set(func(op, path string) error {
		if op == "sync" && strings.HasSuffix(path, ".seg") {
			close(hang)
			<-release
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := l.Append(ctx, released(1))
		done <- err
	}()
	<-hang
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Append() = %v, want context.Canceled", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Close(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Close() on a hanging disk = %v, want context.Canceled", err)
	}
	if _, err := l.Append(gone, released(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append() with a dead context = %v", err)
	}
	fsys.set(nil)
	close(release)
	closeLog(t, l)
	if got := len(ofKind(readAll(t, dir), ledger.KindReleased)); got != 1 {
		t.Errorf("%d disclosures, want the one whose caller had gone", got)
	}
}

func TestClose(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 0
	for i := range 50 {
		wg.Go(func() {
			_, err := l.Append(t.Context(), released(i))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				acknowledged++
			case !errors.Is(err, ledger.ErrClosed):
				t.Errorf("Append() = %v, want success or ErrClosed", err)
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			if err := l.Close(t.Context()); err != nil {
				t.Errorf("Close() = %v", err)
			}
		})
	}
	wg.Wait()
	if err := l.Ready(); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Ready() = %v, want ErrClosed", err)
	}
	if _, err := l.Append(t.Context(), released(0)); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Append() = %v, want ErrClosed", err)
	}
	if got := len(ofKind(readAll(t, dir), ledger.KindReleased)); got != acknowledged {
		t.Errorf("%d disclosures read, %d acknowledged", got, acknowledged)
	}
	if _, err := os.Stat(filepath.Join(dir, l.Epoch(), nextFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the prepared segment is still there: %v", err)
	}
}

// testKey is the same in every run.
var testKey = ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))

func TestCheckpointCoversTheTree(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, Key: testKey, Origin: "example.com/ledger", SegmentSize: 16 << 10})
	for i := range 60 {
		appendRecord(t, l, released(i))
	}
	size, root := l.Tree()
	closeLog(t, l)

	entries := readAll(t, dir)
	verifier, err := note.NewVerifier(entries[0].Config.Key)
	must(t, err)
	signed, err := os.ReadFile(filepath.Join(dir, l.Epoch(), ledger.CheckpointFile))
	must(t, err)
	checkpoint, err := ledger.OpenCheckpoint(signed, verifier)
	must(t, err)
	want := ledger.Checkpoint{Origin: "example.com/ledger/" + l.Epoch(), Size: size, Root: root}
	if checkpoint != want {
		t.Errorf("checkpoint %+v, want %+v", checkpoint, want)
	}

	// The tree from scratch, by the reference implementation.
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for i, e := range entries {
		hashes, err := tlog.StoredHashes(int64(i), e.Line, reader)
		must(t, err)
		stored = append(stored, hashes...)
	}
	n := int64(len(entries))
	scratch, err := tlog.TreeHash(n, reader)
	must(t, err)
	if scratch != checkpoint.Root || uint64(n) != checkpoint.Size {
		t.Fatalf("tree from scratch: %d records, %v; checkpoint: %d, %v", n, scratch, checkpoint.Size, checkpoint.Root)
	}
	for i, e := range entries {
		proof, err := tlog.ProveRecord(n, int64(i), reader)
		must(t, err)
		if err := tlog.CheckRecord(proof, n, checkpoint.Root, int64(i), e.Leaf); err != nil {
			t.Errorf("record %d is not provably in the checkpoint: %v", i, err)
		}
	}
	signed[len(signed)-10] ^= 1
	if _, err := ledger.OpenCheckpoint(signed, verifier); err == nil {
		t.Error("a checkpoint with a changed signature was accepted")
	}
}

func TestChangedWakesFollowers(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir()})
	changed := l.Changed()
	select {
	case <-changed:
		t.Fatal("woken by nothing")
	default:
	}
	appendRecord(t, l, released(1))
	<-changed
	changed = l.Changed()
	closeLog(t, l)
	<-changed
}

func TestRecordSizes(t *testing.T) {
	const one, further, reason = 900, 80, 50 // bytes; a reason for which something was withheld as a defect
	l := openLog(t, Options{Dir: t.TempDir()})
	defer closeLog(t, l)
	line := func(r *ledger.Record) int {
		body, err := ledger.AppendBody(nil, r)
		must(t, err)
		return len(ledger.AppendLine(nil, 1_000_000, true, body))
	}
	single := released(1)
	single.Disclosure.Trace = ""
	if got := line(single); got > one {
		t.Errorf("a disclosure about one subject takes %d bytes, want at most %d", got, one)
	}
	poisoned := released(1)
	poisoned.Disclosure.Trace = ""
	poisoned.Disclosure.Counts.Defects, poisoned.Disclosure.Counts.DefectsBy = 1, map[string]int{"type_unexpected": 1}
	if got := line(poisoned) - line(single); got > reason {
		t.Errorf("a reason of a defect takes %d bytes, want at most %d", got, reason)
	}
	poisoned.Disclosure.Counts.Defects, poisoned.Disclosure.Counts.DefectsBy = 0, nil
	poisoned.Disclosure.Counts.UnresolvedBy = map[string]int{"birth_date_unreadable": 1}
	poisoned.Disclosure.Subjects[0].Consent, poisoned.Disclosure.Subjects[0].Emitted = nil, nil // nothing of that one leaves
	if got := line(poisoned); got > one {
		t.Errorf("a disclosure about one subject who is not understood takes %d bytes, want at most %d", got, one)
	}
	small, large := line(releasedOf(1, 1)), line(releasedOf(1, 1001))
	if got := float64(large-small) / 1000; got > further {
		t.Errorf("a further subject takes %.1f bytes, want at most %d", got, further)
	}
	t.Logf("one subject: %d bytes, with a caller's trace: %d; each further one: %.1f", line(single), small, float64(large-small)/1000)
}

func TestEpochsSortByOpening(t *testing.T) {
	dir := t.TempDir()
	now := instant
	clock := func() time.Time { return now }
	var epochs []string
	for range 4 {
		l := openLog(t, Options{Dir: dir, Clock: clock})
		closeLog(t, l)
		epochs = append(epochs, l.Epoch())
		now = now.Add(-time.Hour) // the clock goes back
	}
	if !slices.IsSorted(epochs) {
		t.Errorf("epochs %v do not sort in the order they were opened", epochs)
	}
	entries := ofKind(readAll(t, dir), ledger.KindConfig)
	for i, e := range entries[1:] {
		if e.Config.Previous == nil || e.Config.Previous.Epoch != epochs[i] || e.Config.Previous.Size == 0 {
			t.Errorf("epoch %d: previous %+v, want the end of %s", i+1, e.Config.Previous, epochs[i])
		}
	}
}
