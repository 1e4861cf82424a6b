package rules

import "slices"

// verdict is the outcome of one function.
type verdict struct {
	verb   Verb
	reason Reason
	basis  Basis
	need   Need // which transform, of a verdict that transforms
}

func withhold(r Reason) verdict { return verdict{verb: Withhold, reason: r} }
func allow(r Reason) verdict    { return verdict{verb: Allow, reason: r} }

// decide computes the actions of a class: subject gates, then for each field
// the severest of the regimes that apply and of minimisation (2.1).
func (p *Plan) decide(c *Class) *Actions {
	fields := p.resource.Shape.Fields
	a := &Actions{Fields: make([]Action, len(fields)), Decisions: make([]Decision, len(fields)), Class: *c, Nothing: true}
	in := p.input(c)
	a.Gate = subjectGate(&in)
	kind, celled := &p.kinds[c.Kind], false
	for i := range fields {
		if fields[i].Kind != int(c.Kind) || fields[i].Public {
			continue
		}
		a.decideField(i, p.fieldInput(in, c, &fields[i], kind.number[i]))
		if f := &a.Fields[i]; f.Need == NeedGeneralised {
			f.Generaliser = p.grant.cell(fields[i].Category).or(fields[i].attrs)
			f.Cell = in.purpose.stat && fields[i].attrs.Identifier == QuasiIdentifier
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
	if in.field.contested && in.recipient.kind != Internal && !in.subject.own {
		return composed{verb: Withhold, Decision: Decision{Reasons: []Reason{AccuracyContested}}} // S8
	}
	verdicts := make([]verdict, 0, 5)
	verdicts = append(verdicts, appi(in))
	if in.subject.regimes&EEA != 0 {
		verdicts = append(verdicts, gdpr(in, slotEEA))
	}
	if in.subject.regimes&UK != 0 {
		verdicts = append(verdicts, gdpr(in, slotUK))
	}
	if in.subject.regimes&CCPA != 0 {
		verdicts = append(verdicts, ccpa(in))
	}
	verdicts = append(verdicts, minimise(in))
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
	case in.recipient.kind == DataSubject && in.subject.own: // X1
		return allow(RightsFulfil), true
	case in.recipient.kind == DataSubject: // X1
		return withhold(RecipientPurposeMismatch), true
	case in.recipient.kind == Authority && in.ordered(): // X2
		return allow(LegalOrder), true
	case in.recipient.kind == Authority: // X2
		return withhold(AuthorityNoOrder), true
	case in.purpose.legal == LegalRights: // 2.8: of nobody but the person
		return withhold(RecipientPurposeMismatch), true
	case in.ordered(): // X3
		return allow(LegalOrder), true
	case in.purpose.legal != LegalNone: // X3
		return withhold(LegalPurposeNoOrder), true
	}
	return verdict{}, false
}

// ordered reports whether a legal order covers the field under a purpose that may
// rest on one.
func (in *input) ordered() bool {
	return (in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims) && in.order.covers()
}
