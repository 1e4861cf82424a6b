package rules

// gdpr decides under the GDPR with the inputs of the EEA (slotEEA) or under
// the UK GDPR with those of the United Kingdom (slotUK), and under their common
// notice: rules G1 to G12, first match.
func gdpr(in *input, slot int) verdict {
	geo := in.recipient.eea
	if slot == slotUK {
		geo = in.recipient.uk
	}
	if v, done := common(in); done { // G1
		if v.reason == LegalOrder && geo == GeoNone && !in.order.transfer {
			return G1.withholds(TransferNoSafeguard)
		}
		return v
	}
	external := in.recipient.kind.External()
	switch {
	case in.purpose.dm && in.has(FlagDMObjection):
		return G2.withholds(DMObjection)
	case !in.rowE() && !in.consented(slot):
		return G3.withholds(PurposeOutOfScope)
	case !in.field.declaredG:
		return G4.withholds(CategoryNotDeclared)
	case in.field.special && (!in.explicit(slot) || in.unparented(slot)):
		return G5.withholds(SpecialCategoryNoCondition)
	}
	basis := in.basis()
	switch {
	case basis == BasisConsent && !in.consented(slot):
		return G7.withholds(consentReason(in.consent.status))
	case basis == BasisConsent && in.unparented(slot):
		return G7.withholds(ConsentChildInvalid)
	case basis == BasisLegitimateInterest && in.li() == StatePending:
		return G8.withholds(LIObjectionPending)
	case basis == BasisLegitimateInterest && in.li() == StateUpheld:
		return G8.withholds(LIObjectionUpheld)
	case external && !in.recipient.declaredE4:
		return G10.withholds(RecipientCategoryUndeclared)
	case external && geo == GeoNone:
		return G11.withholds(TransferNoSafeguard)
	}
	v := G12.allows(GDPRAllowed) // G9
	v.basis = basis
	return v
}

// basis is the one that governs (G6). Without a row only a consent got here (G3).
func (in *input) basis() Basis {
	if !in.rowE() {
		return BasisConsent
	}
	return in.purpose.basis
}
