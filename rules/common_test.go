package rules

import (
	"math/rand/v2"
	"testing"
)

// The rules X1 to X3 (2.5), row by row. What this version can never produce: a
// request of a data subject about itself, or a legal order. So X1, X2 and X3 have
// one outcome each, and it withholds.
func oracleX(in *input) (string, verdict, bool) {
	rule, v := firstMatch(
		row{"X1", in.recipient.kind == DataSubject, withhold(RecipientPurposeMismatch)},
		row{"X2", in.recipient.kind == Authority, withhold(AuthorityNoOrder)},
		// 2.8b.2: rights.fulfil from any kind but data_subject withholds.
		row{"X3", in.purpose.legal == LegalRights, withhold(RecipientPurposeMismatch)},
		row{"X3", in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims, withhold(LegalPurposeNoOrder)},
	)
	return rule, v, rule != "no row"
}

// Each regime asks X1 to X3 before anything else: every kind with every legal
// purpose, whatever the rest of the input is.
func TestX1ToX3PrecedeEveryRegime(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for kind := Internal; kind <= Authority; kind++ {
		for legal := LegalNone; legal <= LegalRights; legal++ {
			for range 2000 {
				in := randomInput(random)
				in.recipient.kind, in.purpose.legal = kind, legal
				rule, want, matches := oracleX(&in)
				if v, done := common(&in); done != matches || v != want {
					t.Fatalf("%v, %v: %v, want %s %v", kind, legal, v, rule, want)
				}
				if !matches {
					continue
				}
				for name, got := range map[string]verdict{"APPI": appi(&in), "EEA": gdpr(&in, slotEEA), "UK": gdpr(&in, slotUK), "CCPA": ccpa(&in)} {
					if got != want {
						t.Fatalf("%s of %v, %v: %v, want %s %v", name, kind, legal, got, rule, want)
					}
				}
			}
		}
	}
}

// ordinaryKinds are those that X1 and X2 leave to the regimes.
var ordinaryKinds = [4]RecipientKind{Internal, Processor, ThirdParty, JointUse}

// randomInput draws an input of the decision, every digit evenly.
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
			li: [...]EventState{StateNone, StatePending, StateUpheld, StateRejected, StateLifted}[r.IntN(5)], under13California: yes(),
		},
		field: fieldInput{
			special: yes(), spi: yes(), credential: r.IntN(8) == 0, declaredG: yes(), declaredC: yes(), identifier: pick[IdentifierClass](r, 3),
			need: [...]Need{NeedNone, NeedPseudonym, NeedClear}[r.IntN(3)], contested: r.IntN(4) == 0,
		},
		consent: consentInput{foreign: yes(), status: pick[ConsentStatus](r, 10)},
	}
	if r.IntN(4) == 0 {
		in.purpose.legal = pick[LegalPurpose](r, 4)
	}
	if in.purpose.rowE {
		in.purpose.basis = 1 + pick[Basis](r, 3)
		in.purpose.contract = in.purpose.basis == BasisContract
	}
	choices := Choices{DigitalAgeEEA: 13 + r.IntN(4), DigitalAgeUK: 13 + r.IntN(4)}
	in.subject.childEEA, in.subject.childUK = choices.belowDigitalAge(in.subject.age)
	for slot := range slots {
		in.consent.valid[slot], in.consent.explicit[slot], in.consent.parental[slot] = yes(), yes(), yes()
	}
	return in
}

const allFlags = FlagMinorOptIn<<1 - 1 // those that compose reads

func pick[T ~uint8](r *rand.Rand, n int) T {
	return T(r.IntN(n))
}
