package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// converter makes one Schema of each schema of a document, however often it is
// referred to.
type converter struct {
	done   map[*openapi3.Schema]*Schema
	names  map[*openapi3.Schema]string
	merger merger
	places int
}

func newConverter(doc *openapi3.T) *converter {
	c := &converter{done: make(map[*openapi3.Schema]*Schema), names: make(map[*openapi3.Schema]string), merger: make(merger)}
	if doc.Components != nil {
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			if ref := doc.Components.Schemas[name]; ref != nil && ref.Value != nil && c.names[ref.Value] == "" {
				c.names[ref.Value] = name
			}
		}
	}
	return c
}

func (c *converter) convert(ref *openapi3.SchemaRef) *Schema {
	if ref == nil || ref.Value == nil {
		return &Schema{Open: true}
	}
	v := ref.Value
	if s := c.done[v]; s != nil {
		return s
	}
	s := &Schema{Name: c.name(ref)}
	c.done[v] = s
	if c.places++; c.places > DefaultMaxSchemas {
		return s
	}
	s.Format, s.Description, s.Pattern = v.Format, v.Description, v.Pattern
	s.Types = types(v)
	s.Enum = slices.Clone(v.Enum)
	if v.Const != nil {
		s.Enum = []any{v.Const}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
		s.Members = append(s.Members, Member{name, c.convert(v.Properties[name])})
	}
	c.keys(s, v)
	c.elements(s, v)
	for _, alternatives := range []openapi3.SchemaRefs{v.AllOf, v.OneOf, v.AnyOf} {
		for _, a := range alternatives {
			if part := c.convert(a); part != s {
				c.merger.absorb(s, part)
			}
		}
	}
	if name := c.name(ref); name != "" {
		s.Name = name // whatever it is put together from
	}
	if len(v.OneOf)+len(v.AnyOf) == 0 { // all of several is one thing
		s.Alternatives = min(s.Alternatives, 1)
	}
	if s.Types&Object != 0 && !s.Container() {
		s.Open = true
	}
	return s
}

// name returns the name of the component that a schema is.
func (c *converter) name(ref *openapi3.SchemaRef) string {
	if name := c.names[ref.Value]; name != "" {
		return name
	}
	if i := strings.LastIndexByte(ref.Ref, '/'); i >= 0 && strings.HasPrefix(ref.Ref, "#/components/schemas/") {
		return ref.Ref[i+1:]
	}
	return ""
}

// keys reads what an object holds beside the members that it names.
func (c *converter) keys(s *Schema, v *openapi3.Schema) {
	more := v.AdditionalProperties
	switch {
	case more.Schema != nil && said(more.Schema):
		s.Any = c.convert(more.Schema)
	case more.Schema != nil, more.Has != nil && *more.Has:
		s.Open = true
	}
	for _, pattern := range slices.Sorted(maps.Keys(v.PatternProperties)) {
		s.Any = c.merger.merge(s.Any, c.convert(v.PatternProperties[pattern]))
	}
}

// said reports whether a schema says anything at all.
func said(ref *openapi3.SchemaRef) bool {
	v := ref.Value
	return v != nil && (v.Type != nil || len(v.Properties)+len(v.AllOf)+len(v.OneOf)+len(v.AnyOf)+len(v.Enum) > 0 || v.Items != nil ||
		v.AdditionalProperties.Schema != nil)
}

func (c *converter) elements(s *Schema, v *openapi3.Schema) {
	if v.Items != nil {
		s.Elem = c.convert(v.Items)
	}
	for _, item := range v.PrefixItems {
		s.Elem = c.merger.merge(s.Elem, c.convert(item))
	}
	if s.Elem == nil && s.Types&Array != 0 {
		s.Elem = &Schema{Open: true}
	}
}

// types returns the types that a schema says, or that follow from what it says.
func types(v *openapi3.Schema) Types {
	var t Types
	if v.Type != nil {
		for _, name := range *v.Type {
			t |= byName[name]
		}
	}
	if v.Nullable {
		t |= Null
	}
	if t&^Null != 0 {
		return t
	}
	if len(v.Properties) > 0 || v.AdditionalProperties.Schema != nil || len(v.PatternProperties) > 0 {
		t |= Object
	}
	if v.Items != nil || len(v.PrefixItems) > 0 {
		t |= Array
	}
	for _, e := range append(slices.Clone(v.Enum), v.Const) {
		switch e.(type) {
		case string:
			t |= String
		case bool:
			t |= Boolean
		case float64, int, int64, uint64:
			t |= Number
		}
	}
	return t | cmp.Or(byFormat[v.Format], 0)
}

var byName = map[string]Types{
	"string": String, "integer": Integer, "number": Number, "boolean": Boolean, "null": Null, "object": Object, "array": Array,
	"file": String, // of Swagger 2.0
}

var byFormat = map[string]Types{
	"date": String, "date-time": String, "email": String, "uuid": String, "uri": String, "int32": Integer, "int64": Integer, "float": Number, "double": Number,
}
