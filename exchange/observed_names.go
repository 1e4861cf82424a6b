package exchange

import (
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// observedPlace is an object in which there are members that no rule names.
type observedPlace struct {
	names map[string]*observedName // nil once there were too many
	other int64                    // members whose names are not kept
}

type observedName struct {
	count   int64
	answers int64
	last    int64       // number of the newest of answers
	people  []rules.Key // the first ones
	outside bool        // of every person
}

// name counts a member that no rule names.
func (r *observedResource) name(m *unnamed) {
	at := r.places[m.at]
	if at == nil {
		at = &observedPlace{names: make(map[string]*observedName)}
		r.places[m.at] = at
	}
	if m.name == "" || at.names == nil {
		at.other++
		return
	}
	n := at.names[m.name]
	if n == nil {
		if len(at.names) == DefaultMaxObservedNames {
			at.forget()
			at.other++
			return
		}
		n = new(observedName)
		at.names[m.name] = n
	}
	n.count++
	if n.last != r.answers {
		n.last = r.answers
		n.answers++
	}
	if m.person == nil {
		n.outside = true
		return
	}
	if who := m.person; who.known && len(n.people) < DefaultMinObserved && !slices.Contains(n.people, who.key) {
		n.people = append(n.people, who.key)
	}
}

// forget takes the place for a map.
func (p *observedPlace) forget() {
	for _, known := range p.names {
		p.other += known.count
	}
	p.names = nil
}

// told reports whether enough has been seen of a name to tell it.
func (n *observedName) told() bool {
	if n.outside {
		return n.answers >= DefaultMinObservedAnswers
	}
	return len(n.people) >= DefaultMinObserved
}

// tellable reports whether a name looks like one that a programmer gave: letters,
// digits, _ and -, not longer than the limit, without a number in it that could be
// somebody's. Whatever does not is never told.
func tellable(name []byte) bool {
	if len(name) == 0 || len(name) > DefaultMaxObservedName {
		return false
	}
	digits := 0
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		digit := c >= '0' && c <= '9'
		if i == 0 && !letter || !letter && !digit && c != '-' {
			return false
		}
		if digit {
			digits++
		}
	}
	return digits < 4
}
