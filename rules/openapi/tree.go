package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/modicum-dev/modicum/rules"
)

// tree writes the schema of one answer.
type tree struct {
	w       *contract
	shape   *rules.Shape
	actions []*rules.Actions  // of the kinds of subject, at their most
	placed  map[string]string // path in the body: shape
	nulls   bool              // what may not be seen is null
}

// newTree asks the plan what can leave at most: of an adult whom one regime alone
// protects, who has consented to everything and is reached by the order. Of nobody
// does more leave, and in no other form.
func newTree(w *contract, def *rules.ResourceDef, plan *rules.Plan) *tree {
	t := &tree{w: w, shape: plan.Resource().Shape, placed: make(map[string]string), nulls: plan.Complete()}
	for _, b := range def.Body {
		if !b.Public {
			t.placed[b.Path.Value] = b.Shape.Value
		}
	}
	var all rules.CategoryMask
	for i := range all {
		all[i] = ^uint64(0)
	}
	for k := range t.shape.Subjects {
		c := rules.Class{
			Kind: uint8(k), Category: t.shape.Subjects[k].Category, Regimes: rules.APPI, Age: rules.Adult, Foreign: all,
			Flags: rules.FlagOwn | rules.FlagOrdered, Consent: rules.ConsentGiven,
		}
		for s := range c.Valid {
			c.Valid[s], c.Explicit[s], c.Parental[s] = all, all, all
		}
		t.actions = append(t.actions, plan.Actions(c))
	}
	return t
}

// action returns what becomes of a field at most.
func (t *tree) action(field int) rules.Action {
	f := &t.shape.Fields[field]
	if f.Kind < 0 {
		return rules.Action{Verb: rules.Allow, Need: rules.NeedClear} // public, and about nobody
	}
	if f.About > 0 && t.actions[f.About].Fields[field].Verb == rules.Withhold {
		return rules.Action{} // of that person it never leaves
	}
	return t.actions[f.Kind].Fields[field]
}

// place describes what can leave from a place, nil for nothing.
func (t *tree) place(n *rules.Node, known *Schema, path string) *openapi3.SchemaRef {
	s := t.describe(n, known, path)
	if s == nil || t.placed[path] == "" || s.Value == nil {
		return s
	}
	return t.w.component(t.placed[path], s.Value)
}

func (t *tree) describe(n *rules.Node, known *Schema, path string) *openapi3.SchemaRef {
	if known == nil {
		known = new(Schema)
	}
	if n.Field >= 0 {
		return t.field(n, known)
	}
	object := &openapi3.Schema{Type: &openapi3.Types{"object"}, Description: known.Description}
	for _, name := range slices.Sorted(maps.Keys(n.Members)) {
		below := known.Member(name)
		if below == nil {
			below = known.Any
		}
		if s := t.place(n.Members[name], below, join(path, quote(name))); s != nil {
			object.WithPropertyRef(name, s)
		}
	}
	if n.Any != nil && (n.Any.Key < 0 || t.action(n.Any.Key).Verb != rules.Withhold) {
		if s := t.place(n.Any, known.Any, join(path, stepAny)); s != nil {
			object.AdditionalProperties = openapi3.AdditionalProperties{Schema: s}
		}
	}
	var array *openapi3.Schema
	if n.Elem != nil {
		if s := t.place(n.Elem, known.Elem, join(path, stepElem)); s != nil {
			array = &openapi3.Schema{Type: &openapi3.Types{"array"}, Items: s}
		}
	}
	some := len(object.Properties) > 0 || object.AdditionalProperties.Schema != nil
	switch {
	case some && array != nil:
		return (&openapi3.Schema{AnyOf: openapi3.SchemaRefs{object.NewRef(), array.NewRef()}}).NewRef()
	case some:
		return object.NewRef()
	case array != nil:
		array.Description = known.Description
		return array.NewRef()
	}
	return nil
}

// field describes a value in the form in which it leaves.
func (t *tree) field(n *rules.Node, known *Schema) *openapi3.SchemaRef {
	a := t.action(n.Field)
	switch {
	case a.Verb == rules.Withhold:
		return nil
	case a.Verb == rules.Allow && n.Subtree:
		return (&openapi3.Schema{Description: known.Description}).NewRef()
	case a.Verb == rules.Allow:
		return t.nullable(plain(known)).NewRef()
	case a.Need == rules.NeedGeneralised:
		return t.nullable(generalised(a.Generaliser)).NewRef()
	}
	return t.nullable(pseudonym(t.shape.Fields[n.Field].Token)).NewRef()
}

