package exchange_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// What goes wrong for every request is told once in a second, with the number of
// those before; each request is refused and counted all the same.
func TestOutageIsToldOnceInASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.metered()
	now := w.now
	w.gateway.Clock = func() time.Time { return now }
	w.ledger.notReady = fmt.Errorf("%w: no space left on device", ledger.ErrUnavailable)
	w.ledger.fail = func(*ledger.Record) error { return w.ledger.notReady }
	refuse := func(n int) {
		for range n {
			if s := w.serve(t, get("/v1/customers/17")); s.status != 503 {
				t.Fatal(s.body.String())
			}
		}
	}
	told := func() int { return strings.Count(w.logged.String(), `msg="ledger not ready"`) }
	refuse(100)
	if told() != 1 {
		t.Errorf("told %d times at one instant", told())
	}
	now = now.Add(time.Second)
	refuse(100)
	if told() != 2 || !strings.Contains(w.logged.String(), "skipped=99") {
		t.Errorf("told %d times in a second:\n%s", told(), w.logged.String())
	}
	now = now.Add(-time.Hour)
	refuse(1)
	if told() != 3 {
		t.Error("a clock that went back silences the log")
	}
	if m.requests["refused ledger_unavailable"] != 201 {
		t.Errorf("counted %v", m.requests)
	}
}
