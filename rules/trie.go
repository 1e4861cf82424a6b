package rules

import (
	"fmt"
	"slices"
	"strings"
)

// shapeBuilder turns the body of one resource into a [Shape].
type shapeBuilder struct {
	c     *compiler
	api   *APIDef
	res   *ResourceDef
	shape *Shape
	defs  []*SubjectDef // by kind number
	own   []string      // by kind number: the shape's name
}

func (c *compiler) buildShape(api *APIDef, res *ResourceDef, params []string) *Shape {
	b := &shapeBuilder{c: c, api: api, res: res, shape: &Shape{Root: NewNode(), Single: true}}
	if res.Subject != nil {
		b.kind(b.shape.Root, res.Subject, res.Name.Value, ".", params)
	}
	placements := slices.Clone(res.Body)
	slices.SortStableFunc(placements, func(x, y BodyDef) int { return depth(x.Path.Value) - depth(y.Path.Value) })
	for i := range placements {
		b.placeSubject(&placements[i], params)
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
	var names []string
	for i := range b.api.Shapes {
		if b.api.Shapes[i].Name.Value == p.Shape.Value {
			return &b.api.Shapes[i]
		}
		names = append(names, b.api.Shapes[i].Name.Value)
	}
	b.c.problem(p.Shape.Pos, ErrDangling, fmt.Sprintf("no shape %q in api %q", p.Shape.Value, b.api.Name.Value), DidYouMean(p.Shape.Value, names))
	return nil
}

// placeSubject marks the object of a shape that is about a subject.
func (b *shapeBuilder) placeSubject(p *BodyDef, params []string) {
	if p.Public {
		return
	}
	def := b.shapeDef(p)
	if def == nil || def.Subject == nil {
		return
	}
	node, _, ok := b.walk(p.Path, nil)
	if !ok {
		return
	}
	if node.Subject >= 0 {
		b.c.problem(p.Path.Pos, ErrConflict, fmt.Sprintf("two subjects at %q", p.Path.Value), "remove the resource's own subject, or the shape's")
		return
	}
	b.kind(node, def.Subject, def.Name.Value, p.Path.Value, params)
}

// kind registers a kind of subject whose object stands at node.
func (b *shapeBuilder) kind(node *Node, def *SubjectDef, shape, path string, params []string) {
	pop := b.c.population(def.Population)
	k := SubjectKind{
		Shape: shape, Path: path, Population: pop, Category: def.Category,
		HasBorn: def.Born.Value != "", HasCountry: def.Country.Value != "" || def.Residence.Value != "",
	}
	if def.Category == CategoryUnknown {
		b.c.problem(def.Pos, ErrMissing, "a subject needs its category", "category: customer, business_partner, staff, employee_family or visitor")
	}
	sources := 0
	for source, given := range map[IDSource]bool{IDMember: def.At.Value != "", IDKey: def.Key, IDParam: def.Param.Value != "", IDQuery: def.Query.Value != ""} {
		if given {
			k.ID = source
			sources++
		}
	}
	if sources != 1 {
		b.c.problem(def.Pos, ErrMissing, "a subject needs one source of its id", "id: {at: PATH}, {key: true}, {param: NAME} or {query: NAME}")
	}
	switch k.ID {
	case IDParam:
		k.Param = def.Param.Value
		if !slices.Contains(params, k.Param) {
			b.c.problem(def.Param.Pos, ErrDangling, fmt.Sprintf("the route has no parameter {%s}", k.Param), DidYouMean(k.Param, params))
		}
	case IDQuery:
		k.Param = def.Query.Value
		if !slices.ContainsFunc(b.res.Query, func(q QueryDef) bool { return q.Name.Value == k.Param }) {
			b.c.problem(def.Query.Pos, ErrDangling, fmt.Sprintf("the resource allows no query parameter %q", k.Param), "")
		}
	case IDKey:
		if steps, err := parsePath(path); err == nil && (len(steps) == 0 || steps[len(steps)-1].kind != stepAny) {
			b.c.problem(def.Pos, ErrConflict, "id: {key: true} needs the shape placed at members of a map", "a path that ends with {}")
		}
	case IDMember:
	}
	if len(b.shape.Subjects) > 254 {
		b.c.problem(def.Pos, ErrTooMuch, "more than 255 kinds of subject in one body", "")
		return
	}
	node.Subject = len(b.shape.Subjects)
	b.shape.Subjects = append(b.shape.Subjects, k)
	b.defs, b.own = append(b.defs, def), append(b.own, shape)
	if strings.ContainsAny(path, "[{") {
		b.shape.Single = false
	}
	b.role(path, def.At, RoleID)
	b.role(path, def.Country, RoleCountry)
	b.role(path, def.Region, RoleRegion)
	b.role(path, def.Residence, RoleResidence)
	b.role(path, def.Born, RoleBorn)
}

// role marks a deciding member. Only members lead to it: an element of an
// array would be many values for one fact.
func (b *shapeBuilder) role(base string, path Name, role Roles) {
	if path.Value == "" {
		return
	}
	steps, err := parsePath(path.Value)
	if err != nil || len(steps) == 0 {
		b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", path.Value, errPath), "")
		return
	}
	for _, s := range steps {
		if s.kind != stepMember {
			b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q leads through an array or a map: one subject needs one value", path.Value), "")
			return
		}
	}
	if node, _, ok := b.walk(Name{Value: joinPath(base, path.Value), Pos: path.Pos}, nil); ok {
		node.Roles |= role
	}
}

// walk returns the node at a path from the root, made on the way, and the kind
// of the nearest enclosing subject.
func (b *shapeBuilder) walk(path Name, from *Node) (*Node, int, bool) {
	steps, err := parsePath(path.Value)
	if err != nil {
		b.c.problem(path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", path.Value, err), "")
		return nil, -1, false
	}
	n := from
	if n == nil {
		n = b.shape.Root
	}
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
		b.field(".", FieldDef{Path: p.Path, Public: true})
		return
	}
	def := b.shapeDef(p)
	if def == nil {
		return
	}
	for _, f := range def.Fields {
		b.field(p.Path.Value, f)
	}
}

// field adds one rule.
func (b *shapeBuilder) field(base string, def FieldDef) {
	path := joinPath(base, def.Path.Value)
	relative, err := parsePath(def.Path.Value)
	if err != nil {
		b.c.problem(def.Path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", def.Path.Value, err), "")
		return
	}
	f := Field{Path: path, Public: def.Public, Subtree: def.Subtree, Link: def.Link, Token: def.Token, Source: def.Source}
	switch {
	case def.Public == (def.Category.Value != ""):
		b.c.problem(def.Path.Pos, ErrMissing, fmt.Sprintf("%q is either public or has a category", def.Path.Value), "")
		return
	case !def.Public:
		f.Category = def.Category.Value
		if f.attrs = b.c.category(def.Category); f.attrs == nil {
			return
		}
	}
	last := stepMember
	if len(relative) > 0 {
		last = relative[len(relative)-1].kind
	}
	target := path
	if last == stepOwnKey {
		target = base
	}
	node, kind, ok := b.walk(Name{Value: target, Pos: def.Path.Pos}, nil)
	if !ok {
		return
	}
	f.Kind = kind
	if kind < 0 && !f.Public {
		b.c.problem(def.Path.Pos, ErrConflict, fmt.Sprintf("%q is personal, but nobody is the subject of it in resource %q", def.Path.Value, b.res.Name.Value),
			"give the shape or the resource a subject, or say `public`")
		return
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
		if !strings.HasSuffix(base, "{}") {
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
	b.shape.Fields = append(b.shape.Fields, f)
}

// finish checks what can only be seen when everything is placed.
func (b *shapeBuilder) finish() {
	for i := range b.shape.Subjects {
		b.shape.Subjects[i].Personal = NewFieldSet(len(b.shape.Fields))
	}
	for i, f := range b.shape.Fields {
		if f.Kind >= 0 && !f.Public {
			b.shape.Subjects[f.Kind].Personal.Add(i)
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
}

// exclusive refuses a place that is both a scalar by one rule and a container
// by another: the rule on the scalar would withhold what the others name.
func (b *shapeBuilder) exclusive(n *Node, path string) {
	container := len(n.Members) > 0 || n.Elem != nil || n.Any != nil
	if n.Field >= 0 && container {
		b.c.problem(b.res.Name.Pos, ErrConflict,
			fmt.Sprintf("resource %q has a rule at %q and rules below it", b.res.Name.Value, path), "a rule covers a scalar: keep the ones below")
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
