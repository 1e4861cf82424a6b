package source

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/modicum-dev/modicum/rules"
)

// Schema is a JSON Schema of draft 2020-12, as far as policies need it.
type Schema struct {
	Dialect              string             `json:"$schema,omitempty"`
	Title                string             `json:"title,omitempty"`
	Description          string             `json:"description,omitempty"`
	Ref                  string             `json:"$ref,omitempty"`
	Type                 Types              `json:"type,omitempty"`
	Enum                 []any              `json:"enum,omitempty"`
	Pattern              string             `json:"pattern,omitempty"`
	MinLength            int                `json:"minLength,omitempty"`
	Minimum              *int               `json:"minimum,omitempty"`
	Maximum              *int               `json:"maximum,omitempty"`
	MinItems             int                `json:"minItems,omitempty"`
	Items                *Schema            `json:"items,omitempty"`
	PropertyNames        *Schema            `json:"propertyNames,omitempty"`
	Properties           map[string]*Schema `json:"properties,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false, or a *Schema
	Required             []string           `json:"required,omitempty"`
	AnyOf                []*Schema          `json:"anyOf,omitempty"`
	Defs                 map[string]*Schema `json:"$defs,omitempty"`
}

// Types is the types of JSON that a value may have: one is written as a text.
type Types []string

// MarshalJSON implements [json.Marshaler].
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

const dialect = "https://json-schema.org/draft/2020-12/schema"

// PolicySchema returns the schema of one file of a policy. It accepts every file that
// [Load] reads without a problem. What it cannot say is left to `policy check`: names
// that must exist, and what several places say together.
func PolicySchema() *Schema {
	s := draw("", func(v value) { v.d.sections(v, rules.Pos{}) })
	s.Title = "A file of a Modicum policy"
	return s
}

// SchemaOf returns the schema of another file that read reads.
//
// The paths of its descriptions begin with a word of its own.
func SchemaOf(title, word string, read func(*Reader)) *Schema {
	s := draw(word, func(v value) { read(newReader(v)) })
	s.Title = title
	return s
}

// draw runs a reader on nothing. What it notes as problems is nobody's.
func draw(path string, read func(value)) *Schema {
	top := &sketch{Schema: &Schema{Dialect: dialect}, path: path, defs: make(map[string]*Schema)}
	read(value{d: &decoder{bundle: newBundle()}, sketch: top})
	top.Defs = top.defs
	return top.Schema
}

// The descriptions are the only part of the schema that is written by hand.
//
//go:embed descriptions.yaml
var descriptionText []byte

var descriptions = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	if err := yaml.Unmarshal(descriptionText, &m); err != nil {
		panic(err) // it is a part of the program
	}
	return m
})

// describe returns what an editor says of the place at a path.
func describe(path string) string { return strings.TrimSpace(descriptions()[path]) }
