package rules

// subjectGate applies S1 to S7b and returns the first reason to withhold
// everything about a subject, or ReasonNone.
func subjectGate(in *input) Reason {
	has := func(f Flags) bool { return in.subject.flags&f != 0 }
	own := in.subject.own
	ordered := in.order.reaches && (in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims)
	switch {
	case has(FlagUnresolved): // S1
		return SubjectUnresolved
	case in.subject.age == Under13 && (!in.subject.under13California || in.subject.regimes&CCPA != 0): // S2
		return ChildUnder13
	case has(FlagErased): // S3
		return SubjectErased
	case in.subject.category == CategoryUnknown: // S4
		return SubjectCategoryUnknown
	case has(FlagRestricted) && !own && (!ordered || !in.order.ground) && !has(FlagRestrictionConsent): // S5 with a, b, c
		return Restricted
	case has(FlagRetentionExpired) && !own && !ordered: // S6
		return RetentionExpired
	case has(FlagRetentionHold) && !own && !ordered: // S6
		return RetentionHold
	case has(FlagErasurePending) && !own && !ordered && !in.purpose.contract: // S7
		return ErasurePending
	case has(FlagErasureExcepted) && !own && !ordered: // S7b; the flag knows the purposes that are left
		return ErasureExcepted
	case has(FlagUnseen):
		return SubjectUnseen
	}
	return ReasonNone
}
