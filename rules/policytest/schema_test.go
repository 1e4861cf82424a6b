package policytest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/rules/source"
)

func testSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := json.Marshal(policytest.Schema())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("tests.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("tests.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func refusal(t *testing.T, s *jsonschema.Schema, file []byte) error {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(file, &doc); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// Every test of the examples is one for the schema, too.
func TestSchemaAcceptsTheExamples(t *testing.T) {
	t.Parallel()
	schema := testSchema(t)
	files, err := filepath.Glob("../../examples/*/policy/*_test.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := refusal(t, schema, b); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := testSchema(t)
	for _, text := range []string{
		"language: 1\nat: soon\ntests: []",
		"language: 1\ntest: []",
		"language: 1\ntests: [{name: a, recepient: b}]",
		"language: 1\ntests: [{name: a, gpc: 1}]",
		"language: 1\ntests: [{name: a, subjects: [{born: 1980}]}]",
		"language: 1\ntests: [{name: a, subjects: {born: 1980-01-01}}]",
		"language: 1\ntests: [{name: a, expect: {field: {name: clear}}}]",
		"language: 1\ntests: [{name: a, caller: {users: a}}]",
	} {
		if refusal(t, schema, []byte(text)) == nil {
			t.Errorf("the schema has nothing against\n%s", text)
		}
	}
}

// An editor has something to say of every key.
func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	keys := 0
	var walk func(path string, s *source.Schema)
	walk = func(path string, s *source.Schema) {
		for key, below := range s.Properties {
			keys++
			if below.Description == "" {
				t.Errorf("%s.%s has no description", path, key)
			}
			walk(path+"."+key, below)
		}
		if s.Items != nil {
			walk(path, s.Items)
		}
		for _, one := range s.AnyOf {
			walk(path, one)
		}
	}
	top := policytest.Schema()
	walk("", top)
	for name, def := range top.Defs {
		walk(name, def)
	}
	if keys < 40 {
		t.Errorf("only %d keys", keys)
	}
}
