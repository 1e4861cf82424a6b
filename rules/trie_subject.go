package rules

import (
	"fmt"
	"iter"
	"slices"
)

// kind registers a kind of subject whose object stands at node.
func (b *shapeBuilder) kind(node *Node, def *SubjectDef, shape, path string) {
	k := b.person(def, shape, path, "id: {at: PATH}, {key: true}, {param: NAME}, {query: NAME} or {caller: true}")
	number, ok := b.register(k, def, path)
	if !ok {
		return
	}
	node.Subject = number
	if steps, _ := parsePath(path); slices.ContainsFunc(steps, func(s step) bool { return s.kind != stepMember }) {
		b.shape.Single = false
	}
	for role, at := range def.roles() {
		b.role(path, at, func(n *Node) { n.Roles |= role })
	}
}

// person reads what a definition says by itself; sources are those that its id may have.
func (b *shapeBuilder) person(def *SubjectDef, shape, path, sources string) SubjectKind {
	k := SubjectKind{
		Shape: shape, Path: path, Population: b.c.subjectPopulation(def), Category: def.Category,
		HasBorn: def.Born.Value != "", HasCountry: def.Country.Value != "" || def.Residence.Value != "", FromState: def.FromState,
	}
	given := 0
	for source, says := range []bool{
		IDMember: def.At.Value != "", IDKey: def.Key, IDParam: def.Param.Value != "", IDQuery: def.Query.Value != "", IDCaller: def.Caller,
	} {
		if says {
			k.ID = IDSource(source)
			given++
		}
	}
	if given != 1 {
		b.c.problem(def.Pos, ErrMissing, "a subject needs one source of its id", sources)
		k.ID = IDMember
	}
	switch k.ID {
	case IDParam:
		k.Param = def.Param.Value
		if !slices.Contains(b.route, k.Param) {
			b.c.problem(def.Param.Pos, ErrDangling, fmt.Sprintf("the route has no parameter {%s}", k.Param), DidYouMean(k.Param, b.route))
		}
	case IDQuery:
		k.Param = def.Query.Value
		if !slices.ContainsFunc(b.res.Query, func(q QueryDef) bool { return q.Name.Value == k.Param }) {
			b.c.problem(def.Query.Pos, ErrDangling, fmt.Sprintf("the resource allows no query parameter %q", k.Param), "")
		}
	case IDKey:
		if last, ok := lastStep(path); !ok || last != stepAny {
			b.c.problem(def.Pos, ErrConflict, "id: {key: true} needs the shape placed at members of a map", "a path that ends with {}")
		}
	case IDMember, IDCaller:
	}
	return k
}

// register gives a kind its number. The paths of its definition begin at base.
func (b *shapeBuilder) register(k SubjectKind, def *SubjectDef, base string) (number int, ok bool) {
	if len(b.shape.Subjects) > 254 {
		b.c.problem(def.Pos, ErrTooMuch, "more than 255 kinds of subject in one body", "")
		return 0, false
	}
	b.shape.Subjects = append(b.shape.Subjects, k)
	b.defs, b.bases = append(b.defs, def), append(b.bases, base)
	return len(b.shape.Subjects) - 1, true
}

// roles yields the paths of the deciding members, in the order of the roles.
func (d *SubjectDef) roles() iter.Seq2[Roles, Name] {
	return func(yield func(Roles, Name) bool) {
		role := RoleID
		for _, at := range []Name{d.At, d.Country, d.Region, d.Residence, d.Born} {
			if at.Value != "" && !yield(role, at) {
				return
			}
			role <<= 1
		}
	}
}

// role marks a deciding member. Only members lead to it: an element of an
// array would be many values for one fact.
func (b *shapeBuilder) role(base string, path Name, mark func(*Node)) {
	steps, err := parsePath(path.Value)
	if err != nil || len(steps) == 0 {
		b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", path.Value, errPath), "")
		return
	}
	if !onlyMembers(steps) {
		b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q leads through an array or a map: one subject needs one value", path.Value), "")
		return
	}
	if node, _, ok := b.walk(Name{Value: joinPath(base, path.Value), Pos: path.Pos}); ok {
		mark(node)
	}
}

func onlyMembers(steps []step) bool {
	return !slices.ContainsFunc(steps, func(s step) bool { return s.kind != stepMember })
}

// decides checks a deciding member once all subjects stand where they stand.
func (b *shapeBuilder) decides(kind int, at Name) {
	decider, suggestion := kind, "a subject decides by its own members"
	if k := &b.shape.Subjects[kind]; k.About {
		decider, suggestion = k.Within, "what is about another person has its id in the same object as the field"
	}
	node, owner, ok := b.walk(Name{Value: joinPath(b.bases[kind], at.Value), Pos: at.Pos})
	switch {
	case !ok:
	case owner != decider:
		b.c.problem(at.Pos, ErrConflict, fmt.Sprintf("%q leads into the object of another subject, in resource %q", at.Value, b.res.Name.Value), suggestion)
	case node.container():
		b.c.problem(at.Pos, ErrConflict, fmt.Sprintf("%q decides about a subject and has members of its own, in resource %q", at.Value, b.res.Name.Value), "name the member that holds the value")
	}
}
