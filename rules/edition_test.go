package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func admit(e *rules.Edition, recipient, purpose, ref string, segments ...string) rules.Reason {
	m, ok := e.Route("crm", "GET", segments)
	_, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Ref: ref, Match: m, Mapped: ok})
	return reason
}

// What ends on a day includes it; the edition ends where an answer changes.
func TestEditionEnds(t *testing.T) {
	t.Parallel()
	p := policy(t)
	evaluation, contract := instant("2028-01-01T00:00:00Z"), instant("2028-07-01T00:00:00Z")
	for _, c := range []struct {
		at       time.Time
		until    time.Time
		helpdesk rules.Reason // a processor
		broker   rules.Reason // a third party, which is not evaluated
	}{
		{instant("2024-12-31T23:59:59Z"), instant("2025-01-01T00:00:00Z"), rules.RecipientNotEvaluated, rules.RecipientNoContract},
		{instant("2025-01-01T00:00:00Z"), evaluation, rules.ReasonNone, rules.ReasonNone},
		{now, evaluation, rules.ReasonNone, rules.ReasonNone},
		{evaluation.Add(-1), evaluation, rules.ReasonNone, rules.ReasonNone},
		{evaluation, contract, rules.EvaluationOverdue, rules.ReasonNone},
		{contract.Add(-1), contract, rules.EvaluationOverdue, rules.ReasonNone},
		{contract, time.Time{}, rules.EvaluationOverdue, rules.RecipientNoContract},
	} {
		e := p.At(c.at)
		if !e.Until().Equal(c.until) {
			t.Errorf("the edition of %v ends %v, want %v", c.at, e.Until(), c.until)
		}
		if got := admit(e, "helpdesk", "support", "", "customers", "17"); got != c.helpdesk {
			t.Errorf("at %v helpdesk: %v, want %v", c.at, got, c.helpdesk)
		}
		if got := admit(e, "broker", "support", "", "customers", "17"); got != c.broker {
			t.Errorf("at %v broker: %v, want %v", c.at, got, c.broker)
		}
		if !e.Holds(c.at) || e.Holds(c.at.Add(-1)) || !c.until.IsZero() && (e.Holds(c.until) || !e.Holds(c.until.Add(-1))) {
			t.Errorf("the edition of %v does not hold until %v", c.at, c.until)
		}
	}
}

// R8: before every document is in effect nothing is.
func TestNoEditionBeforeTheDocuments(t *testing.T) {
	t.Parallel()
	p := policy(t)
	for at, want := range map[string]bool{
		"2023-12-31T23:59:59Z": false, "2024-01-01T00:00:00Z": false, "2024-06-30T23:59:59Z": false, "2024-07-01T00:00:00Z": true,
	} {
		if got := p.At(instant(at)) != nil; got != want {
			t.Errorf("an edition at %s: %v", at, got)
		}
	}
}

// The geo class is the worst over every country, and a mechanism ends with it.
func TestGeo(t *testing.T) {
	t.Parallel()
	def := func(country string, onward []string, guards ...rules.SafeguardDef) *rules.RecipientDef {
		d := &rules.RecipientDef{Country: rules.Name{Value: country}, Safeguards: guards}
		for _, o := range onward {
			d.Onward = append(d.Onward, rules.Name{Value: o})
		}
		return d
	}
	scc := rules.SafeguardDef{Regime: "eea", Type: "scc", ValidUntil: now}
	dpf := rules.SafeguardDef{Regime: "eea", Type: "dpf", Covers: rules.DataNonHR}
	addendum := rules.SafeguardDef{Regime: "uk", Type: "addendum"}
	equivalent := rules.SafeguardDef{Regime: "appi", Type: "equivalent_system"}
	const in, ok, by, no = rules.GeoInside, rules.GeoAdequate, rules.GeoMechanism, rules.GeoNone
	for i, c := range []struct {
		def           *rules.RecipientDef
		at            time.Time
		appi, eea, uk rules.Geo
	}{
		{def("JP", nil), now, in, ok, ok},
		{def("DE", nil), now, ok, in, ok},
		{def("GB", nil), now, ok, ok, in},
		{def("KR", nil), now, no, ok, no},
		{def("IN", nil), now, no, no, no},
		{def("JP", []string{"DE"}), now, ok, ok, ok},
		{def("JP", []string{"IN"}), now, no, no, no},
		{def("IN", nil, scc), now.Add(-1), no, by, no},
		{def("IN", nil, scc), now, no, no, no},
		{def("IN", nil, scc, addendum, equivalent), now.Add(-1), by, by, by},
		{def("US", nil, dpf), now, no, by, no},
		{def("IN", nil, dpf), now, no, no, no}, // the framework covers the United States alone
		{def("US", []string{"IN"}, dpf), now, no, no, no},
	} {
		appi, eea, uk := rules.GeoOf(policy(t), c.def, rules.Customer, c.at)
		if appi != c.appi || eea != c.eea || uk != c.uk {
			t.Errorf("%d: %v %v %v, want %v %v %v", i, appi, eea, uk, c.appi, c.eea, c.uk)
		}
	}
}

