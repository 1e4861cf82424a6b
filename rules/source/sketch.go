package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// sketch is a place of a JSON Schema that is being drawn. The reader draws it itself,
// by the same calls by which it reads: a decoder that sketches visits every key that
// is known, every element and every alternative once, on no node, and each primitive
// notes what it would accept. So there is no second list of keys to keep.
//
// Every method may be called on nil, which is what a reader of a file has.
type sketch struct {
	*Schema

	path string // section.*.key; the place of a definition begins with its name
	defs map[string]*Schema
}

// at returns a place below.
func (s *sketch) at(to *Schema, step string) *sketch {
	path := step
	if s.path != "" {
		path = s.path + "." + step
	}
	return &sketch{Schema: to, path: path, defs: s.defs}
}

// member draws a key of a mapping.
func (s *sketch) member(key, step string) *sketch {
	if s == nil {
		return nil
	}
	s.object()
	below := s.at(&Schema{}, step)
	s.Properties[key] = below.Schema
	below.Description = describe(below.path)
	return below
}

// object draws a mapping, which holds nothing but what is drawn further.
func (s *sketch) object() {
	if s == nil {
		return
	}
	s.Type = []string{"object"}
	if s.Properties == nil {
		s.Properties, s.AdditionalProperties = make(map[string]*Schema), false
	}
}

// others draws what stands under keys that the author chooses.
func (s *sketch) others() *sketch {
	if s == nil {
		return nil
	}
	below := s.at(&Schema{}, "*")
	below.Description = describe(below.path)
	s.Type, s.AdditionalProperties = []string{"object"}, below.Schema
	return below
}

// element draws what stands in a list.
func (s *sketch) element() *sketch {
	if s == nil {
		return nil
	}
	s.Type, s.Items = []string{"array"}, &Schema{}
	return &sketch{Schema: s.Items, path: s.path, defs: s.defs}
}

// alternative draws one of several forms of a value.
func (s *sketch) alternative() *sketch {
	one := &Schema{}
	s.AnyOf = append(s.AnyOf, one)
	return &sketch{Schema: one, path: s.path, defs: s.defs}
}

// definition draws what stands in several places, once.
func (s *sketch) definition(name string) *sketch {
	if s == nil {
		return nil
	}
	s.Ref = "#/$defs/" + name
	one := &Schema{}
	if s.defs[name] == nil {
		s.defs[name] = one
	} // else it is drawn a second time, and looked at by nobody
	return &sketch{Schema: one, path: name, defs: s.defs}
}

// text draws a scalar of any type, which is read as it is written.
func (s *sketch) text() {
	if s != nil {
		s.Type = []string{"string", "number", "boolean"}
	}
}

// notEmpty draws that a text, or a list, has something in it.
func (s *sketch) notEmpty() {
	switch {
	case s == nil:
	case slices.Contains(s.Type, "array"):
		s.MinItems = 1
	default:
		s.MinLength = 1
	}
}

// form draws a text of a regular expression that JSON Schema, too, understands.
func (s *sketch) form(pattern string) {
	if s != nil {
		s.Type, s.MinLength, s.Pattern = []string{"string"}, 0, pattern
	}
}

// names draws the form of the keys that the author chooses.
func (s *sketch) names(pattern string) {
	if s != nil {
		s.PropertyNames = &Schema{Pattern: pattern}
	}
}

// words draws a closed vocabulary.
func (s *sketch) words(vocabulary []string) {
	if s == nil {
		return
	}
	s.Type, s.Enum = nil, nil
	for _, w := range vocabulary {
		s.Enum = append(s.Enum, w)
	}
}

// wordsOr draws a vocabulary that has more words than can be listed.
func (s *sketch) wordsOr(vocabulary []string, more string) {
	if s == nil {
		return
	}
	s.Type, s.MinLength = nil, 0
	listed, formed := s.alternative(), s.alternative()
	listed.words(vocabulary)
	formed.form(more)
}

// generaliser draws the forms of generalisers, and more words in front of them.
func (s *sketch) generaliser(more ...string) {
	var called []string
	for _, form := range rules.GeneraliserForms {
		if name, _, ok := strings.Cut(form, "("); ok {
			called = append(called, name)
		} else {
			more = append(more, form)
		}
	}
	s.wordsOr(more, `^\s*(`+strings.Join(called, "|")+`)\s*\([0-9].*\)\s*$`)
}

// only draws the one value that there is.
func (s *sketch) only(v any) {
	if s != nil {
		s.Type, s.Enum = nil, []any{v}
	}
}

func (s *sketch) boolean() {
	if s != nil {
		s.Type = []string{"boolean"}
	}
}

// integer draws a whole number of at least least, and at most most if that is not 0.
func (s *sketch) integer(least, most int) {
	if s == nil {
		return
	}
	s.Type, s.Minimum, s.Maximum = []string{"integer"}, &least, nil
	if most > 0 {
		s.Maximum = &most
	}
}

// anything draws a value of which the reader asks nothing.
func (s *sketch) anything() {
	if s != nil {
		*s.Schema = Schema{Description: s.Description}
	}
}

// needs draws keys without which a mapping is refused.
func (s *sketch) needs(keys ...string) {
	if s == nil {
		return
	}
	for _, k := range keys {
		if s.Properties[k] == nil {
			panic(fmt.Sprintf("%s needs a key %q that it does not have", s.path, k)) // a slip of the reader
		}
	}
	s.Required = keys
}
