package integration

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// A process that is told to end answers what is under way first, with its record,
// and takes nothing new.
func TestStopAnswersFirst(t *testing.T) {
	t.Parallel()
	h := newHolder(demoUpstream(mustAbs(t)), "/v1/customers/1001")
	w := startWorld(t, h)
	done := h.hold(t, supported(h.path), w.gateway)
	ended := make(chan error, 1)
	go func() { ended <- w.process.end(syscall.SIGTERM) }()
	awaitRefused(t, w.gateway)
	if got := w.ends(t); len(got) != 1 || got[0] != "open" {
		t.Errorf("the epoch ended %q before its request did", got)
	}
	close(h.free)
	first := <-done
	if first.err != nil || first.status != 200 {
		t.Fatalf("the request under way: %d %v", first.status, first.err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
	a := newAudit(t, w.ledgerDir())
	if err := a.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.check(first.reply); err != nil || len(a.records) != 1 {
		t.Errorf("%d records: %v", len(a.records), err)
	}
	if got := w.ends(t); len(got) != 1 || got[0] != ledger.EndClosed {
		t.Errorf("the epochs ended %q", got)
	}
}

// awaitRefused waits until nobody listens at a base URL.
func awaitRefused(t *testing.T, base string) {
	t.Helper()
	eventually(t, "nobody listens", func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
		if err == nil {
			err = conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}
