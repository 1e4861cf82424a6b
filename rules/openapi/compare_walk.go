package openapi

import (
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// walk goes through what a policy names of a body and what a description does.
// It ends with what the policy names: schemas may lead back to themselves.
type walk struct {
	c        *comparison
	resource *rules.ResourceDef
}

// within is what a member belongs to: a shape, or the resource around it.
type within struct {
	pos  rules.Pos
	what string
	base string
}

func (w *walk) visit(s *spot, schema *Schema, path string, in within) {
	if s.shape != "" {
		in = within{pos: s.pos, what: "shape \"" + s.shape + "\"", base: path}
	}
	met(s, true)
	switch {
	case s.subtree:
		return
	case vague(schema):
		w.all(s)
		return
	case len(s.rules) > 0 && unlikeScalar(schema):
		w.scalar(s, schema, path)
		return
	case len(s.rules) > 0:
	case !schema.Container():
		w.notHere(s, schema, path)
		return
	}
	w.members(s, schema, path, in)
	if elem := s.children[stepElem]; elem != nil || schema.Elem != nil {
		w.below(elem, schema.Elem, stepElem, path, in)
	}
	if keys := s.children[stepAny]; keys != nil || schema.Any != nil && !named(s) {
		w.keyed(s, keys, schema, path, in)
	}
}

// met marks what a policy says of a place as found.
func met(s *spot, found bool) {
	for _, out := range slices.Concat(s.rules, s.deciding) {
		out.found = out.found || found
	}
}

// vague reports whether a description does not say what stands at a place.
func vague(s *Schema) bool {
	return s == nil || !s.Container() && (s.Types&^Null == 0 || s.Types == Object && s.Open || s.Types&(Object|Array) != 0 && s.Open)
}

// all marks everything below a place as found: nobody knows.
func (w *walk) all(s *spot) {
	met(s, true)
	for _, child := range s.children {
		w.all(child)
	}
}

// unlikeScalar reports whether no scalar stands at a place.
func unlikeScalar(schema *Schema) bool {
	return !schema.Scalar() && (schema.Container() || schema.Types&(Object|Array) != 0)
}

// scalar warns of a rule where something else than a scalar stands.
func (w *walk) scalar(s *spot, schema *Schema, path string) {
	for _, out := range s.rules {
		w.warnOnce(out.pos, "the rule covers a scalar, and "+quoted(path)+" of "+w.resource.Route.Value+" is "+schema.Types.String()+": it is withheld",
			"rules for what is within it")
	}
}

// notHere warns of rules below a place that holds a scalar alone.
func (w *walk) notHere(s *spot, schema *Schema, path string) {
	for _, child := range sortedChildren(s) {
		var say func(*spot)
		say = func(below *spot) {
			for _, out := range below.rules {
				out.found = true // and said here
				w.warnOnce(out.pos, quoted(path)+" of "+w.resource.Route.Value+" is "+schema.Types.String()+", and the rule is for something within it: it is withheld",
					"a rule for "+quoted(path))
			}
			for _, more := range sortedChildren(below) {
				say(more)
			}
		}
		say(child)
	}
}

func (w *walk) warnOnce(pos rules.Pos, detail, suggestion string) {
	if !w.c.surprising[pos] {
		w.c.surprising[pos] = true
		w.c.warn(pos, rules.ErrConflict, suggestion, "%s", detail)
	}
}

func quoted(path string) string {
	if path == "." {
		return "the answer"
	}
	return "\"" + path + "\""
}

func sortedChildren(s *spot) []*spot {
	var names []step
	for name := range s.children {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]*spot, len(names))
	for i, n := range names {
		out[i] = s.children[n]
	}
	return out
}

// named reports whether a policy names members of an object.
func named(s *spot) bool {
	for st := range s.children {
		if st[0] == '.' {
			return true
		}
	}
	return false
}

// members compares the members of an object.
func (w *walk) members(s *spot, schema *Schema, path string, in within) {
	var names []string
	for _, m := range schema.Members {
		names = append(names, m.Name)
		if s.children[stepAny] == nil {
			w.below(s.children[memberStep(m.Name)], m.Schema, step(quote(m.Name)), path, in)
		}
	}
	for st, child := range s.children {
		if st[0] != '.' || schema.Member(string(st[1:])) != nil {
			continue
		}
		switch {
		case schema.Any != nil:
			w.below(child, schema.Any, step(quote(string(st[1:]))), path, in)
		case schema.Open:
			w.all(child)
		default:
			for _, out := range child.rules {
				out.name, out.near = string(st[1:]), names
			}
			for _, out := range child.deciding {
				out.name, out.near = string(st[1:]), names
			}
		}
	}
}

// keyed compares a map whose keys are data.
func (w *walk) keyed(s, keys *spot, schema *Schema, path string, in within) {
	if key := s.children[stepKey]; key != nil {
		met(key, true)
	}
	if schema.Any != nil {
		w.below(keys, schema.Any, stepAny, path, in)
		return
	}
	for _, m := range schema.Members { // a map, by the policy's own reading
		w.below(keys, m.Schema, stepAny, path, in)
	}
	if schema.Open && keys != nil {
		w.all(keys)
	}
}

// below visits a place, or reports what no rule names.
func (w *walk) below(s *spot, schema *Schema, st step, path string, in within) {
	at := join(path, string(st))
	switch {
	case schema == nil:
	case s == nil || s.silent():
		w.c.warn(in.pos, rules.ErrMissing, "it is dropped: is that meant?", "no rule of %s names %q, which the api has", in.what, relative(in.base, at))
	default:
		w.visit(s, schema, at, in)
	}
}

// silent reports whether a policy says nothing of a place, nor of anything within it.
// A member that it only decides by is one that somebody has looked at.
func (s *spot) silent() bool {
	if len(s.rules) > 0 || len(s.deciding) > 0 || s.shape != "" {
		return false
	}
	for _, child := range s.children {
		if !child.silent() {
			return false
		}
	}
	return true
}

// relative writes a path as a shape does.
func relative(base, path string) string {
	if base == "." {
		return path
	}
	rest := path[len(base):]
	if rest != "" && rest[0] == '.' {
		return rest[1:]
	}
	return rest
}