// A literal segment comes before a parameter, and a parameter takes only what has
// its form.
func TestRoute(t *testing.T) {
	t.Parallel()
	e := policy(t).At(now)
	for _, c := range []struct {
		method   string
		segments []string
		want     string
	}{
		{"GET", []string{"customers"}, "customers"},
		{"GET", []string{"customers", "17"}, "customer"},
		{"HEAD", []string{"customers", "17"}, "customer"},
		{"GET", []string{"customers", "export"}, "export"},
		{"GET", []string{"customers", "exports"}, ""},
		{"GET", []string{"customers", "0017"}, ""},
		{"GET", []string{"customers", ""}, ""},
		{"GET", []string{"customers", ".."}, ""},
		{"GET", []string{"strict", ".."}, ""},
		{"GET", []string{"strict", "a b"}, ""},
		{"GET", []string{"customers", "17", "orders"}, ""},
		{"GET", []string{"Customers"}, ""},
		{"GET", nil, ""},
		{"POST", []string{"customers"}, ""},
		{"get", []string{"customers"}, ""},
	} {
		m, ok := e.Route("crm", c.method, c.segments)
		got := ""
		if ok {
			got = m.Resource.Name
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.method, c.segments, got, c.want)
		}
		if got == "customer" && m.Param("id") != "17" {
			t.Errorf("the parameter is %q", m.Param("id"))
		}
	}
	if _, ok := e.Route("other", "GET", []string{"customers"}); ok {
		t.Error("an unknown api has routes")
	}
}

// A path in another spelling than the canonical one is not mapped, though its
// population would understand it: the upstream might not.
func TestRouteOfANonCanonicalID(t *testing.T) {
	t.Parallel()
	e := with(t, "customer: {id: integer}", "customer: {id: integer, leading_zeros: strip}").At(now)
	for id, want := range map[string]bool{"17": true, "0017": false} {
		if _, ok := e.Route("crm", "GET", []string{"customers", id}); ok != want {
			t.Errorf("%s is mapped: %v", id, ok)
		}
	}
}

