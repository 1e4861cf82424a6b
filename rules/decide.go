package rules

import "slices"

// input is everything that decides about one field of one subject: closed
// values only. Each regime function reads its own part of it and nothing of
// another regime's state.
type input struct {
	recipient recipientInput
	purpose   purposeInput
	subject   subjectInput
	field     fieldInput
	consent   consentInput
}

type recipientInput struct {
	kind           RecipientKind
	declaredE4     bool // category listed in the EEA/UK notice
	consideration  bool
	jointUseNotice bool
	ccpaTerms      bool
	appi, eea, uk  Geo
}

type purposeInput struct {
	legal     LegalPurpose
	dm        bool // direct marketing, or profiling related to it
	adShare   bool
	stat      bool
	health    bool
	m7027     bool
	scopeJ    bool // listed in the general notice for the subject's category
	rowE      bool // has a row in the EEA/UK notice for the category
	basis     Basis
	contract  bool // the row's only listed basis is contract
	scopeC    bool // listed in the California notice for the category
	cell      bool // (class, recipient category, purpose) is a declared California cell
	saleShare bool // the policy enables sale and sharing
	report    bool // undeclared California disclosures are reported, not withheld
}

type subjectInput struct {
	category          SubjectCategory
	regimes           Regimes
	age               AgeBand
	flags             Flags
	li                EventState
	under13California bool
	childEEA, childUK bool // below the age of digital consent
}

type fieldInput struct {
	special, spi, credential bool
	declaredG, declaredC     bool
	identifier               IdentifierClass
	need                     Need
	contested                bool
}

// consentInput is the consent for this purpose, recipient and data category.
type consentInput struct {
	valid, explicit, parental [slots]bool
	foreign                   bool // informed of the country, under APPI
	status                    ConsentStatus
}

// verdict is the outcome of one function.
type verdict struct {
	verb   Verb
	reason Reason
	basis  Basis
}

func withhold(r Reason) verdict { return verdict{Withhold, r, BasisNone} }
func allow(r Reason) verdict    { return verdict{Allow, r, BasisNone} }

// decide computes the actions of a class: subject gates, then for each field
// the severest of the regimes that apply and of minimisation (2.1).
func (p *Plan) decide(c *Class) *Actions {
	fields := p.resource.Shape.Fields
	a := &Actions{Fields: make([]Action, len(fields)), Decisions: make([]Decision, len(fields)), Class: *c, Nothing: true}
	in := p.input(c)
	a.Gate = subjectGate(&in)
	kind := &p.kinds[c.Kind]
	for i := range fields {
		if fields[i].Kind != int(c.Kind) || fields[i].Public {
			continue
		}
		a.decideField(i, p.fieldInput(in, c, &fields[i], kind.number[i]))
	}
	for i := range fields {
		if fields[i].Kind == int(c.Kind) && fields[i].Public && !a.Nothing {
			a.Fields[i] = Action{Verb: Allow, Need: NeedClear}
			a.Decisions[i].Reasons = []Reason{FieldPublic}
		}
	}
	return a
}

func (a *Actions) decideField(i int, in input) {
	v := compose(a.Gate, &in)
	a.Decisions[i] = v.Decision
	a.Fields[i] = Action{Verb: v.verb, Need: in.field.need}
	switch v.verb {
	case Allow:
		a.Allowed++
		a.Nothing = false
	case Transform:
		a.Transformed++
		a.Nothing = false
	case Withhold:
		a.Fields[i].Need = NeedNone
		a.Withheld++
	}
}

type composed struct {
	verb Verb
	Decision
}

// compose takes the severest outcome; the primary reason on ties is that of
// APPI, EEA, UK, CCPA, minimisation, in this order, and all are kept (2.7).
func compose(gate Reason, in *input) composed {
	if gate != ReasonNone {
		return composed{Withhold, Decision{Reasons: []Reason{gate}}}
	}
	if in.field.contested && in.recipient.kind != Internal {
		return composed{Withhold, Decision{Reasons: []Reason{AccuracyContested}}} // S8
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
	if out.verb == Withhold {
		out.Basis = BasisNone // nothing was disclosed on it
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
	case in.recipient.kind == DataSubject: // X1
		// Only a request whose caller was verified to be the subject could
		// pass, and no credential of this version carries that.
		return withhold(RecipientPurposeMismatch), true
	case in.recipient.kind == Authority: // X2
		return withhold(AuthorityNoOrder), true
	case in.purpose.legal == LegalRights:
		return withhold(RecipientPurposeMismatch), true
	case in.purpose.legal != LegalNone: // X3
		return withhold(LegalPurposeNoOrder), true
	}
	return verdict{}, false
}

// input fills what does not depend on the field.
func (p *Plan) input(c *Class) input {
	d, purpose, policy := p.standing.recipient.Def, p.grant.Purpose, p.edition.policy
	row := purpose.rows[c.Category]
	choices := policy.Bundle.Choices
	in := input{
		recipient: recipientInput{
			kind: d.Kind, consideration: d.Consideration, jointUseNotice: d.JointUseNotice,
			ccpaTerms: d.Contract != nil && d.Contract.CCPATerms,
			appi:      p.standing.appi, eea: p.standing.eea, uk: p.standing.uk,
		},
		purpose: purposeInput{
			legal: purpose.Legal, dm: purpose.DM || purpose.Profiling, adShare: purpose.AdShare, stat: purpose.Stat,
			health: purpose.Health, m7027: purpose.M7027, scopeJ: purpose.scopeJ[c.Category],
			rowE: row.exists, basis: row.basis(), contract: len(row.bases) == 1 && row.bases[0] == BasisContract,
			scopeC: purpose.scopeC[c.Category], saleShare: choices.SaleShare, report: choices.ReportUndeclared,
		},
		subject: subjectInput{
			category: c.Category, regimes: c.Regimes, age: c.Age, flags: c.Flags, li: c.LI,
			under13California: choices.Under13California,
		},
	}
	in.subject.childEEA, in.subject.childUK = choices.belowDigitalAge(c.Age)
	in.recipient.declaredE4 = slices.Contains(policy.Bundle.Disclosure.EEAUK, d.Category)
	return in
}

// fieldInput completes the input for one field; number is that of its category.
func (p *Plan) fieldInput(in input, c *Class, f *Field, number int) input {
	attrs := f.attrs
	in.field = fieldInput{
		special: attrs.Special, spi: attrs.SPI, credential: attrs.Credential, identifier: attrs.Identifier,
		declaredG: attrs.DeclaredG[c.Category], declaredC: attrs.DeclaredC[c.Category],
		need: p.grant.Need(f.Category), contested: c.Contested.has(number),
	}
	in.consent = consentInput{foreign: c.Foreign.has(number), status: c.Consent}
	for slot := range slots {
		in.consent.valid[slot] = c.Valid[slot].has(number)
		in.consent.explicit[slot] = c.Explicit[slot].has(number)
		in.consent.parental[slot] = c.Parental[slot].has(number)
	}
	in.purpose.cell = p.declaredCell(attrs.CCPA[c.Category], c.Category)
	return in
}

// declaredCell reports whether the California table lists this disclosure.
func (p *Plan) declaredCell(class CCPAClass, subject SubjectCategory) bool {
	return class != CCPAUndeclared && p.grant.Purpose.cells[subject][class] &&
		slices.Contains(p.edition.policy.Bundle.Disclosure.California, p.standing.recipient.Def.Category)
}
