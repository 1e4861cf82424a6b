package rules

// ccpa decides under the California Consumer Privacy Act and the California
// notice: rules U1 to U11, first match.
func ccpa(in *input) verdict {
	if v, done := common(in); done { // U1
		return v
	}
	kind := in.recipient.kind
	transfer := in.purpose.adShare || (kind == ThirdParty || kind == JointUse) && in.recipient.consideration
	switch {
	case in.purpose.dm && in.has(FlagDMObjection):
		return U2.withholds(DMObjection)
	case !in.scopeC() && !in.consented(slotCCPA):
		return U3.withholds(PurposeOutOfScope)
	case !in.field.declaredC:
		return U3.withholds(CategoryNotDeclared)
	case !in.purpose.m7027 && in.sensitive() && in.has(FlagLimitSPI):
		return U4.withholds(SPILimited)
	case !in.purpose.m7027 && in.sensitive() && !in.explicit(slotCCPA):
		return U5.withholds(SPINoConsent)
	case kind == Internal:
		return U6.allows(CCPAAllowed)
	case kind == Processor && !in.recipient.ccpaTerms:
		return U6.withholds(CCPANoContract)
	case transfer && !in.purpose.saleShare:
		return U7.withholds(CCPASaleShareDisabled)
	case transfer && in.has(FlagOptOut):
		return U8.withholds(CCPAOptOut)
	case transfer && in.has(FlagGPC):
		return U8.withholds(GPCOptOut)
	case transfer && (in.age() == Age13To15 || in.age() == AgeUnknown) && !in.has(FlagMinorOptIn):
		return U9.withholds(MinorNoOptIn)
	case !in.purpose.cell && in.purpose.report: // for the record alone
		return U10.allows(DisclosureNotDeclared)
	case !in.purpose.cell:
		return U10.withholds(DisclosureNotDeclared)
	}
	return U11.allows(CCPAAllowed)
}

// sensitive reports whether the field is sensitive personal information, as any of a
// minor is.
func (in *input) sensitive() bool { return in.field.spi || in.age() == Age13To15 }
