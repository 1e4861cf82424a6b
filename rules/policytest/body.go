package policytest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

func (t *resolved) identity(b *rules.Bundle) (rules.Identity, error) {
	if t.Caller != nil {
		return t.Caller.identity(), nil
	}
	for i := range b.Recipients {
		if d := &b.Recipients[i]; d.Name.Value == t.Recipient.Value {
			return credential(d, t.Purpose.Value)
		}
	}
	return rules.Identity{User: t.Recipient.Value, Method: "basic"}, nil // who is unknown is refused as such
}

// run asks a gateway whose upstream answers with the body of the test.
func (d *desk) run(t *resolved, policy *rules.Policy, seen *coverage) ([]Failure, error) {
	if _, _, reason := t.admit(); reason != rules.ReasonNone { // the credential may be narrowed further than the registry says
		seen.refused(reason)
		return t.admission(reason), nil
	}
	identity, err := t.identity(policy.Bundle)
	if err != nil {
		return nil, err
	}
	states, err := d.states(t)
	if err != nil {
		return nil, err
	}
	w, log, err := ask(&question{
		edition: t.edition, at: t.At, api: t.api, method: t.method, url: t.url, identity: identity, purpose: t.Purpose.Value, ref: t.Ref.Value,
		gpc: t.GPC, states: states, keys: d, upstream: jsonUpstream(t.Body),
	})
	if err != nil {
		return nil, err
	}
	log.tell(seen)
	return t.answered(w, seen)
}

// answered compares an answer with the one that is expected.
func (t *resolved) answered(w *answer, seen *coverage) ([]Failure, error) {
	reason, err := w.refused()
	if err != nil {
		return nil, err
	}
	if w.status != http.StatusOK {
		seen.refused(reason)
		return t.admission(reason), nil
	}
	if t.Expect.Refused.Value != "" {
		return t.admission(rules.ReasonNone), nil
	}
	differences, err := compareJSON(t.Expect.Body, w.body.Bytes())
	if err != nil {
		return nil, err
	}
	var failures []Failure
	for _, d := range differences {
		failures = append(failures, Failure{Pos: t.Expect.BodyPos, What: d.path, Expected: d.want, Got: d.got})
	}
	return failures, nil
}

// states are those of the test's subjects.
func (d *desk) states(t *resolved) (states, error) {
	out := make(states)
	kinds := t.match.Resource.Shape.Subjects
	for i, s := range t.Subjects {
		p := kinds[t.kinds[i]].Population
		id, err := p.Canonical(s.ID.Value, false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID.Pos, err)
		}
		out[d.Subject(p, id)] = s.state(t.At, nil)
	}
	return out, nil
}

// tell reports what was decided.
func (m *memory) tell(seen *coverage) {
	var recipient ledger.RecipientFact
	for _, f := range m.facts {
		if f.Kind == ledger.KindRecipient {
			_ = json.Unmarshal(f.JSON, &recipient) // its own bytes
		}
	}
	for _, f := range m.facts {
		var p ledger.ProfileFact
		if f.Kind == ledger.KindProfile && json.Unmarshal(f.JSON, &p) == nil {
			seen.profile(recipient.ID, &p)
		}
	}
}
