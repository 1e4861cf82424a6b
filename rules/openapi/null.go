package openapi

import "github.com/getkin/kin-openapi/openapi3"

// nullType writes what may be null as OpenAPI 3.1 wants it, whose schemas are those of
// JSON Schema: as one more type. The word nullable of 3.0 says nothing there.
func nullType(schemas openapi3.Schemas) {
	for _, ref := range schemas {
		nullTypeOf(ref)
	}
}

func nullTypeOf(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref != "" || ref.Value == nil { // what a reference names is among the components
		return
	}
	s := ref.Value
	nullType(s.Properties)
	nullTypeOf(s.AdditionalProperties.Schema)
	nullTypeOf(s.Items)
	for _, alternative := range s.AnyOf {
		nullTypeOf(alternative)
	}
	if !s.Nullable {
		return
	}
	s.Nullable = false
	null := openapi3.Types{openapi3.TypeNull}
	if s.Type != nil {
		types := append(s.Type.Slice(), null...)
		s.Type = (*openapi3.Types)(&types)
		return
	}
	s.AnyOf = append(s.AnyOf, (&openapi3.Schema{Type: &null}).NewRef())
}
