package rules_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// A right holds from its latest event; what relaxes must be entitled to.
func TestFoldOfARight(t *testing.T) {
	t.Parallel()
	restriction := func(e ...rules.Event) subject { return in("JP", e...) }
	future := now.AddDate(1, 0, 0)
	dated := func(e rules.Event, at, recorded time.Time) rules.Event {
		e.Time, e.Recorded = at, recorded
		return e
	}
	active, lifted := active(rules.EventRestriction, daysAgo(9)), lifted(rules.EventRestriction, daysAgo(5))
	scoped := lifted
	scoped.Scope.Categories = []string{"user.name"}
	onePurpose := lifted
	onePurpose.Scope.Purpose = "support"
	expect(t, plan(t, "helpdesk", "support"), []expectation{
		{"none", restriction(), "allow"},
		{"active", restriction(active), "restricted"},
		{"lifted later", restriction(active, lifted), "allow"},
		{"lifted later, told backwards", restriction(lifted, active), "allow"},
		{"lifted and active again", restriction(active, lifted, dated(active, daysAgo(1), daysAgo(1))), "restricted"},
		{"lifted at the same instant", restriction(active, dated(lifted, active.Time, daysAgo(1))), "restricted"},
		{"lifted at the same instant, told backwards", restriction(dated(lifted, active.Time, daysAgo(1)), active), "restricted"},
		{"lifted by an operator", restriction(active, by(lifted, rules.ActorOperator, true)), "allow"},
		{"lifted by somebody unverified", restriction(active, by(lifted, rules.ActorSubject, false)), "restricted"},
		{"lifted by a gateway", restriction(active, by(lifted, rules.ActorGateway, true)), "restricted"},
		{"lifted by an actor of no type", restriction(active, by(lifted, 0, true)), "restricted"},
		{"lifted in advance", restriction(active, dated(lifted, future, now)), "restricted"},
		{"lifted for one category", restriction(active, scoped), "restricted"},
		{"lifted for one purpose", restriction(active, onePurpose), "restricted"},
		{"active by somebody unverified", restriction(by(active, rules.ActorSubject, false)), "restricted"},
		{"active from next year, told today", restriction(dated(active, future, now)), "restricted"},
	})
}

func TestFoldOfErasureAndRetention(t *testing.T) {
	t.Parallel()
	e := func(s rules.EventState, days int) rules.Event { return event(rules.EventErasure, s, daysAgo(days)) }
	r := func(s rules.EventState, days int) rules.Event { return event(rules.EventRetention, s, daysAgo(days)) }
	cases := []expectation{
		{"pending", in("JP", e(rules.StatePending, 9)), "erasure_pending"},
		{"executed", in("JP", e(rules.StatePending, 9), e(rules.StateExecuted, 8)), "subject_erased"},
		{"executed stays", in("JP", e(rules.StateExecuted, 8), e(rules.StateRejected, 3)), "subject_erased"},
		{"rejected", in("JP", e(rules.StatePending, 9), e(rules.StateRejected, 3)), "allow"},
		{"excepted names no purpose in this version", in("JP", e(rules.StateExcepted, 3)), "erasure_excepted"},
		{"retention expired", in("JP", r(rules.StateExpired, 3)), "retention_expired"},
		{"retention on hold", in("JP", r(rules.StateHold, 3)), "retention_hold"},
		{"retention active again", in("JP", r(rules.StateExpired, 3), r(rules.StateActive, 1)), "allow"},
	}
	expect(t, plan(t, "helpdesk", "support"), cases)
	// S7: a purpose whose only basis is the contract goes on.
	expect(t, plan(t, "helpdesk", "delivery"), []expectation{
		{"pending, for a contract", in("JP", e(rules.StatePending, 9)), "allow"},
		{"executed, for a contract", in("JP", e(rules.StateExecuted, 9)), "subject_erased"},
	})
}

