package rules_test

import (
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// inputs is the policy for versions, orders, own requests and statistics.
func inputs(t *testing.T, lines ...string) *rules.Policy {
	t.Helper()
	return rewritten(t, "testdata/inputs", lines...)
}

// request is what is asked of a policy; the zero fields are those of a request of the
// helpdesk about customer 17.
type request struct {
	recipient, purpose, ref, path string
	own                           bool
}

func (r request) plan(t *testing.T, e *rules.Edition) (*rules.Plan, rules.Reason) {
	t.Helper()
	if r.recipient == "" {
		r.recipient = "helpdesk"
	}
	if r.path == "" {
		r.path = "customers"
	}
	m, ok := e.Route("crm", "GET", []string{r.path, "17"})
	return e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: r.recipient}, Purpose: r.purpose, Ref: r.ref, Match: m, Mapped: ok})
}

// ask decides about a person and returns the outcome of one member.
func (r request) ask(t *testing.T, p *rules.Policy, s subject, member string) string {
	t.Helper()
	if s.at.IsZero() {
		s.at = now
	}
	plan, reason := r.plan(t, p.At(s.at))
	if plan == nil {
		return reason.String()
	}
	s.facts.Own = r.own
	return field(plan, decide(plan, s), member)
}

// question is a request about somebody, and its answer about the member name, or
// another.
type question struct {
	what    string
	request request
	subject subject
	want    string
}

func answer(t *testing.T, p *rules.Policy, questions []question) {
	t.Helper()
	for _, q := range questions {
		t.Run(q.what, func(t *testing.T) {
			t.Parallel()
			if got := q.request.ask(t, p, q.subject, "name"); got != q.want {
				t.Errorf("%s, want %s", got, q.want)
			}
		})
	}
}

// members are the outcomes of several members of one answer.
func members(t *testing.T, p *rules.Policy, r request, s subject, want map[string]string) {
	t.Helper()
	for member, outcome := range want {
		if got := r.ask(t, p, s, member); got != outcome {
			t.Errorf("%+v: %s: %s, want %s", r, member, got, outcome)
		}
	}
}

func notice(document, version string) rules.Event {
	return rules.Event{
		Kind: rules.EventNotice, Document: document, Version: version, Time: daysAgo(9), Recorded: daysAgo(9),
		Actor: rules.Actor{Type: rules.ActorOperator, Verified: true},
	}
}

// reasons are those of a member.
func reasons(p *rules.Plan, a *rules.Actions, path string) []string {
	var out []string
	for i, f := range p.Resource().Shape.Fields {
		if f.Path == path {
			for _, r := range a.Decisions[i].Reasons {
				out = append(out, r.String())
			}
		}
	}
	return slices.Clip(out)
}
