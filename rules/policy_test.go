package rules_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// now is when the tests decide, unless they say otherwise.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func daysAgo(n int) time.Time { return now.AddDate(0, 0, -n) }

func compiled(tb testing.TB, dir string) *rules.Policy {
	tb.Helper()
	bundle, problems, err := source.Load(os.DirFS(dir))
	if err != nil || len(problems) > 0 {
		tb.Fatalf("reading %s: %v\n%v", dir, err, problems)
	}
	policy, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		tb.Fatalf("compiling %s:\n%v", dir, problems)
	}
	return policy
}

func policy(tb testing.TB) *rules.Policy {
	tb.Helper()
	return compiled(tb, "testdata/policy")
}

// plan is that of a recipient and a purpose on GET /customers/{id}.
func plan(tb testing.TB, recipient, purpose string) *rules.Plan {
	tb.Helper()
	return planAt(tb, policy(tb), now, recipient, purpose, "customers", "17")
}

func planAt(tb testing.TB, p *rules.Policy, at time.Time, recipient, purpose string, segments ...string) *rules.Plan {
	tb.Helper()
	e := p.At(at)
	if e == nil {
		tb.Fatal("no edition")
	}
	m, ok := e.Route(p.APIs()[0], "GET", segments)
	got, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Match: m, Mapped: ok})
	if got == nil {
		tb.Fatalf("%s for %s is refused: %v", recipient, purpose, reason)
	}
	return got
}

// subject is what a test knows of a person.
type subject struct {
	facts  rules.Facts
	events []rules.Event
	at     time.Time // zero: now
}

// in is a person whose body says the country.
func in(country string, events ...rules.Event) subject {
	return subject{facts: rules.Facts{Locations: [2]rules.Location{{Country: country}}}, events: events}
}

func (s subject) born(day string) subject {
	s.facts.Born, _ = time.Parse(time.DateOnly, day)
	return s
}

// decide numbers the events, unless they are, and returns the decision.
func decide(p *rules.Plan, s subject) *rules.Actions {
	a, _ := decideWith(p, s)
	return a
}

func decideWith(p *rules.Plan, s subject) (*rules.Actions, []rules.Seq) {
	if s.at.IsZero() {
		s.at = now
	}
	s.events = slices.Clone(s.events) // questions asked at one time may share them
	for i := range s.events {
		if s.events[i].Seq == 0 {
			s.events[i].Seq = rules.Seq(i + 1)
		}
	}
	class, consents := p.Class(s.facts, rules.Fold(s.events), rules.Signals{}, s.at, nil)
	return p.Actions(class), consents
}

// field is the outcome of one field: its primary reason when it is withheld,
// else its verb.
func field(p *rules.Plan, a *rules.Actions, path string) string {
	for i, f := range p.Resource().Shape.Fields {
		if f.Path != path {
			continue
		}
		if a.Fields[i].Verb == rules.Withhold {
			return a.Decisions[i].Reasons[0].String()
		}
		return a.Fields[i].Verb.String()
	}
	return "no field " + path
}

// name is the outcome of the member name.
func name(p *rules.Plan, s subject) string { return field(p, decide(p, s), "name") }

// Events, each an hour after it happened recorded.

var person = rules.Actor{Type: rules.ActorSubject, Verified: true}

func event(kind rules.EventKind, state rules.EventState, at time.Time) rules.Event {
	return rules.Event{Kind: kind, State: state, Time: at, Recorded: at.Add(time.Hour), Actor: person, TwoStep: true}
}

func active(kind rules.EventKind, at time.Time) rules.Event {
	return event(kind, rules.StateActive, at)
}

func lifted(kind rules.EventKind, at time.Time) rules.Event {
	return event(kind, rules.StateLifted, at)
}

func consent(status rules.ConsentStatus, purpose string, at time.Time) rules.Event {
	return rules.Event{Kind: rules.EventConsent, Consent: status, Scope: rules.Scope{Purpose: purpose}, Time: at, Recorded: at.Add(time.Hour), Actor: person}
}

func given(purpose string, at time.Time) rules.Event {
	return consent(rules.ConsentGiven, purpose, at)
}

func by(e rules.Event, actor rules.ActorType, verified bool) rules.Event {
	e.Actor = rules.Actor{Type: actor, Verified: verified}
	return e
}

// withAuthority is what an agent shows (C7.2).
func withAuthority(e rules.Event) rules.Event {
	e.Actor.Authority = "power-of-attorney-7"
	return e
}

func age(band rules.AgeBand, at time.Time) rules.Event {
	return rules.Event{Kind: rules.EventAge, Age: rules.AgeFact{Band: band}, Time: at, Recorded: at.Add(time.Hour), Actor: person}
}

func location(country string, at time.Time) rules.Event {
	return rules.Event{Kind: rules.EventLocation, Location: rules.Location{Country: country}, Time: at, Recorded: at.Add(time.Hour), Actor: person}
}

func seen(e rules.Event) rules.Event { return by(e, rules.ActorGateway, false) }

type expectation struct {
	what    string
	subject subject
	want    string
}

// expect checks the outcome of the member name for each of some people.
func expect(t *testing.T, p *rules.Plan, cases []expectation) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			if got := name(p, c.subject); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
