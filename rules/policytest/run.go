package policytest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Report is what a run found.
type Report struct {
	// Problems are names that the policy does not have. A test with one is not
	// run, and neither passes nor fails.
	Problems rules.Problems
	Results  []Result
	Cover    Cover
}

// Result is what became of one test.
type Result struct {
	Test     *Test
	Failures []Failure // none: it passed
}

// Passed reports whether everything was as expected.
func (r *Result) Passed() bool { return len(r.Failures) == 0 }

// Failure is one thing that was not as expected.
type Failure struct {
	Pos      rules.Pos // of the expectation
	Subject  int       // from 1; 0: the request as a whole
	What     string    // field, or another thing that is expected
	Expected string
	Got      string
	Reasons  []string // of what it got, the primary one first
}

// String says it in one line.
func (f *Failure) String() string {
	s := fmt.Sprintf("%s: expected %s, got %s", f.What, f.Expected, f.Got)
	if f.Subject > 0 {
		s = fmt.Sprintf("subject %d, %s", f.Subject, s)
	}
	if len(f.Reasons) > 0 {
		s += " (" + strings.Join(f.Reasons, ", ") + ")"
	}
	return s
}

// Failed counts the tests that failed.
func (r *Report) Failed() (n int) {
	for i := range r.Results {
		if !r.Results[i].Passed() {
			n++
		}
	}
	return n
}

// Run runs the tests of a suite against a policy. An error says that a gateway for
// the tests with bodies could not be set up, and is no test's failure.
func Run(policy *rules.Policy, suite *Suite) (*Report, error) {
	r := &resolver{policy: policy, editions: make(map[time.Time]*rules.Edition)}
	out, seen := new(Report), newCoverage(policy)
	var bodies *desk
	for _, t := range suite.Tests {
		known := len(r.problems)
		resolved := r.resolve(t)
		if len(r.problems) > known {
			continue
		}
		result := Result{Test: t}
		if t.Body == nil {
			result.Failures = resolved.facts(seen)
		} else {
			if bodies == nil {
				var err error
				if bodies, err = newDesk(); err != nil {
					return nil, err
				}
			}
			failures, err := bodies.run(resolved, policy, seen)
			if err != nil {
				return nil, fmt.Errorf("test %q: %w", t.Name.Value, err)
			}
			result.Failures = failures
		}
		out.Results = append(out.Results, result)
	}
	out.Problems, out.Cover = r.problems.Sort(), seen.result()
	return out, nil
}

// identity is the verified identity of a caller.
func (c *Caller) identity() rules.Identity {
	id := rules.Identity{User: c.User.Value}
	if id.User != "" {
		id.Method = "basic"
	}
	if c.CA.Value != "" {
		id.Certificate = &rules.Certificate{CA: c.CA.Value, DNS: values(c.DNS), URIs: values(c.URI)}
	}
	return id
}

func values(list []rules.Name) (out []string) {
	for _, n := range list {
		out = append(out, n.Value)
	}
	return out
}

// caller finds who asks, as the gateway does.
func (t *resolved) caller() (rules.Caller, rules.Reason) {
	if t.Caller == nil {
		return rules.Caller{Recipient: t.Recipient.Value}, rules.ReasonNone
	}
	c, reason := t.edition.Identify(t.Caller.identity())
	if narrow := values(t.Caller.Purposes); narrow != nil && reason == rules.ReasonNone {
		if c.Purposes != nil {
			narrow = slices.DeleteFunc(narrow, func(p string) bool { return !slices.Contains(c.Purposes, p) })
		}
		c.Purposes = narrow
	}
	return c, reason
}

// admit applies the request gates that need no store.
func (t *resolved) admit() (*rules.Plan, rules.Caller, rules.Reason) {
	if t.edition == nil {
		return nil, rules.Caller{}, rules.PolicyUnavailable
	}
	caller, reason := t.caller()
	if reason != rules.ReasonNone {
		return nil, caller, reason
	}
	facts := rules.RequestFacts{Caller: caller, Match: t.match, Mapped: t.mapped, Purpose: t.Purpose.Value, Ref: t.Ref.Value}
	if t.Purpose.Value == "" {
		facts.PurposeReason = rules.PurposeMissing
	}
	if t.Ref.Value != "" && !rules.WellFormedRef(t.Ref.Value) {
		facts.RefReason = rules.RefMalformed
	}
	plan, reason := t.edition.Admit(facts)
	if reason == rules.ReasonNone && !plainQuery(t.url, t.match.Resource) {
		return nil, caller, rules.ProbeRefused
	}
	return plan, caller, reason
}

// plainQuery reports whether the resource allows every parameter.
func plainQuery(u *url.URL, res *rules.Resource) bool {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return false
	}
	for name, v := range query {
		if len(v) != 1 || !res.AcceptsQuery(name, v[0]) {
			return false
		}
	}
	return true
}

// facts runs a test whose subjects are facts.
func (t *resolved) facts(seen *coverage) []Failure {
	plan, _, reason := t.admit()
	if reason != rules.ReasonNone {
		seen.refused(reason)
	}
	if f := t.admission(reason); f != nil {
		return f
	}
	if reason != rules.ReasonNone {
		return nil
	}
	subjects, kinds := t.Subjects, t.kinds
	if len(subjects) == 0 {
		subjects, kinds = []*Subject{{}}, []int{0}
	}
	var failures []Failure
	for i, s := range subjects {
		facts, kind := s.facts(kinds[i]), &t.match.Resource.Shape.Subjects[kinds[i]]
		known := remembered(&facts, kind, t.At)
		class, _ := plan.Class(facts, s.state(t.At, known), rules.Signals{GPC: t.GPC && t.match.Resource.ConsumerFacing}, t.At, nil)
		actions := plan.Actions(class)
		if t.SmallCell {
			actions = actions.Small()
		}
		seen.decided(plan, actions)
		e := s.Expect
		if e == nil {
			e = t.Expect
		}
		number := i + 1
		if len(subjects) == 1 {
			number = 0
		}
		c := comparison{shape: t.match.Resource.Shape, kind: kinds[i], actions: actions, subject: number}
		c.compare(e)
		failures = append(failures, c.failures...)
	}
	return failures
}

// admission compares the request gates with what is expected of them.
func (t *resolved) admission(reason rules.Reason) []Failure {
	got := "an answer"
	if reason != rules.ReasonNone {
		got = "refused " + reason.String()
	}
	if e := t.Expect; e != nil && e.Refused.Value != "" {
		if e.Refused.Value == reason.String() {
			return nil
		}
		return []Failure{{Pos: e.Refused.Pos, What: "request", Expected: "refused " + e.Refused.Value, Got: got}}
	}
	if reason == rules.ReasonNone {
		return nil
	}
	pos := t.Name.Pos
	if t.Expect != nil {
		pos = t.Expect.Pos
	}
	return []Failure{{Pos: pos, What: "request", Expected: "an answer", Got: got}}
}

// facts are those that the body of an answer would say.
func (s *Subject) facts(kind int) rules.Facts {
	f := rules.Facts{Kind: kind, Own: s.Own, Unresolved: s.Unresolved, Born: s.Born}
	f.Locations = [2]rules.Location{s.Location, {Country: s.Residence}}
	if s.Location.Country != "US" {
		f.Locations[0].Region = "" // a region decides within the United States alone
	}
	return f
}
