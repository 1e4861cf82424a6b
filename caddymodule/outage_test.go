package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
)

// A ledger that cannot be written is no reason not to start, and no reason to
// restart: nothing is disclosed until it can be, and then everything is again.
func TestLedgerCannotBeWritten(t *testing.T) {
	s := newSite(t)
	// A file where the folder should be: who is root may write anywhere else.
	if err := os.WriteFile(s.path("ledger"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.load()
	a := s.get("/v1/customers/1001")
	if a.status != http.StatusServiceUnavailable || a.reason(t) != "ledger_unavailable" || strings.Contains(a.body, "Anna") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if n := s.upstream.asked.Load(); n != 0 {
		t.Errorf("the upstream was asked %d times for what cannot be released", n)
	}
	if err := os.Remove(s.path("ledger")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the ledger records again", func() bool {
		a = s.get("/v1/customers/1001")
		return a.status == http.StatusOK
	})
	released(t, s.path("ledger"), a)
	// What could not be recorded was counted.
	s.stop()
	all := records(t, s.path("ledger"), ledger.KindSummary)
	if len(all) != 1 || all[0].Summary.Reasons["ledger_unavailable"] == 0 {
		t.Errorf("summaries: %+v", all)
	}
}

// A ledger that disappears while the gateway runs is noticed before the next
// disclosure, and a new epoch begins.
func TestLedgerDisappears(t *testing.T) {
	s := newSite(t)
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if err := os.Rename(s.path("ledger"), s.path("moved")); err != nil {
		t.Fatal(err)
	}
	if a := s.get("/v1/customers/1001"); a.status == http.StatusOK {
		released(t, s.path("ledger"), a) // it may have been reopened in between, never without a record
	} else if a.status != http.StatusServiceUnavailable || a.reason(t) != "ledger_unavailable" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	eventually(t, "a new epoch", func() bool { return s.get("/v1/customers/1001").status == http.StatusOK })
}

// A store that is not a continuation of what the ledger last saw is not decided
// on: an empty one has forgotten every objection.
func TestStateStoreReplacedByAnEmptyOne(t *testing.T) {
	s := newSite(t)
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.stop()
	for _, name := range []string{"state.db", "state.db-wal", "state.db-shm"} {
		if err := os.Remove(s.path(name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	asked := s.upstream.asked.Load()
	s.load()
	a := s.get("/v1/customers/1001")
	if a.status != http.StatusServiceUnavailable || a.reason(t) != "state_unavailable" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if s.upstream.asked.Load() != asked {
		t.Error("the upstream was asked for what cannot be decided")
	}
	if len(records(t, s.path("ledger"), ledger.KindRefused)) != 1 {
		t.Error("the refusal has no record")
	}
}

// A disk that hangs keeps neither a stop nor a reload from ending in bounded
// time; what hangs goes on closing by itself.
func TestStopDoesNotWaitForAHangingDisk(t *testing.T) {
	s := newSite(t)
	s.load()
	s.stop()
	epochs, err := ledger.Epochs(s.path("ledger"))
	if err != nil || len(epochs) != 1 {
		t.Fatal(epochs, err)
	}
	// Opening a pipe that nobody writes to hangs like a read of a dead disk.
	end, aside := s.path("ledger", epochs[0], ledger.EndFile), s.path("end")
	if err := errors.Join(os.Rename(end, aside), syscall.Mkfifo(end, 0o600)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
	app, err := caddy.ActiveContext().App(appName)
	if err != nil {
		t.Fatal(err)
	}
	a, ok := app.(*App)
	if !ok {
		t.Fatal("not ours")
	}
	rt := a.serving.Load().runtime
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	a.released.Store(true) // released here, with less patience
	if err := runtimes.release(ctx, rt, a); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("releasing: %v", err)
	}
	s.stop()
	// Somebody else's configuration is not held up either.
	other := newSite(t)
	other.load()
	if a := other.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Errorf("another configuration answers %d %s", a.status, a.body)
	}
	other.stop()
	if limit := startTimeout + stopTimeout; time.Since(start) > limit {
		t.Errorf("all of that took longer than %s", limit)
	}

	// The disk answers again, and everything is closed after all.
	pipe := s.path("pipe")
	if err := errors.Join(os.Rename(end, pipe), os.Rename(aside, end)); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-rt.closed:
	case <-time.After(patience):
		t.Error("it never closed")
	}
}

// While another process writes to the same stores, both serve: an upgrade runs
// the new binary beside the old one.
func TestTwoGatewaysOverlap(t *testing.T) {
	s := newSite(t)
	s.load()
	app, err := caddy.ActiveContext().App(appName)
	if err != nil {
		t.Fatal(err)
	}
	a, ok := app.(*App)
	if !ok {
		t.Fatal("not ours")
	}
	at, err := a.place()
	if err != nil {
		t.Fatal(err)
	}
	// What another process would open.
	other, err := openRuntime(a, at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	other.settle(ctx)
	if err := errors.Join(other.recorder.Ready(), states{other}.Ready()); err != nil {
		t.Errorf("the second is not ready beside the first: %v", err)
	}
	first := s.get("/v1/customers/1001")
	s.stop()
	if err := errors.Join(other.recorder.Ready(), states{other}.Ready()); err != nil {
		t.Errorf("the second is not ready after the first: %v", err)
	}
	eventually(t, "the second takes the commands over", func() bool {
		_, err := os.Lstat(filepath.Clean(s.path("state.db.sock")))
		return err == nil
	})
	other.close()
	released(t, s.path("ledger"), first)
	if got := ends(t, s.path("ledger")); len(got) != 2 || got[0] != "closed" || got[1] != "closed" {
		t.Errorf("the epochs ended %q", got)
	}
}
