package openapi

import (
	"encoding/json"

	"github.com/goccy/go-yaml"
)

// withoutExamples returns a document as JSON without its examples, nil for one that
// cannot be read at all. Examples of a wrong form are the commonest fault of
// descriptions, and nothing here reads them.
func withoutExamples(b []byte) []byte {
	var doc any
	if json.Unmarshal(b, &doc) != nil {
		asJSON, err := yaml.YAMLToJSON(b)
		if err != nil || json.Unmarshal(asJSON, &doc) != nil {
			return nil
		}
	}
	dropExamples(doc, false)
	out, err := json.Marshal(doc)
	if err != nil {
		return nil
	}
	return out
}

// namesBelow are the keywords below which keys are names of the document's own: a member
// of an object may be called example.
var namesBelow = map[string]bool{
	"properties": true, "patternProperties": true, "dependentSchemas": true, "$defs": true, "schemas": true, "responses": true, "parameters": true,
	"requestBodies": true, "headers": true, "securitySchemes": true, "links": true, "callbacks": true, "pathItems": true, "paths": true,
}

func dropExamples(v any, names bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			dropExamples(e, false)
		}
	case map[string]any:
		for k, e := range v {
			if !names && (k == "example" || k == "examples") {
				delete(v, k)
				continue
			}
			dropExamples(e, !names && namesBelow[k])
		}
	}
}
