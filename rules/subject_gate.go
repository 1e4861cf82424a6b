package rules

// subjectGate applies S1 to S7b and returns the first reason to withhold
// everything about a subject, or ReasonNone.
func subjectGate(in *input) Reason {
	switch {
	case in.has(FlagUnresolved): // S1
		return SubjectUnresolved
	case in.age() == Under13 && (!in.subject.under13California || in.under(CCPA)): // S2
		return ChildUnder13
	case in.has(FlagErased): // S3
		return SubjectErased
	case in.subject.category == CategoryUnknown: // S4
		return SubjectCategoryUnknown
	case in.has(FlagRestricted) && !in.own() && (!in.reached() || !in.order.ground) && !in.has(FlagRestrictionConsent): // S5 with a, b, c
		return Restricted
	case in.has(FlagRetentionExpired) && !in.own() && !in.reached(): // S6
		return RetentionExpired
	case in.has(FlagRetentionHold) && !in.own() && !in.reached(): // S6
		return RetentionHold
	case in.has(FlagErasurePending) && !in.purpose.contract && !in.own() && !in.reached(): // S7
		return ErasurePending
	case in.has(FlagErasureExcepted) && !in.own() && !in.reached(): // S7b; the flag knows the purposes that are left
		return ErasureExcepted
	case in.has(FlagUnseen):
		return SubjectUnseen
	}
	return ReasonNone
}

// gateRules are the rules behind the reasons of subjectGate.
var gateRules = map[Reason]Rule{
	SubjectUnresolved: S1, ChildUnder13: S2, SubjectErased: S3, SubjectCategoryUnknown: S4, Restricted: S5,
	RetentionExpired: S6, RetentionHold: S6, ErasurePending: S7, ErasureExcepted: S7b, SubjectUnseen: RuleUnseen,
}
