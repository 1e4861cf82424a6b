package rules

import (
	"fmt"
	"maps"
	"slices"
)

func (c *compiler) populationDefs() {
	for i, d := range c.b.Population {
		if c.p.populations[d.Name.Value] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("population %q is defined twice", d.Name.Value), "")
		}
		p := &Population{Name: d.Name.Value, Type: d.Type, FoldCase: d.FoldCase, StripZeros: d.StripZeros, Number: i}
		for _, t := range d.Told {
			c.toldTo(p, t)
		}
		c.p.populations[p.Name] = p
	}
}

// toldTo notes the version of a notice under which a group's data was collected.
func (c *compiler) toldTo(p *Population, t ToldDef) {
	i := slices.IndexFunc(c.p.notices[:], func(l *noticeLine) bool { return l != nil && l.document == t.Document.Value })
	if i < 0 {
		c.problem(t.Document.Pos, ErrDangling, fmt.Sprintf("no document %q is a notice", t.Document.Value), "notice: appi, eea_uk or california, at the document")
		return
	}
	p.told[i] = c.since(Notice(i), t.Version) //nolint:gosec // an index of the notices
}

func (c *compiler) population(n Name) *Population {
	if p := c.p.populations[n.Value]; p != nil {
		return p
	}
	c.problem(n.Pos, ErrDangling, fmt.Sprintf("no population %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.populations))))
	return &Population{Name: n.Value, Type: IDString}
}

// subjectPopulation checks of whom a subject is one, and returns its population.
func (c *compiler) subjectPopulation(d *SubjectDef) *Population {
	if d.Category == CategoryUnknown {
		c.problem(d.Pos, ErrMissing, "a subject needs its category", "category: customer, business_partner, staff, employee_family or visitor")
	}
	if d.Population.Value == "" {
		c.problem(d.Pos, ErrMissing, "a subject needs its population", "population: one that populations declares")
		return &Population{Type: IDString}
	}
	return c.population(d.Population)
}

func (c *compiler) api(d *APIDef) {
	a := c.p.apis[d.Name.Value]
	if a == nil {
		a = &api{name: d.Name.Value}
		c.p.apis[a.name] = a
	} else {
		c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("api %q is defined in two files", a.name), "keep the shapes and resources of one api in one file")
	}
	c.shapes = make(map[string]*ShapeDef, len(d.Shapes))
	for i := range d.Shapes {
		c.shapes[d.Shapes[i].Name.Value] = &d.Shapes[i]
	}
	placed := make(map[string]bool, len(d.Shapes))
	for i := range d.Resources {
		c.resource(a, d, &d.Resources[i])
		for _, b := range d.Resources[i].Body {
			placed[b.Shape.Value] = placed[b.Shape.Value] || !b.Public
		}
	}
	for i := range d.Shapes {
		if s := &d.Shapes[i]; !placed[s.Name.Value] {
			c.unplaced(s)
		}
	}
}

// unplaced checks a shape that no resource uses yet: its mistakes should not wait
// until one does.
func (c *compiler) unplaced(s *ShapeDef) {
	if s.Subject != nil {
		c.subjectPopulation(s.Subject)
	}
	for i := range s.Fields {
		c.rule(&s.Fields[i])
	}
}

// rule checks what a rule says by itself and returns the attributes of its
// category, nil for a public member.
func (c *compiler) rule(f *FieldDef) (attrs *CategoryAttrs, ok bool) {
	if _, err := parsePath(f.Path.Value); err != nil {
		c.problem(f.Path.Pos, ErrBadValue, fmt.Sprintf("%q is %v", f.Path.Value, err), "")
		return nil, false
	}
	sound := f.About == nil || c.about(f)
	if f.Public == (f.Category.Value != "") {
		c.problem(f.Path.Pos, ErrMissing, fmt.Sprintf("%q is either public or has a category", f.Path.Value), "")
		return nil, false
	}
	if f.Public {
		return nil, sound
	}
	attrs = c.category(f.Category)
	return attrs, attrs != nil && sound
}

func (c *compiler) resource(a *api, d *APIDef, def *ResourceDef) {
	if def.Route.Value == "" {
		c.problem(def.Name.Pos, ErrMissing, fmt.Sprintf("resource %q needs its route", def.Name.Value), "for example: GET /v1/customers/{id}")
		return
	}
	pattern, err := parsePattern(def.Route.Value)
	if err != nil {
		c.problem(def.Route.Pos, ErrBadValue, fmt.Sprintf("route of %q: %v", def.Name.Value, err), "for example: GET /v1/customers/{id}")
		return
	}
	res := &Resource{API: a.name, Name: def.Name.Value, Route: def.Route.Value, Method: pattern.method, ConsumerFacing: def.ConsumerFacing, params: pattern.params()}
	res.Shape = c.buildShape(d, def, res.params)
	if res.unseen = def.Unseen; res.unseen == UnseenUnset {
		res.unseen = d.Unseen
	}
	if res.unseen == UnseenUnset && !def.NoSubjects {
		c.problem(def.Name.Pos, ErrMissing, fmt.Sprintf("resource %q does not say what becomes of a subject without any event", def.Name.Value),
			"unseen_subject: allow or withhold, at the resource or at the top of the file")
	}
	for i := range res.Shape.Subjects {
		k := &res.Shape.Subjects[i]
		if k.ID == IDParam {
			res.paramPopulation(k.Param, k.Population)
		}
	}
	c.params(res, def)
	for _, q := range def.Query {
		if re := c.pattern(q.Pattern); re != nil {
			res.query = append(res.query, queryParam{name: q.Name.Value, pattern: re})
		}
	}
	if len(c.problems) == 0 {
		res.kinds = planKinds(res.Shape)
	}
	for _, n := range def.Purposes {
		c.purpose(n)
		res.purposes = append(res.purposes, n.Value)
	}
	a.resources = append(a.resources, res)
	if other := a.router.add(pattern, res); other != nil {
		c.problem(def.Route.Pos, ErrDuplicate, fmt.Sprintf("resources %q and %q have the same route", other.Name, res.Name), "")
	}
}

// params gives the path parameters their forms.
func (c *compiler) params(res *Resource, def *ResourceDef) {
	for _, p := range def.Params {
		if !slices.Contains(res.params, p.Name.Value) {
			c.problem(p.Name.Pos, ErrDangling, fmt.Sprintf("the route has no parameter {%s}", p.Name.Value), DidYouMean(p.Name.Value, res.params))
			continue
		}
		if p.Population.Value != "" {
			res.paramPopulation(p.Name.Value, c.population(p.Population))
			continue
		}
		res.paramPattern(p.Name.Value, c.pattern(p.Pattern))
	}
}

// kindCategories lists the data categories of one kind's personal fields.
func kindCategories(s *Shape, kind int) []string {
	var out []string
	for i, f := range s.Fields {
		if s.Subjects[kind].Personal.Has(i) && !slices.Contains(out, f.Category) {
			out = append(out, f.Category)
		}
	}
	return out
}
