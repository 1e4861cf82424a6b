package rules

// appi decides under the Japanese Act on the Protection of Personal
// Information and the general notice: rules A1 to A13, first match.
func appi(in *input) verdict {
	if v, done := common(in); done { // A1
		return v
	}
	consented := in.consent.valid[slotAPPI]
	explicit, informed := consented && in.consent.explicit[slotAPPI], consented && in.consent.foreign
	has := func(f Flags) bool { return in.subject.flags&f != 0 }
	kind := in.recipient.kind
	switch {
	case !in.purpose.scopeJ && !in.regionalScope() && !consented: // A2
		return withhold(PurposeOutOfScope)
	case has(FlagCeaseUse): // A3
		return withhold(APPIUseCeased)
	case in.purpose.dm && has(FlagDMObjection): // A4
		return withhold(DMObjection)
	case in.field.special && !in.purpose.health && !explicit: // A5
		return withhold(SpecialCareNoConsent)
	case kind == Internal: // A6
		return allow(APPIAllowed)
	case kind == ThirdParty: // A7
		return appiThirdParty(in, consented)
	case kind == JointUse && !in.recipient.jointUseNotice: // A11
		return withhold(JointUseNoNotice)
	case in.recipient.appi == GeoNone && !informed: // A12
		return withhold(APPIForeignNoSafeguard)
	}
	return allow(APPIAllowed) // A13
}

func appiThirdParty(in *input, consented bool) verdict {
	switch {
	case in.subject.flags&FlagCeaseProvision != 0: // A8
		return withhold(APPIProvisionCeased)
	case !consented: // A9: a consent counts only if it names this recipient or its category
		return withhold(ThirdPartyNoConsent)
	case in.recipient.appi == GeoNone && !in.consent.foreign: // A10
		return withhold(APPIForeignConsentUninformed)
	}
	return allow(APPIAllowed)
}

// regionalScope reports whether a regional notice that applies to the subject
// lists the purpose: each notice is a publication of purposes to that person (2.8).
func (in *input) regionalScope() bool {
	return in.subject.regimes&(EEA|UK) != 0 && in.purpose.rowE || in.subject.regimes&CCPA != 0 && in.purpose.scopeC
}
