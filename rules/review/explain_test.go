package review_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
	"github.com/modicum-dev/modicum/rules/source"
)

var update = flag.Bool("update", false, "write the golden files")

var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func example(t *testing.T) *rules.Policy {
	t.Helper()
	bundle, problems, err := source.Load(os.DirFS("../../examples/software-vendor/policy"))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	p, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func event(kind rules.EventKind, state rules.EventState) rules.Event {
	return rules.Event{
		Kind: kind, State: state, Time: at.AddDate(0, -1, 0), Recorded: at.AddDate(0, -1, 0), TwoStep: true,
		Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}
}

func consent(purpose string) rules.Event {
	e := event(rules.EventConsent, rules.StateNone)
	e.Consent, e.Scope.Purpose, e.Explicit = rules.ConsentGiven, purpose, true
	return e
}

// people are those that the example is asked about, for a purpose.
func people(purpose string) map[string]review.Person {
	in := func(country string, events ...rules.Event) review.Person {
		return review.Person{Location: rules.Location{Country: country}, Born: at.AddDate(-30, 0, 0), Events: events}
	}
	return map[string]review.Person{
		"unknown":    {},
		"consenting": in("DE", consent(purpose)),
		"objecting":  in("GB", event(rules.EventDMObjection, rules.StateActive), event(rules.EventLIObjection, rules.StatePending)),
		"restricted": in("JP", event(rules.EventRestriction, rules.StateActive)),
		"a child":    {Location: rules.Location{Country: "US", Region: "CA"}, Born: at.AddDate(-14, 0, 0)},
	}
}

// What is explained is what is decided: every field once, with the outcome, the reasons and
// the basis of the plan's actions; and everything has words.
func TestExplanationsAreTheDecisions(t *testing.T) {
	t.Parallel()
	p := example(t)
	edition := p.At(at)
	outcomes := make(map[string]int)
	for _, api := range p.Bundle.APIs {
		for i := range api.Resources {
			name := api.Resources[i].Name.Value
			m, _ := edition.Resource(api.Name.Value, name)
			for j := range p.Bundle.Recipients {
				for k := range p.Bundle.Purposes {
					recipient, purpose := p.Bundle.Recipients[j].Name.Value, p.Bundle.Purposes[k].Name.Value
					plan, why := edition.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Match: m, Mapped: true})
					for who, person := range people(purpose) {
						if (i+j+k)%7 > 0 && (plan == nil || who != "unknown" || (i+j+k)%3 > 0) { // a part of all
							continue
						}
						e, err := review.Explain(p, review.Question{At: at, Recipient: recipient, Purpose: purpose, Resource: name, Person: person})
						if err != nil {
							t.Fatal(err)
						}
						outcomes[check(t, plan, why, person, e)]++
					}
				}
			}
		}
	}
	for _, o := range []string{"refused", "leaves", "absent", "about nobody"} {
		if outcomes[o] < 10 {
			t.Errorf("too few of %s: %v", o, outcomes)
		}
	}
}

// check holds one explanation against the decision, and returns what it is one of.
func check(t *testing.T, plan *rules.Plan, why rules.Reason, person review.Person, e *review.Explanation) string {
	t.Helper()
	if plan == nil {
		if r := e.Refusal; r == nil || r.Reason != why.String() || r.Rule == "" || r.Says == "" || r.Otherwise == "" || len(r.Clauses) == 0 {
			t.Fatalf("%v is explained by %+v", why, e.Refusal)
		}
		return review.Refused
	}
	shape := plan.Resource().Shape
	if len(shape.Subjects) == 0 {
		return "about nobody"
	}
	var facts rules.Facts
	var events []rules.Event
	fact := rules.Event{Actor: rules.Actor{Type: rules.ActorOperator, Verified: true}}
	if k := &shape.Subjects[0]; k.HasCountry {
		facts.Locations[0] = person.Location
	} else if fact.Kind, fact.Location = rules.EventLocation, person.Location; person.Location.Country != "" {
		events = append(events, fact)
	}
	if k := &shape.Subjects[0]; k.HasBorn {
		facts.Born = person.Born
	} else if fact.Kind = rules.EventAge; !person.Born.IsZero() {
		fact.Age.Band, fact.Age.Until = rules.BandAt(person.Born, at)
		events = append(events, fact)
	}
	events = append(events, person.Events...)
	for i := range events {
		events[i].Seq = rules.Seq(i) + 1
	}
	class, _ := plan.Class(facts, rules.Fold(events), rules.Signals{}, at, nil)
	actions := plan.Actions(class)
	if e.Absent != actions.Nothing || e.Subject.Age != class.Age.String() || !slices.Equal(e.Subject.Regimes, class.Regimes.Names()) {
		t.Fatalf("%+v: nothing leaves %v, %+v", class, actions.Nothing, e.Subject)
	}
	told := make(map[string]bool)
	for _, a := range e.Answers {
		for _, f := range a.Fields {
			if told[f.Path] {
				t.Fatalf("%s is told twice", f.Path)
			}
			told[f.Path] = true
			i := slices.IndexFunc(shape.Fields, func(o rules.Field) bool { return o.Path == f.Path })
			if field := &shape.Fields[i]; !field.Public {
				same(t, &actions.Fields[i], &actions.Decisions[i], &a)
			}
		}
		for _, o := range a.Otherwise {
			for _, alt := range o.Alternatives {
				if alt.Outcome == a.Outcome || len(alt.State)+len(alt.Policy) == 0 || slices.Contains(alt.State, "") {
					t.Fatalf("%v: %+v", a.Fields, alt)
				}
			}
		}
	}
	for i := range shape.Fields {
		if f := &shape.Fields[i]; f.Kind <= 0 && !told[f.Path] {
			t.Fatalf("%s is not told", f.Path)
		}
	}
	if actions.Nothing {
		return "absent"
	}
	return "leaves"
}

