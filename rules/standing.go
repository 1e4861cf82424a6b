package rules

import "time"

// RefusalAt returns why a recipient is refused at an instant, whatever it asks for
// (R3, R4); [RecipientUnknown] for one that the policy does not have.
func (p *Policy) RefusalAt(recipient string, at time.Time) Reason {
	r := p.recipients[recipient]
	if r == nil {
		return RecipientUnknown
	}
	return refusal(r.Def, at)
}

// Transfers is the classes of what goes to a recipient's countries, by regime, for
// data about staff and their families and for other data.
type Transfers struct{ APPI, EEAHR, EEAOther, UKHR, UKOther Geo }

// TransfersAt returns the classes at an instant.
func (p *Policy) TransfersAt(recipient string, at time.Time) Transfers {
	r := p.recipients[recipient]
	if r == nil {
		return Transfers{GeoNone, GeoNone, GeoNone, GeoNone, GeoNone}
	}
	s := p.standing(r, at)
	return Transfers{APPI: s.appi, EEAHR: s.eea.hr, EEAOther: s.eea.other, UKHR: s.uk.hr, UKOther: s.uk.other}
}

// ConsentHolds reports whether a consent event, taken by itself, is a consent at an
// instant: given, begun, not ended, and not ended by a material change of a notice.
func (p *Policy) ConsentHolds(e *Event, at time.Time) bool {
	return e.Consent.Valid() && !e.Time.After(at) && !ended(e.Until, at) && !p.outdated(e, at)
}
