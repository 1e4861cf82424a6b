package rules

import "slices"

// input is everything that decides about one field of one subject: closed
// values only. Each regime function reads its own part of it and nothing of
// another regime's state.
type input struct {
	recipient recipientInput
	purpose   purposeInput
	subject   subjectInput
	order     orderInput
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
	own               bool // the caller is the subject, and asks for its own data
	li                EventState
	under13California bool
	childEEA, childUK bool // below the age of digital consent
}

// orderInput is the legal order of the request.
type orderInput struct {
	reaches  bool // in force, to this recipient, and about the subject
	ground   bool // one of GDPR Art. 18(2)
	transfer bool // it covers transfers
	lists    bool // the field
}

// covers reports whether the order is about this field of this subject.
func (o orderInput) covers() bool { return o.reaches && o.lists }

type fieldInput struct {
	special, spi, credential bool
	notInCopies              bool
	declaredG, declaredC     bool
	identifier               IdentifierClass
	need                     Need
	generaliser              bool // the cell or, under a statistical purpose, the category names one
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

// input fills what does not depend on the field.
func (p *Plan) input(c *Class) input {
	d, policy := p.standing.recipient.Def, p.edition.policy
	choices := &policy.Bundle.Choices
	in := input{
		recipient: recipientInput{
			kind: d.Kind, consideration: d.Consideration, jointUseNotice: d.JointUseNotice,
			ccpaTerms: d.Contract != nil && d.Contract.CCPATerms,
		},
		purpose: p.purposeInput(c),
		subject: subjectInput{
			category: c.Category, regimes: c.Regimes, age: c.Age, flags: c.Flags, li: c.LI,
			own:               c.Has(FlagOwn) && d.Kind == DataSubject && p.grant.Purpose.Legal == LegalRights,
			under13California: choices.Under13California,
		},
		order: orderInput{reaches: p.order != nil && c.Has(FlagOrdered)},
	}
	if p.order != nil {
		in.order.ground, in.order.transfer = p.order.Def.Ground != GroundNone, p.order.Def.CoversTransfer
	}
	in.recipient.appi, in.recipient.eea, in.recipient.uk = p.standing.geo(c.Category)
	in.subject.childEEA, in.subject.childUK = choices.belowDigitalAge(c.Age)
	in.recipient.declaredE4 = slices.Contains(policy.Bundle.Disclosure.EEAUK, d.Category)
	return in
}

// purposeInput looks the purpose up in the notices: in the versions that the subject
// was told (K3), of those in effect (J11).
func (p *Plan) purposeInput(c *Class) purposeInput {
	purpose, choices, inEffect := p.grant.Purpose, &p.edition.policy.Bundle.Choices, &p.edition.inEffect
	row := &purpose.rows[c.Category]
	published := row.exists && row.since <= inEffect[NoticeEEAUK]
	return purposeInput{
		// Advertising on other sites is marketing, whatever else the policy says of it.
		legal: purpose.Legal, dm: purpose.DM || purpose.Profiling || purpose.AdShare, adShare: purpose.AdShare, stat: purpose.Stat,
		health: purpose.Health, m7027: purpose.M7027,
		scopeJ:    purpose.scopeJ[c.Category] && purpose.sinceJ <= inEffect[NoticeAPPI] && !c.Has(FlagUntoldAPPI),
		rowE:      published && !c.Has(FlagUntoldEEAUK),
		basis:     row.basis(p.standing.recipient.Def.Category),
		contract:  published && len(row.bases) == 1 && row.bases[0] == BasisContract,
		scopeC:    purpose.scopeC[c.Category] && purpose.sinceC <= inEffect[NoticeCalifornia] && !c.Has(FlagUntoldCalifornia),
		saleShare: choices.SaleShare, report: choices.ReportUndeclared,
	}
}

// fieldInput completes the input for one field; number is that of its category.
func (p *Plan) fieldInput(in input, c *Class, f *Field, number int) input {
	attrs, cell := f.attrs, p.grant.cell(f.Category)
	in.field = fieldInput{
		special: attrs.Special, spi: attrs.SPI, credential: attrs.Credential, notInCopies: attrs.NotInCopies, identifier: attrs.Identifier,
		declaredG: attrs.DeclaredG[c.Category], declaredC: attrs.DeclaredC[c.Category],
		need: cell.need, generaliser: cell.or(attrs) != nil, contested: c.Contested.has(number),
	}
	in.order.lists = p.order != nil && p.order.lists(f.Category)
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
