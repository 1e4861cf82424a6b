package rules

import (
	"math/rand/v2"
	"testing"
)

// The rules X1 to X3 (2.5) with 2.8b.2, row by row.
func oracleX(in *input) (rule string, v verdict, matches bool) {
	legal := in.purpose.legal
	restsOnOrder := legal == LegalObligation || legal == LegalClaims
	order := restsOnOrder && in.order.reaches && in.order.lists // covers the field of this subject
	rule, v = firstMatch(
		row{"X1", in.recipient.kind == DataSubject && legal == LegalRights && in.subject.own, allow(RightsFulfil)},
		row{"X1", in.recipient.kind == DataSubject, withhold(RecipientPurposeMismatch)},
		row{"X2", in.recipient.kind == Authority && order, allow(LegalOrder)},
		row{"X2", in.recipient.kind == Authority, withhold(AuthorityNoOrder)},
		row{"X1", legal == LegalRights, withhold(RecipientPurposeMismatch)},
		row{"X3", order, allow(LegalOrder)},
		row{"X3", restsOnOrder, withhold(LegalPurposeNoOrder)},
	)
	return rule, v, rule != "no row"
}

// drawX draws everything that X1 to X3 and the second half of G1 read. A request is
// a person's own if the person asks, in this capacity, for that purpose (X1); this is
// what Plan.input makes of the flag, and the enumeration takes the same care.
func drawX(d *draw, in *input) {
	in.recipient.kind = Internal + RecipientKind(d.of(6))
	in.purpose.legal = LegalPurpose(d.of(4))
	in.subject.own = d.bool() && in.recipient.kind == DataSubject && in.purpose.legal == LegalRights
	in.order.reaches, in.order.lists, in.order.ground, in.order.transfer = d.bool(), d.bool(), d.bool(), d.bool()
}

// othersOfEachX is how many inputs beside those of X1 to X3 each combination of
// theirs is asked with.
const othersOfEachX = 1500

// The complete input of a regime is the product of what X1 to X3 read and of what
// the rows below them read. This test enumerates the first factor, with the second
// one sampled: where X matches, the rows below it make no difference, and where it
// does not, what only X reads makes none. The tests of the tables enumerate the
// second factor, for the kinds and purposes that X leaves to them.
func TestX1ToX3PrecedeEveryRegime(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	enumerate(t, func(d *draw) {
		var x input
		drawX(d, &x)
		for range othersOfEachX {
			in := randomInput(random)
			in.recipient.kind, in.purpose.legal, in.subject.own, in.order = x.recipient.kind, x.purpose.legal, x.subject.own, x.order
			rule, want, matches := oracleX(&in)
			if v, done := common(&in); done != matches || done && !v.is(rule, want) {
				t.Fatalf("%+v: %v, want %s %v", in, v, rule, want)
			}
			for _, table := range []struct {
				name   string
				oracle func(*input) (string, verdict)
				got    verdict
			}{
				{"APPI", oracleAPPI, appi(&in)},
				{"EEA", oracleEEA, gdpr(&in, slotEEA)},
				{"UK", oracleUK, gdpr(&in, slotUK)},
				{"CCPA", oracleCCPA, ccpa(&in)},
				{"minimisation", oracleMinimise, minimise(&in)},
			} {
				if rule, want := table.oracle(&in); !table.got.is(rule, want) {
					t.Fatalf("%s of %+v: %v, want %s %v", table.name, in, table.got, rule, want)
				}
			}
		}
	})
}

// ordinaryKinds are those that X1 and X2 leave to the regimes.
var ordinaryKinds = [4]RecipientKind{Internal, Processor, ThirdParty, JointUse}

// liStandings are the standings of an objection to legitimate interest.
var liStandings = [5]EventState{StateNone, StatePending, StateUpheld, StateRejected, StateLifted}

// randomInput draws an input of the decision, every digit evenly, but for legal
// purposes and what hides everything behind it.
func randomInput(r *rand.Rand) input {
	yes := func() bool { return r.IntN(2) == 1 }
	in := input{
		recipient: recipientInput{
			kind: 1 + pick[RecipientKind](r, 6), declaredE4: yes(), consideration: yes(), jointUseNotice: yes(), ccpaTerms: yes(),
			appi: pick[Geo](r, 4), eea: pick[Geo](r, 4), uk: pick[Geo](r, 4),
		},
		purpose: purposeInput{
			dm: yes(), adShare: yes(), stat: yes(), health: yes(), m7027: yes(), scopeJ: yes(), rowE: yes(), scopeC: yes(), cell: yes(),
			saleShare: yes(), report: yes(),
		},
		subject: subjectInput{
			category: pick[SubjectCategory](r, 6), regimes: pick[Regimes](r, 8), age: pick[AgeBand](r, 5), flags: Flags(r.Uint32()) & allFlags,
			li: liStandings[r.IntN(5)], under13California: yes(),
		},
		order: orderInput{reaches: r.IntN(4) > 0, ground: yes(), transfer: yes(), lists: r.IntN(4) > 0},
		field: fieldInput{
			special: yes(), spi: yes(), credential: r.IntN(8) == 0, notInCopies: yes(), declaredG: yes(), declaredC: yes(),
			identifier: pick[IdentifierClass](r, 3), need: pick[Need](r, 4), generaliser: yes(), contested: r.IntN(4) == 0,
		},
		consent: consentInput{foreign: yes(), status: pick[ConsentStatus](r, 10)},
	}
	if r.IntN(3) == 0 {
		in.purpose.legal = pick[LegalPurpose](r, 4)
	}
	if in.recipient.kind == DataSubject && yes() {
		in.purpose.legal, in.subject.own = LegalRights, yes()
	}
	if in.purpose.rowE || yes() { // a row that the person was not told of has bases, too
		in.purpose.basis = 1 + pick[Basis](r, 3)
		in.purpose.contract = in.purpose.basis == BasisContract && yes()
	}
	choices := Choices{DigitalAgeEEA: 13 + r.IntN(4), DigitalAgeUK: 13 + r.IntN(4)}
	in.subject.childEEA, in.subject.childUK = choices.belowDigitalAge(in.subject.age)
	for slot := range slots {
		in.consent.valid[slot], in.consent.explicit[slot], in.consent.parental[slot] = yes(), yes(), yes()
	}
	return in
}

const allFlags = FlagMinorOptIn<<1 - 1 // those that the functions read; the others become inputs of their own

func pick[T ~uint8](r *rand.Rand, n int) T {
	return T(r.IntN(n))
}
