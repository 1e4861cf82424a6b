package exchange_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

func user(name string) rules.Identity { return rules.Identity{Method: "basic", User: name} }

func TestGates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who    rules.Identity
		status int
		reason string
		spoil  func(*world)
	}{
		"no policy in effect": {caller, 503, "policy_unavailable", func(w *world) { w.policy.edition = nil }},
		"not registered":      {user("stranger"), 403, "recipient_unknown", nil},
		"suspended":           {user("suspended"), 403, "recipient_suspended", nil},
		"not evaluated":       {user("unevaluated"), 403, "recipient_not_evaluated", nil},
		"overdue":             {user("overdue"), 403, "evaluation_overdue", nil},
		"contract expired":    {user("expired"), 403, "recipient_no_contract", nil},
		"state not ready":     {caller, 503, "state_unavailable", func(w *world) { w.states.notReady = errBroken }},
		"ledger not ready":    {caller, 503, "ledger_unavailable", func(w *world) { w.ledger.notReady = ledger.ErrUnavailable }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upstream.answer = answers(200, one)
			if c.spoil != nil {
				c.spoil(w)
			}
			s := w.serveAs(t, c.who, get("/v1/customers/17"))
			if got := reason(t, s); got != c.reason || s.status != c.status {
				t.Errorf("%d %s, want %d %s", s.status, got, c.status, c.reason)
			}
			w.upstream.untouched(t)
			d := w.ledger.only(t, ledger.KindRefused).Disclosure
			client := c.who.User
			if w.policy.edition == nil || client == "stranger" {
				client = "" // nobody knows whether it is the id of a person
			}
			if d.Reason != c.reason || d.Status != c.status || d.Outcome != ledger.Refused || d.Auth.Client != client || d.Resource.Upstream != 0 {
				t.Errorf("recorded as %+v", d)
			}
			if s.sent.Get("Disclosure-Id") != d.ID {
				t.Errorf("told %s, recorded %s", s.sent.Get("Disclosure-Id"), d.ID)
			}
			if n := w.counted(t); n != nil {
				t.Errorf("recorded and counted: %v", n)
			}
		})
	}
}

// The state is asked again once the subjects are known.
func TestStateUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.states.unreadable = errBroken
	s := w.serve(t, get("/v1/customers/17"))
	if got := reason(t, s); got != "state_unavailable" || s.status != 503 {
		t.Errorf("%d %s", s.status, got)
	}
	noTrace(t, s)
	w.ledger.only(t, ledger.KindRefused)
}

// A caller without a credential is counted and leaves no record, whatever the
// reason is: anybody could fill the disk.
func TestUnauthenticatedIsCounted(t *testing.T) {
	t.Parallel()
	for reasonWanted, edit := range map[string]func(*world){
		"recipient_unauthenticated": func(*world) {},
		"policy_unavailable":        func(w *world) { w.policy.edition = nil },
	} {
		w := newWorld(t)
		edit(w)
		for range 3 {
			s := w.serveAs(t, rules.Identity{}, get("/v1/customers/17"))
			if reason(t, s) != reasonWanted || s.sent.Get("Disclosure-Id") != "" {
				t.Error(s.everything())
			}
		}
		if len(w.ledger.records) != 0 {
			t.Errorf("%d records", len(w.ledger.records))
		}
		if got := w.counted(t); len(got) != 1 || got[reasonWanted] != 3 {
			t.Errorf("counted %v", got)
		}
		w.upstream.untouched(t)
	}
}

// A request with several faults is told the first one in the order of the gates:
// each case mends one fault of the case before.
func TestOrderOfGates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(500, "")
	edition := w.policy.edition
	w.policy.edition = nil
	w.states.notReady, w.ledger.notReady = errBroken, ledger.ErrUnavailable
	who := rules.Identity{}
	r := request("GET", "/v1//export?fields=x", "Data-Purpose", `"x`)
	r.ContentLength = 1
	purpose := func(v string) { r.Header.Set("Data-Purpose", v) }
	for _, step := range []struct {
		reason string
		mend   func()
	}{
		{"policy_unavailable", func() { w.policy.edition = edition }},
		{"recipient_unauthenticated", func() { who = user("stranger") }},
		{"recipient_unknown", func() { who = user("suspended") }},
		{"recipient_suspended", func() { who = user("overdue") }},
		{"evaluation_overdue", func() { who = user("expired") }},
		{"recipient_no_contract", func() { who = caller }},
		{"purpose_malformed", func() { purpose(`nothing;ref="!"`) }},
		{"purpose_unknown", func() { purpose(`licence.manage;ref="!"`) }},
		{"path_not_canonical", func() { r.URL.Path = "/v1/export" }},
		{"route_unmapped", func() { r.URL.Path = "/v1/customers" }},
		{"purpose_not_permitted", func() { purpose(`case.handle;ref="!"`) }},
		{"ref_malformed", func() { purpose("case.handle") }},
		{"ref_missing", func() { purpose(`case.handle;ref="1"`) }},
		{"body_refused", func() { r.ContentLength = 0 }},
		{"probe_refused", func() { r.URL.RawQuery = "" }},
		{"state_unavailable", func() { w.states.notReady = nil }},
		{"ledger_unavailable", func() { w.ledger.notReady = nil }},
	} {
		if got := reason(t, w.serveAs(t, who, r)); got != step.reason {
			t.Errorf("%s, want %s", got, step.reason)
		}
		w.upstream.untouched(t)
		step.mend()
	}
	if got := reason(t, w.serveAs(t, who, r)); got != "upstream_status" {
		t.Errorf("%s at the end", got)
	}
}

// A route may be open for some purposes only.
func TestPurposeOfRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if s := w.serve(t, get("/v1/mailing")); reason(t, s) != "purpose_not_permitted" {
		t.Error(s.body.String())
	}
	w.upstream.untouched(t)
}

// With the ledger away, what a request itself is refused for is still told in
// its order, and counted.
func TestRefusalWithoutLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ledger.fail = func(*ledger.Record) error { return ledger.ErrUnavailable }
	for target, want := range map[string]string{"/v1/export": "route_unmapped", "/v1/customers?x=1": "probe_refused"} {
		if s := w.serve(t, get(target)); reason(t, s) != want {
			t.Errorf("%s: %s", target, s.body.String())
		}
	}
	if got := w.counted(t); got["route_unmapped"] != 1 || got["probe_refused"] != 1 {
		t.Errorf("counted %v", got)
	}
}

// The log helps the operator and holds nothing of request or answer.
func TestLogHoldsNoContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"id":17,"name":"`+bodyCanary+`"`)
	w.serve(t, get("/v1/customers/17"))
	w.upstream.answer = func(http.ResponseWriter, *http.Request) error { return errCanary }
	w.serve(t, get("/v1/customers/17"))
	text := w.logged.String()
	for _, want := range []string{"truncated", "offset=29", "resource=crm.customer", "cause=no_answer", "disclosure_id="} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the log:\n%s", want, text)
		}
	}
	if strings.Contains(text, bodyCanary) || strings.Contains(text, "/17") {
		t.Errorf("content in the log:\n%s", text)
	}
}
