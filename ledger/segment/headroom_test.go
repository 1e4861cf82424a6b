package segment

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// On a full disk a log says that it is nearly full while it still records, and
// takes that back by itself when there is space again.
func TestHeadroom(t *testing.T) {
	t.Parallel()
	fsys := new(faultFS)
	full := func(op, path string) error {
		if op == "create" && strings.HasSuffix(path, nextFile) {
			return syscall.ENOSPC
		}
		return nil
	}
	var told atomic.Int64
	opt := Options{Dir: t.TempDir(), SegmentSize: 16 << 10, fs: fsys, prepare: time.Millisecond, OnError: func(err error) {
		if errors.Is(err, syscall.ENOSPC) {
			told.Add(1)
		}
	}}
	l := openLog(t, opt)
	defer closeLog(t, l)
	eventually(t, "a next segment is there", l.writer.ahead.Load)
	if err := l.Headroom(); err != nil {
		t.Errorf("with a segment ahead: %v", err)
	}
	fsys.set(full)
	records, segments := 0, 0
	for l.Headroom() == nil && records < 1000 {
		if was := l.writer.ahead.Load(); was {
			segments++
		}
		if _, err := l.Append(t.Context(), released(records)); err != nil {
			t.Fatalf("record %d: %v before it was said that there is no room", records, err)
		}
		records++
	}
	if err := l.Headroom(); !errors.Is(err, ErrHeadroom) {
		t.Fatalf("after %d records: %v", records, err)
	}
	if err := l.Ready(); err != nil {
		t.Errorf("it is a warning, and not: %v", err)
	}
	if _, err := l.Append(t.Context(), released(records)); err != nil {
		t.Errorf("the log still records: %v", err)
	}
	if free := l.writer.free.Load(); segments == 0 || free >= 16<<10/DefaultHeadroom {
		t.Errorf("said with %d bytes free, after %d appends with a segment ahead", free, segments)
	}
	fsys.set(nil)
	eventually(t, "space that came back is used", func() bool { return l.Headroom() == nil })
	if n := told.Load(); n != 1 {
		t.Errorf("a full disk was reported %d times", n)
	}
}

// A log whose next segment cannot be filled closes at once all the same.
func TestCloseWhilePreparing(t *testing.T) {
	t.Parallel()
	fsys := new(faultFS)
	fsys.set(func(op, path string) error {
		if op == "create" && strings.HasSuffix(path, nextFile) {
			return syscall.ENOSPC
		}
		return nil
	})
	failed := make(chan struct{}, 1)
	l := openLog(t, Options{Dir: t.TempDir(), fs: fsys, prepare: time.Hour, OnError: func(error) { failed <- struct{}{} }})
	<-failed
	closeLog(t, l)
}

// Every record is part of one batch that was told of.
func TestCommitsAreTold(t *testing.T) {
	t.Parallel()
	var records atomic.Uint64
	var batches, negative atomic.Int64
	l := openLog(t, Options{Dir: t.TempDir(), OnCommit: func(n int, took time.Duration) {
		for range n {
			records.Add(1)
		}
		batches.Add(1)
		if took < 0 {
			negative.Add(1)
		}
	}})
	for i := range 20 {
		if _, err := l.Append(t.Context(), released(i)); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	if durable := l.Durable().Seq; records.Load() != durable || batches.Load() < 20 || negative.Load() != 0 {
		t.Errorf("%d records in %d batches for %d durable ones", records.Load(), batches.Load(), durable)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