// nullable lets a value be null where the recipient gets that for what it may not see.
func (t *tree) nullable(s *openapi3.Schema) *openapi3.Schema {
	if !t.nulls || s.Type == nil && len(s.AnyOf) == 0 { // of any type
		return s
	}
	s.Nullable = true
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
		s.Enum = append(slices.Clone(s.Enum), nil)
	}
	return s
}

// plain describes a scalar as it is.
func plain(known *Schema) *openapi3.Schema {
	s := &openapi3.Schema{Description: known.Description, Format: known.Format, Nullable: known.Types&Null != 0}
	var types openapi3.Types
	for _, w := range []struct {
		t    Types
		name string
	}{{String, "string"}, {Integer, "integer"}, {Number, "number"}, {Boolean, "boolean"}} {
		if known.Types&w.t != 0 {
			types = append(types, w.name)
		}
	}
	if known.Types&Number != 0 { // which includes the integers
		types = slices.DeleteFunc(types, func(t string) bool { return t == "integer" })
	}
	switch len(types) {
	case 0:
		s.Format, s.Nullable = "", false
	case 1:
		s.Type, s.Enum, s.Pattern = &types, known.Enum, known.Pattern
		if s.Nullable && len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
			s.Enum = append(slices.Clone(s.Enum), nil)
		}
		if _, err := regexp.Compile(s.Pattern); err != nil {
			s.Pattern = "" // of another dialect of expressions
		}
	default:
		s.Format = ""
		for _, t := range types {
			s.AnyOf = append(s.AnyOf, (&openapi3.Schema{Type: &openapi3.Types{t}}).NewRef())
		}
	}
	return s
}

// pseudonym describes a token.
func pseudonym(shape rules.TokenShape) *openapi3.Schema {
	s := &openapi3.Schema{Type: &openapi3.Types{"string"}, Description: "A pseudonym: the same for the same value in all answers for this purpose, and for nobody else."}
	const form = `[a-z0-9]+\.[a-z2-7]{26}`
	switch shape {
	case rules.TokenUUID:
		s.Format, s.Pattern = "uuid", `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	case rules.TokenEmail:
		s.Format, s.Pattern = "email", `^`+form+`@pseudonym\.invalid$`
	case rules.TokenOpaque:
		s.Pattern = `^` + form + `$`
	}
	return s
}

// generalised describes the output of a generaliser, which is a text always.
func generalised(g *rules.Generaliser) *openapi3.Schema {
	s := &openapi3.Schema{Type: &openapi3.Types{"string"}}
	if g == nil {
		return s
	}
	words := func(all ...string) {
		for _, w := range all {
			s.Enum = append(s.Enum, w)
		}
	}
	length := func(n int) {
		most := uint64(max(n, 0))
		s.MinLength, s.MaxLength = most, &most
	}
	s.Description = "Made coarser: " + g.String()
	switch g.Kind {
	case rules.GeneraliseYear:
		s.Pattern = `^[0-9]{4}$`
	case rules.GeneraliseAgeBand:
		words("0-12", "13-15", "16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
	case rules.GeneraliseRegion:
		words("Africa", "Americas", "Antarctica", "Asia", "Europe", "Oceania")
	case rules.GeneralisePrefix, rules.GeneraliseLast:
		length(g.N)
	case rules.GeneraliseDomain:
		s.Format = "hostname"
	case rules.GeneraliseTruncateIP:
		s.Pattern = `^[0-9a-f.:]+/(24|48)$`
	case rules.GeneraliseDay:
		s.Format = "date"
	case rules.GeneraliseBand:
		edges := make([]string, len(g.Edges))
		for i, e := range g.Edges {
			edges[i] = strings.TrimSpace(fmt.Sprint(e))
		}
		words("<" + edges[0])
		for i := 1; i < len(edges); i++ {
			words(edges[i-1] + "-<" + edges[i])
		}
		words(">=" + edges[len(edges)-1])
	}
	return s
}

// component gives a shape its name among the components. Where a route lets another
// part of a shape out, that is another component.
func (w *contract) component(shape string, s *openapi3.Schema) *openapi3.SchemaRef {
	mine, err := json.Marshal(s)
	if err != nil {
		return s.NewRef()
	}
	for n := 1; ; n++ {
		name := shape
		if n > 1 {
			name = fmt.Sprintf("%s_%d", shape, n)
		}
		name = componentName(name)
		if known := w.components[name]; known != nil {
			if theirs, err := json.Marshal(known.Value); err != nil || !bytes.Equal(mine, theirs) {
				continue
			}
		}
		w.components[name] = s.NewRef()
		return openapi3.NewSchemaRef("#/components/schemas/"+name, nil)
	}
}

// componentName keeps to the letters that the names of components may have.
func componentName(s string) string {
	name := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
	if name == "Problem" { // which is the gateway's
		return "Problem_"
	}
	return name
}
