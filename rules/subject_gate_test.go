package rules

import "testing"

// Table of subject gates (2.4), row by row. Not among the inputs of this version:
// own requests and legal orders, so that of all exceptions S5 (c) and the
// contract basis of S7 remain, and purposes named by an erasure's exception
// (S7b). S8 is per field: TestContestedField.
func oracleSubjectGate(in *input) (string, verdict) {
	has := func(f Flags) bool { return in.subject.flags&f == f }
	california := in.subject.regimes&CCPA == CCPA
	underScope := !in.subject.under13California || california // 2.8b.5
	return firstMatch(
		row{"S1", has(FlagUnresolved), withhold(SubjectUnresolved)},
		row{"S2", in.subject.age == Under13 && underScope, withhold(ChildUnder13)},
		row{"S3", has(FlagErased), withhold(SubjectErased)},
		row{"S4", in.subject.category == CategoryUnknown, withhold(SubjectCategoryUnknown)},
		row{"S5", has(FlagRestricted) && !has(FlagRestrictionConsent), withhold(Restricted)},
		row{"S6", has(FlagRetentionExpired), withhold(RetentionExpired)},
		row{"S6", has(FlagRetentionHold), withhold(RetentionHold)},
		row{"S7", has(FlagErasurePending) && !in.purpose.contract, withhold(ErasurePending)},
		row{"S7b", has(FlagErasureExcepted), withhold(ErasureExcepted)},
		row{"unseen_subject", has(FlagUnseen), withhold(SubjectUnseen)},
		row{"open", true, verdict{}},
	)
}

func TestSubjectGateTable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		in.purpose.contract = d.bool()
		in.subject.age = AgeBand(d.of(5))
		in.subject.under13California = d.bool()
		in.subject.regimes = Regimes(d.of(8))
		in.subject.category = SubjectCategory(d.of(6))
		for _, f := range []Flags{
			FlagUnresolved, FlagErased, FlagRestricted, FlagRestrictionConsent, FlagRetentionExpired, FlagRetentionHold,
			FlagErasurePending, FlagErasureExcepted, FlagUnseen,
		} {
			in.subject.flags |= d.flag(f)
		}
		if rule, want := oracleSubjectGate(&in); subjectGate(&in) != want.reason {
			t.Errorf("%+v: %v, want %s %v", in, subjectGate(&in), rule, want.reason)
		}
	})
}
