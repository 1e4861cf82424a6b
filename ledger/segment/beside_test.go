package segment

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/ledger"
)

// noSpace fails everything that would make a next segment.
func noSpace(op, path string) error {
	if (op == "create" || op == "write") && strings.HasSuffix(path, nextFile) {
		return syscall.ENOSPC
	}
	return nil
}

// On a full disk refusals stop first, then disclosures; what has to be said of those
// under way still fits, and so does the close. With space the same log goes on.
func TestReserve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fsys := new(faultFS)
	fsys.set(noSpace)
	opt := Options{Dir: dir, SegmentSize: 64 << 10, fs: fsys, prepare: time.Millisecond}
	l := openLog(t, opt)
	begun := intent(1_000_000)
	mustAppend(t, l, begun)

	refusals, disclosures := 0, 0
	for appended(t, l, refused(refusals)) {
		refusals++
	}
	if err := l.Ready(); err != nil {
		t.Errorf("refusals alone make it not ready: %v", err)
	}
	for appended(t, l, released(disclosures)) {
		disclosures++
	}
	if refusals == 0 || disclosures == 0 {
		t.Fatalf("%d refusals, then %d disclosures", refusals, disclosures)
	}
	if err := l.Ready(); !errors.Is(err, ErrFull) || !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Ready() = %v", err)
	}
	mustAppend(t, l, aborted(disclosures-1))
	mustAppend(t, l, &ledger.Record{Kind: ledger.KindHeartbeat})

	fsys.set(nil)
	eventually(t, "there is space again", func() bool { return l.Ready() == nil })
	mustAppend(t, l, released(disclosures))
	closeLog(t, l)
	entries := readAll(t, dir)
	if n := len(ofKind(entries, ledger.KindReleased)); n != disclosures+1 {
		t.Errorf("%d disclosures read, %d acknowledged", n, disclosures+1)
	}
	if n := len(ofKind(entries, ledger.KindUnknown)); n != 1 {
		t.Errorf("%d unknown records of one intent", n)
	}
}

// The close of a log on a disk that stays full says how its intents ended.
func TestReserveIsForTheClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fsys := new(faultFS)
	fsys.set(noSpace)
	l := openLog(t, Options{Dir: dir, SegmentSize: 64 << 10, fs: fsys, prepare: time.Millisecond})
	intents := 0
	for appended(t, l, intent(intents)) {
		intents++
	}
	closeLog(t, l)
	if n := len(ofKind(readAll(t, dir), ledger.KindUnknown)); n != intents || n == 0 {
		t.Errorf("%d unknown records of %d intents", n, intents)
	}
}

// appended reports whether a record was taken; that it was not may only be for room.
func appended(t *testing.T, l *Log, r *ledger.Record) bool {
	t.Helper()
	_, err := l.Append(t.Context(), r)
	if err != nil && !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	return err == nil
}

func mustAppend(t *testing.T, l *Log, r *ledger.Record) {
	t.Helper()
	if _, err := l.Append(t.Context(), r); err != nil {
		t.Fatalf("%s: %v", r.Kind, err)
	}
}

func refused(i int) *ledger.Record {
	r := released(i)
	r.Kind, r.Disclosure.Outcome, r.Disclosure.Reason = ledger.KindRefused, ledger.Refused, "purpose_unknown"
	r.Disclosure.Subjects = nil
	return r
}

func aborted(i int) *ledger.Record {
	r := released(i)
	r.Kind, r.Disclosure.Of, r.Disclosure.ID = ledger.KindAborted, r.Disclosure.ID, disclosureID(i+500_000)
	return r
}

// A disk that does not answer does not hold up who waits, nor the close, and nothing
// is acknowledged after it.
func TestHangingDisk(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"write", "sync"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fsys := new(faultFS)
			l := openLog(t, Options{Dir: dir, fs: fsys, Timeout: 20 * time.Millisecond})
			eventually(t, "the next segment is there", l.writer.ahead.Load)
			mustAppend(t, l, released(0))
			answer := make(chan struct{})
			fsys.set(func(o, _ string) error {
				if o == op {
					<-answer
				}
				return nil
			})
			var wait sync.WaitGroup
			for i := range 4 {
				wait.Go(func() {
					if _, err := l.Append(t.Context(), released(1+i)); !errors.Is(err, ErrHangs) || !errors.Is(err, ledger.ErrUnavailable) {
						t.Errorf("Append() = %v", err)
					}
				})
			}
			wait.Wait()
			if err := l.Ready(); !errors.Is(err, ErrHangs) {
				t.Errorf("Ready() = %v", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Close() = %v", err)
			}
			close(answer)
			if err := l.Close(t.Context()); !errors.Is(err, ErrHangs) {
				t.Errorf("Close() after it = %v", err)
			}
			closeLog(t, openLog(t, Options{Dir: dir}))
			if read := ofKind(readAll(t, dir), ledger.KindReleased); len(read) == 0 || read[0].Disclosure.ID != disclosureID(0) {
				t.Errorf("%d disclosures read", len(read))
			}
		})
	}
}

