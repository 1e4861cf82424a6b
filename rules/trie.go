package rules

import (
	"fmt"
	"maps"
	"slices"
)

// shapeBuilder turns the body of one resource into a [Shape].
type shapeBuilder struct {
	c     *compiler
	api   *APIDef
	res   *ResourceDef
	shape *Shape
	defs  []*SubjectDef // by kind number
	bases []string      // by kind number: where the paths of its definition begin
	about map[otherKey]int
	route []string // the parameters of the route
	rules []Name   // by field number: the path as its author wrote it
}

func (c *compiler) buildShape(api *APIDef, res *ResourceDef, params []string) *Shape {
	b := &shapeBuilder{c: c, api: api, res: res, shape: &Shape{Root: NewNode(), Single: true}, about: make(map[otherKey]int), route: params}
	if res.Subject != nil {
		b.kind(b.shape.Root, res.Subject, res.Name.Value, ".")
	}
	placements := slices.Clone(res.Body)
	slices.SortStableFunc(placements, func(x, y BodyDef) int { return depth(x.Path.Value) - depth(y.Path.Value) })
	for i := range placements {
		b.placeSubject(&placements[i])
	}
	for i := range placements {
		b.placeFields(&placements[i])
	}
	b.finish()
	return b.shape
}

func depth(path string) int {
	steps, err := parsePath(path)
	if err != nil {
		return 0
	}
	return len(steps)
}

func (b *shapeBuilder) shapeDef(p *BodyDef) *ShapeDef {
	if def := b.c.shapes[p.Shape.Value]; def != nil {
		return def
	}
	b.c.problem(p.Shape.Pos, ErrDangling, fmt.Sprintf("no shape %q in api %q", p.Shape.Value, b.api.Name.Value),
		DidYouMean(p.Shape.Value, slices.Collect(maps.Keys(b.c.shapes))))
	return nil
}

// placeSubject marks the object of a shape that is about a subject.
func (b *shapeBuilder) placeSubject(p *BodyDef) {
	if p.Public {
		return
	}
	def := b.shapeDef(p)
	if def == nil || def.Subject == nil || !b.standsAtObject(p) {
		return
	}
	node, _, ok := b.walk(p.Path)
	if !ok {
		return
	}
	if node.Subject >= 0 {
		b.c.problem(p.Path.Pos, ErrConflict, fmt.Sprintf("two subjects at %q", p.Path.Value), "remove the resource's own subject, or the shape's")
		return
	}
	b.kind(node, def.Subject, def.Name.Value, p.Path.Value)
}

// standsAtObject reports whether a shape is placed where an object can be.
func (b *shapeBuilder) standsAtObject(p *BodyDef) bool {
	if last, ok := lastStep(p.Path.Value); ok && (last == stepKey || last == stepOwnKey) {
		b.c.problem(p.Path.Pos, ErrConflict, fmt.Sprintf("%q is a key, and shape %q an object", p.Path.Value, p.Shape.Value), "place it at {}")
		return false
	}
	return true
}

// walk returns the node at a path from the root, made on the way, and the kind
// of the nearest enclosing subject.
func (b *shapeBuilder) walk(path Name) (*Node, int, bool) {
	steps, err := parsePath(path.Value)
	if err != nil {
		b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", path.Value, err), "")
		return nil, -1, false
	}
	n := b.shape.Root
	kind := n.Subject
	for _, s := range steps {
		switch s.kind {
		case stepMember:
			if n.Members == nil {
				n.Members = make(map[string]*Node)
			}
			next := n.Members[s.name]
			if next == nil {
				next = NewNode()
				n.Members[s.name] = next
			}
			n = next
		case stepElem:
			if n.Elem == nil {
				n.Elem = NewNode()
			}
			n = n.Elem
		case stepAny:
			if n.Any == nil {
				n.Any = NewNode()
			}
			n = n.Any
		case stepKey, stepOwnKey:
			return n, kind, true
		}
		if n.Subject >= 0 {
			kind = n.Subject
		}
	}
	return n, kind, true
}

func (b *shapeBuilder) placeFields(p *BodyDef) {
	if p.Public {
		b.field(".", "", FieldDef{Path: p.Path, Public: true})
		return
	}
	def := b.shapeDef(p)
	if def == nil || !b.standsAtObject(p) {
		return
	}
	for _, f := range def.Fields {
		b.field(p.Path.Value, def.Name.Value, f)
	}
}

