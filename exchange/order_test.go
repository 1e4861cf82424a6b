package exchange_test

import (
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// An authority gets the fields that its order lists, clear, and nothing without an order
// that is to it, for the purpose and in force. The record names the order.
func TestLegalOrders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ref  string
		want string // empty: 404
	}{
		"an order in force":          {`;ref="ORDER-2026-7"`, `{"name":"Ada","spent":7}`},
		"no order named":             {"", ""},
		"an order that nobody knows": {`;ref="ORDER-2026-8"`, ""},
		"an order that has ended":    {`;ref="ORDER-2025-1"`, ""},
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada","email":"ada@example.com","country":"JP","spent":7,"password":"`+bodyCanary+`"}`)
		s := w.serveAs(t, rules.Identity{Method: "basic", User: "regulator"}, get("/v1/panel/17", "Data-Purpose", "legal.obligation"+c.ref))
		rec := w.ledger.records[0]
		if ref := strings.Trim(strings.TrimPrefix(c.ref, ";ref="), `"`); rec.Disclosure.Ref != ref {
			t.Errorf("%s: ref %q is on record", name, rec.Disclosure.Ref)
		}
		if c.want == "" {
			noTrace(t, s)
			if s.status != 404 || reason(t, s) != "not_found" || rec.Disclosure.Order != "" {
				t.Errorf("%s: %d %s, order %q", name, s.status, s.body.String(), rec.Disclosure.Order)
			}
			continue
		}
		if s.status != 200 || s.body.String() != c.want {
			t.Errorf("%s: %d %s, want %s", name, s.status, s.body.String(), c.want)
		}
		if rec.Kind != ledger.KindReleased || rec.Disclosure.Order != "ORDER-2026-7" {
			t.Errorf("%s: %s, order %q", name, rec.Kind, rec.Disclosure.Order)
		}
		for _, f := range factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, rec.Disclosure.Subjects[0].Profile).Fields {
			listed := f.Path == "name" || f.Path == "spent"
			if (f.Outcome == "allow") != listed || listed && f.Reasons[0] != "legal_order" {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// An order names nothing under another purpose: there a ref is a case like any other.
func TestOrderUnderAnotherPurpose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.serve(t, get("/v1/customers/17", "Data-Purpose", `case.handle;ref="ORDER-2026-7"`))
	if d := w.ledger.only(t, ledger.KindReleased).Disclosure; d.Order != "" || d.Ref != "ORDER-2026-7" {
		t.Errorf("ref %q, order %q", d.Ref, d.Order)
	}
}
