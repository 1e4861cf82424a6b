package exchange_test

import (
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// meter keeps what it is told, by the words of metrics.
type meter struct {
	mu        sync.Mutex
	requests  map[string]int
	decisions map[string]int
	unusable  map[string]int
	defects   map[string]int
}

func (m *meter) Request(outcome ledger.Outcome, reason rules.Reason) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[string(outcome)+" "+reason.String()]++
}

func (m *meter) Decisions(verb rules.Verb, reason rules.Reason, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.decisions[verb.String()+" "+reason.String()] += n
}

func (m *meter) Unusable(api, resource, cause string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unusable[api+" "+resource+" "+cause]++
}

func (m *meter) Defects(api, resource, place string, reason rules.Reason, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.defects[api+" "+resource+" "+place+" "+reason.String()] += n
}

func (w *world) metered() *meter {
	m := &meter{requests: make(map[string]int), decisions: make(map[string]int), unusable: make(map[string]int), defects: make(map[string]int)}
	w.gateway.Meter = m
	return m
}

// Every request is counted once, by what it came to.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.metered()
	w.customer("2", restricted())
	w.upstream.answer = answers(200, one)
	w.serve(t, get("/v1/customers/17"))
	w.serveAs(t, rules.Identity{}, get("/v1/customers/17"))
	w.serve(t, get("/v1/customers/17", "Data-Purpose", ""))
	w.upstream.answer = answers(200, `{"id":2,"name":"Ada"}`)
	w.serve(t, get("/v1/customers/2"))
	w.upstream.answer = answers(200, "no JSON")
	w.serve(t, get("/v1/customers/17"))
	w.ledger.fail = func(*ledger.Record) error { return ledger.ErrUnavailable }
	w.upstream.answer = answers(200, one)
	w.serve(t, get("/v1/customers/17"))
	want := map[string]int{
		"partly_withheld ": 1, "refused recipient_unauthenticated": 1, "refused purpose_missing": 1, "all_withheld not_found": 1,
		"refused response_uninspectable": 1, "refused ledger_unavailable": 1,
	}
	if !maps.Equal(m.requests, want) {
		t.Errorf("counted %v\nwant    %v", m.requests, want)
	}
}

// Decisions are those that the record's profiles tell, and are counted with the
// record alone.
func TestDecisionsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.metered()
	w.customer("2", restricted())
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"Ada"},{"id":2,"name":"Bob"},{"id":3,"name":"Eve"}]}`)
	if s := w.serve(t, get("/v1/customers")); s.status != http.StatusOK {
		t.Fatal(s.body.String())
	}
	total, restricted := 0, 0
	for what, n := range m.decisions {
		total += n
		if what == "withhold restricted" {
			restricted = n
		}
	}
	if restricted == 0 || total != 3*restricted {
		t.Errorf("three subjects with as many fields each, one of them restricted: %v", m.decisions)
	}
	if m.decisions["allow needed"] == 0 && m.decisions["allow appi_allowed"] == 0 {
		t.Errorf("nothing is allowed: %v", m.decisions)
	}
	before := maps.Clone(m.decisions)
	w.ledger.fail = func(r *ledger.Record) error { // the refusal that follows is kept
		if r.Kind == ledger.KindReleased {
			return ledger.ErrUnavailable
		}
		return nil
	}
	w.serve(t, get("/v1/customers"))
	if !maps.Equal(m.decisions, before) {
		t.Errorf("an answer without a record is counted: %v", m.decisions)
	}
}
