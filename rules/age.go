package rules

import "time"

// AgeBand is what the rules need to know of an age.
type AgeBand uint8

// The bands. The stricter of two known bands is the younger one.
const (
	AgeUnknown AgeBand = iota
	Under13
	Age13To15
	Age16To17
	Adult
)

var ageBands = enum[AgeBand]{"unknown", "under13", "13_15", "16_17", "adult"}

// String returns the name that records and events use.
func (b AgeBand) String() string { return ageBands.name(b) }

// ParseAgeBand is the inverse of String.
func ParseAgeBand(s string) (AgeBand, bool) { return ageBands.parse(s) }

// surelyAdult is longer than any 18 years.
const surelyAdult = 19 * 366 * 24 * time.Hour

// BandAt returns the band of a person born on that day, and the day on which
// the band ends; the zero time for an adult. Somebody born on 29 February
// comes of age on 1 March.
func BandAt(born, now time.Time) (AgeBand, time.Time) {
	band, until := Adult, time.Time{}
	if now.Sub(born) > surelyAdult { // spares most people three calendars
		return band, until
	}
	for _, younger := range []struct { // from the oldest: most people are adults
		years int
		band  AgeBand
	}{{18, Age16To17}, {16, Age13To15}, {13, Under13}} {
		end := born.AddDate(younger.years, 0, 0)
		if !now.Before(end) {
			break
		}
		band, until = younger.band, end
	}
	return band, until
}

// stricter returns the younger of two bands; an unknown one yields to a known.
func stricter(a, b AgeBand) AgeBand {
	if a == AgeUnknown || b != AgeUnknown && b < a {
		return b
	}
	return a
}

// AgeFact is a remembered band that may be outgrown.
type AgeFact struct {
	Band  AgeBand
	Until time.Time // the band holds before this; zero: for good
}

// At returns the strictest band that the fact still supports at now: a person
// remembered as under 13 until June is 13_15 for the three years after, and so on.
func (f AgeFact) At(now time.Time) AgeBand {
	band, until := f.Band, f.Until
	for !until.IsZero() && !now.Before(until) {
		switch band {
		case Under13:
			band, until = Age13To15, until.AddDate(3, 0, 0)
		case Age13To15:
			band, until = Age16To17, until.AddDate(2, 0, 0)
		case Age16To17, Adult:
			return Adult
		case AgeUnknown:
			return AgeUnknown
		}
	}
	return band
}

// RememberedAge is the coarse fact that a gateway keeps of a birth date it has
// seen: the band, until the first of the month after it ends. It is false for
// adults, whose age restricts nothing.
func RememberedAge(born, now time.Time) (AgeFact, bool) {
	band, end := BandAt(born, now)
	if band == Adult {
		return AgeFact{}, false
	}
	coarse := time.Date(end.Year(), end.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	return AgeFact{Band: band, Until: coarse}, true
}