// The gates answer in the order R3, R4, R5, R6, R12, R7, R7b: of each request the
// first violation is told, whatever else is wrong.
func TestGateOrder(t *testing.T) {
	t.Parallel()
	p := policy(t)
	none := rules.Match{}
	// Each step mends the first thing that was wrong.
	f := rules.RequestFacts{
		Caller: rules.Caller{Recipient: "somebody"}, Purpose: "no.such", PurposeReason: rules.PurposeAmbiguous, Match: none, RefReason: rules.RefMalformed,
	}
	late, onTime := p.At(instant("2028-01-01T00:00:00Z")), p.At(now)
	step := func(e *rules.Edition, want rules.Reason) {
		t.Helper()
		if plan, got := e.Admit(f); got != want || (plan == nil) != (want != rules.ReasonNone) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	step(late, rules.RecipientUnknown) // R2
	f.Caller.Recipient = "casework"
	step(late, rules.EvaluationOverdue)  // R3
	step(onTime, rules.PurposeAmbiguous) // R5
	f.PurposeReason = rules.ReasonNone
	step(onTime, rules.PurposeUnknown) // R6
	f.Purpose = "news"
	step(onTime, rules.RouteUnmapped) // R12
	f.Match, f.Mapped = onTime.Route("crm", "GET", []string{"customers", "export"})
	step(onTime, rules.PurposeNotPermitted) // R7: neither the contract nor the route has it
	f.Purpose = "support"
	step(onTime, rules.RefMalformed) // R7b
	f.RefReason = rules.ReasonNone
	step(onTime, rules.RefMissing)
	f.Ref = "case-1 or more"
	step(onTime, rules.RefMalformed)
	f.Ref = "xcase-1"
	step(onTime, rules.RefMalformed)
	f.Ref = "case-1"
	step(onTime, rules.ReasonNone)

	// R7: the contract has the purpose, the route has not.
	if got := admit(onTime, "helpdesk", "news", "", "customers", "export"); got != rules.PurposeNotPermitted {
		t.Errorf("a purpose that the route does not allow: %v", got)
	}
}

// R3 and R4 of one recipient, its registration mended step by step.
func TestRecipientStanding(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	for _, kind := range []rules.RecipientKind{rules.Processor, rules.JointUse, rules.ThirdParty, rules.Internal, rules.DataSubject, rules.Authority} {
		evaluated := kind == rules.Processor || kind == rules.JointUse
		external := evaluated || kind == rules.ThirdParty
		contracted := external || kind == rules.Internal
		d := &rules.RecipientDef{Kind: kind, Suspended: true}
		step := func(applies bool, want rules.Reason) {
			t.Helper()
			got := rules.StandingOf(d, now)
			if applies && got != want || !applies && got == want {
				t.Errorf("%v: %v, and %v applies: %v", kind, got, want, applies)
			}
		}
		step(true, rules.RecipientSuspended)
		d.Suspended = false
		step(evaluated, rules.RecipientNotEvaluated)
		d.Evaluation = &rules.EvaluationDef{At: day(-9), Until: now}
		step(evaluated, rules.RecipientNotEvaluated) // failed
		d.Evaluation.Passed = true
		step(evaluated, rules.EvaluationOverdue)
		d.Evaluation.At, d.Evaluation.Until = day(1), day(9)
		step(evaluated, rules.RecipientNotEvaluated) // not yet
		d.Evaluation.At = now
		step(contracted, rules.RecipientNoContract)
		d.Contract = &rules.ContractDef{From: day(1)}
		step(true, rules.RecipientNoContract)
		d.Contract.From = now
		step(external, rules.RecipientNoContract) // the terms
		d.Terms.AcceptedAt = day(1)
		step(external, rules.RecipientNoContract)
		d.Terms.AcceptedAt = now
		step(true, rules.ReasonNone)
		d.Contract.Until = now
		step(true, rules.RecipientNoContract)
	}
}

// A plan is made once, and its actions once a class.
func TestPlansAreShared(t *testing.T) {
	t.Parallel()
	e := policy(t).At(now)
	m, _ := e.Route("crm", "GET", []string{"customers", "17"})
	f := rules.RequestFacts{Caller: rules.Caller{Recipient: "helpdesk"}, Purpose: "support", Match: m, Mapped: true}
	a, _ := e.Admit(f)
	b, _ := e.Admit(f)
	if a != b {
		t.Error("two plans of one request")
	}
	if x, y := decide(a, in("DE")), decide(b, in("FR")); x != y {
		t.Error("two actions of one class")
	}
}

// Beyond DefaultMaxClasses actions are computed anew, and are the same.
func TestClassesBeyondTheMemo(t *testing.T) {
	t.Parallel()
	p := plan(t, "helpdesk", "support")
	class, _ := p.Class(in("DE").facts, nil, rules.Signals{}, now, nil)
	want := fmt.Sprint(p.Actions(class).Fields)
	for i := range rules.DefaultMaxClasses + 10 {
		c := class
		c.Contested[1] = uint64(i)
		if got := fmt.Sprint(p.Actions(c).Fields); got != want {
			t.Fatalf("class %d: %s, want %s", i, got, want)
		}
	}
}
