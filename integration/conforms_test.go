package integration

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/rogpeppe/go-internal/testscript"
)

// conforms DOCUMENT PATH: the last answer is one that an OpenAPI document describes
// for a GET of PATH, and has no member that the document does not name.
func cmdConforms(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: conforms DOCUMENT PATH")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ctx, cancel := scriptContext()
	defer cancel()
	ts.Check(doc.Validate(ctx))
	w := theWorld(ts)
	item := doc.Paths.Value(args[1])
	if item == nil || item.Get == nil {
		ts.Fatalf("the document has no GET %s: it has %v", args[1], slices.Sorted(maps.Keys(doc.Paths.Map())))
	}
	response := item.Get.Responses.Value(strconv.Itoa(w.status))
	if response == nil {
		ts.Fatalf("the document has no status %d", w.status)
	}
	media := "application/json"
	if w.status != 200 {
		media = "application/problem+json"
	}
	schema := response.Value.Content[media].Schema
	for _, component := range doc.Components.Schemas {
		closed(component.Value)
	}
	closed(schema.Value)
	var body any
	ts.Check(json.NewDecoder(bytes.NewReader(w.body)).Decode(&body))
	if err := schema.Value.VisitJSON(body); (err != nil) != neg {
		ts.Fatalf("conforms %v: %v\n%s", args, err, w.body)
	}
}

// closed lets an object have no other members than those that are named.
func closed(s *openapi3.Schema) {
	if s.AdditionalProperties.Has != nil {
		return
	}
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = new(bool)
	}
	for _, p := range s.Properties {
		closed(p.Value)
	}
	for _, below := range []*openapi3.SchemaRef{s.Items, s.AdditionalProperties.Schema} {
		if below != nil {
			closed(below.Value)
		}
	}
}