// Objections, opt-outs and limits are taken back by the person alone, those of
// California in two steps.
func TestWhoTakesAnObjectionBack(t *testing.T) {
	t.Parallel()
	dm := active(rules.EventDMObjection, daysAgo(9))
	back := lifted(rules.EventDMObjection, daysAgo(5))
	expect(t, plan(t, "helpdesk", "news"), []expectation{
		{"objected", in("JP", dm), "dm_objection"},
		{"taken back", in("JP", dm, back), "allow"},
		{"taken back by an agent", in("JP", dm, withAuthority(by(back, rules.ActorAgent, true))), "allow"},
		{"taken back by an agent without authority", in("JP", dm, by(back, rules.ActorAgent, true)), "dm_objection"},
		{"taken back by the operator", in("JP", dm, by(back, rules.ActorOperator, true)), "dm_objection"},
		{"objected without proof of identity", in("JP", by(dm, rules.ActorSubject, false)), "dm_objection"},
	})
	out, backIn := active(rules.EventOptOutSaleShare, daysAgo(9)), lifted(rules.EventOptOutSaleShare, daysAgo(5))
	oneStep := backIn
	oneStep.TwoStep = false
	adverts := consent(rules.ConsentGiven, "adverts", daysAgo(20))
	adverts.Scope.Recipients = []string{"broker"}
	californian := func(e ...rules.Event) subject {
		s := in("US", append([]rules.Event{adverts}, e...)...).born("1980-01-01")
		s.facts.Locations[0].Region = "CA"
		return s
	}
	expect(t, plan(t, "broker", "adverts"), []expectation{
		{"no opt-out", californian(), "allow"},
		{"opted out", californian(out), "ccpa_opt_out"},
		{"opted in again", californian(out, backIn), "allow"},
		{"opted in again in one step", californian(out, oneStep), "ccpa_opt_out"},
		{"opted in again by the operator", californian(out, by(backIn, rules.ActorOperator, true)), "ccpa_opt_out"},
	})
}

// U9: a minor opts in by an own word, in two steps; an unknown age is a minor's.
func TestMinorOptIn(t *testing.T) {
	t.Parallel()
	adverts := consent(rules.ConsentGiven, "adverts", daysAgo(20))
	adverts.Scope.Recipients, adverts.Explicit, adverts.Parental = []string{"adtech"}, true, true
	optIn := active(rules.EventMinorOptIn, daysAgo(5))
	oneStep := optIn
	oneStep.TwoStep = false
	teen := func(born string, e ...rules.Event) subject {
		s := in("US", append([]rules.Event{adverts}, e...)...).born(born)
		s.facts.Locations[0].Region = "CA"
		return s
	}
	unknownAge := teen("", age(rules.AgeUnknown, daysAgo(30)))
	expect(t, plan(t, "broker", "adverts"), []expectation{
		{"14 years old", teen("2012-01-01"), "minor_no_opt_in"},
		{"14 years old, opted in", teen("2012-01-01", optIn), "allow"},
		{"opted in and out again", teen("2012-01-01", optIn, lifted(rules.EventMinorOptIn, daysAgo(2))), "minor_no_opt_in"},
		{"opted in in one step", teen("2012-01-01", oneStep), "minor_no_opt_in"},
		{"opted in by a guardian", teen("2012-01-01", by(optIn, rules.ActorGuardian, true)), "minor_no_opt_in"},
		{"opted in without proof", teen("2012-01-01", by(optIn, rules.ActorSubject, false)), "minor_no_opt_in"},
		{"16 years old", teen("2010-01-01"), "allow"},
		{"of unknown age", unknownAge, "minor_no_opt_in"},
		{"an adult by an own word", teen("", age(rules.Adult, daysAgo(30))), "allow"},
		{"an adult by somebody's word", teen("", by(age(rules.Adult, daysAgo(30)), rules.ActorSubject, false)), "minor_no_opt_in"},
		{"seen as 16 or 17 on another route", teen("", seen(age(rules.Age16To17, daysAgo(30)))), "minor_no_opt_in"},
	})
}

