package rules

import (
	"slices"
	"time"
)

// The mechanisms that have rules of their own.
const (
	safeguardDPF          = "dpf"           // a data privacy framework: the United States alone
	safeguardDPFExtension = "dpf_extension" // its extension to the United Kingdom
	safeguardEquivalent   = "equivalent_system"
)

// safeguarded reports whether a mechanism in force makes transfers of a kind of data
// to one country lawful in a regime.
func (d *RecipientDef) safeguarded(regime, country string, kind DataKinds, now time.Time) bool {
	return slices.ContainsFunc(d.Safeguards, func(s SafeguardDef) bool {
		if s.Regime != regime || !s.inForce(now) || !s.reaches(country) {
			return false
		}
		switch s.Type {
		case safeguardDPF:
			return s.Covers&kind != 0
		case safeguardDPFExtension: // extends a certification that must itself hold
			return s.Covers&kind != 0 && d.certified(kind, now)
		}
		return true
	})
}

// certified reports whether a certification under the framework is in force.
func (d *RecipientDef) certified(kind DataKinds, now time.Time) bool {
	return slices.ContainsFunc(d.Safeguards, func(s SafeguardDef) bool {
		return s.Type == safeguardDPF && s.Covers&kind != 0 && s.inForce(now)
	})
}

// inForce reports whether the mechanism is signed, not ended, and no check of it is
// overdue.
func (s *SafeguardDef) inForce(now time.Time) bool {
	overdue := s.CheckEvery != nil && !now.Before(s.CheckEvery.After(s.LastChecked))
	return !s.SignedAt.After(now) && !s.LastChecked.After(now) && !ended(s.ValidUntil, now) && !overdue
}

// reaches reports whether the mechanism covers a country.
func (s *SafeguardDef) reaches(country string) bool {
	if s.Type == safeguardDPF || s.Type == safeguardDPFExtension {
		return country == "US"
	}
	return len(s.Countries) == 0 || slices.ContainsFunc(s.Countries, func(n Name) bool { return n.Value == country })
}
