package rules

import (
	"strings"
	"testing"
)

// draw hands out the digits of one number in mixed radix: each call of of or
// bool is one digit. Counting the number up visits every combination of every
// digit once, so that an enumeration is complete by construction.
type draw struct{ rest, product uint64 }

func (d *draw) of(n uint8) uint8 {
	v := uint8(d.rest % uint64(n)) //nolint:gosec // less than n
	d.rest /= uint64(n)
	d.product *= uint64(n)
	return v
}

func (d *draw) bool() bool { return d.of(2) == 1 }

// flag draws one flag.
func (d *draw) flag(f Flags) Flags {
	if d.bool() {
		return f
	}
	return 0
}

// enumerate visits every combination that visit draws, which must always draw
// the same digits, and logs how many there are.
func enumerate(t *testing.T, visit func(*draw)) {
	t.Helper()
	for i, total := uint64(0), uint64(1); i < total; i++ {
		d := draw{rest: i, product: 1}
		visit(&d)
		total = d.product
		if t.Failed() {
			return
		}
		if i+1 == total {
			t.Logf("%d combinations", total)
		}
	}
}

// row is a line of a decision table of the law: when it matches, its outcome.
type row struct {
	rule string
	when bool
	then verdict
}

// firstMatch reads a table from the top.
func firstMatch(table ...row) (rule string, v verdict) {
	for _, r := range table {
		if r.when {
			return r.rule, r.then
		}
	}
	return "no row", verdict{}
}

// The outcomes of the tables of the law, whatever rule gives them.
func withhold(r Reason) verdict { return verdict{verb: Withhold, reason: r} }
func allow(r Reason) verdict    { return verdict{verb: Allow, reason: r} }
func minimised(n Need) verdict  { return verdict{verb: Transform, reason: Minimised, need: n} }

// is reports whether a verdict is the one of a line of the law, by its rule: that of
// "A1, X2" is X2.
func (v verdict) is(rule string, want verdict) bool {
	given := v.rule
	v.rule = ""
	return v == want && (rule == string(given) || strings.HasSuffix(rule, ", "+string(given)))
}
