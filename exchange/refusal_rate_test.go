package exchange_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
)

// A recipient that is refused in a loop gets the same answer each time, and a bounded
// number of records; the rest is counted under its name.
func TestRefusalsBeyondARate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const more = 7
	refuse := func() {
		t.Helper()
		if s := w.serve(t, get("/v1/nothing")); reason(t, s) != "route_unmapped" {
			t.Fatal(s.body.String())
		}
	}
	for range exchange.DefaultRefusalRecords + more {
		refuse()
	}
	if n := len(w.ledger.records); n != exchange.DefaultRefusalRecords {
		t.Errorf("%d records", n)
	}
	sink := &log{trace: new(trace)}
	if err := w.gateway.Refused.Flush(t.Context(), sink, w.now); err != nil {
		t.Fatal(err)
	}
	if s := sink.only(t, ledger.KindSummary).Summary; s.Recipient != "support-desk" || s.Reasons["route_unmapped"] != more {
		t.Errorf("summary %+v", s)
	}
	w.gateway.Clock = func() time.Time { return w.now.Add(time.Minute) }
	refuse()
	if n := len(w.ledger.records); n != exchange.DefaultRefusalRecords+1 {
		t.Errorf("%d records after a minute", n)
	}
}
