package rules

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// compositions is how many inputs of the whole decision each invariant is asked
// of. The tables are enumerated; their composition has some 10^20 inputs.
const compositions = 300_000

func outcome(in *input) composed { return compose(subjectGate(in), in) }

func eachComposition(t *testing.T, check func(r *rand.Rand, in *input, out composed) bool) {
	t.Helper()
	t.Parallel()
	random := rand.New(rand.NewPCG(2026, 11))
	for range compositions {
		in := randomInput(random)
		if random.IntN(4) > 0 { // most inputs, else a gate hides the rules behind it
			in.subject.flags &= FlagDMObjection | FlagCeaseUse | FlagCeaseProvision | FlagOptOut | FlagGPC | FlagLimitSPI | FlagMinorOptIn
			in.subject.category = Customer
			in.subject.age = max(in.subject.age, Age13To15)
			in.subject.childEEA, in.subject.childUK = in.subject.age == Age13To15, false
		}
		if out := outcome(&in); !check(random, &in, out) {
			t.Fatalf("%+v\ngives %+v", in, out)
		}
	}
}

func external(in *input) bool {
	return in.recipient.kind != Internal && in.recipient.kind != DataSubject
}

func TestI1ExactlyOneOutcomeWithReasons(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, _ *input, out composed) bool {
		known := out.verb == Allow || out.verb == Transform || out.verb == Withhold
		return known && len(out.Reasons) > 0 && !slices.Contains(out.Reasons, ReasonNone)
	})
}

// I2, given A2: the one rule that a further regime may relax is left out.
func TestI2FurtherRegimeNeverRelaxes(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, out composed) bool {
		more := *in
		more.subject.regimes |= Regimes(1 << r.IntN(3))
		in.purpose.scopeJ, more.purpose.scopeJ = true, true
		return outcome(&more).verb <= outcome(in).verb && out.verb <= Allow
	})
}

// I3: flags that restrict, objections, and the accuracy of a field.
func TestI3RestrictiveStateNeverRelaxes(t *testing.T) {
	restrictive := []Flags{
		FlagUnresolved, FlagUnseen, FlagErased, FlagErasurePending, FlagErasureExcepted, FlagRestricted, FlagRetentionExpired, FlagRetentionHold,
		FlagDMObjection, FlagCeaseUse, FlagCeaseProvision, FlagOptOut, FlagGPC, FlagLimitSPI,
	}
	eachComposition(t, func(r *rand.Rand, in *input, out composed) bool {
		flagged, objected, contested, child := *in, *in, *in, *in
		flagged.subject.flags |= restrictive[r.IntN(len(restrictive))]
		objected.subject.li = [...]EventState{StatePending, StateUpheld}[r.IntN(2)]
		contested.field.contested = true
		child.subject.age = Under13
		child.subject.under13California = false
		return outcome(&flagged).verb <= out.verb && outcome(&contested).verb <= out.verb && outcome(&child).verb <= out.verb &&
			(in.subject.li == StateUpheld || in.subject.li == StatePending || outcome(&objected).verb <= out.verb)
	})
}

func TestI4ConsentNeverRestrictsAndInvalidOnesAreEqual(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, out composed) bool {
		given, status := *in, *in
		slot := r.IntN(slots)
		given.consent.valid[slot], given.consent.explicit[slot], given.consent.parental[slot], given.consent.foreign = true, true, true, true
		status.consent.status = pick[ConsentStatus](r, 10)
		return outcome(&given).verb >= out.verb && outcome(&status).verb == out.verb
	})
}

// I5: a right changes nothing outside what it is about.
func TestI5NonDiscrimination(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		same := func(f Flags) bool {
			with, without := *in, *in
			with.subject.flags |= f
			without.subject.flags &^= f
			a, b := outcome(&with), outcome(&without)
			return a.verb == b.verb && slices.Equal(a.Reasons, b.Reasons)
		}
		saleOrShare := in.purpose.adShare || in.recipient.consideration
		sensitive := in.field.spi || in.subject.age == Age13To15
		californian := in.subject.regimes&CCPA != 0
		if !in.purpose.dm && !same(FlagDMObjection) {
			return false
		}
		if (!saleOrShare || !californian) && !same(FlagOptOut|FlagGPC) {
			return false
		}
		return sensitive && californian && !in.purpose.m7027 || same(FlagLimitSPI)
	})
}

