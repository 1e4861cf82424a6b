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

// onOrder reports whether a legal order reaches the subject under a purpose that may
// rest on one.
func onOrder(in *input) bool {
	return in.order.reaches && (in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims)
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

// I5: a right changes nothing outside what it is about: an opt-out, GPC and a minor's
// opt-in sale and sharing in California, a limit sensitive data there, an objection
// direct marketing and profiling related to it, a request to cease provision what third
// parties get; and none of them an order or the person's own request.
func TestI5NonDiscrimination(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		same := func(f Flags) bool {
			with, without := *in, *in
			with.subject.flags |= f
			without.subject.flags &^= f
			a, b := outcome(&with), outcome(&without)
			return a.verb == b.verb && a.need == b.need && a.Basis == b.Basis && slices.Equal(a.Reasons, b.Reasons)
		}
		saleOrShare := in.purpose.adShare || in.recipient.consideration && (in.recipient.kind == ThirdParty || in.recipient.kind == JointUse)
		sensitive := in.field.spi || in.subject.age == Age13To15
		californian := in.subject.regimes&CCPA != 0
		commercial := in.purpose.legal == LegalNone && in.recipient.kind != DataSubject && in.recipient.kind != Authority
		for flags, touched := range map[Flags]bool{
			FlagDMObjection:    in.purpose.dm,
			FlagOptOut:         saleOrShare && californian && in.recipient.kind != Internal,
			FlagGPC:            saleOrShare && californian && in.recipient.kind != Internal,
			FlagLimitSPI:       sensitive && californian && !in.purpose.m7027,
			FlagMinorOptIn:     saleOrShare && californian && in.recipient.kind != Internal && in.subject.age != Adult && in.subject.age != Age16To17,
			FlagCeaseProvision: in.recipient.kind == ThirdParty,
			FlagCeaseUse:       true,
		} {
			if (!touched || !commercial) && !same(flags) {
				return false
			}
		}
		return true
	})
}

// I6, under13_scope: everywhere.
func TestI6ChildUnder13IsWithheldFromEverybody(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.age, in.subject.under13California = Under13, false
		return outcome(in).verb == Withhold
	})
}

// I7: the three exceptions of S5, and no others.
func TestI7RestrictedNeedsAnException(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.flags |= FlagRestricted
		own, ground := in.subject.own, onOrder(in) && in.order.ground
		return outcome(in).verb == Withhold || own || ground || in.subject.flags&FlagRestrictionConsent != 0
	})
}

// I8, extended to profiling related to direct marketing: both are in.purpose.dm. Each
// regime by itself withholds, for every kind of recipient and every basis. Under a
// legal purpose an order lifts A4, G2 and U2 for what it lists (2.7.8).
func TestI8DMObjectionIsAbsolute(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.purpose.dm = true
		in.subject.flags |= FlagDMObjection
		if in.purpose.legal != LegalNone {
			return outcome(in).verb == Withhold || in.subject.own || onOrder(in) && in.order.lists
		}
		return outcome(in).verb == Withhold && appi(in).verb == Withhold && gdpr(in, slotEEA).verb == Withhold &&
			gdpr(in, slotUK).verb == Withhold && ccpa(in).verb == Withhold
	})
}

func TestI9ThirdPartyNeedsConsentOrAnOrder(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.recipient.kind, in.subject.own = ThirdParty, false
		return outcome(in).verb == Withhold || in.consent.valid[slotAPPI] || onOrder(in) && in.order.lists
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

// I11: no fallback from a consent that is not given to another basis of the row. Of
// the EEA and the United Kingdom, unpinned, no order, and nobody's own request.
func TestI11NoFallbackFromConsent(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, _ composed) bool {
		in.purpose.rowE, in.subject.own, in.order = true, false, orderInput{}
		row := noticeRow{bases: []Basis{BasisLegitimateInterest, BasisConsent, BasisContract}[r.IntN(2):]}
		in.purpose.basis = row.basis(pick[RecipientCategory](r, int(AdTech)+1))
		if r.IntN(2) == 0 {
			in.subject.regimes |= EEA
			in.consent.valid[slotEEA] = false
		} else {
			in.subject.regimes |= UK
			in.consent.valid[slotUK] = false
		}
		return outcome(in).verb == Withhold
	})
}