func same(t *testing.T, action *rules.Action, d *rules.Decision, a *review.Answer) {
	t.Helper()
	want := rules.Form{Verb: action.Verb, Need: action.Need, Cell: action.Cell}
	if action.Generaliser != nil {
		want.Generaliser = action.Generaliser.String()
	}
	var reasons []string
	for _, r := range d.Reasons {
		reasons = append(reasons, r.String())
	}
	basis := ""
	if d.Basis != rules.BasisNone {
		basis = d.Basis.String()
	}
	if a.Outcome != want.String() || !slices.Equal(a.Reasons, reasons) || a.Basis != basis || len(a.Steps) == 0 {
		t.Fatalf("%+v, %+v is explained by %+v", action, d, a)
	}
	for _, s := range a.Steps {
		if s.Says == "" || s.Rule != "" && len(s.Clauses) == 0 {
			t.Fatalf("no words: %+v", s)
		}
	}
}

// Every change of a person that an alternative may be has words.
func TestEveryChangeHasWords(t *testing.T) {
	t.Parallel()
	p := example(t)
	edition := p.At(at)
	m, _ := edition.Resource("crm", "customers")
	seen := make(map[string]bool)
	for _, purpose := range []string{"newsletter.send", "marketing.profile", "marketing.direct", "statistics.prepare"} {
		for _, recipient := range []string{"mailer", "analytics", "support-desk"} {
			plan, _ := edition.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Match: m, Mapped: true})
			if plan == nil {
				continue
			}
			for _, person := range people(purpose) {
				e, err := review.Explain(p, review.Question{At: at, Recipient: recipient, Purpose: purpose, Resource: "customers", Person: person})
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range e.Answers {
					for _, o := range a.Otherwise {
						for _, alt := range o.Alternatives {
							for _, s := range alt.State {
								seen[s] = true
							}
						}
					}
				}
			}
		}
	}
	if len(seen) < 15 || seen[""] {
		t.Errorf("%d changes: %v", len(seen), seen)
	}
}

// withdrawn is what is known of a person of the example who withdrew a consent.
func withdrawn() []rules.Event {
	place, given, withdrawn := event(rules.EventLocation, rules.StateNone), consent("marketing.profile"), consent("marketing.profile")
	place.Location.Country, given.Explicit, withdrawn.Explicit = "ES", false, false
	given.Time, withdrawn.Time = at.AddDate(-1, 0, -22), at.AddDate(0, -5, -8)
	given.Recorded, withdrawn.Recorded, withdrawn.Consent = given.Time, withdrawn.Time, rules.ConsentWithdrawn
	return []rules.Event{place, given, withdrawn}
}

