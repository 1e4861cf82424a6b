package rules

// appi decides under the Japanese Act on the Protection of Personal
// Information and the general notice: rules A1 to A13, first match.
func appi(in *input) verdict {
	if v, done := common(in); done { // A1
		return v
	}
	kind := in.recipient.kind
	switch {
	case !in.scopeJ() && !in.regionalScope() && !in.consented(slotAPPI):
		return A2.withholds(PurposeOutOfScope)
	case in.has(FlagCeaseUse):
		return A3.withholds(APPIUseCeased)
	case in.purpose.dm && in.has(FlagDMObjection):
		return A4.withholds(DMObjection)
	case in.field.special && !in.purpose.health && !in.explicit(slotAPPI):
		return A5.withholds(SpecialCareNoConsent)
	case kind == Internal:
		return A6.allows(APPIAllowed)
	case kind == ThirdParty:
		return appiThirdParty(in)
	case kind == JointUse && !in.recipient.jointUseNotice:
		return A11.withholds(JointUseNoNotice)
	case in.recipient.appi == GeoNone && !in.informed():
		return A12.withholds(APPIForeignNoSafeguard)
	}
	return A13.allows(APPIAllowed)
}

func appiThirdParty(in *input) verdict {
	switch {
	case in.has(FlagCeaseProvision):
		return A8.withholds(APPIProvisionCeased)
	case !in.consented(slotAPPI): // it counts only if it names this recipient or its category
		return A9.withholds(ThirdPartyNoConsent)
	case in.recipient.appi == GeoNone && !in.informed():
		return A10.withholds(APPIForeignConsentUninformed)
	}
	return A7.allows(APPIAllowed)
}

// regionalScope reports whether a regional notice that applies to the subject
// lists the purpose: each notice is a publication of purposes to that person (2.8).
func (in *input) regionalScope() bool {
	return in.under(EEA|UK) && in.rowE() || in.under(CCPA) && in.scopeC()
}
