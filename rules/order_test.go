package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

const (
	everybody = "all-customers" // to court, consulate, helpdesk and insider, for obligation, without ground and transfer
	some      = "some-people"   // to court and consulate, for claims, of named people, with both
)

var (
	courtOrder = request{recipient: "court", purpose: "obligation", ref: everybody}
	courtClaim = request{recipient: "court", purpose: "claims", ref: some}
)

// X2 and X3: an order lets out the fields that it lists, to whom it is addressed, for
// its purpose and while it is in force; nothing else leaves under a legal purpose.
func TestLegalOrder(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	asOf := func(at time.Time) subject { return subject{facts: in("JP").facts, at: at} }
	order := func(recipient string) request {
		return request{recipient: recipient, purpose: "obligation", ref: everybody}
	}
	answer(t, p, []question{
		{"an authority", courtOrder, in("JP"), "allow"},
		{"an authority without a ref", request{recipient: "court", purpose: "obligation"}, in("JP"), "authority_no_order"},
		{"an authority with a ref of none", request{recipient: "court", purpose: "obligation", ref: "x"}, in("JP"), "authority_no_order"},
		{"an order for another purpose", request{recipient: "court", purpose: "claims", ref: everybody}, in("JP"), "authority_no_order"},
		{"an authority for a purpose of the notices", request{recipient: "court", purpose: "support", ref: everybody}, in("JP"), "purpose_not_permitted"},
		{"an authority for people's own requests", request{recipient: "court", purpose: "rights", ref: everybody}, in("JP"), "purpose_not_permitted"},
		{"people whom the order does not reach", request{recipient: "court", purpose: "obligation", ref: everybody, path: "colleagues"}, in("JP"), "authority_no_order"},

		{"a processor", order("helpdesk"), in("JP"), "allow"},
		{"a processor without a ref", request{purpose: "obligation"}, in("JP"), "legal_purpose_no_order"},
		{"a processor to whom the order is not", order("payer"), in("JP"), "legal_purpose_no_order"},
		{"a third party to whom the order is not", order("broker"), in("JP"), "legal_purpose_no_order"},
		{"an internal recipient", order("insider"), in("JP"), "allow"},
		{"an internal recipient without a ref", request{recipient: "insider", purpose: "obligation"}, in("JP"), "legal_purpose_no_order"},
		{"a ref makes no order of another purpose", request{purpose: "support", ref: everybody}, in("JP", event(rules.EventCeaseUse, rules.StateUpheld, daysAgo(3))), "appi_use_ceased"},
		{"people's own requests, by a processor", request{purpose: "rights", ref: everybody}, in("JP"), "recipient_purpose_mismatch"},
		{"people's own requests, internally", request{recipient: "insider", purpose: "rights"}, in("JP"), "recipient_purpose_mismatch"},

		{"before it is in force", courtOrder, asOf(day("2026-01-01").Add(-1)), "authority_no_order"},
		{"on its first day", courtOrder, asOf(day("2026-01-01")), "allow"},
		{"on its last day", courtOrder, asOf(day("2027-01-01").Add(-1)), "allow"},
		{"after it", courtOrder, asOf(day("2027-01-01")), "authority_no_order"},
		{"after it, a processor", order("helpdesk"), asOf(day("2027-01-01")), "legal_purpose_no_order"},
	})
	members(t, p, courtOrder, in("JP"), map[string]string{
		"email": "allow", "passport": "allow", "city": "allow", // a category with its descendants
		"usage": "authority_no_order", "born": "authority_no_order", "secret": "authority_no_order",
	})
	members(t, p, order("helpdesk"), in("JP"), map[string]string{
		"passport": "allow", "email": "not_necessary", // the cell is none
		"usage": "legal_purpose_no_order", "born": "legal_purpose_no_order", "id": "legal_purpose_no_order",
	})
	members(t, p, order("insider"), in("JP"), map[string]string{"email": "not_necessary", "passport": "not_necessary", "usage": "legal_purpose_no_order"})

	// A member that the order does not list is nothing that an authority needs.
	plan, _ := courtOrder.plan(t, p.At(now))
	if got := reasons(plan, decide(plan, in("JP")), "usage"); len(got) != 2 || got[1] != "not_necessary" {
		t.Errorf("reasons %q", got)
	}
	if got := reasons(plan, decide(plan, in("JP")), "name"); len(got) != 2 || got[0] != "legal_order" || got[1] != "needed" {
		t.Errorf("reasons %q", got)
	}
}

// M1b: under an order the value leaves as it is, or not at all, whatever the cell says.
func TestOrderIsNeverTransformed(t *testing.T) {
	t.Parallel()
	p := inputs(t, "categories: [user.name, user.contact, user.government_id]", "categories: [user.name, user.contact, user.birth_date, user.usage]",
		"user.credentials:", "user.contact.pin:", "category: user.credentials", "category: user.contact.pin")
	members(t, p, request{purpose: "obligation", ref: everybody}, in("JP"), map[string]string{
		"usage": "allow", "born": "allow", // the cells are pseudonym and year
		"email": "not_necessary", "secret": "not_necessary",
	})
	members(t, p, courtOrder, in("JP"), map[string]string{"usage": "allow", "born": "allow", "email": "allow", "secret": "not_necessary"})
}