// I12, for external recipients other than data_subject, which is external to nobody:
// no transfer without a safeguard, unless an order covers transfers.
func TestI12NoTransferWithoutSafeguard(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, _ composed) bool {
		if r.IntN(2) == 0 {
			in.subject.regimes, in.recipient.eea = in.subject.regimes|EEA, GeoNone
		} else {
			in.subject.regimes, in.recipient.uk = in.subject.regimes|UK, GeoNone
		}
		return outcome(in).verb == Withhold || !external(in) || onOrder(in) && in.order.lists && in.order.transfer
	})
}

// I13, for subjects in California. An order lifts U7.
func TestI13SaleShareDisabled(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.subject.regimes |= CCPA
		in.purpose.adShare, in.purpose.saleShare = true, false
		return outcome(in).verb == Withhold || !external(in) || onOrder(in) && in.order.lists
	})
}

// 2.7.8: an order lifts nothing of S1 to S4 and S8, and nothing outside the fields
// that it lists; what it lets out it lets out as it is.
func TestOrderLiftsNoMoreThanItLists(t *testing.T) {
	eachComposition(t, func(r *rand.Rand, in *input, _ composed) bool {
		in.purpose.legal = []LegalPurpose{LegalObligation, LegalClaims}[r.IntN(2)]
		in.subject.own = false
		in.order = orderInput{reaches: true, ground: true, transfer: true, lists: true}
		unlisted, absent := *in, *in
		unlisted.order.lists = false
		absent.order.reaches = false
		nobody := in.subject.flags&(FlagUnresolved|FlagErased) != 0 || in.subject.category == CategoryUnknown ||
			in.subject.age == Under13 && (!in.subject.under13California || in.subject.regimes&CCPA != 0) ||
			in.field.contested && in.recipient.kind != Internal
		out := outcome(in)
		return outcome(&unlisted).verb == Withhold && outcome(&absent).verb == Withhold && out.verb != Transform && (!nobody || out.verb == Withhold)
	})
}

// Without an order a legal purpose lets nothing out, and an order makes no difference
// to any other purpose.
func TestOrdersAreForLegalPurposesAlone(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		if in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims {
			return out.verb == Withhold || in.order.reaches && in.order.lists
		}
		none := *in
		none.order = orderInput{}
		a := outcome(&none)
		return a.verb == out.verb && slices.Equal(a.Reasons, out.Reasons)
	})
}

// X1: a person gets what is its own under rights_fulfil, as it is, and nobody else
// gets anything under that purpose.
func TestRightsAreThePersonsOwn(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		switch {
		case in.subject.own:
			closed := subjectGate(in) != ReasonNone
			held := in.field.credential || in.field.notInCopies && in.subject.regimes&CCPA != 0
			if closed || held {
				return out.verb == Withhold
			}
			return out.verb == Allow
		case in.purpose.legal == LegalRights, in.recipient.kind == DataSubject:
			return out.verb == Withhold
		}
		return true
	})
}

// The severest outcome wins, and its reasons come first, in the order APPI, EEA,
// UK, CCPA, minimisation (2.7).
func TestPrimaryReason(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, out composed) bool {
		if subjectGate(in) != ReasonNone || in.field.contested {
			return out.verb == Withhold && len(out.Reasons) == 1 || in.recipient.kind == Internal || in.subject.own
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

// S8: a contested field is for internal recipients and the person alone, whatever an
// order says.
func TestContestedField(t *testing.T) {
	eachComposition(t, func(_ *rand.Rand, in *input, _ composed) bool {
		in.field.contested = true
		out, calm := outcome(in), *in
		calm.field.contested = false
		switch {
		case in.recipient.kind == Internal, in.subject.own:
			return out.verb == outcome(&calm).verb
		case subjectGate(in) != ReasonNone:
			return out.verb == Withhold
		}
		return out.verb == Withhold && slices.Equal(out.Reasons, []Reason{AccuracyContested})
	})
}
