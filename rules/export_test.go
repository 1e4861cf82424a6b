package rules

import "time"

// GeoOf is the classes of a recipient's countries.
func GeoOf(p *Policy, d *RecipientDef, c SubjectCategory, at time.Time) (appi, eea, uk Geo) {
	return p.standing(&Recipient{Def: d}, at).geo(c)
}

// StandingOf is the refusal of a recipient, R3 and R4.
func StandingOf(d *RecipientDef, at time.Time) Reason { return refusal(d, at) }

// ParsePath reports whether a policy path is one, and how many steps it has.
func ParsePath(s string) (int, error) {
	steps, err := parsePath(s)
	return len(steps), err
}
