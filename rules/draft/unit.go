package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// Limits of a draft. What is beyond them is left out, which the draft says.
const (
	DefaultMaxFields  = 1000 // of one shape
	DefaultMaxNesting = 12   // objects within objects of one shape
	DefaultMaxWithin  = 3    // people within people of one body
)

// unit is a shape of the draft: one kind of object, described once.
type unit struct {
	name   string
	schema *openapi.Schema
	keys   *openapi.Schema   // of the map at whose members it stands
	also   []*openapi.Schema // further recordings of the same
	first  string            // its name before it was made unique
	person *person
	nobody bool
	fields []field
	notes  []string // what is left out of it, and why
	people []placed // objects within it that are about people of their own
}

// base is the name of the unit's object, by which a person means it.
func (u *unit) base() string { return u.first }

type field struct {
	path     string
	schema   *openapi.Schema
	category string
}

// placed is a unit at a path.
type placed struct {
	path string
	unit *unit
}

// walker collects the fields of a unit.
type walker struct {
	d     *drafter
	u     *unit
	stack []*openapi.Schema
	full  bool
}

func (w *walker) note(path, format string, args ...any) {
	w.u.notes = append(w.u.notes, path+": "+fmt.Sprintf(format, args...))
}

func (w *walker) rule(path string, keys []string, s *openapi.Schema) {
	if len(w.u.fields) >= DefaultMaxFields {
		if !w.full {
			w.full = true
			w.note(path, "it and what follows is left out: a shape of a draft has at most %d rules", DefaultMaxFields)
		}
		return
	}
	w.u.fields = append(w.u.fields, field{path, s, category(keys, s, w.u.person != nil && w.u.person.self && len(keys) == 1)})
}

// visit goes through the object of the unit at path. keys are the names of the
// members on the way.
func (w *walker) visit(path string, keys []string, s *openapi.Schema) {
	switch {
	case w.full:
		return
	case slices.Contains(w.stack, s):
		w.note(path, "leads back to %s: left out from here on", named(s))
		return
	case len(w.stack) >= DefaultMaxNesting:
		w.note(path, "is nested too deep: left out from here on")
		return
	}
	w.stack = append(w.stack, s)
	defer func() { w.stack = w.stack[:len(w.stack)-1] }()
	if !s.Container() {
		w.leaf(path, keys, s)
		return
	}
	if s.Scalar() {
		w.note(path, "is %s, by turns: only an object or an array can leave", s.Types)
	}
	if s.Alternatives > 1 {
		w.note(path, "is one of %d kinds of object: the members of all of them are listed", s.Alternatives)
	}
	for _, m := range s.Members {
		if !quotable(m.Name) {
			w.note(path, "has a member whose name a path cannot hold: left out")
			continue
		}
		w.member(joinPath(path, quotePath(m.Name)), append(slices.Clone(keys), m.Name), m.Schema)
	}
	switch {
	case s.Any == nil:
	case len(s.Members) > 0:
		w.note(path, "has members beside those that are named: left out")
	default:
		w.note(joinPath(path, "{key}"), "the keys are taken for data. If they are names, list them in place of {}")
		w.rule(joinPath(path, "{key}"), keys, &openapi.Schema{Types: openapi.String})
		w.member(joinPath(path, "{}"), keys, s.Any)
	}
	if s.Elem != nil {
		w.member(joinPath(path, "[]"), keys, s.Elem)
	}
}

func (w *walker) leaf(path string, keys []string, s *openapi.Schema) {
	switch {
	case s.Scalar(), s.Types&^openapi.Null == 0 && !s.Open:
		w.rule(path, keys, s)
	case s.Types == openapi.Null:
		w.rule(path, keys, s)
	default:
		w.note(path, "nothing says what it holds: left out")
	}
}

// member visits what stands below the unit: an object about somebody else becomes
// a unit of its own.
func (w *walker) member(path string, keys []string, s *openapi.Schema) {
	if len(s.Members) > 0 && len(keys) > 0 && !slices.Contains(w.stack, s) {
		name := named(s)
		if s.Name == "" {
			name = keys[len(keys)-1]
		}
		if p := findPerson(s, name); p != nil && p.self {
			w.u.people = append(w.u.people, placed{path, w.d.unit(s, name, nil)})
			return
		}
	}
	w.visit(path, keys, s)
}

func named(s *openapi.Schema) string {
	if s.Name == "" {
		return "an object above"
	}
	return s.Name
}

// unit returns the shape of an object, made at its first use. keys is the form of
// the keys of the map at whose members it stands, nil for one that stands elsewhere.
func (d *drafter) unit(s *openapi.Schema, hint string, keys *openapi.Schema) *unit {
	name := hint
	if s.Name != "" {
		name = s.Name
	}
	base := snake(singular(name))
	if base == "" || base == "public" {
		base = "object"
	}
	for _, u := range d.units {
		if (u.keys != nil) != (keys != nil) {
			continue
		}
		switch {
		case u.schema == s, slices.Contains(u.also, s), s.Name != "" && u.schema.Name == s.Name:
			return u
		case s.Name == "" && u.schema.Name == "" && u.first == base && alike(u.schema, s): // recorded twice
			u.also = append(u.also, s)
			u.schema = openapi.Merge(u.schema, s)
			d.fill(u, name)
			return u
		}
	}
	u := &unit{schema: s, keys: keys, first: base, name: base, nobody: slices.Contains(d.options.Nobody, base)}
	if keys != nil {
		u.name += "_by_key"
	}
	long := u.name
	for n := 2; slices.ContainsFunc(d.units, func(o *unit) bool { return o.name == u.name }); n++ {
		u.name = fmt.Sprintf("%s_%d", long, n)
	}
	d.units = append(d.units, u)
	d.fill(u, name)
	return u
}

// alike reports whether two objects have most of their members in common.
func alike(a, b *openapi.Schema) bool {
	shared := 0
	for _, m := range a.Members {
		if b.Member(m.Name) != nil {
			shared++
		}
	}
	return shared > 0 && 2*shared >= max(len(a.Members), len(b.Members))
}

// fill finds the person and the fields of a unit.
func (d *drafter) fill(u *unit, name string) {
	u.fields, u.notes, u.people = nil, nil, nil
	u.person = findPerson(u.schema, name)
	switch {
	case u.nobody:
		u.person = nil
	case u.keys != nil && (u.person == nil || u.person.self && u.person.id != "id"):
		u.person = keyOf(u.schema, u.keys, name)
	}
	w := &walker{d: d, u: u}
	if u.keys != nil {
		w.rule("@key", nil, u.keys)
		if u.person != nil && u.person.key {
			u.fields[0].category = "user.unique_id"
		}
	}
	w.visit(".", nil, u.schema)
	for i := range u.fields {
		if u.person != nil && u.fields[i].path == u.person.id {
			u.fields[i].category = "user.unique_id"
		}
	}
}

// deciding returns the paths of the members that say where a person is and when it
// was born, as far as single members say so.
func (u *unit) deciding() (country, region, born string) {
	for _, f := range u.fields {
		if strings.ContainsAny(f.path, "[]{}@") || f.schema.Types&openapi.String == 0 {
			continue
		}
		last := f.path[strings.LastIndexByte(f.path, '.')+1:]
		switch {
		case f.category == "user.contact.address.country" && country == "":
			country = f.path
		case f.category == "user.contact.address" && (snake(last) == "state" || snake(last) == "state_code") && region == "":
			region = f.path
		case f.category == "user.demographic.date_of_birth" && f.schema.Format != "date-time" && born == "":
			born = f.path
		}
	}
	if country == "" {
		region = ""
	}
	return country, region, born
}
