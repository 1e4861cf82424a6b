package rules

import "testing"

// Table minimisation (2.6) with the needs of the kinds without a contract (2.3) and
// 2.8b.4, row by row. What a kind without a contract needs is clear or none, never
// pseudonymised; an order addressed to a kind with a contract or a grant leaves the
// cell none as it is.
func oracleMinimise(in *input) (string, verdict) {
	f := in.field
	direct, quasi := f.identifier == DirectIdentifier, f.identifier == QuasiIdentifier
	withoutContract := in.recipient.kind == DataSubject || in.recipient.kind == Authority
	california := in.subject.regimes&CCPA == CCPA
	restsOnOrder := in.purpose.legal == LegalObligation || in.purpose.legal == LegalClaims
	ordered := restsOnOrder && in.order.reaches && in.order.lists
	return firstMatch(
		row{"credential", f.credential, withhold(NotNecessary)},
		row{"M1b", in.recipient.kind == DataSubject && california && f.notInCopies, withhold(NotNecessary)},
		row{"M1b", in.recipient.kind == DataSubject, allow(Needed)},
		row{"M1b", in.recipient.kind == Authority && ordered, allow(Needed)},
		row{"M1b", in.recipient.kind == Authority, withhold(NotNecessary)},
		row{"M1b", !withoutContract && ordered && f.need != NeedNone, allow(Needed)},
		row{"M1", f.need == NeedNone, withhold(NotNecessary)},
		row{"M2", in.purpose.stat && direct && f.need != NeedPseudonym, withhold(NotNecessary)},
		row{"M2", in.purpose.stat && quasi && f.generaliser, minimised(NeedGeneralised)},
		row{"M2", in.purpose.stat && quasi, withhold(NotNecessary)},
		row{"M3", f.need == NeedPseudonym, minimised(NeedPseudonym)},
		row{"M3", f.need == NeedGeneralised, minimised(NeedGeneralised)},
		row{"M4", f.need == NeedClear, allow(Needed)},
	)
}

func TestMinimiseTable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		drawX(d, &in)
		in.subject.regimes = Regimes(d.of(8))
		in.purpose.stat = d.bool()
		in.field.credential, in.field.notInCopies = d.bool(), d.bool()
		in.field.identifier = IdentifierClass(d.of(3))
		in.field.need = Need(d.of(4))
		in.field.generaliser = d.bool()
		if rule, want := oracleMinimise(&in); !minimise(&in).is(rule, want) {
			t.Errorf("%+v: %v, want %s %v", in, minimise(&in), rule, want)
		}
	})
}
