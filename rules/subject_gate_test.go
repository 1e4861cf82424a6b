package rules

import "testing"

// Table of subject gates (2.4), row by row, with 2.8b.5. An order here is one that
// reaches the subject, whatever fields it lists: the regimes look at those. S8 is per
// field: TestContestedField. FlagErasureExcepted knows the purposes that the exception
// of the event leaves: TestExceptedErasure.
func oracleSubjectGate(in *input) (string, verdict) {
	has := func(f Flags) bool { return in.subject.flags&f == f }
	california := in.subject.regimes&CCPA == CCPA
	underScope := !in.subject.under13California || california
	restsOnOrder := in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims
	ordered := restsOnOrder && in.order.reaches
	own := in.subject.own
	restrictionYields := own || // (a)
		ordered && in.order.ground || // (b)
		has(FlagRestrictionConsent) // (c)
	return firstMatch(
		row{"S1", has(FlagUnresolved), withhold(SubjectUnresolved)},
		row{"S2", in.subject.age == Under13 && underScope, withhold(ChildUnder13)},
		row{"S3", has(FlagErased), withhold(SubjectErased)},
		row{"S4", in.subject.category == CategoryUnknown, withhold(SubjectCategoryUnknown)},
		row{"S5", has(FlagRestricted) && !restrictionYields, withhold(Restricted)},
		row{"S6", has(FlagRetentionExpired) && !ordered && !own, withhold(RetentionExpired)},
		row{"S6", has(FlagRetentionHold) && !ordered && !own, withhold(RetentionHold)},
		row{"S7", has(FlagErasurePending) && !ordered && !own && !in.purpose.contract, withhold(ErasurePending)},
		row{"S7b", has(FlagErasureExcepted) && !ordered && !own, withhold(ErasureExcepted)},
		row{"unseen_subject", has(FlagUnseen), withhold(SubjectUnseen)},
		row{"open", true, verdict{}},
	)
}

// gateFlags are those that the gates read.
var gateFlags = []Flags{
	FlagUnresolved, FlagErased, FlagRestricted, FlagRestrictionConsent, FlagRetentionExpired, FlagRetentionHold,
	FlagErasurePending, FlagErasureExcepted, FlagUnseen,
}

// The gates know of a request whether it is the person's own, and of an order whether
// it reaches the person under a purpose that may rest on one, and has a ground. The
// product of the causes of these (kind, legal purpose, order) is in
// TestGatesReadOrdersUnderLegalPurposesAlone.
func TestSubjectGateTable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		in.purpose.contract = d.bool()
		in.subject.age = AgeBand(d.of(5))
		in.subject.under13California = d.bool()
		in.subject.regimes = Regimes(d.of(8))
		in.subject.category = SubjectCategory(d.of(6))
		for _, f := range gateFlags {
			in.subject.flags |= d.flag(f)
		}
		switch d.of(4) { // as who
		case 0:
			in.recipient.kind = Processor
		case 1:
			in.recipient.kind, in.purpose.legal, in.subject.own = DataSubject, LegalRights, true
		case 2:
			in.recipient.kind, in.purpose.legal, in.order.reaches = Authority, LegalObligation, true
		case 3:
			in.recipient.kind, in.purpose.legal, in.order = Internal, LegalClaims, orderInput{reaches: true, ground: true}
		}
		if rule, want := oracleSubjectGate(&in); subjectGate(&in) != want.reason {
			t.Errorf("%+v: %v, want %s %v", in, subjectGate(&in), rule, want.reason)
		}
	})
}

// Every kind with every legal purpose, own or not, and every order, with every
// combination of flags, for an adult of a known category: those are rows of their own
// that look at nothing of this.
func TestGatesReadOrdersUnderLegalPurposesAlone(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		in := input{subject: subjectInput{age: Adult, category: Customer}}
		drawX(d, &in)
		in.purpose.contract = d.bool()
		for _, f := range gateFlags {
			in.subject.flags |= d.flag(f)
		}
		if rule, want := oracleSubjectGate(&in); subjectGate(&in) != want.reason {
			t.Errorf("%+v: %v, want %s %v", in, subjectGate(&in), rule, want.reason)
		}
	})
}
