package rules

import (
	"fmt"
	"slices"
)

// otherKey is a definition of another person within one enclosing subject: fields of
// one placed shape whose definitions are equal are about one and the same person.
type otherKey struct {
	kind                       int
	base, population           string
	category                   SubjectCategory
	at, param, query           string
	caller, fromState          bool
	country, region, residence string
	born                       string
}

// other returns the kind of the person besides the enclosing subject that a field of a
// shape is about, and registers it when it is first met.
func (b *shapeBuilder) other(base, shape string, def *FieldDef, enclosing int) (number int, ok bool) {
	// A copy: of one definition each place of its shape makes a person of its own.
	d := *def.About
	if d.At.Value == "." {
		d.At.Value = def.Path.Value // the value is the id
	}
	key := otherKey{
		kind: enclosing, base: base, population: d.Population.Value, category: d.Category,
		at: d.At.Value, param: d.Param.Value, query: d.Query.Value, caller: d.Caller, fromState: d.FromState,
		country: d.Country.Value, region: d.Region.Value, residence: d.Residence.Value, born: d.Born.Value,
	}
	if number, ok = b.about[key]; ok {
		return number, true
	}
	path := b.shape.Subjects[enclosing].Path
	above, _ := parsePath(path)
	if steps, err := parsePath(base); err == nil && len(steps) > len(above) && !onlyMembers(steps[len(above):]) {
		b.c.problem(def.Path.Pos, ErrConflict,
			fmt.Sprintf("%q is about another person, and stands below an array or a map of its subject, in resource %q", def.Path.Value, b.res.Name.Value),
			"give the elements a shape with that person as its `subject`")
		return 0, false
	}
	k := b.person(&d, joinPath(shape, def.Path.Value), path, otherSources)
	k.About, k.Within = true, enclosing
	if number, ok = b.register(k, &d, base); !ok {
		return 0, false
	}
	b.about[key] = number
	for role, at := range d.roles() {
		b.role(base, at, func(n *Node) { n.decidesOther(number, role) })
	}
	return number, true
}

// decidesOther marks a deciding member of another person.
func (n *Node) decidesOther(kind int, role Roles) {
	for i := range n.Others {
		if n.Others[i].Kind == kind {
			n.Others[i].Roles |= role
			return
		}
	}
	n.Others = append(n.Others, OtherRoles{Kind: kind, Roles: role})
	slices.SortFunc(n.Others, func(x, y OtherRoles) int { return x.Kind - y.Kind })
}

// otherSources is where the id of such a person may come from.
const otherSources = "id: {at: PATH}, {param: NAME}, {query: NAME} or {caller: true}"

// about checks what a field says of another person by itself.
func (c *compiler) about(f *FieldDef) bool {
	steps, _ := parsePath(f.Path.Value)
	last, _ := lastStep(f.Path.Value)
	switch {
	case f.Public:
		c.problem(f.About.Pos, ErrConflict, fmt.Sprintf("%q is public, so it is about nobody", f.Path.Value), "give it a category, or remove `about`")
	case last == stepKey || last == stepOwnKey:
		c.problem(f.About.Pos, ErrConflict, fmt.Sprintf("%q is a key, and only a value can be about another person", f.Path.Value),
			"make that person the `subject` of the shape at {}")
	case !onlyMembers(steps):
		c.problem(f.About.Pos, ErrConflict, fmt.Sprintf("%q leads through an array or a map: one person needs one value", f.Path.Value),
			"give the elements a shape with that person as its `subject`")
	case f.About.Key:
		c.problem(f.About.Pos, ErrConflict, "a person that a field is about stands under no key", otherSources)
	default:
		c.subjectPopulation(f.About)
		return true
	}
	return false
}

// needsSubject says what to do about a personal field that no subject encloses.
func (f *FieldDef) needsSubject() string {
	if f.About != nil {
		return "the person that it is about is the only one: write it as the `subject` of the shape, not as `about`"
	}
	return "give the shape or the resource a subject, or say `public`"
}
