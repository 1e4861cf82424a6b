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

// PlansOf is how many plans an edition has made.
func PlansOf(e *Edition) int {
	e.plans.mu.RLock()
	defer e.plans.mu.RUnlock()
	return len(e.plans.plans)
}

// GrantsOf is how many grants the recipients have, and how many there are.
func GrantsOf(p *Policy) (had, made int) {
	all := make(map[*Grant]bool)
	for _, r := range p.recipients {
		for _, g := range r.needs {
			all[g] = true
			had++
		}
	}
	return had, len(all)
}
