package rules

import "slices"

// decide computes the actions of a class: subject gates, then for each field
// the severest of the regimes that apply and of minimisation (2.1).
func (p *Plan) decide(c *Class) *Actions {
	fields := p.resource.Shape.Fields
	a := &Actions{Fields: make([]Action, len(fields)), Decisions: make([]Decision, len(fields)), Class: *c, Nothing: true}
	kind, celled := &p.kinds[c.Kind], false
	common, person := p.conditions(c.Category), c.of(0) // the gates look at no field
	in := common.with(&person)
	a.Gate = subjectGate(&in)
	for i := range fields {
		if !fields[i].Concerns(int(c.Kind)) || fields[i].Public {
			continue
		}
		conditions, s := common.of(p, &fields[i]), c.of(kind.number[i])
		a.decideField(i, conditions.with(&s))
		if f := &a.Fields[i]; f.Need == NeedGeneralised {
			f.Generaliser, f.Cell = p.generaliser(&fields[i])
			celled = celled || f.Cell
		}
	}
	for i := range fields {
		if fields[i].Kind == int(c.Kind) && fields[i].Public && !a.Nothing {
			a.Fields[i] = Action{Verb: Allow, Need: NeedClear}
			a.Decisions[i].Reasons = []Reason{FieldPublic}
		}
	}
	if celled {
		a.small = a.withoutCells()
	}
	return a
}

// generaliser is the one that a field gets, and whether only a large enough cell may
// show what it gives.
func (p *Plan) generaliser(f *Field) (g *Generaliser, cell bool) {
	return p.grant.cell(f.Category).or(f.attrs), p.grant.Purpose.Stat && f.attrs.Identifier == QuasiIdentifier
}

// or returns the generaliser of the cell, else that of the category.
func (c cell) or(attrs *CategoryAttrs) *Generaliser {
	if c.generaliser != nil {
		return c.generaliser
	}
	return attrs.Generaliser
}

func (a *Actions) decideField(i int, in input) {
	v := compose(a.Gate, &in)
	a.Decisions[i] = v.Decision
	a.Fields[i] = Action{Verb: v.verb, Need: v.need}
	switch v.verb {
	case Allow:
		a.Fields[i].Need = NeedClear
		a.Allowed++
		a.Nothing = false
	case Transform:
		a.Transformed++
		a.Nothing = false
	case Withhold:
		a.Withheld++
	}
}

// tables are the decision tables in the order of their reasons.
var tables = [...]struct {
	name   string
	regime Regimes
	decide func(*input) verdict
}{
	{"APPI", APPI, appi},
	{"GDPR", EEA, func(in *input) verdict { return gdpr(in, slotEEA) }},
	{"UK GDPR", UK, func(in *input) verdict { return gdpr(in, slotUK) }},
	{"CCPA", CCPA, ccpa},
	{"minimisation", APPI, minimise},
}

// applies reports whether the table of a regime is asked about the subject: those of
// APPI and of minimisation always are.
func (in *input) applies(regime Regimes) bool { return regime == APPI || in.under(regime) }

// disputed applies S8.
func (in *input) disputed() bool {
	return in.recipient.kind != Internal && in.contested() && !in.own()
}

type composed struct {
	verb Verb
	need Need // when verb is Transform
	Decision
}

// compose takes the severest outcome; the primary reason on ties is that of
// APPI, EEA, UK, CCPA, minimisation, in this order, and all are kept (2.7).
func compose(gate Reason, in *input) composed {
	if gate != ReasonNone {
		return composed{verb: Withhold, Decision: Decision{Reasons: []Reason{gate}}}
	}
	if in.disputed() {
		return composed{verb: Withhold, Decision: Decision{Reasons: []Reason{AccuracyContested}}}
	}
	verdicts := make([]verdict, 0, 5)
	for _, table := range tables {
		if in.applies(table.regime) {
			verdicts = append(verdicts, table.decide(in))
		}
	}
	out := composed{verb: Allow}
	for _, v := range verdicts {
		out.verb = min(out.verb, v.verb)
		out.Basis = max(out.Basis, v.basis)
	}
	switch out.verb {
	case Withhold:
		out.Basis = BasisNone // nothing was disclosed on it
	case Transform:
		out.need = verdicts[len(verdicts)-1].need // only minimisation transforms
	case Allow:
	}
	for _, primary := range []bool{true, false} {
		for _, v := range verdicts {
			if (v.verb == out.verb) == primary {
				out.addReason(v.reason)
			}
		}
	}
	return out
}

func (d *Decision) addReason(r Reason) {
	if !slices.Contains(d.Reasons, r) {
		d.Reasons = append(d.Reasons, r)
	}
}

// common applies X1 to X3, which every regime asks first. done is false when
// none of them matches.
func common(in *input) (v verdict, done bool) {
	switch {
	case in.recipient.kind == DataSubject && in.own():
		return X1.allows(RightsFulfil), true
	case in.recipient.kind == DataSubject:
		return X1.withholds(RecipientPurposeMismatch), true
	case in.recipient.kind == Authority && in.ordered():
		return X2.allows(LegalOrder), true
	case in.recipient.kind == Authority:
		return X2.withholds(AuthorityNoOrder), true
	case in.purpose.legal == LegalRights: // 2.8: of nobody but the person
		return X1.withholds(RecipientPurposeMismatch), true
	case in.ordered():
		return X3.allows(LegalOrder), true
	case in.purpose.legal != LegalNone:
		return X3.withholds(LegalPurposeNoOrder), true
	}
	return verdict{}, false
}
