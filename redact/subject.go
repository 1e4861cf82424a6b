package redact

import "github.com/modicum-dev/modicum/rules"

// Subject is one person that a body is about, with the members that decide
// what may be seen of it. They are read whether or not they may leave.
type Subject struct {
	Kind   int // number of the subject kind in the shape
	Parent int // index of the nearest enclosing subject, -1 for none; of a person that single fields are about that of these fields

	ID        Scalar // absent when the kind takes its id from the request
	Country   Scalar
	Region    Scalar
	Residence Scalar
	Born      Scalar

	// The other persons that single fields in its object are about, as a list by index,
	// and of such a person the next one: 0 ends it.
	others, next int32
}

// ScalarType is the JSON type of a deciding member.
type ScalarType uint8

// The types.
const (
	Absent ScalarType = iota // not in the body
	Null
	String
	Number
	Bool
	Defect // in the body and not usable: a container, a duplicate, half a surrogate pair, below something that is no object
)

// Scalar is the value of a deciding member, or one that is to be replaced by a
// token.
type Scalar struct {
	Type ScalarType
	// Fault says why a defect is one: type_unexpected, lone_surrogate,
	// duplicate_member or member_unreachable.
	Fault rules.Reason
	Text  []byte // the unescaped text of a string; number, true and false as they stand; else nil. Valid until the next Open.
}

// role returns the slot of one deciding member.
func (s *Subject) role(r rules.Roles) *Scalar {
	switch r {
	case rules.RoleID:
		return &s.ID
	case rules.RoleCountry:
		return &s.Country
	case rules.RoleRegion:
		return &s.Region
	case rules.RoleResidence:
		return &s.Residence
	case rules.RoleBorn:
		return &s.Born
	}
	return nil
}

// decide notes a value for each of the roles. A second value for the same role
// makes it a defect: upstream and client may disagree which one counts.
func (s *Subject) decide(roles rules.Roles, v Scalar) {
	for ; roles != 0; roles &= roles - 1 {
		if slot := s.role(roles & -roles); slot.Type == Absent {
			slot.Type, slot.Fault, slot.Text = v.Type, v.Fault, v.Text
		} else {
			*slot = Scalar{Type: Defect, Fault: rules.DuplicateMember}
		}
	}
}

// spoil makes each of the roles a defect. Of one that has a value already this is a
// second one.
func (s *Subject) spoil(roles rules.Roles, why rules.Reason) {
	for ; roles != 0; roles &= roles - 1 {
		slot, fault := s.role(roles&-roles), why
		if slot.Type != Absent {
			fault = rules.DuplicateMember
		}
		*slot = Scalar{Type: Defect, Fault: fault}
	}
}
