package policytest

import (
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// Schema returns the JSON Schema of one file of tests. It accepts every file that
// [Load] reads without a problem. Of bodies it says nothing, and of events the forms
// alone.
func Schema() *source.Schema {
	return source.SchemaOf("Tests of a Modicum policy", "test", func(r *source.Reader) { new(Suite).read(&reader{Reader: r}, rules.Pos{}) })
}