// field adds one rule of a shape that is placed at base.
func (b *shapeBuilder) field(base, shape string, def FieldDef) {
	attrs, ok := b.c.rule(&def)
	if !ok {
		return
	}
	path := joinPath(base, def.Path.Value)
	f := Field{
		Path: path, Category: def.Category.Value, Public: def.Public, Subtree: def.Subtree,
		Link: def.Link, Token: def.Token, Source: def.Source, attrs: attrs,
	}
	last, _ := lastStep(def.Path.Value)
	target := path
	if last == stepOwnKey {
		target = base
	}
	node, kind, ok := b.walk(Name{Value: target, Pos: def.Path.Pos})
	if !ok {
		return
	}
	f.Kind = kind
	if kind < 0 && !f.Public {
		b.c.problem(def.Path.Pos, ErrConflict, fmt.Sprintf("%q is personal, but nobody is the subject of it in resource %q", def.Path.Value, b.res.Name.Value),
			def.needsSubject())
		return
	}
	if def.About != nil {
		if f.About, ok = b.other(base, shape, &def, kind); !ok {
			return
		}
	}
	slot := &node.Field
	switch last {
	case stepKey:
		if node.Any == nil {
			node.Any = NewNode()
		}
		slot = &node.Any.Key
	case stepOwnKey:
		slot = &node.Key
		if at, ok := lastStep(base); !ok || at != stepAny {
			b.c.problem(def.Path.Pos, ErrConflict, "@key needs the shape placed at members of a map", "a path that ends with {}")
			return
		}
	case stepMember, stepElem, stepAny:
		node.Subtree = def.Subtree
	}
	if *slot >= 0 {
		b.c.problem(def.Path.Pos, ErrDuplicate, fmt.Sprintf("two rules for %q", path), "")
		return
	}
	*slot = len(b.shape.Fields)
	b.shape.Fields, b.rules = append(b.shape.Fields, f), append(b.rules, def.Path)
}

// finish checks what can only be seen when everything is placed.
func (b *shapeBuilder) finish() {
	for i := range b.shape.Subjects {
		b.shape.Subjects[i].Personal = NewFieldSet(len(b.shape.Fields))
	}
	for i, f := range b.shape.Fields {
		if f.Kind >= 0 && !f.Public {
			b.shape.Subjects[f.Kind].Personal.Add(i)
			if f.About > 0 {
				b.shape.Subjects[f.About].Personal.Add(i)
			}
		}
	}
	if b.res.NoSubjects != (len(b.shape.Subjects) == 0) {
		detail := fmt.Sprintf("resource %q has no subject", b.res.Name.Value)
		if b.res.NoSubjects {
			detail = fmt.Sprintf("resource %q says subjects: none and has one", b.res.Name.Value)
		}
		b.c.problem(b.res.Name.Pos, ErrConflict, detail, "say `subjects: none` where no person is meant, and only there")
	}
	if len(b.res.Body) == 0 {
		b.c.problem(b.res.Name.Pos, ErrMissing, fmt.Sprintf("resource %q has no body", b.res.Name.Value), "")
	}
	for kind := range b.shape.Subjects {
		if n := len(kindCategories(b.shape, kind)); n > MaxCategories {
			b.c.problem(b.res.Name.Pos, ErrTooMuch, fmt.Sprintf("%d data categories about one subject, more than %d", n, MaxCategories), "")
		}
	}
	b.exclusive(b.shape.Root, ".")
	for kind, def := range b.defs {
		for _, at := range def.roles() {
			b.decides(kind, at)
		}
	}
}

func (n *Node) container() bool { return len(n.Members) > 0 || n.Elem != nil || n.Any != nil }

// exclusive refuses a place that is both a scalar by one rule and a container
// by another: the rule on the scalar would withhold what the others name.
func (b *shapeBuilder) exclusive(n *Node, path string) {
	if n.Field >= 0 && n.container() {
		rule := b.rules[n.Field]
		b.c.problem(rule.Pos, ErrConflict, fmt.Sprintf("there are rules below %q", rule.Value), "a rule covers a scalar: keep the ones below")
	}
	if n.Any != nil && n.Any.Key < 0 {
		b.c.problem(b.res.Name.Pos, ErrMissing, fmt.Sprintf("resource %q has no rule for the keys of the map at %q, so nothing of it could leave", b.res.Name.Value, path),
			"name them by {key}, or by @key in the shape of its members")
	}
	if n.Any != nil && len(n.Members) > 0 {
		b.c.problem(b.res.Name.Pos, ErrConflict,
			fmt.Sprintf("resource %q names members of %q, whose keys are data", b.res.Name.Value, path), "use {} or names, not both")
	}
	for name, m := range n.Members {
		b.exclusive(m, joinPath(path, name))
	}
	if n.Elem != nil {
		b.exclusive(n.Elem, joinPath(path, "[]"))
	}
	if n.Any != nil {
		b.exclusive(n.Any, joinPath(path, "{}"))
	}
}
