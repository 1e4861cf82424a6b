package rules

// Trail is how one field of one subject came to what becomes of it: every rule that
// was asked, in order. It is what a record's reasons are the short form of.
type Trail struct {
	Action Action
	Steps  []Step
}

// Step is the answer of one table.
type Step struct {
	Table  string // subject, APPI, GDPR, UK GDPR, CCPA, minimisation
	Rule   Rule   // that matched; of the subject gates empty when none did
	Verb   Verb
	Reason Reason // ReasonNone when a gate is open
	Basis  Basis  // that the table relies on, of GDPR alone
}

// Trail explains the decision about one field of the kind of subject that a class is
// of. It repeats the decision: what it says is what [Plan.Actions] gives. A public
// field has no trail.
func (p *Plan) Trail(c Class, field int) Trail {
	f := &p.resource.Shape.Fields[field]
	if f.Public || !f.Concerns(int(c.Kind)) {
		return Trail{}
	}
	common := p.conditions(c.Category)
	conditions, s := common.of(p, f), c.of(p.kinds[c.Kind].number[field])
	in := conditions.with(&s)
	t := Trail{Action: p.action(f, &in)}
	if gate := subjectGate(&in); gate != ReasonNone {
		t.Steps = []Step{{Table: "subject", Rule: gateRules[gate], Reason: gate}}
		return t
	}
	if in.disputed() {
		t.Steps = []Step{{Table: "subject", Rule: S8, Reason: AccuracyContested}}
		return t
	}
	t.Steps = append(t.Steps, Step{Table: "subject", Verb: Allow})
	for _, table := range tables {
		if in.applies(table.regime) {
			v := table.decide(&in)
			t.Steps = append(t.Steps, Step{Table: table.name, Rule: v.rule, Verb: v.verb, Reason: v.reason, Basis: v.basis})
		}
	}
	return t
}

// action is what becomes of a field for an input.
func (p *Plan) action(f *Field, in *input) Action {
	out := in.outcome()
	a := Action{Verb: out.verb, Need: out.need}
	switch {
	case a.Verb == Allow:
		a.Need = NeedClear
	case a.Need == NeedGeneralised:
		a.Generaliser, a.Cell = p.generaliser(f)
	}
	return a
}

// outcome is what compose gives, without its grounds: it asks no table more than it
// must. The rule is the first that withholds, or the one of minimisation.
func (in *input) outcome() (out verdict) {
	if gate := subjectGate(in); gate != ReasonNone {
		return gateRules[gate].withholds(gate)
	}
	if in.disputed() {
		return S8.withholds(AccuracyContested)
	}
	if out = minimise(in); out.verb == Withhold {
		return out
	}
	for _, table := range tables[:len(tables)-1] {
		if !in.applies(table.regime) {
			continue
		}
		if v := table.decide(in); v.verb == Withhold {
			return v
		}
	}
	return out
}
