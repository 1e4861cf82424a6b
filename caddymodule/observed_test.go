package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An api that is observed answers internal recipients alone, and tells what it saw: by
// the admin endpoint, and by metrics.
func TestObserve(t *testing.T) {
	s := newSite(t)
	s.observe = true
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusForbidden || a.reason(t) != "api_observed" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	before, _ := metric(t, "modicum_observed_answers_total", map[string]string{"api": "crm", "resource": "customer"})
	r := s.request("/v1/customers/1001")
	r.SetBasicAuth("back-office", "demo")
	r.Header.Set("Data-Purpose", "customer.improve_ux")
	if a := s.ask(r); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if after, ok := metric(t, "modicum_observed_answers_total", map[string]string{"api": "crm", "resource": "customer"}); !ok || after != before+1 {
		t.Errorf("%v answers were observed before, and %v after", before, after)
	}
	for outcome, least := range map[string]float64{"clear": 1, "withheld": 1, "unnamed": 0} {
		if n, ok := metric(t, "modicum_observed_members_total", map[string]string{"api": "crm", "outcome": outcome}); !ok || n < least {
			t.Errorf("%s: %v, %t", outcome, n, ok)
		}
	}
	var report ObservedReport
	w := httptest.NewRecorder()
	if err := serveObserved(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, ObservedPath, http.NoBody)); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(w.Body).Decode(&report); err != nil || len(report.APIs) != 1 || report.APIs[0] != "crm" || len(report.Resources) == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Whoever could ask one site could ask the other: an api is observed everywhere, or
// nowhere.
func TestObserveOnEverySite(t *testing.T) {
	s := newSite(t)
	s.routes = []any{map[string]any{"handle": []any{map[string]any{"handler": "minimise", "api": "crm", "observe": true}}}}
	if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), ErrObserve.Error()) {
		t.Errorf("%v", err)
	}
}