// An order that names people reaches those of whom the keeper of the file of orders
// says so; nobody else's word counts, and nobody is reached by another order's event.
func TestOrderOfNamedPeople(t *testing.T) {
	t.Parallel()
	named := func(state rules.EventState, days int) rules.Event {
		e := by(event(rules.EventLegalOrder, state, daysAgo(days)), rules.ActorOperator, true)
		e.Order = some
		return e
	}
	other := named(rules.StateActive, 3)
	other.Order = everybody
	const on, off = rules.StateActive, rules.StateLifted
	future := named(on, 3)
	future.Time = now.AddDate(1, 0, 0)
	answer(t, inputs(t), []question{
		{"nobody says so", courtClaim, in("JP"), "authority_no_order"},
		{"the operator", courtClaim, in("JP", named(on, 3)), "allow"},
		{"the person", courtClaim, in("JP", by(named(on, 3), rules.ActorSubject, true)), "authority_no_order"},
		{"an agent", courtClaim, in("JP", by(named(on, 3), rules.ActorAgent, true)), "authority_no_order"},
		{"a guardian", courtClaim, in("JP", by(named(on, 3), rules.ActorGuardian, true)), "authority_no_order"},
		{"a gateway", courtClaim, in("JP", by(named(on, 3), rules.ActorGateway, true)), "authority_no_order"},
		{"an operator, unverified", courtClaim, in("JP", by(named(on, 3), rules.ActorOperator, false)), "authority_no_order"},
		{"in advance", courtClaim, in("JP", future), "authority_no_order"},
		{"of another order", courtClaim, in("JP", other), "authority_no_order"},
		{"for one purpose", courtClaim, in("JP", scoped(named(on, 3), func(s *rules.Scope) { s.Purpose = "claims" })), "authority_no_order"},
		{"lifted", courtClaim, in("JP", named(on, 3), named(off, 2)), "authority_no_order"},
		{"lifted by somebody unverified", courtClaim, in("JP", named(on, 3), by(named(off, 2), rules.ActorOperator, false)), "authority_no_order"},
		{"lifted at its instant", courtClaim, in("JP", named(off, 3), named(on, 3)), "authority_no_order"},
		{"named again", courtClaim, in("JP", named(on, 3), named(off, 2), named(on, 1)), "allow"},
		{"an order of everybody needs no event", courtOrder, in("JP"), "allow"},
		{"nor does one name somebody else", request{recipient: "court", purpose: "obligation", ref: everybody, path: "colleagues"}, in("JP", other), "authority_no_order"},
	})
}

// 2.7.8: what an order lifts, and what it does not.
func TestWhatAnOrderLifts(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	named := by(active(rules.EventLegalOrder, daysAgo(30)), rules.ActorOperator, true)
	named.Order = some
	both := func(e ...rules.Event) subject { return in("JP", append([]rules.Event{named}, e...)...) }
	restriction, contested := active(rules.EventRestriction, daysAgo(3)), active(rules.EventAccuracy, daysAgo(3))
	for _, c := range []struct {
		what          string
		subject       subject
		court, claims string // without a ground, with one
	}{
		{"A2", both(), "allow", "allow"},
		{"A3", both(event(rules.EventCeaseUse, rules.StateUpheld, daysAgo(3))), "allow", "allow"},
		{"G3, G8", in("DE", named, event(rules.EventLIObjection, rules.StateUpheld, daysAgo(3))), "allow", "allow"},
		{"S1", subject{facts: rules.Facts{Unresolved: true}, events: []rules.Event{named}}, "subject_unresolved", "subject_unresolved"},
		{"S2", both().born("2020-01-01"), "child_under_13", "child_under_13"},
		{"S3", both(event(rules.EventErasure, rules.StateExecuted, daysAgo(3))), "subject_erased", "subject_erased"},
		{"S5", both(restriction), "restricted", "allow"},
		{"S6, expired", both(event(rules.EventRetention, rules.StateExpired, daysAgo(3))), "allow", "allow"},
		{"S6, hold", both(event(rules.EventRetention, rules.StateHold, daysAgo(3))), "allow", "allow"},
		{"S7", both(event(rules.EventErasure, rules.StatePending, daysAgo(3))), "allow", "allow"},
		{"S7b", both(event(rules.EventErasure, rules.StateExcepted, daysAgo(3))), "allow", "allow"},
		{"S8", both(contested), "accuracy_contested", "accuracy_contested"},
		{"U3 to U10", in("US", named), "allow", "allow"},
	} {
		answer(t, p, []question{
			{c.what + ", without ground", courtOrder, c.subject, c.court},
			{c.what + ", with ground", courtClaim, c.subject, c.claims},
		})
	}
	answer(t, p, []question{
		// Nothing of the gates yields to a ref that is no order.
		{"S6 without an order", request{recipient: "court", purpose: "obligation"}, in("JP", event(rules.EventRetention, rules.StateHold, daysAgo(3))), "retention_hold"},
		{"S5 with a ground, of people whom the order does not name", courtClaim, in("JP", restriction), "restricted"},
		{"S8, internally", request{recipient: "insider", purpose: "obligation", ref: everybody}, in("JP", contested), "allow"},
		// G1: no transfer without a safeguard, unless the order covers it.
		{"abroad, APPI", request{recipient: "consulate", purpose: "obligation", ref: everybody}, in("JP"), "allow"},
		{"abroad, EEA", request{recipient: "consulate", purpose: "obligation", ref: everybody}, in("DE"), "transfer_no_safeguard"},
		{"abroad, UK", request{recipient: "consulate", purpose: "obligation", ref: everybody}, in("GB"), "transfer_no_safeguard"},
		{"abroad, California", request{recipient: "consulate", purpose: "obligation", ref: everybody}, in("US"), "allow"},
		{"abroad, covered, EEA", request{recipient: "consulate", purpose: "claims", ref: some}, in("DE", named), "allow"},
		{"abroad, covered, UK", request{recipient: "consulate", purpose: "claims", ref: some}, in("GB", named), "allow"},
		// A resource that withholds people without an event does so here, too.
		{"unseen", request{recipient: "court", purpose: "obligation", ref: everybody, path: "strict"}, in("JP"), "subject_unseen"},
	})
}

