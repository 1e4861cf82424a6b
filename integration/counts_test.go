package integration

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// TestCounts: as many released records as answers with data, as many refused ones
// as refusals, and one span for each, matched one to one by the disclosure id.
func TestCounts(t *testing.T) {
	const requests = 10_000
	w := startWorld(t, demoUpstream(mustAbs(t)))
	client := newClient(true)
	defer client.CloseIdleConnections()
	var (
		asked      atomic.Int64
		mu         sync.Mutex
		replies    = make(map[string]reply)
		anonymous  int64 // refusals that are counted and have no record
		unexpected int
	)
	drive(callers, mix, func() (int, bool) {
		n := int(asked.Add(1)) - 1
		return n, n < requests
	}, func(c call) {
		r, err := c.do(t.Context(), client, w.gateway)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || r.status != c.status {
			if unexpected++; unexpected <= 3 {
				t.Errorf("%s %s %s: %d %v, want %d", c.caller, c.purpose, c.path, r.status, err, c.status)
			}
			return
		}
		r.header, r.body = nil, nil
		if r.status == 401 {
			anonymous++
			return
		}
		key := r.id
		if key == "" {
			key = fmt.Sprintf("summarised %d", len(replies))
		}
		if _, twice := replies[key]; twice {
			t.Errorf("two answers have the disclosure id %q", r.id)
		}
		replies[key] = r
	})
	if unexpected > 0 {
		t.Fatalf("%d unexpected answers", unexpected)
	}

	a := newAudit(t, w.ledgerDir())
	w.awaitSpans(t, a)
	if err := w.process.end(syscall.SIGTERM); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
	if err := a.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	data := 0
	for _, r := range replies {
		if r.status == 200 {
			data++
		}
		if err := a.check(r); err != nil {
			t.Error(err)
		}
	}
	released, refused := a.count(ledger.KindReleased), a.count(ledger.KindRefused)
	if released != data || refused+a.summarised != len(replies)-data || len(replies)+int(anonymous) != requests {
		t.Errorf("%d requests: %d answers with data and %d released records, %d refusals and %d refused records, %d without a caller",
			requests, data, released, len(replies)-data, refused, anonymous)
	}
	var counted int64
	for _, n := range a.counted {
		counted += n
	}
	if got := a.counted["recipient_unauthenticated"]; got != anonymous || counted != anonymous+int64(a.summarised) {
		t.Errorf("counted without a record: %v, want %d unauthenticated and %d more", a.counted, anonymous, a.summarised)
	}
	spans := w.collector.received()
	for id, n := range spans {
		if _, ok := a.records[id]; !ok || n != 1 {
			t.Errorf("%d spans of disclosure %q, which has a record: %t", n, id, ok)
		}
	}
	if want := len(replies) - a.summarised; len(spans) != want {
		t.Errorf("%d disclosures have a span, want %d", len(spans), want)
	}
	if got := w.ends(t); len(got) != 1 || got[0] != ledger.EndClosed {
		t.Errorf("the epochs ended %q", got)
	}
	t.Logf("%d answers with data, %d refusals, %d without a caller", data, len(replies)-data, anonymous)
}