// The strictest known age decides, body or state; a fact from outside replaces
// what was known before it, an observation only adds.
func TestStrictestAge(t *testing.T) {
	t.Parallel()
	outgrown := seen(age(rules.Under13, daysAgo(900)))
	outgrown.Age.Until = daysAgo(30)
	child, adult := age(rules.Under13, daysAgo(9)), age(rules.Adult, daysAgo(5))
	future := adult
	future.Time = now.AddDate(1, 0, 0)
	expect(t, plan(t, "helpdesk", "support"), []expectation{
		{"adult by body", in("JP").born("1980-01-01"), "allow"},
		{"child by body", in("JP").born("2020-01-01"), "child_under_13"},
		{"born in the future", in("JP").born("2030-01-01"), "child_under_13"},
		{"child by state, adult by body", in("JP", child).born("1980-01-01"), "child_under_13"},
		{"adult by state, child by body", in("JP", adult).born("2020-01-01"), "child_under_13"},
		{"seen as a child", in("JP", seen(child)), "child_under_13"},
		{"claimed to be a child", in("JP", by(child, rules.ActorSubject, false)), "child_under_13"},
		{"corrected to adult", in("JP", child, adult), "allow"},
		{"corrected after being seen", in("JP", seen(child), adult), "allow"},
		{"seen after being corrected", in("JP", adult, seen(age(rules.Under13, daysAgo(1)))), "child_under_13"},
		{"corrected by a claim", in("JP", child, by(adult, rules.ActorSubject, false)), "child_under_13"},
		{"corrected by a gateway", in("JP", child, by(adult, rules.ActorGateway, true)), "child_under_13"},
		{"corrected in advance", in("JP", child, future), "child_under_13"},
		{"forgotten", in("JP", child, age(rules.AgeUnknown, daysAgo(1))), "child_under_13"},
		{"both at one instant", in("JP", adult, age(rules.Under13, adult.Time)), "child_under_13"},
		{"both at one instant, told backwards", in("JP", age(rules.Under13, adult.Time), adult), "child_under_13"},
		{"remembered as a child, outgrown", in("JP", outgrown), "allow"},
	})
}

