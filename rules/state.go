package rules

import (
	"slices"
	"strings"
	"time"
)

// State is what is known of a subject: the fold of its events. A nil State is
// that of a subject without any. A State is immutable.
type State struct {
	// Seen is true when somebody who was verified has said anything: a gateway's
	// own observation and a claim make nobody known.
	Seen bool
	// Ages and Locations hold the fact from outside, if any, and everything
	// observed or claimed since: the strictest decides.
	Ages      []AgeFact
	Locations []Location

	Restriction Standing
	DMObjection Standing
	OptOut      Standing
	LimitSPI    Standing
	MinorOptIn  Standing
	Erasure     Standing
	// ErasureExceptions are the purposes that an excepted erasure leaves.
	ErasureExceptions []string
	Retention         []PurposeStanding
	LIObjections      []PurposeStanding
	CeaseUse          []PurposeStanding
	CeaseProvision    []PurposeStanding
	Contested         []string // data categories whose accuracy is contested
	Notices           []NoticeTold
	Orders            []OrderStanding // legal orders that name the subject
	// Consents holds every consent event that can still decide something,
	// by Time; at equal times the more restrictive is the later one.
	Consents []Event

	// Whether Ages and Locations have a fact from outside. Observations and
	// claims only tighten: without such a fact an adult is of unknown age,
	// and somebody who was seen in Japan is of unknown location.
	ageFact, locationFact factStanding
}

// factStanding says that a fact from outside is known, and since when.
type factStanding struct {
	known bool
	since time.Time
}

// Standing is one right's present state and since when.
type Standing struct {
	State EventState
	Since time.Time
	Seq   Seq
}

// Active reports whether the standing is in force.
func (s Standing) Active() bool { return s.State == StateActive }

// PurposeStanding is a standing of one purpose, or of all with an empty one.
type PurposeStanding struct {
	Purpose string
	Standing
}

// OrderStanding is whether a legal order names the subject.
type OrderStanding struct {
	Order string
	Standing
}

// NoticeTold is a version of a notice that the subject was told.
type NoticeTold struct {
	Document, Version string
	Since             time.Time
}

// AgeAt returns the strictest band that anything known supports.
func (s *State) AgeAt(now time.Time) AgeBand {
	if s == nil {
		return AgeUnknown
	}
	band := AgeUnknown
	for _, f := range s.Ages {
		band = stricter(band, f.At(now))
	}
	return band
}

// decidingAge is AgeAt for a decision: a band that only lifts what an unknown
// age would ask for needs a fact from outside.
func (s *State) decidingAge(now time.Time) AgeBand {
	band := s.AgeAt(now)
	if band > Age13To15 && !s.ageFact.known {
		return AgeUnknown
	}
	return band
}

// standingFor returns the severest standing that covers a purpose, by the
// order of the kind's states.
func standingFor(list []PurposeStanding, kind EventKind, purpose string) EventState {
	order := kind.States()
	best := len(order)
	for _, p := range list {
		if p.Purpose != "" && p.Purpose != purpose {
			continue
		}
		if i := slices.Index(order, p.State); i >= 0 && i < best {
			best = i
		}
	}
	if best == len(order) {
		return StateNone
	}
	return order[best]
}

// categoriesOverlap reports whether one of two data categories is within the other.
func categoriesOverlap(a, b string) bool { return categoryWithin(a, b) || categoryWithin(b, a) }

// categoryWithin reports whether a data category is prefix or a descendant of it.
func categoryWithin(category, prefix string) bool {
	return prefix == "" || category == prefix ||
		strings.HasPrefix(category, prefix) && category[len(prefix)] == '.'
}
