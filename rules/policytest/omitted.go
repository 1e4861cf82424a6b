package policytest

import (
	"fmt"
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// omitted returns the edition in which no recipient has its objects filled; nil when
// none is in effect. An answer that is filled does not say which null came from
// upstream, so the members of such a one are explained by the answer that the recipient
// would get without.
func (t *Trial) omitted() (*rules.Edition, error) {
	if t.plain != nil {
		return t.plain, nil
	}
	bundle := *t.policy.Bundle
	bundle.Recipients = slices.Clone(bundle.Recipients)
	for i := range bundle.Recipients {
		bundle.Recipients[i].Complete = false
	}
	policy, problems := rules.Compile(&bundle)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrExplanation, problems)
	}
	t.plain = policy.At(t.at)
	return t.plain, nil
}

// explain tells what became of each member of an answer.
func (t *Trial) explain(q *question, e *explainer) error {
	if !e.tried.Recipient.Complete || e.result == nil {
		return e.explain()
	}
	edition, err := t.omitted()
	if err != nil {
		return err
	}
	again := *q
	again.edition = edition
	w, log, err := ask(&again)
	if err != nil {
		return err
	}
	if reason, err := w.refused(); err != nil || reason != rules.ReasonNone {
		return ErrExplanation // it was answered before
	}
	e.record, e.result = log, w.body.Bytes()
	return e.explain()
}