// Every known location protects; without any that the body or somebody verified
// tells, all regimes do.
func TestLocations(t *testing.T) {
	t.Parallel()
	p := plan(t, "helpdesk", "support")
	regimes := func(s subject) string { return decide(p, s).Class.Regimes.String() }
	at := func(country, region, residence string, e ...rules.Event) subject {
		return subject{facts: rules.Facts{Locations: [2]rules.Location{{Country: country, Region: region}, {Country: residence}}}, events: e}
	}
	future := location("JP", daysAgo(1))
	future.Time = now.AddDate(1, 0, 0)
	for _, c := range []struct {
		what    string
		subject subject
		want    string
	}{
		{"unknown", subject{}, "APPI,EEA,UK,CCPA"},
		{"Japan", in("JP"), "APPI"},
		{"Germany", in("DE"), "APPI,EEA"},
		{"Réunion", in("RE"), "APPI,EEA"},
		{"United Kingdom", in("GB"), "APPI,UK"},
		{"Jersey is not the UK", in("JE"), "APPI"},
		{"Switzerland is not in the EEA", in("CH"), "APPI"},
		{"United States without a state", in("US"), "APPI,CCPA"},
		{"California", at("US", "CA", ""), "APPI,CCPA"},
		{"Texas", at("US", "TX", ""), "APPI"},
		{"region CA of Italy", at("IT", "CA", ""), "APPI,EEA"},
		{"in Japan, resident in Germany", at("JP", "", "DE"), "APPI,EEA"},
		{"Texas, resident in the US", at("US", "TX", "US"), "APPI,CCPA"},
		{"body in Japan, state in the UK", in("JP", location("GB", daysAgo(3))), "APPI,UK"},
		{"moved", subject{events: []rules.Event{location("DE", daysAgo(9)), location("JP", daysAgo(3))}}, "APPI"},
		{"moved, told backwards", subject{events: []rules.Event{location("JP", daysAgo(3)), location("DE", daysAgo(9))}}, "APPI"},
		{"two at one instant", subject{events: []rules.Event{location("DE", daysAgo(3)), location("JP", daysAgo(3))}}, "APPI,EEA"},
		{"will move", subject{events: []rules.Event{location("DE", daysAgo(9)), future}}, "APPI,EEA"},
		{"seen in Germany, says Japan", in("JP", seen(location("DE", daysAgo(3)))), "APPI,EEA"},
		{"only seen in Japan", subject{events: []rules.Event{seen(location("JP", daysAgo(3)))}}, "APPI,EEA,UK,CCPA"},
		{"only claimed to be in Japan", subject{events: []rules.Event{by(location("JP", daysAgo(3)), rules.ActorSubject, false)}}, "APPI,EEA,UK,CCPA"},
	} {
		if got := regimes(c.subject); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	for _, l := range []rules.Location{{Country: "UK"}, {Country: "de"}, {Country: "XX"}, {Country: "DEU"}, {Country: "US", Region: "ca"}, {Country: "US", Region: "XX"}} {
		if got := name(p, subject{facts: rules.Facts{Locations: [2]rules.Location{l}}}); got != "subject_unresolved" {
			t.Errorf("%+v is not understood (S1), but %s", l, got)
		}
	}
}

// unseen_subject counts people of whom somebody who was verified has told, and no
// gateway alone.
func TestUnseenSubject(t *testing.T) {
	t.Parallel()
	strict := planAt(t, policy(t), now, "helpdesk", "support", "strict", "17")
	expect(t, strict, []expectation{
		{"no event", in("JP"), "subject_unseen"},
		{"observations alone", in("JP", seen(location("JP", daysAgo(3))), seen(age(rules.Age16To17, daysAgo(3)))), "subject_unseen"},
		{"the word of somebody unverified", in("JP", by(location("JP", daysAgo(3)), rules.ActorSubject, false)), "subject_unseen"},
		{"an event", in("JP", location("JP", daysAgo(3))), "allow"},
	})
	expect(t, plan(t, "helpdesk", "support"), []expectation{{"no event, allowed", in("JP"), "allow"}})
}

// S8: contested categories, wide; lifted, as far as the lift reaches.
func TestContestedAccuracy(t *testing.T) {
	t.Parallel()
	contest := func(s rules.EventState, days int, categories ...string) rules.Event {
		e := event(rules.EventAccuracy, s, daysAgo(days))
		e.Scope.Categories = categories
		return e
	}
	const on, off = rules.StateActive, rules.StateLifted
	p, insider := plan(t, "helpdesk", "support"), plan(t, "insider", "support")
	for _, c := range []struct {
		what   string
		events []rules.Event
		email  string
	}{
		{"another category", []rules.Event{contest(on, 3, "user.name")}, "allow"},
		{"the category", []rules.Event{contest(on, 3, "user.contact.email")}, "accuracy_contested"},
		{"an ancestor", []rules.Event{contest(on, 3, "user.contact")}, "accuracy_contested"},
		{"a descendant", []rules.Event{contest(on, 3, "user.contact.email.work")}, "accuracy_contested"},
		{"not a prefix by dots", []rules.Event{contest(on, 3, "user.con")}, "allow"},
		{"everything", []rules.Event{contest(on, 3)}, "accuracy_contested"},
		{"lifted", []rules.Event{contest(on, 3, "user.contact.email"), contest(off, 2, "user.contact.email")}, "allow"},
		{"an ancestor lifted", []rules.Event{contest(on, 3, "user.contact.email"), contest(off, 2, "user.contact")}, "allow"},
		{"a part lifted", []rules.Event{contest(on, 3, "user.contact"), contest(off, 2, "user.contact.email")}, "accuracy_contested"},
		{"lifted at the same instant", []rules.Event{contest(on, 3, "user.contact"), contest(off, 3, "user.contact")}, "accuracy_contested"},
		{"lifted without proof", []rules.Event{contest(on, 3, "user.contact"), by(contest(off, 2, "user.contact"), rules.ActorSubject, false)}, "accuracy_contested"},
	} {
		if got := field(p, decide(p, in("JP", c.events...)), "email"); got != c.email {
			t.Errorf("%s: %s, want %s", c.what, got, c.email)
		}
		if got := field(insider, decide(insider, in("JP", c.events...)), "email"); got != "allow" {
			t.Errorf("%s: internal: %s", c.what, got)
		}
	}
}

// randomEvent draws an event of a random kind, verified or not, of the last days.
func randomEvent(random *rand.Rand, seq rules.Seq) rules.Event {
	kinds := []rules.EventKind{
		rules.EventAge, rules.EventLocation, rules.EventConsent, rules.EventRestriction, rules.EventDMObjection, rules.EventLIObjection,
		rules.EventErasure, rules.EventRetention, rules.EventAccuracy, rules.EventMinorOptIn, rules.EventCeaseUse, rules.EventCeaseProvision,
		rules.EventOptOutSaleShare, rules.EventLimitSPI, rules.EventNotice, rules.EventLegalOrder,
	}
	actors := []rules.ActorType{rules.ActorSubject, rules.ActorAgent, rules.ActorGuardian, rules.ActorOperator, rules.ActorGateway}
	bands := []rules.AgeBand{rules.AgeUnknown, rules.Under13, rules.Age13To15, rules.Age16To17, rules.Adult}
	statuses := []rules.ConsentStatus{rules.ConsentUnknown, rules.ConsentGiven, rules.ConsentRenewed, rules.ConsentWithdrawn, rules.ConsentRequested}
	e := rules.Event{Seq: seq, Kind: kinds[random.IntN(len(kinds))], Time: daysAgo(random.IntN(4)), Recorded: now, TwoStep: random.IntN(2) == 0}
	e.Actor = rules.Actor{Type: actors[random.IntN(len(actors))], Verified: random.IntN(3) > 0}
	if states := e.Kind.States(); len(states) > 0 {
		e.State = states[random.IntN(len(states))]
	}
	switch e.Kind {
	case rules.EventAge:
		e.Age.Band = bands[random.IntN(len(bands))]
	case rules.EventLocation:
		e.Location.Country = []string{"JP", "DE", "GB"}[random.IntN(3)]
	case rules.EventConsent:
		e.Consent = statuses[random.IntN(len(statuses))]
		e.Scope.Purpose = []string{"analysis", "support", "news", "club"}[random.IntN(4)]
		e.Scope.Recipients = [][]string{nil, {"broker", "helpdesk"}}[random.IntN(2)]
		e.Explicit, e.Parental, e.Foreign = random.IntN(2) == 0, random.IntN(2) == 0, random.IntN(2) == 0
		e.Document, e.Version = "general", []string{"1", "2"}[random.IntN(2)]
	case rules.EventErasure:
		e.Exceptions = []string{"analysis", "support", "news"}[random.IntN(3):]
	case rules.EventRetention, rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision:
		e.Scope.Purpose = []string{"", "analysis", "support", "news"}[random.IntN(4)]
	case rules.EventNotice:
		e.Document, e.Version = []string{"general", "eea_uk", "california"}[random.IntN(3)], []string{"1", "2"}[random.IntN(2)]
	case rules.EventLegalOrder:
		e.Order = []string{everybody, some}[random.IntN(2)]
	default:
	}
	return e
}

// The order in which events are given says nothing; the sequence only tells
// events of one instant apart.
func TestFoldOfAnyOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	p := plan(t, "helpdesk", "analysis")
	for range 3000 {
		events := make([]rules.Event, 1+random.IntN(6))
		for i := range events {
			events[i] = randomEvent(random, rules.Seq(i+1))
		}
		want := rules.Fold(events)
		wantClass, _ := p.Class(rules.Facts{}, want, rules.Signals{}, now, nil)
		for range 5 {
			shuffled := slices.Clone(events)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			got := rules.Fold(shuffled)
			class, _ := p.Class(rules.Facts{}, got, rules.Signals{}, now, nil)
			if !reflect.DeepEqual(got, want) || class != wantClass {
				t.Fatalf("%+v\nfolds to %+v\nand in another order to %+v", events, want, got)
			}
		}
	}
}

