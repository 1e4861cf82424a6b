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
