package rules

// gdpr decides under the GDPR with the inputs of the EEA (slotEEA) or under
// the UK GDPR with those of the United Kingdom (slotUK), and under their common
// notice: rules G1 to G12, first match.
func gdpr(in *input, slot int) verdict {
	geo, child := in.recipient.eea, in.subject.childEEA
	if slot == slotUK {
		geo, child = in.recipient.uk, in.subject.childUK
	}
	if v, done := common(in); done { // G1
		if v.reason == LegalOrder && geo == GeoNone && !in.order.transfer {
			return withhold(TransferNoSafeguard)
		}
		return v
	}
	childInvalid := child && !in.consent.parental[slot]
	explicit := in.consent.valid[slot] && in.consent.explicit[slot] && !childInvalid
	external := in.recipient.kind.External()

	basis := in.purpose.basis // G6
	if !in.purpose.rowE {
		basis = BasisConsent // G3
	}
	switch {
	case in.purpose.dm && in.subject.flags&FlagDMObjection != 0: // G2
		return withhold(DMObjection)
	case !in.purpose.rowE && !in.consent.valid[slot]: // G3
		return withhold(PurposeOutOfScope)
	case !in.field.declaredG: // G4
		return withhold(CategoryNotDeclared)
	case in.field.special && !explicit: // G5
		return withhold(SpecialCategoryNoCondition)
	case basis == BasisConsent && !in.consent.valid[slot]: // G7
		return withhold(consentReason(in.consent.status))
	case basis == BasisConsent && childInvalid: // G7
		return withhold(ConsentChildInvalid)
	case basis == BasisLegitimateInterest && in.subject.li == StatePending: // G8
		return withhold(LIObjectionPending)
	case basis == BasisLegitimateInterest && in.subject.li == StateUpheld: // G8
		return withhold(LIObjectionUpheld)
	case external && !in.recipient.declaredE4: // G10
		return withhold(RecipientCategoryUndeclared)
	case external && geo == GeoNone: // G11
		return withhold(TransferNoSafeguard)
	}
	return verdict{verb: Allow, reason: GDPRAllowed, basis: basis} // G9, G12
}
