package exchange

import (
	"cmp"
	"slices"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// look remembers what the answer of a request shows, which is decided and on record.
func (o *Observed) look(q *request) {
	if now := q.g.Policy.Edition(q.decided); now == nil || now.Policy() != q.edition.Policy() {
		return // of a policy that is not in force any more
	}
	plans := q.edition.Outside(q.plan.Resource())
	if !slices.Contains(plans, q.plan) {
		plans = append(plans, q.plan)
	}
	seen := survey{q: q, uses: make([]ObservedUse, len(plans)), actions: make([][]*rules.Actions, len(plans))}
	for i, p := range plans {
		seen.uses[i] = ObservedUse{
			Recipient: p.Recipient().Name.Value, Purpose: p.Purpose().Name, Asked: p == q.plan, Withheld: make(map[string]int64),
		}
		seen.decide(i, p)
	}
	q.buffers.work.doc.Survey(seen.place)
	o.mu.Lock()
	defer o.mu.Unlock()
	of := o.resource(q)
	of.answers++
	of.people += int64(seen.people())
	for i := range seen.uses {
		of.add(&seen.uses[i])
	}
	for i := range seen.unnamed {
		of.name(&seen.unnamed[i])
	}
}

// survey is one look at one answer.
type survey struct {
	q       *request
	uses    []ObservedUse
	actions [][]*rules.Actions // by plan and person
	unnamed []unnamed
}

// unnamed is a member that no rule names.
type unnamed struct {
	at, name string  // the path of what it is in, and its name; empty: one that is not told
	person   *person // nil: outside every person
}

// people is how many are looked at.
func (s *survey) people() int { return min(len(s.q.people), DefaultMaxObservedPeople) }

// decide decides about the people of the answer under a plan, as of the same instant
// and state. That too few people share a value is not looked into, but for the plan
// that was asked for.
func (s *survey) decide(i int, p *rules.Plan) {
	for n := range s.people() {
		who := &s.q.people[n]
		actions := who.actions
		if p != s.q.plan {
			class, _ := p.Class(who.facts, who.state, rules.Signals{}, s.q.decided, nil)
			actions = p.Actions(class)
		}
		if actions.Nothing {
			s.uses[i].Absent++
		}
		s.actions[i] = append(s.actions[i], actions)
	}
}

// place counts one value.
func (s *survey) place(p *redact.Place) {
	if p.Subject >= s.people() {
		return
	}
	switch p.Found {
	case redact.FoundUnmapped:
		if len(s.unnamed) == DefaultMaxObservedMembers {
			return
		}
		found := unnamed{at: string(p.AppendParent(nil))}
		if name := p.Name(); !p.Map && tellable(name) {
			found.name = string(name)
		}
		if p.Subject >= 0 {
			found.person = &s.q.people[p.Subject]
		}
		s.unnamed = append(s.unnamed, found)
	case redact.FoundRule, redact.FoundKey, redact.FoundUnexpected:
		if p.Field >= 0 && p.Subject >= 0 {
			s.decided(p)
		}
	case redact.FoundEmpty, redact.FoundSubject:
	}
}

// decided counts what becomes of a personal value.
func (s *survey) decided(p *redact.Place) {
	if s.q.plan.Resource().Shape.Fields[p.Field].Public {
		return
	}
	for i := range s.uses {
		actions := s.actions[i][p.Subject]
		switch verb := actions.Fields[p.Field].Verb; {
		case verb == rules.Withhold:
			reason := rules.ReasonNone
			if d := actions.Decisions[p.Field]; len(d.Reasons) > 0 {
				reason = d.Reasons[0]
			}
			s.uses[i].Withheld[cmp.Or(reason, rules.TypeUnexpected).String()]++
		case p.Found == redact.FoundUnexpected:
			s.uses[i].Withheld[rules.TypeUnexpected.String()]++
		case p.Defect:
			s.uses[i].Withheld[rules.LoneSurrogate.String()]++
		case verb == rules.Transform:
			s.uses[i].Transformed++
		default:
			s.uses[i].Clear++
		}
	}
}
