package openapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// Compare holds the api of a policy against its description. Everything that it
// finds is a warning: a member that no rule names is dropped, a rule for what the
// api does not have has no effect, and somebody should say whether that is meant.
// The policy must compile and have the api.
func Compare(bundle *rules.Bundle, name string, described *API) rules.Problems {
	i := slices.IndexFunc(bundle.APIs, func(a rules.APIDef) bool { return a.Name.Value == name })
	if i < 0 {
		return nil
	}
	c := &comparison{api: &bundle.APIs[i], rules: make(map[*rules.FieldDef]*outcome), shapes: make(map[string]*rules.ShapeDef), surprising: make(map[rules.Pos]bool)}
	for s := range c.api.Shapes {
		c.shapes[c.api.Shapes[s].Name.Value] = &c.api.Shapes[s]
	}
	c.routes(described)
	c.lacking()
	return c.found.Sort()
}

type comparison struct {
	api    *rules.APIDef
	shapes map[string]*rules.ShapeDef
	// Of every rule of a shape, and of everything else that a resource says.
	rules    map[*rules.FieldDef]*outcome
	outcomes []*outcome
	// Rules that a warning of their type was given for.
	surprising map[rules.Pos]bool
	found      rules.Problems
}

// outcome is what the answers say of something that the policy names.
type outcome struct {
	pos   rules.Pos
	what  string
	found bool     // some answer has it, or may have it
	name  string   // of the member that was looked for
	near  []string // the names that stand in its place
}

func (c *comparison) warn(pos rules.Pos, kind error, suggestion, format string, args ...any) {
	c.found = append(c.found, &rules.Problem{Pos: pos, Kind: kind, Detail: fmt.Sprintf(format, args...), Suggestion: suggestion, Warning: true})
}

var parameters = regexp.MustCompile(`\{[^/]*\}`)

func anonymous(route string) string { return parameters.ReplaceAllString(route, "{}") }

func (c *comparison) routes(described *API) {
	operations := make(map[string]*Operation)
	var names []string
	for _, o := range described.Operations {
		operations[anonymous(o.Route())] = o
		names = append(names, o.Route())
	}
	left := make(map[string]string)
	for _, l := range described.Left {
		left[anonymous(l.Method+" "+l.Path)] = l.Reason
	}
	mapped := make(map[string]bool)
	for i := range c.api.Resources {
		r := &c.api.Resources[i]
		route := anonymous(r.Route.Value)
		mapped[route] = true
		switch o := operations[route]; {
		case o != nil:
			c.resource(r, o)
		case left[route] != "":
			c.warn(r.Route.Pos, rules.ErrDangling, "", "the description of %s cannot be compared: %s", r.Route.Value, left[route])
		default:
			c.warn(r.Route.Pos, rules.ErrDangling, rules.DidYouMean(r.Route.Value, names), "the api has no %s", r.Route.Value)
		}
	}
	c.refused(slices.DeleteFunc(names, func(route string) bool { return mapped[anonymous(route)] }), len(described.Operations))
}

// DefaultMaxRefused is how many routes without a resource are told one by one. A
// policy for a part of a large API has one warning of all of them.
const DefaultMaxRefused = 20

// refused tells of the routes that no resource has.
func (c *comparison) refused(routes []string, of int) {
	if len(routes) > DefaultMaxRefused {
		c.warn(c.api.Name.Pos, rules.ErrMissing, "map them, if anybody should", "no resource of %q has %d of the %d routes of the api, %s among them: they are refused",
			c.api.Name.Value, len(routes), of, strings.Join(routes[:3], ", "))
		return
	}
	for _, route := range routes {
		c.warn(c.api.Name.Pos, rules.ErrMissing, "map it, if anybody should", "no resource of %q has the route %s: it is refused", c.api.Name.Value, route)
	}
}

// spot is a place that a policy names in a body.
type spot struct {
	children map[step]*spot
	rules    []*outcome
	deciding []*outcome
	subtree  bool
	shape    string    // placed here, with the place of its definition
	pos      rules.Pos // with shape
}

