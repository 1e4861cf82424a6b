// Package openapi reads descriptions of APIs (OpenAPI 3.0 and 3.1, Swagger 2.0),
// compares a policy with one, and writes the description of what a recipient
// gets through the gateway. It does no I/O.
//
// An [API] is much less than a description says: the GET routes and what their
// JSON answers hold, which is what a policy speaks of. Package draft makes the
// same from recorded bodies.
package openapi

import (
	"cmp"
	"slices"
	"strings"
)

// API is the part of a description that a policy can speak of.
type API struct {
	Title      string
	Base       string   // path of the first server, which every Path begins with
	OtherBases []string // paths of further servers, which were not used
	Operations []*Operation
	Left       []Left
}

// Operation is a GET with a JSON answer.
type Operation struct {
	ID     string // operationId; may be empty
	Path   string // as a route of a policy: /v1/customers/{id}
	Params []Param
	Query  []Param
	Body   *Schema
}

// Route returns the route as a policy names it.
func (o *Operation) Route() string { return "GET " + o.Path }

// Param is a path or query parameter.
type Param struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Left is a route that a policy cannot have, with the reason.
type Left struct{ Method, Path, Reason string }

// Types is a set of JSON types.
type Types uint8

// The types. An Integer is not also a Number.
const (
	String Types = 1 << iota
	Integer
	Number
	Boolean
	Null
	Object
	Array

	Scalars = String | Integer | Number | Boolean
)

// String completes "is": "a text or an object".
func (t Types) String() string {
	var words []string
	for i, w := range []string{"a text", "an integer", "a number", "true or false", "null", "an object", "an array"} {
		if t&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return "anything"
	}
	return strings.Join(words, " or ")
}

// Schema says what may stand at a place. Schemas may lead back to themselves.
type Schema struct {
	Name        string // of the component that it is; else empty
	Types       Types  // none: the description does not say
	Format      string
	Description string
	Pattern     string
	Enum        []any
	Members     []Member // of an object, sorted by name
	Any         *Schema  // of an object whose keys are data: every member
	Keys        *Schema  // with Any: the form of the keys; nil: not known
	Elem        *Schema  // of an array
	// Open: it may be an object with members that nothing describes.
	Open bool
	// Alternatives counts the schemas of which it is the union: any of them
	// may be there. 0 and 1 are the same.
	Alternatives int
}

// Member is a member of an object.
type Member struct {
	Name   string
	Schema *Schema
}

// Member returns the schema of a member, nil for one that is not described.
func (s *Schema) Member(name string) *Schema {
	i, ok := slices.BinarySearchFunc(s.Members, name, func(m Member, n string) int { return cmp.Compare(m.Name, n) })
	if !ok {
		return nil
	}
	return s.Members[i].Schema
}

// Scalar reports whether a scalar other than null may stand there.
func (s *Schema) Scalar() bool { return s.Types&Scalars != 0 }

// Container reports whether it says what an object or array there holds.
func (s *Schema) Container() bool { return len(s.Members) > 0 || s.Any != nil || s.Elem != nil }

// Merge returns the union of two schemas: what either lets stand there.
func Merge(a, b *Schema) *Schema { return make(merger).merge(a, b) }

// merger remembers unions, so that those of schemas that lead back to themselves
// come to an end.
type merger map[[2]*Schema]*Schema

func (m merger) merge(a, b *Schema) *Schema {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	}
	key := [2]*Schema{a, b}
	if s := m[key]; s != nil {
		return s
	}
	s := new(Schema)
	m[key] = s
	*s = *a
	s.Members = slices.Clone(a.Members)
	m.absorb(s, b)
	return s
}

// absorb adds to s what b lets stand there.
func (m merger) absorb(s, b *Schema) {
	s.Alternatives = max(s.Alternatives, 1)
	switch {
	case b.Types == Null: // only says that it may be absent
	case s.vacant():
		s.Name, s.Alternatives = cmp.Or(s.Name, b.Name), max(b.Alternatives, 1)
	case s.Name != b.Name:
		s.Name = ""
		s.Alternatives++
	}
	if s.Format != b.Format && s.Scalar() && b.Scalar() {
		s.Format = ""
	} else {
		s.Format = cmp.Or(s.Format, b.Format)
	}
	if s.Scalar() && b.Scalar() && (len(s.Enum) == 0 || len(b.Enum) == 0) {
		s.Enum, s.Pattern = nil, ""
	} else {
		s.Enum, s.Pattern = append(slices.Clone(s.Enum), b.Enum...), cmp.Or(s.Pattern, b.Pattern)
	}
	s.Types |= b.Types
	s.Description = cmp.Or(s.Description, b.Description)
	s.Open = s.Open || b.Open
	for _, o := range b.Members {
		i, ok := slices.BinarySearchFunc(s.Members, o.Name, func(x Member, n string) int { return cmp.Compare(x.Name, n) })
		if ok {
			s.Members[i].Schema = m.merge(s.Members[i].Schema, o.Schema)
		} else {
			s.Members = slices.Insert(s.Members, i, o)
		}
	}
	s.Any, s.Keys, s.Elem = m.merge(s.Any, b.Any), m.merge(s.Keys, b.Keys), m.merge(s.Elem, b.Elem)
}

// vacant reports whether s says nothing yet but that it may be null or an object.
func (s *Schema) vacant() bool { return !s.Container() && !s.Scalar() && s.Types&Array == 0 }
