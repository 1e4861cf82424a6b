package rules

import "math/bits"

// Aspect is one thing about a person or a request that the state or the request
// says, independent of every other one. All aspects together are a situation.
type Aspect uint8

// The aspects.
const (
	AspectUnresolved Aspect = iota
	AspectKnown
	AspectErasure
	AspectRestriction
	AspectRetention
	AspectContested
	AspectOwn
	AspectOrder
	AspectRegimes
	AspectAge
	AspectToldAPPI
	AspectToldEEAUK
	AspectToldCalifornia
	AspectDMObjection
	AspectCeaseUse
	AspectCeaseProvision
	AspectLIObjection
	AspectConsentAPPI // the consents follow each other in the order of the slots
	AspectConsentEEA
	AspectConsentUK
	AspectConsentCCPA
	AspectLimitSPI
	AspectOptOut
	AspectGPC
	AspectMinorOptIn

	aspects = int(AspectMinorOptIn) + 1
)

var aspectNames = enum[Aspect]{
	"identity", "events", "erasure", "restriction", "retention", "accuracy", "own_request", "legal_order", "regimes", "age",
	"told_appi", "told_eea_uk", "told_california", "dm_objection", "cease_use", "cease_provision", "li_objection",
	"consent_appi", "consent_eea", "consent_uk", "consent_ccpa", "limit_spi", "opt_out", "gpc", "minor_opt_in",
}

// String returns the name that reports use.
func (a Aspect) String() string { return aspectNames.name(a) }

// aspectReads are the parts of a situation that each aspect supplies. No part has two.
var aspectReads = [aspects]reads{
	AspectUnresolved:     reads(FlagUnresolved),
	AspectKnown:          reads(FlagUnseen),
	AspectErasure:        reads(FlagErased | FlagErasurePending | FlagErasureExcepted),
	AspectRestriction:    reads(FlagRestricted | FlagRestrictionConsent),
	AspectRetention:      reads(FlagRetentionExpired | FlagRetentionHold),
	AspectContested:      readContested,
	AspectOwn:            reads(FlagOwn),
	AspectOrder:          reads(FlagOrdered),
	AspectRegimes:        readRegimes,
	AspectAge:            readAge,
	AspectToldAPPI:       reads(FlagUntoldAPPI),
	AspectToldEEAUK:      reads(FlagUntoldEEAUK),
	AspectToldCalifornia: reads(FlagUntoldCalifornia),
	AspectDMObjection:    reads(FlagDMObjection),
	AspectCeaseUse:       reads(FlagCeaseUse),
	AspectCeaseProvision: reads(FlagCeaseProvision),
	AspectLIObjection:    readLI,
	AspectConsentAPPI:    readValid | readExplicit | readParental | readForeign,
	AspectConsentEEA:     (readValid | readExplicit | readParental) << slotEEA,
	AspectConsentUK:      (readValid | readExplicit | readParental) << slotUK,
	AspectConsentCCPA:    (readValid | readExplicit | readParental) << slotCCPA,
	AspectLimitSPI:       reads(FlagLimitSPI),
	AspectOptOut:         reads(FlagOptOut),
	AspectGPC:            reads(FlagGPC),
	AspectMinorOptIn:     reads(FlagMinorOptIn),
}

// part is what one value of an aspect puts into a situation.
type part struct {
	flags Flags
	n     uint8 // regimes, age band, standing of an objection, consent bits, or 1 for contested
}

// The bits of a consent.
const (
	consentValid uint8 = 1 << iota
	consentExplicit
	consentParental
	consentForeign
)

// put sets an aspect of a situation.
func (a Aspect) put(s *situation, p part) {
	s.flags |= p.flags
	switch a {
	case AspectRegimes:
		s.regimes = Regimes(p.n)
	case AspectAge:
		s.age = AgeBand(p.n)
	case AspectLIObjection:
		s.li = EventState(p.n)
	case AspectContested:
		s.contested = p.n != 0
	case AspectConsentAPPI, AspectConsentEEA, AspectConsentUK, AspectConsentCCPA:
		slot := int(a - AspectConsentAPPI)
		s.valid[slot], s.explicit[slot], s.parental[slot] = p.n&consentValid != 0, p.n&consentExplicit != 0, p.n&consentParental != 0
		if a == AspectConsentAPPI {
			s.foreign = p.n&consentForeign != 0
		}
	default: // the others are flags alone
	}
}

// looked is what a decision that read the part of an aspect given by one bit has seen
// of a value.
func (p part) looked(bit reads) uint8 {
	switch {
	case bit < readRegimes:
		return uint8(min(p.flags&Flags(bit), 1))
	case bit >= readParental:
		return p.n & consentParental
	case bit >= readExplicit:
		return p.n & consentExplicit
	case bit >= readValid:
		return p.n & consentValid
	case bit == readForeign:
		return p.n & consentForeign
	}
	return p.n
}

// suppliers finds the aspect that supplies a part, by the part's bit.
var suppliers = func() (s [64]Aspect) {
	for a, mask := range aspectReads {
		for ; mask != 0; mask &= mask - 1 {
			s[bits.TrailingZeros64(uint64(mask))] = Aspect(a)
		}
	}
	return s
}()
