package rules

import "testing"

// Table minimisation (2.6), row by row. Not among the inputs of this version:
// orders and own requests (M1b), generalisers, and min_cell: where M2 would
// generalise, it withholds.
func oracleMinimise(in *input) (string, verdict) {
	f := in.field
	direct, quasi := f.identifier == DirectIdentifier, f.identifier == QuasiIdentifier
	return firstMatch(
		row{"2.8b.4", f.credential, withhold(NotNecessary)},
		row{"M1", f.need == NeedNone, withhold(NotNecessary)},
		row{"M2", in.purpose.stat && direct && f.need == NeedClear, withhold(NotNecessary)},
		row{"M2", in.purpose.stat && quasi, withhold(NotNecessary)},
		row{"M3", f.need == NeedPseudonym, minimised(NeedPseudonym)},
		row{"M4", f.need == NeedClear, allow(Needed)},
	)
}

func TestMinimiseTable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		in.purpose.stat = d.bool()
		in.field.credential = d.bool()
		in.field.identifier = IdentifierClass(d.of(3))
		in.field.need = [...]Need{NeedNone, NeedPseudonym, NeedClear}[d.of(3)]
		if rule, want := oracleMinimise(&in); minimise(&in) != want {
			t.Errorf("%+v: %v, want %s %v", in, minimise(&in), rule, want)
		}
	})
}
