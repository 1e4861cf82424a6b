package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

func day(s string) time.Time { return instant(s + "T00:00:00Z") }

func TestBandAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		born, at string
		band     rules.AgeBand
		until    string // empty: for good
	}{
		{"2010-06-15", "2023-06-14", rules.Under13, "2023-06-15"},
		{"2010-06-15", "2023-06-15", rules.Age13To15, "2026-06-15"},
		{"2010-06-15", "2026-06-14", rules.Age13To15, "2026-06-15"},
		{"2010-06-15", "2026-06-15", rules.Age16To17, "2028-06-15"},
		{"2010-06-15", "2028-06-14", rules.Age16To17, "2028-06-15"},
		{"2010-06-15", "2028-06-15", rules.Adult, ""},
		// Born on 29 February: 1 March in years that have none.
		{"2012-02-29", "2025-02-28", rules.Under13, "2025-03-01"},
		{"2012-02-29", "2025-03-01", rules.Age13To15, "2028-02-29"},
		{"2012-02-29", "2028-02-28", rules.Age13To15, "2028-02-29"},
		{"2012-02-29", "2028-02-29", rules.Age16To17, "2030-03-01"},
		{"2012-02-29", "2030-03-01", rules.Adult, ""},
		{"2030-01-01", "2026-01-01", rules.Under13, "2043-01-01"},
	} {
		band, until := rules.BandAt(day(c.born), day(c.at))
		want := time.Time{}
		if c.until != "" {
			want = day(c.until)
		}
		if band != c.band || !until.Equal(want) {
			t.Errorf("born %s, on %s: %v until %v, want %v until %v", c.born, c.at, band, until, c.band, c.until)
		}
	}
}

// What a gateway remembers of a birth date is a band and a month, and never an
// older band than the birth date itself gives.
func TestRememberedAge(t *testing.T) {
	t.Parallel()
	if f, ok := rules.RememberedAge(day("2000-01-01"), now); ok {
		t.Errorf("an adult is remembered: %+v", f)
	}
	f, ok := rules.RememberedAge(day("2015-12-15"), now)
	if !ok || f.Band != rules.Under13 || !f.Until.Equal(day("2029-01-01")) {
		t.Errorf("%+v, %v", f, ok)
	}
	for born := day("2008-11-24"); born.Before(day("2026-11-23")); born = born.AddDate(0, 0, 11) {
		f, ok := rules.RememberedAge(born, now)
		if !ok || f.Until.Day() != 1 {
			t.Fatalf("born %v: %+v, %v", born, f, ok)
		}
		for at := now; at.Before(born.AddDate(19, 0, 0)); at = at.AddDate(0, 0, 7) {
			exact, _ := rules.BandAt(born, at)
			if got := f.At(at); got > exact {
				t.Fatalf("born %v, on %v: remembered as %v, is %v", born, at, got, exact)
			}
		}
		if got := f.At(born.AddDate(18, 2, 0)); got != rules.Adult {
			t.Fatalf("born %v: at 18 still %v", born, got)
		}
	}
}

func TestAgeFactOutgrown(t *testing.T) {
	t.Parallel()
	until := day("2027-01-01")
	for _, c := range []struct {
		fact rules.AgeFact
		at   string
		want rules.AgeBand
	}{
		{rules.AgeFact{Band: rules.Under13, Until: until}, "2026-12-31", rules.Under13},
		{rules.AgeFact{Band: rules.Under13, Until: until}, "2027-01-01", rules.Age13To15},
		{rules.AgeFact{Band: rules.Under13, Until: until}, "2029-12-31", rules.Age13To15},
		{rules.AgeFact{Band: rules.Under13, Until: until}, "2030-01-01", rules.Age16To17},
		{rules.AgeFact{Band: rules.Under13, Until: until}, "2032-01-01", rules.Adult},
		{rules.AgeFact{Band: rules.Age16To17, Until: until}, "2027-01-01", rules.Adult},
		{rules.AgeFact{Band: rules.Under13}, "2090-01-01", rules.Under13},
		{rules.AgeFact{Band: rules.Adult}, "2026-01-01", rules.Adult},
		{rules.AgeFact{Band: rules.AgeUnknown, Until: until}, "2090-01-01", rules.AgeUnknown},
	} {
		if got := c.fact.At(day(c.at)); got != c.want {
			t.Errorf("%+v on %s: %v, want %v", c.fact, c.at, got, c.want)
		}
	}
}
