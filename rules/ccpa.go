package rules

// ccpa decides under the California Consumer Privacy Act and the California
// notice: rules U1 to U11, first match.
func ccpa(in *input) verdict {
	if v, done := common(in); done { // U1
		return v
	}
	has := func(f Flags) bool { return in.subject.flags&f != 0 }
	consented := in.consent.valid[slotCCPA]
	explicit := consented && in.consent.explicit[slotCCPA]
	kind := in.recipient.kind
	sensitive := in.field.spi || in.subject.age == Age13To15
	transfer := in.purpose.adShare || (kind == ThirdParty || kind == JointUse) && in.recipient.consideration
	switch {
	case in.purpose.dm && has(FlagDMObjection): // U2
		return withhold(DMObjection)
	case !in.purpose.scopeC && !consented: // U3
		return withhold(PurposeOutOfScope)
	case !in.field.declaredC: // U3
		return withhold(CategoryNotDeclared)
	case sensitive && !in.purpose.m7027 && has(FlagLimitSPI): // U4
		return withhold(SPILimited)
	case sensitive && !in.purpose.m7027 && !explicit: // U5
		return withhold(SPINoConsent)
	case kind == Internal: // U6
		return allow(CCPAAllowed)
	case kind == Processor && !in.recipient.ccpaTerms: // U6
		return withhold(CCPANoContract)
	case transfer && !in.purpose.saleShare: // U7
		return withhold(CCPASaleShareDisabled)
	case transfer && has(FlagOptOut): // U8
		return withhold(CCPAOptOut)
	case transfer && has(FlagGPC): // U8
		return withhold(GPCOptOut)
	case transfer && (in.subject.age == Age13To15 || in.subject.age == AgeUnknown) && !has(FlagMinorOptIn): // U9
		return withhold(MinorNoOptIn)
	case !in.purpose.cell && in.purpose.report: // U10, for the record alone
		return allow(DisclosureNotDeclared)
	case !in.purpose.cell: // U10
		return withhold(DisclosureNotDeclared)
	}
	return allow(CCPAAllowed) // U11
}