// X1 and M1b: a person's own request, of itself alone.
func TestOwnRequest(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	own := request{recipient: "people", purpose: "rights", own: true}
	others := request{recipient: "people", purpose: "rights"}
	at := func(state rules.EventState) rules.Event { return event(rules.EventErasure, state, daysAgo(3)) }
	kept := func(state rules.EventState) rules.Event {
		return event(rules.EventRetention, state, daysAgo(3))
	}
	answer(t, p, []question{
		{"own", own, in("JP"), "allow"},
		{"everywhere", own, subject{}, "allow"},
		{"somebody else's", others, in("JP"), "recipient_purpose_mismatch"},
		{"for another purpose", request{recipient: "people", purpose: "support", own: true}, in("JP"), "purpose_not_permitted"},
		{"for a legal purpose", request{recipient: "people", purpose: "obligation", ref: everybody, own: true}, in("JP"), "purpose_not_permitted"},
		{"of a processor", request{purpose: "rights", own: true}, in("JP"), "recipient_purpose_mismatch"},

		{"S2", own, in("JP").born("2020-01-01"), "child_under_13"},
		{"S3", own, in("JP", at(rules.StateExecuted)), "subject_erased"},
		{"S5 (a)", own, in("JP", active(rules.EventRestriction, daysAgo(3))), "allow"},
		{"S6, expired", own, in("JP", kept(rules.StateExpired)), "allow"},
		{"S6, hold", own, in("JP", kept(rules.StateHold)), "allow"},
		{"S7", own, in("JP", at(rules.StatePending)), "allow"},
		{"S7b", own, in("JP", at(rules.StateExcepted)), "allow"},
		{"S8", own, in("JP", active(rules.EventAccuracy, daysAgo(3))), "allow"},
		{"S5, somebody else's", others, in("JP", active(rules.EventRestriction, daysAgo(3))), "restricted"},
		{"unseen", request{recipient: "people", purpose: "rights", path: "strict", own: true}, in("JP"), "subject_unseen"},
	})
	everything := map[string]string{"id": "allow", "email": "allow", "city": "allow", "born": "allow", "usage": "allow", "passport": "allow", "secret": "not_necessary"}
	members(t, p, own, in("DE"), everything)
	everything["passport"] = "not_necessary" // C6.1e
	members(t, p, own, in("US"), everything)
	members(t, p, own, subject{}, everything) // of unknown location: California counts
}

// Art. 29 of APPI asks for no record of what the law demands, nor of a person's own
// data; of a third party's on consent it does.
func TestRecordOfAProvision(t *testing.T) {
	t.Parallel()
	e := inputs(t).At(now)
	for name, c := range map[string]struct {
		request request
		ground  string
	}{
		"a third party":                {request{recipient: "broker", purpose: "support"}, "third_party_consent"},
		"a processor in Japan":         {request{purpose: "support"}, ""},
		"a third party under an order": {request{recipient: "broker", purpose: "obligation", ref: everybody}, ""},
		"an authority":                 {courtOrder, ""},
	} {
		plan, reason := c.request.plan(t, e)
		if plan == nil {
			t.Fatalf("%s: %v", name, reason)
		}
		if required, ground := plan.APPI29(); required != (c.ground != "") || ground != c.ground {
			t.Errorf("%s: %v %q, want %q", name, required, ground, c.ground)
		}
	}
}