// Whatever somebody unverified says, or a gateway has seen, releases nothing that was
// not released before.
func TestUnverifiedWordNeverRelaxes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 3))
	edition := inputs(t).At(now)
	released := 0
	for _, r := range []request{
		{purpose: "support"},
		{purpose: "support", path: "strict"},
		{purpose: "analysis"},
		{purpose: "news"},
		{recipient: "broker", purpose: "support"},
		{recipient: "payer", purpose: "analysis"},
		courtClaim, courtOrder,
		{recipient: "people", purpose: "rights", own: true},
	} {
		p, reason := r.plan(t, edition)
		if p == nil {
			t.Fatal(reason)
		}
		for range 4000 {
			events := make([]rules.Event, random.IntN(6))
			for i := range events {
				events[i] = randomEvent(random, rules.Seq(i+1))
			}
			last := randomEvent(random, rules.Seq(len(events)+1))
			if last.Actor.Verified = random.IntN(3) == 0; last.Actor.Verified {
				last.Actor.Type = rules.ActorGateway
			}
			before, _ := p.Class(rules.Facts{Own: r.own}, rules.Fold(events), rules.Signals{}, now, nil)
			after, _ := p.Class(rules.Facts{Own: r.own}, rules.Fold(append(events, last)), rules.Signals{}, now, nil)
			a, b := p.Actions(before), p.Actions(after)
			for i := range a.Fields {
				if a.Fields[i].Verb > rules.Withhold {
					released++
				}
				if b.Fields[i].Verb > a.Fields[i].Verb {
					t.Fatalf("%+v: %+v\nafter %+v\nreleases member %d: %v, then %v", r, last, events, i, a.Decisions[i], b.Decisions[i])
				}
			}
		}
	}
	if released < 1000 {
		t.Errorf("only %d members were released at all", released)
	}
}