func (s *spot) at(path string) *spot {
	for _, st := range steps(path) {
		if st == ownKey {
			st = stepKey
		}
		if s.children == nil {
			s.children = make(map[step]*spot)
		}
		if s.children[st] == nil {
			s.children[st] = new(spot)
		}
		s = s.children[st]
	}
	return s
}

// expect notes something that the policy says of a path, once.
func (c *comparison) expect(pos rules.Pos, format string, args ...any) *outcome {
	out := &outcome{pos: pos, what: fmt.Sprintf(format, args...)}
	c.outcomes = append(c.outcomes, out)
	return out
}

// resource compares the body of a route.
func (c *comparison) resource(r *rules.ResourceDef, o *Operation) {
	root := new(spot)
	for i := range r.Body {
		b := &r.Body[i]
		place := root.at(b.Path.Value)
		if b.Public {
			place.rules = append(place.rules, c.expect(b.Path.Pos, "%q in %s", b.Path.Value, r.Route.Value))
			continue
		}
		def := c.shapes[b.Shape.Value]
		place.shape, place.pos = def.Name.Value, def.Name.Pos
		for f := range def.Fields {
			field := &def.Fields[f]
			if c.rules[field] == nil {
				c.rules[field] = c.expect(field.Path.Pos, "%q of shape %q", field.Path.Value, def.Name.Value)
			}
			at := place
			if field.Path.Value == ownKey { // a sibling of the place where the member is
				at = root.at(strings.TrimSuffix(b.Path.Value, stepAny) + stepKey)
			} else {
				at = place.at(field.Path.Value)
			}
			at.rules = append(at.rules, c.rules[field])
			at.subtree = at.subtree || field.Subtree
		}
		if def.Subject != nil {
			c.deciding(def.Subject, def.Name.Value, place, r)
		}
	}
	if r.Subject != nil {
		c.deciding(r.Subject, r.Name.Value, root, r)
	}
	w := walk{c: c, resource: r}
	w.visit(root, o.Body, ".", within{pos: r.Name.Pos, what: fmt.Sprintf("resource %q", r.Name.Value), base: "."})
	c.parameters(r, o)
}

// deciding notes the members that are read to decide. They are no rules: they say
// nothing of what leaves.
func (c *comparison) deciding(def *rules.SubjectDef, name string, place *spot, r *rules.ResourceDef) {
	for _, d := range []struct {
		what string
		at   rules.Name
	}{{"the id", def.At}, {"the country", def.Country}, {"the region", def.Region}, {"the residence", def.Residence}, {"the birth date", def.Born}} {
		if d.at.Value != "" {
			at := place.at(d.at.Value)
			at.deciding = append(at.deciding, c.expect(d.at.Pos, "%q, %s of the subject of %q, in %s", d.at.Value, d.what, name, r.Route.Value))
		}
	}
}

// lacking reports what no answer has.
func (c *comparison) lacking() {
	for _, out := range c.outcomes {
		if !out.found {
			c.warn(out.pos, rules.ErrDangling, rules.DidYouMean(out.name, out.near), "the api has no %s", out.what)
		}
	}
}

// parameters compares the query. Those of the path are told apart by their places.
func (c *comparison) parameters(r *rules.ResourceDef, o *Operation) {
	var names []string
	for _, p := range o.Query {
		names = append(names, p.Name)
		if p.Required && !slices.ContainsFunc(r.Query, func(q rules.QueryDef) bool { return q.Name.Value == p.Name }) {
			c.warn(r.Route.Pos, rules.ErrMissing, "query: allow it", "the api requires the query parameter %q of %s, and the resource does not allow it", p.Name, r.Route.Value)
		}
	}
	for _, q := range r.Query {
		if !slices.Contains(names, q.Name.Value) {
			c.warn(q.Name.Pos, rules.ErrDangling, rules.DidYouMean(q.Name.Value, names), "the api has no query parameter %q of %s", q.Name.Value, r.Route.Value)
		}
	}
}
