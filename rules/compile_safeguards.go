package rules

import (
	"fmt"
	"slices"
)

// safeguards checks what is to make transfers to a recipient lawful.
func (c *compiler) safeguards(d *RecipientDef) {
	for i := range d.Safeguards {
		s := &d.Safeguards[i]
		for _, n := range s.Countries {
			c.country(n)
			if KnownCountry(n.Value) && n.Value != d.Country.Value && !slices.ContainsFunc(d.Onward, func(o Name) bool { return o.Value == n.Value }) {
				c.problem(n.Pos, ErrConflict, fmt.Sprintf("%q is no country of %q: neither its own nor an onward one", n.Value, d.Name.Value), "")
			}
		}
		framework := s.Type == safeguardDPF || s.Type == safeguardDPFExtension
		switch {
		case framework && s.Covers == 0:
			c.problem(s.Pos, ErrMissing, "a data privacy framework certification needs covers", "covers: [hr, non_hr], or one of them")
		case !framework && s.Covers != 0:
			c.problem(s.Pos, ErrConflict, fmt.Sprintf("%s covers all data", s.Type), "covers belongs to dpf and dpf_extension")
		case s.Type == safeguardDPFExtension && !slices.ContainsFunc(d.Safeguards, func(o SafeguardDef) bool { return o.Type == safeguardDPF }):
			c.problem(s.Pos, ErrConflict, "an extension needs the certification that it extends", "eea: {type: dpf, ...}")
		case s.Type == safeguardEquivalent && s.LastChecked.IsZero():
			c.problem(s.Pos, ErrMissing, "an equivalent system needs last_checked: it is checked periodically (APPI enforcement rules, Rule 18)", "last_checked: 2026-10-01")
		case !s.ValidUntil.IsZero() && !s.ValidUntil.After(s.SignedAt):
			c.problem(s.Pos, ErrConflict, "the safeguard ends before it is signed", "")
		}
	}
}