// The documentation shows what the command prints.
func TestTranscriptOfTheDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy-review.md")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/explain/withdrawn.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(hash.ReplaceAllString(string(page), "+hash."), "\n"+string(golden)+"```\n") {
		t.Errorf("docs/policy-review.md does not show\n%s", golden)
	}
}

var hash = regexp.MustCompile(`\+[0-9a-f]{8}\.`)

// The explanation as people read it. It fits the width, and names no clause that the clause
// table does not have.
func TestExplanationsAsText(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../../docs/clauses.md")
	if err != nil {
		t.Fatal(err)
	}
	p := example(t)
	for name, q := range map[string]review.Question{
		"newsletter": {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer"},
		"objection": {
			Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", Field: "email",
			Person: review.Person{Location: rules.Location{Country: "DE"}, Born: at.AddDate(-40, 0, 0), Events: []rules.Event{event(rules.EventDMObjection, rules.StateActive)}},
		},
		"clear":       {Recipient: "support-desk", Purpose: "support.provide", Resource: "customer", Field: "name", Person: people("support.provide")["consenting"]},
		"third_party": {Recipient: "web-metrics", Purpose: "web.analytics", Resource: "visitors", Field: "ip"},
		"statistics":  {Recipient: "analytics", Purpose: "statistics.prepare", Resource: "customers", Field: "address.postal_code", Person: review.Person{Location: rules.Location{Country: "JP"}}},
		"restricted":  {Recipient: "support-desk", Purpose: "support.provide", Resource: "customer", Person: people("support.provide")["restricted"]},
		"unmapped":    {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", Field: "emial"},
		"withdrawn": {
			At: at.Truncate(24 * time.Hour), Recipient: "support-desk", Purpose: "marketing.profile", Resource: "customer", Field: "usage.last_login",
			Person: review.Person{Events: withdrawn()},
		},
		"refused": {Recipient: "mailer", Purpose: "newsleter.send", Resource: "customer"},
		"early":   {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", At: at.AddDate(-10, 0, 0)},
		"nobody":  {Recipient: "mailer", Purpose: "newsletter.send", Resource: "products"},
	} {
		if q.At.IsZero() {
			q.At = at
		}
		e, err := review.Explain(p, q)
		if err != nil {
			t.Fatal(err)
		}
		got := hash.ReplaceAllString(e.Text(q.Field != ""), "+hash.")
		for line := range strings.Lines(got) {
			if len(strings.TrimRight(line, "\n")) > 100 || strings.HasSuffix(line, " \n") {
				t.Errorf("%s: %q", name, line)
			}
		}
		for _, m := range regexp.MustCompile(`\[([A-Z][^\]]*)\]`).FindAllStringSubmatch(got, -1) {
			for c := range strings.SplitSeq(m[1], ",") {
				if !strings.Contains(string(table), "\n| "+c+" |") {
					t.Errorf("%s: no clause %s", name, c)
				}
			}
		}
		golden := filepath.Join("testdata", "explain", name+".txt")
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestWhatIsNotInThePolicyIsSaid(t *testing.T) {
	t.Parallel()
	p := example(t)
	for want, q := range map[string]review.Question{
		`it has no resource "custmer" (did you mean "customer"?)`:                                      {Resource: "custmer"},
		`it has no api "crn" (did you mean "crm"?)`:                                                    {API: "crn", Resource: "customer"},
		`it has no person in this resource of kind "custome" (did you mean "customer"?)`:               {Resource: "customer", Kind: "custome"},
		`it has no person in this resource of kind "account_manage" (did you mean "account_manager"?)`: {Resource: "partners", Kind: "account_manage"},
	} {
		q.At, q.Recipient, q.Purpose = at, "mailer", "newsletter.send"
		if _, err := review.Explain(p, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestExpectedOutcomes(t *testing.T) {
	t.Parallel()
	p := example(t)
	for _, c := range []struct {
		purpose, field, expected, unlike string
	}{
		{"newsletter.send", "email", "clear", ""},
		{"newsletter.send", "email", "withheld", "email clear"},
		{"newsletter.send", "id", "pseudonym", ""},
		{"newsletter.send", "phone", "withheld", ""},
		{"newsletter.send", "emial", "withheld", ""},
		{"newsletter.send", "emial", "clear", "emial withheld"},
		{"newsletter.send", "email", "refused", "an answer"},
		{"hr.manage", "email", "refused", ""},
		{"hr.manage", "email", "withheld", "refused (purpose_not_permitted)"},
	} {
		e, err := review.Explain(p, review.Question{At: at, Recipient: "mailer", Purpose: c.purpose, Resource: "customer", Field: c.field})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Unlike(c.expected); got != c.unlike || !review.IsOutcome(c.expected) {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for word, is := range map[string]bool{"year": true, "last(4)": true, "year in cells": true, "whithheld": false, "": false, "needed": false} {
		if review.IsOutcome(word) != is {
			t.Errorf("%q is an outcome: %v", word, !is)
		}
	}
}