// A quiet log says each interval that it is alive.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, beat: time.Millisecond})
	eventually(t, "three heartbeats", func() bool { return l.Durable().Seq >= 4 })
	closeLog(t, l)
	for _, e := range readAll(t, dir)[1:] {
		if e.Kind != ledger.KindHeartbeat || e.Clock != nil {
			t.Errorf("record %d is %s, clock %v", e.Seq, e.Kind, e.Clock)
		}
	}
}

// A clock that goes back is recorded once; records of the log itself stay at the last
// time until it has caught up, in the next epoch, too.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	now := instant
	set := func(t time.Time) {
		mu.Lock()
		defer mu.Unlock()
		now = t
	}
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	l := openLog(t, Options{Dir: dir, Clock: clock})
	at := func(d time.Duration) *ledger.Record {
		return &ledger.Record{Kind: ledger.KindHeartbeat, Time: instant.Add(d)}
	}
	mustAppend(t, l, at(0))
	set(instant.Add(-time.Hour))
	mustAppend(t, l, &ledger.Record{Kind: ledger.KindHeartbeat})
	mustAppend(t, l, &ledger.Record{Kind: ledger.KindHeartbeat})
	if got := l.Latest(); !got.Equal(instant) {
		t.Errorf("Latest() = %v", got)
	}
	closeLog(t, l)
	l = openLog(t, Options{Dir: dir, Clock: clock})
	if got := l.Latest(); !got.Equal(instant) {
		t.Errorf("Latest() of the next epoch = %v", got)
	}
	closeLog(t, l)

	var said []ledger.Clock
	for _, e := range readAll(t, dir) {
		if !e.Time.Equal(stamp(instant)) {
			t.Errorf("%s has the time %v", e.Kind, e.Time)
		}
		if e.Clock != nil {
			said = append(said, *e.Clock)
		}
	}
	want := ledger.Clock{Last: stamp(instant), Now: stamp(instant.Add(-time.Hour))}
	if len(said) != 2 || said[0] != want || said[1] != want {
		t.Errorf("said %v, want %v once in each epoch", said, want)
	}
}

// A segment takes records for a day at most.
func TestRotationByAge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := instant
	var mu sync.Mutex
	l := openLog(t, Options{Dir: dir, Clock: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	for i := range 6 {
		mustAppend(t, l, released(i))
		mu.Lock()
		now = now.Add(DefaultSegmentAge / 2)
		mu.Unlock()
	}
	closeLog(t, l)
	segments, err := ledger.Segments(dir, l.Epoch())
	if err != nil || len(segments) != 3 {
		t.Errorf("%d segments for three days: %v", len(segments), err)
	}
	if n := len(ofKind(readAll(t, dir), ledger.KindReleased)); n != 6 {
		t.Errorf("%d disclosures read", n)
	}
}

// Checkpoints are signed while the log runs, all of them are kept, and the newest is
// the last of them.
func TestCheckpointsWhileRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, Key: testKey, Origin: "example.org/ledger", sign: time.Millisecond})
	for i := range 3 {
		mustAppend(t, l, released(i))
		size, _ := l.Tree()
		eventually(t, "a checkpoint of all records", func() bool { return checkpointSize(t, l, l.Checkpoint()) == size })
	}
	closeLog(t, l)
	folder := filepath.Join(dir, l.Epoch())
	all, err := os.ReadFile(filepath.Join(folder, ledger.CheckpointsFile))
	must(t, err)
	newest, err := os.ReadFile(filepath.Join(folder, ledger.CheckpointFile))
	must(t, err)
	if !bytes.HasSuffix(all, append(newest, '\n')) {
		t.Error("the newest is not the last of all")
	}
	var last uint64
	notes := bytes.SplitAfter(all, []byte("\n\n"))
	for i := 0; i+1 < len(notes); i += 2 {
		size := checkpointSize(t, l, append(notes[i : i+1 : i+1][0], bytes.TrimSuffix(notes[i+1], []byte("\n"))...))
		if size <= last {
			t.Errorf("a checkpoint of %d records after one of %d", size, last)
		}
		last = size
	}
	if last < 5 {
		t.Errorf("the last checkpoint has %d records", last)
	}
}

func checkpointSize(t *testing.T, l *Log, signed []byte) uint64 {
	t.Helper()
	if signed == nil {
		return 0
	}
	verifier, err := note.NewVerifier(l.Config().Key)
	must(t, err)
	c, err := ledger.OpenCheckpoint(signed, verifier)
	must(t, err)
	return c.Size
}
