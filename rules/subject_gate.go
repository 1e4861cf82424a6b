package rules

// subjectGate applies S1 to S7b and returns the first reason to withhold
// everything about a subject, or ReasonNone. No legal order reaches a subject
// in this version, so none of the exceptions for orders can hold.
func subjectGate(in *input) Reason {
	has := func(f Flags) bool { return in.subject.flags&f != 0 }
	switch {
	case has(FlagUnresolved): // S1
		return SubjectUnresolved
	case in.subject.age == Under13 && (!in.subject.under13California || in.subject.regimes&CCPA != 0): // S2
		return ChildUnder13
	case has(FlagErased): // S3
		return SubjectErased
	case in.subject.category == CategoryUnknown: // S4
		return SubjectCategoryUnknown
	case has(FlagRestricted) && !has(FlagRestrictionConsent): // S5, exception c
		return Restricted
	case has(FlagRetentionExpired): // S6
		return RetentionExpired
	case has(FlagRetentionHold): // S6
		return RetentionHold
	case has(FlagErasurePending) && !in.purpose.contract: // S7
		return ErasurePending
	case has(FlagErasureExcepted): // S7b: no purpose is named in an exception of this version
		return ErasureExcepted
	case has(FlagUnseen):
		return SubjectUnseen
	}
	return ReasonNone
}
