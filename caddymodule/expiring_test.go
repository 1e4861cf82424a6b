package caddymodule

import (
	"net/http"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules/review"
)

const expiryMetric = "modicum_policy_expiry_timestamp_seconds"

// Each end of the policy in force is a series, and a reload of the policy puts its own
// in their place.
func TestExpiryMetric(t *testing.T) {
	s := newSite(t)
	s.load()
	unix := func(day string) float64 {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return float64(d.Unix())
	}
	is := func(kind, name, day string) {
		t.Helper()
		v, ok := metric(t, expiryMetric, map[string]string{"kind": kind, "name": name})
		if !ok || v != unix(day) {
			t.Errorf("%s %s: %v, %t, want %v", kind, name, v, ok, unix(day))
		}
	}
	is(review.EndingEvaluation, "courier", "2026-02-01") // over
	is(review.EndingEvaluation, "support-desk", "2028-04-01")
	is(review.EndingMechanism, "call-centre/uk", "2027-04-01")
	edit(t, s.path("policy", "recipients.yaml"), "valid_until: 2028-03-31}", "valid_until: 2028-04-30}")
	edit(t, s.path("policy", "recipients.yaml"), "  courier:", "  runner:")
	if status, body := adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	is(review.EndingEvaluation, "support-desk", "2028-05-01")
	is(review.EndingEvaluation, "runner", "2026-02-01")
	if _, ok := metric(t, expiryMetric, map[string]string{"name": "courier"}); ok {
		t.Error("a recipient that is gone has a series")
	}
}