// I6, under13_scope: everywhere.
func TestI6ChildUnder13IsWithheldFromEverybody(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.age, in.subject.under13California = Under13, false
		return outcome(in).verb == Withhold
	})
}

func TestI7RestrictedNeedsAnException(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.flags |= FlagRestricted
		return outcome(in).verb == Withhold || in.subject.flags&FlagRestrictionConsent != 0
	})
}

// I8, extended to profiling related to direct marketing: both are in.purpose.dm.
func TestI8DMObjectionIsAbsolute(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.purpose.dm = true
		in.subject.flags |= FlagDMObjection
		return outcome(in).verb == Withhold
	})
}

func TestI9ThirdPartyNeedsConsent(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.recipient.kind = ThirdParty
		return outcome(in).verb == Withhold || in.consent.valid[slotAPPI]
	})
}

func TestI10TransformOnlyWhereEveryRegimeAllows(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		return out.verb != Transform || appi(in).verb == Allow &&
			(in.subject.regimes&EEA == 0 || gdpr(in, slotEEA).verb == Allow) &&
			(in.subject.regimes&UK == 0 || gdpr(in, slotUK).verb == Allow) &&
			(in.subject.regimes&CCPA == 0 || ccpa(in).verb == Allow)
	})
}

// I11: no fallback from a consent that is not given to another basis of the row.
func TestI11NoFallbackFromConsent(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, _ composed) bool {
		in.purpose.rowE = true
		row := noticeRow{bases: []Basis{BasisLegitimateInterest, BasisConsent, BasisContract}[r.IntN(2):]}
		in.purpose.basis = row.basis(CategoryOther)
		in.subject.regimes |= EEA
		in.consent.valid[slotEEA] = false
		return outcome(in).verb == Withhold
	})
}

func TestI12NoTransferWithoutSafeguard(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, _ composed) bool {
		if r.IntN(2) == 0 {
			in.subject.regimes, in.recipient.eea = in.subject.regimes|EEA, GeoNone
		} else {
			in.subject.regimes, in.recipient.uk = in.subject.regimes|UK, GeoNone
		}
		return outcome(in).verb == Withhold || !external(in)
	})
}

func TestI13SaleShareDisabled(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.regimes |= CCPA
		in.purpose.adShare, in.purpose.saleShare = true, false
		return outcome(in).verb == Withhold || !external(in)
	})
}

// The severest outcome wins, and its reasons come first, in the order APPI, EEA,
// UK, CCPA, minimisation (2.7).
func TestPrimaryReason(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		if subjectGate(in) != ReasonNone || in.field.contested {
			return out.verb == Withhold && len(out.Reasons) == 1 || in.recipient.kind == Internal
		}
		all := []verdict{appi(in)}
		if in.subject.regimes&EEA != 0 {
			all = append(all, gdpr(in, slotEEA))
		}
		if in.subject.regimes&UK != 0 {
			all = append(all, gdpr(in, slotUK))
		}
		if in.subject.regimes&CCPA != 0 {
			all = append(all, ccpa(in))
		}
		all = append(all, minimise(in))
		severest := slices.MinFunc(all, func(a, b verdict) int { return int(a.verb) - int(b.verb) })
		for _, v := range all {
			if !slices.Contains(out.Reasons, v.reason) {
				return false
			}
		}
		return out.verb == severest.verb && out.Reasons[0] == severest.reason
	})
}

// S8: a contested field is for internal recipients alone.
func TestContestedField(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.field.contested = true
		out := outcome(in)
		return in.recipient.kind == Internal || out.verb == Withhold && (subjectGate(in) != ReasonNone || out.Reasons[0] == AccuracyContested)
	})
}
