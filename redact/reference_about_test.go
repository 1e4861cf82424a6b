package redact_test

import (
	"slices"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// beginning is where a subject begins.
type beginning struct {
	v *tree
	n *rules.Node
}

// meet begins the other persons that a value of subject in tells of, by kind.
func (r *reference) meet(v *tree, n *rules.Node, in int) {
	if in < 0 || v.raw == "null" {
		return
	}
	for kind := range r.shape.Subjects {
		deciding := rolesOf(n, kind)
		if v.open != '{' || !v.named(n) {
			deciding |= rolesBelow(n, kind)
		}
		if deciding != 0 || n.Field >= 0 && r.shape.Fields[n.Field].About == kind && kind > 0 {
			r.otherPerson(kind, in)
		}
	}
}

// meetAgain begins those of whom a second member of one name decides something.
func (r *reference) meetAgain(n *rules.Node, in int) {
	if in < 0 {
		return
	}
	for kind := range r.shape.Subjects {
		if rolesOf(n, kind)|rolesBelow(n, kind) != 0 {
			r.otherPerson(kind, in)
		}
	}
}

func rolesOf(n *rules.Node, kind int) (roles rules.Roles) {
	for _, o := range n.Others {
		if o.Kind == kind {
			roles |= o.Roles
		}
	}
	return roles
}

// rolesBelow is what members below a place decide, within the same subject.
func rolesBelow(n *rules.Node, kind int) (roles rules.Roles) {
	if n.Field >= 0 {
		return 0
	}
	for _, m := range n.Members {
		if m.Subject < 0 {
			roles |= rolesOf(m, kind) | rolesBelow(m, kind)
		}
	}
	return roles
}

// otherPerson begins a person once. Its null members say nothing.
func (r *reference) otherPerson(kind, in int) {
	if r.besides(kind, in) >= 0 {
		return
	}
	s := redact.Subject{Kind: kind, Parent: in}
	for role, slot := range map[rules.Roles]*redact.Scalar{
		rules.RoleID: &s.ID, rules.RoleCountry: &s.Country, rules.RoleRegion: &s.Region, rules.RoleResidence: &s.Residence, rules.RoleBorn: &s.Born,
	} {
		for _, way := range waysBy(r.at[in].n, true, func(n *rules.Node) bool { return rolesOf(n, kind)&role != 0 }) {
			if found := follow(r.at[in].v, way); found.Type != redact.Null {
				*slot = found
			}
		}
	}
	r.subjects = append(r.subjects, s)
	r.at = append(r.at, r.at[in])
}

// besides returns the other person of a kind in a subject's object, -1 for none.
func (r *reference) besides(kind, in int) int {
	return slices.IndexFunc(r.subjects, func(s redact.Subject) bool {
		return s.Kind == kind && s.Parent == in && r.shape.Subjects[kind].About
	})
}

// concerned lists whom a field in a subject's object is about.
func (r *reference) concerned(field, in int) []int {
	if kind := r.shape.Fields[field].About; kind > 0 && in >= 0 {
		return []int{in, r.besides(kind, in)}
	}
	return []int{in}
}

// both lets a field pass that two persons let pass.
func (r *reference) both(field, in int, a rules.Action) rules.Action {
	s := r.besides(r.shape.Fields[field].About, in)
	if s < 0 || r.actions[s] == nil {
		return rules.Action{}
	}
	b := r.actions[s].Fields[field]
	cell := a.Cell || b.Cell
	var out rules.Action
	switch [2]rules.Verb{a.Verb, b.Verb} {
	case [2]rules.Verb{rules.Allow, rules.Allow}, [2]rules.Verb{rules.Transform, rules.Allow}:
		out = a
	case [2]rules.Verb{rules.Allow, rules.Transform}:
		out = b
	case [2]rules.Verb{rules.Transform, rules.Transform}:
		if a.Need == b.Need && (a.Need != rules.NeedGeneralised || a.Generaliser.String() == b.Generaliser.String()) {
			out = a
		}
	}
	if cell && (r.small[in] || r.small[s]) {
		return rules.Action{}
	}
	out.Cell = cell && out.Verb != rules.Withhold
	return out
}
