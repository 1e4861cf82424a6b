package rules

import "slices"

// Verb is what happens to one field of one subject. The zero Verb withholds.
type Verb uint8

// The verbs, by severity from the greatest.
const (
	Withhold  Verb = iota // the member is omitted
	Transform             // the value is replaced
	Allow                 // the bytes of the value are copied
)

// String returns the word that records use.
func (v Verb) String() string {
	switch v {
	case Allow:
		return "allow"
	case Transform:
		return "transform"
	case Withhold:
		return "withhold"
	}
	return "withhold"
}

// Action is the decision for one field.
type Action struct {
	Verb Verb
	Need Need // which transform, when Verb is Transform
	// Cell: the value is generalised for statistics, and may leave only in a
	// combination that enough subjects of the answer share (M2).
	Cell        bool
	Generaliser *Generaliser // with NeedGeneralised
}

// Actions is the decision for one class of subjects: one action a field.
// Actions are shared between requests and must not be changed.
type Actions struct {
	// Fields holds an action for every field of the shape; those of other
	// kinds of subject withhold.
	Fields []Action
	// Nothing is true when no personal field may leave in any form: the
	// subject is not in the answer.
	Nothing bool

	// Gate is the subject gate that withheld everything, or ReasonNone.
	Gate Reason
	// Decisions explains Fields, for the record. By field number.
	Decisions []Decision
	// Class is the input that was decided.
	Class Class
	// Counts of the personal fields by verb.
	Allowed, Transformed, Withheld int

	small *Actions // without what only a large enough cell may show; nil: there is nothing of it
}

// Celled reports whether any field may leave only in a large enough cell.
func (a *Actions) Celled() bool { return a.small != nil }

// Small returns the decision for a subject whose combination of generalised values too
// few subjects of the answer share: those values are withheld (M2).
func (a *Actions) Small() *Actions {
	if a.small == nil {
		return a
	}
	return a.small
}

// withoutCells makes what Small returns.
func (a *Actions) withoutCells() *Actions {
	s := &Actions{
		Fields: slices.Clone(a.Fields), Decisions: slices.Clone(a.Decisions), Class: a.Class, Gate: a.Gate,
		Allowed: a.Allowed, Transformed: a.Transformed, Withheld: a.Withheld, Nothing: true,
	}
	for i := range s.Fields {
		if !s.Fields[i].Cell {
			s.Nothing = s.Nothing && (s.Fields[i].Verb == Withhold || slices.Contains(s.Decisions[i].Reasons, FieldPublic))
			continue
		}
		s.Fields[i] = Action{}
		s.Decisions[i] = Decision{Reasons: append([]Reason{SmallCell}, a.Decisions[i].Reasons...)}
		s.Transformed--
		s.Withheld++
	}
	if s.Nothing { // what is not personal goes with the rest
		for i := range s.Fields {
			s.Fields[i] = Action{}
			if slices.Contains(s.Decisions[i].Reasons, FieldPublic) {
				s.Decisions[i] = Decision{}
			}
		}
	}
	return s
}

// size is how many decisions about fields it holds.
func (a *Actions) size() int {
	if a.small != nil {
		return 2 * len(a.Fields)
	}
	return len(a.Fields)
}

// Decision is one field's outcome with its grounds.
type Decision struct {
	Reasons []Reason // the primary one first; all regimes' reasons of the severest outcome and below
	Basis   Basis    // the legal basis relied on, BasisNone where no regime asks for one
}
