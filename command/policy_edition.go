package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// editionText says what the policy answers at an instant: by which versions of
// which documents, to whom it refuses everything and why, and until when.
func editionText(p *rules.Policy, at time.Time) string {
	var b strings.Builder
	e := p.At(at)
	if e == nil {
		fmt.Fprintf(&b, "at %s no request is answered (policy_unavailable): not in effect is %s\n", moment(at), strings.Join(notYet(p, at), ", "))
		return b.String()
	}
	fmt.Fprintf(&b, "at %s edition %s\n", moment(at), e.Version())
	documents := make([]string, len(e.Documents))
	for i, d := range e.Documents {
		documents[i] = d.ID + " " + d.Version
	}
	fmt.Fprintf(&b, "  in effect: %s\n", strings.Join(documents, ", "))
	for i := range p.Bundle.Recipients {
		d := &p.Bundle.Recipients[i]
		if reason := refused(e, d.Name.Value); reason != rules.ReasonNone {
			fmt.Fprintf(&b, "  refused: %s, %s (%s)\n", d.Name.Value, why(d, reason, at), reason)
		}
	}
	if until := e.Until(); until.IsZero() {
		b.WriteString("  no date ahead changes an answer\n")
	} else {
		fmt.Fprintf(&b, "  answers may change: %s\n", moment(until))
	}
	return b.String()
}

// refused returns why a recipient is refused whatever it asks for (R3, R4). That is
// asked before the purpose, so that a request without one finds it out.
func refused(e *rules.Edition, recipient string) rules.Reason {
	_, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, PurposeReason: rules.PurposeMissing})
	if reason == rules.PurposeMissing {
		return rules.ReasonNone
	}
	return reason
}

// why says in words what makes a recipient refused.
func why(d *rules.RecipientDef, reason rules.Reason, at time.Time) string {
	switch {
	case reason == rules.RecipientSuspended:
		return "it is suspended"
	case reason == rules.EvaluationOverdue:
		return "its evaluation has not been valid since " + moment(d.Evaluation.Until)
	case reason == rules.RecipientNotEvaluated && d.Evaluation == nil:
		return "it was never evaluated"
	case reason == rules.RecipientNotEvaluated && !d.Evaluation.Passed:
		return "it did not pass its evaluation"
	case reason == rules.RecipientNotEvaluated:
		return "its evaluation is of " + moment(d.Evaluation.At)
	case d.Contract == nil:
		return "it has no contract"
	case at.Before(d.Contract.From):
		return "its contract begins on " + moment(d.Contract.From)
	case !d.Contract.Until.IsZero() && !at.Before(d.Contract.Until):
		return "its contract has not been valid since " + moment(d.Contract.Until)
	case d.Terms.AcceptedAt.IsZero():
		return "it has not accepted the handling terms"
	}
	return "it accepts the handling terms on " + moment(d.Terms.AcceptedAt)
}

// notYet lists the documents without a version in effect.
func notYet(p *rules.Policy, at time.Time) []string {
	var ids []string
	for _, d := range p.Bundle.Documents {
		line := func(o rules.Document) bool { return o.ID == d.ID && !o.EffectiveFrom.After(at) }
		if !slices.Contains(ids, d.ID) && !slices.ContainsFunc(p.Bundle.Documents, line) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// moment writes the first moment of a day as the day.
func moment(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}
