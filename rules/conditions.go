package rules

import "slices"

// conditions are the policy's part of the decision about one field under one plan: equal
// conditions give equal outcomes in equal situations, whatever the names of things are.
type conditions struct {
	recipient recipientInput
	purpose   purposeInput // for somebody who was told everything
	order     orderInput   // for somebody whom it reaches
	field     fieldInput   // while nobody contests it

	category                    SubjectCategory
	under13California           bool
	digitalAgeEEA, digitalAgeUK int
}

// conditions fills what does not depend on the field.
func (p *Plan) conditions(category SubjectCategory) conditions {
	d, policy := p.standing.recipient.Def, p.edition.policy
	choices := &policy.Bundle.Choices
	c := conditions{
		recipient: recipientInput{
			kind: d.Kind, consideration: d.Consideration, jointUseNotice: d.JointUseNotice,
			ccpaTerms:  d.Contract != nil && d.Contract.CCPATerms,
			declaredE4: slices.Contains(policy.Bundle.Disclosure.EEAUK, d.Category),
		},
		purpose:           p.purposeConditions(category),
		category:          category,
		under13California: choices.Under13California,
		digitalAgeEEA:     choices.DigitalAgeEEA, digitalAgeUK: choices.DigitalAgeUK,
	}
	c.recipient.appi, c.recipient.eea, c.recipient.uk = p.standing.geo(category)
	if p.order != nil {
		c.order = orderInput{reaches: true, ground: p.order.Def.Ground != GroundNone, transfer: p.order.Def.CoversTransfer}
	}
	return c
}

// purposeConditions looks the purpose up in the notices, in the versions in effect (J11).
func (p *Plan) purposeConditions(category SubjectCategory) purposeInput {
	purpose, choices, inEffect := p.grant.Purpose, &p.edition.policy.Bundle.Choices, &p.edition.inEffect
	row := &purpose.rows[category]
	published := row.exists && row.since <= inEffect[NoticeEEAUK]
	return purposeInput{
		// Advertising on other sites is marketing, whatever else the policy says of it.
		legal: purpose.Legal, dm: purpose.DM || purpose.Profiling || purpose.AdShare, adShare: purpose.AdShare, stat: purpose.Stat,
		health: purpose.Health, m7027: purpose.M7027,
		scopeJ:    purpose.scopeJ[category] && purpose.sinceJ <= inEffect[NoticeAPPI],
		rowE:      published,
		basis:     row.basis(p.standing.recipient.Def.Category),
		contract:  published && len(row.bases) == 1 && row.bases[0] == BasisContract,
		scopeC:    purpose.scopeC[category] && purpose.sinceC <= inEffect[NoticeCalifornia],
		saleShare: choices.SaleShare, report: choices.ReportUndeclared,
	}
}

// of completes the conditions for one field.
func (c conditions) of(p *Plan, f *Field) conditions {
	attrs, cell := f.attrs, p.grant.cell(f.Category)
	c.field = fieldInput{
		special: attrs.Special, spi: attrs.SPI, credential: attrs.Credential, notInCopies: attrs.NotInCopies, identifier: attrs.Identifier,
		declaredG: attrs.DeclaredG[c.category], declaredC: attrs.DeclaredC[c.category],
		need: cell.need, generaliser: cell.or(attrs) != nil,
	}
	c.order.lists = p.order != nil && p.order.lists(f.Category)
	c.purpose.cell = p.declaredCell(attrs.CCPA[c.category], c.category)
	return c
}

// declaredCell reports whether the California table lists this disclosure.
func (p *Plan) declaredCell(class CCPAClass, subject SubjectCategory) bool {
	return class != CCPAUndeclared && p.grant.Purpose.cells[subject][class] &&
		slices.Contains(p.edition.policy.Bundle.Disclosure.California, p.standing.recipient.Def.Category)
}

// with is the input that the conditions and a situation make.
func (c *conditions) with(s *situation) input {
	in := input{recipient: c.recipient, purpose: c.purpose, order: c.order, field: c.field}
	has := func(f Flags) bool { return s.flags&f != 0 }
	in.purpose.scopeJ = c.purpose.scopeJ && !has(FlagUntoldAPPI)
	in.purpose.rowE = c.purpose.rowE && !has(FlagUntoldEEAUK)
	in.purpose.scopeC = c.purpose.scopeC && !has(FlagUntoldCalifornia)
	in.order.reaches = c.order.reaches && has(FlagOrdered)
	in.field.contested = s.contested
	in.subject = subjectInput{
		category: c.category, regimes: s.regimes, age: s.age, flags: s.flags, li: s.li,
		own:               has(FlagOwn) && c.recipient.kind == DataSubject && c.purpose.legal == LegalRights,
		under13California: c.under13California,
		childEEA:          belowDigitalAge(s.age, c.digitalAgeEEA), childUK: belowDigitalAge(s.age, c.digitalAgeUK),
	}
	in.consent = consentInput{valid: s.valid, explicit: s.explicit, parental: s.parental, foreign: s.foreign, status: s.status}
	return in
}
