package rules

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
}

// Decision is one field's outcome with its grounds.
type Decision struct {
	Reasons []Reason // the primary one first; all regimes' reasons of the severest outcome and below
	Basis   Basis    // the legal basis relied on, BasisNone where no regime asks for one
}
