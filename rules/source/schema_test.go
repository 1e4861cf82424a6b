package source_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// validator compiles a schema as an editor does, by the rules of its dialect.
func validator(tb testing.TB, s *source.Schema) *jsonschema.Schema {
	tb.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		tb.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		tb.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	return compiled
}

// refusal returns what the schema has against a YAML file.
func refusal(tb testing.TB, s *jsonschema.Schema, file []byte) error {
	tb.Helper()
	var doc any
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return err
	}
	b, err := json.Marshal(doc)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	return s.Validate(v)
}

// What the reader and the compiler have nothing against, the schema has nothing
// against: the examples, the reference, and every file of our own tests.
func TestSchemaAcceptsWhatIsRead(t *testing.T) {
	t.Parallel()
	schema := validator(t, source.PolicySchema())
	accepted := 0
	accept := func(name string, file []byte) {
		t.Helper()
		accepted++
		if err := refusal(t, schema, file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	files, err := filepath.Glob("../../examples/*/policy/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range append(files, "geography.yaml") {
		if strings.HasSuffix(path, "_test.yaml") {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		accept(path, b)
	}
	for _, block := range blocks(t) {
		switch block.info {
		case "yaml":
			accept(block.page, []byte("language: 1\n"+block.text))
		case "yaml broken", "yaml test", "text":
		default:
			accept(block.page+" "+block.info, []byte(block.text))
		}
	}
	base := folder(archive(t, "testdata/base.txtar"))
	cases, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(cases, "testdata/base.txtar") {
		own := folder(archive(t, path))
		dir := maps.Clone(base)
		maps.Copy(dir, own)
		bad := make(map[string]bool)
		for _, p := range check(t, dir) {
			bad[p.Pos.File] = true
		}
		for name, f := range own {
			if !bad[name] {
				accept(path+" "+name, f.Data)
			}
		}
	}
	if accepted < 35 {
		t.Errorf("only %d files were looked at", accepted)
	}
}

// What an editor should mark. Each document of the corpus is wrong in one way, for the
// schema and for the reader or the compiler alike.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := validator(t, source.PolicySchema())
	base := folder(archive(t, "testdata/base.txtar"))
	cases := archive(t, "testdata/schema_refuses.txtar").Files
	if len(cases) < 50 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		if err := refusal(t, schema, c.Data); err == nil {
			t.Errorf("%s: the schema has nothing against\n%s", c.Name, c.Data)
		}
		dir := maps.Clone(base)
		dir["wrong.yaml"] = &fstest.MapFile{Data: c.Data}
		if len(check(t, dir)) == 0 {
			t.Errorf("%s: the policy is all right\n%s", c.Name, c.Data)
		}
	}
}

// place is a mapping, or a value, of the schema with a document that leads to it.
type place struct {
	path  string
	named *source.Schema
	wrap  func(v any) any // a document with v at the place
}

// everyPlace visits all places of the policy's schema, below every alternative.
func everyPlace(top *source.Schema, visit func(place)) {
	var walk func(p place)
	walk = func(p place) {
		if ref := p.named.Ref; ref != "" {
			p.named = top.Defs[strings.TrimPrefix(ref, "#/$defs/")]
		}
		visit(p)
		below := func(step string, s *source.Schema, wrap func(any) any) {
			walk(place{p.path + step, s, func(v any) any { return p.wrap(wrap(v)) }})
		}
		for _, key := range slices.Sorted(maps.Keys(p.named.Properties)) {
			below("."+key, p.named.Properties[key], func(v any) any {
				m := map[string]any{key: v}
				for _, beside := range p.named.Required {
					if beside != key {
						m[beside] = sample(top, p.named.Properties[beside])
					}
				}
				return m
			})
		}
		if s, ok := p.named.AdditionalProperties.(*source.Schema); ok {
			below(".*", s, func(v any) any { return map[string]any{"x": v} })
		}
		if p.named.Items != nil {
			below("[]", p.named.Items, func(v any) any { return []any{v} })
		}
		for i, s := range p.named.AnyOf {
			below(fmt.Sprintf("|%d", i), s, func(v any) any { return v })
		}
	}
	walk(place{"", top, func(v any) any { return v }})
}

// file writes a document as a policy file.
func file(t *testing.T, doc any) []byte {
	t.Helper()
	b, err := yaml.MarshalWithOptions(doc, yaml.Flow(false))
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := doc.(map[string]any); ok && m["language"] == nil {
		b = append([]byte("language: 1\n"), b...)
	}
	return b
}

// read returns the problems of reading one file.
func read(t *testing.T, b []byte) rules.Problems {
	t.Helper()
	_, problems, err := source.Load(fstest.MapFS{"x.yaml": {Data: b}})
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func unknown(p rules.Problems) bool {
	return slices.ContainsFunc(p, func(p *rules.Problem) bool { return errors.Is(p, rules.ErrUnknownKey) })
}

// The schema is closed where the reader is, and open where it is: each mapping of the
// one takes the keys that the other takes, and no further one.
func TestSchemaAndReaderKnowTheSameKeys(t *testing.T) {
	t.Parallel()
	top := source.PolicySchema()
	schema := validator(t, top)
	closed, inSchema := 0, make(map[string]bool)
	everyPlace(top, func(p place) {
		for key, s := range p.named.Properties {
			inSchema[key] = true
			if b := file(t, p.wrap(map[string]any{key: sample(top, s)})); unknown(read(t, b)) {
				t.Errorf("the reader does not know %s.%s:\n%s%v", p.path, key, b, read(t, b))
			}
		}
		if p.named.AdditionalProperties == false {
			closed++
			b := file(t, p.wrap(map[string]any{"no_such_key": 1}))
			if len(read(t, b)) == 0 {
				t.Errorf("the reader takes any key of %s", p.path)
			}
			if refusal(t, schema, b) == nil {
				t.Errorf("the schema takes any key of %s", p.path)
			}
		}
	})
	if closed < 35 {
		t.Errorf("only %d mappings are closed", closed)
	}
	// Every key in the reader's code, so that none is read past the schema.
	key := regexp.MustCompile(`(?m)^\s*(?:known\[)?"([a-z0-9_]+)"(?::|\] =)\s+(?:func\(v value|d\.|count\(|list)`)
	found := 0
	for _, name := range []string{"notices.go", "orders.go", "recipients.go", "resources.go", "source.go"} {
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(code), -1) {
			found++
			if !inSchema[m[1]] {
				t.Errorf("%s reads %q, which the schema does not have", name, m[1])
			}
		}
	}
	if found < 130 {
		t.Errorf("only %d keys were found in the code", found)
	}
}

// Of every word that stands in any vocabulary, each vocabulary takes the same ones in
// the schema and in the reader.
func TestSchemaAndReaderKnowTheSameWords(t *testing.T) {
	t.Parallel()
	top := source.PolicySchema()
	all := map[any]bool{"unknown": true, "none": true, "": true, "Yes": true}
	everyPlace(top, func(p place) {
		for _, w := range p.named.Enum {
			all[w] = true
		}
	})
	vocabularies := 0
	everyPlace(top, func(p place) {
		if len(p.named.Enum) == 0 || strings.HasSuffix(p.path, ".needs.*|0") || strings.HasSuffix(p.path, ".generalise|0") {
			return // of the latter two the other alternative takes more
		}
		vocabularies++
		for w := range all {
			refused := slices.ContainsFunc(read(t, file(t, p.wrap(w))), func(p *rules.Problem) bool {
				return errors.Is(p, rules.ErrBadValue) || errors.Is(p, rules.ErrConflict) && w == true
			})
			if listed := slices.Contains(p.named.Enum, w); listed == refused {
				t.Errorf("%s: %v is in the schema %t, and refused by the reader %t", p.path, w, listed, refused)
			}
		}
	})
	if vocabularies < 40 {
		t.Errorf("only %d vocabularies", vocabularies)
	}
}

// What the schema asks for, the reader or the compiler asks for, too.
func TestSchemaRequiresWhatIsRequired(t *testing.T) {
	t.Parallel()
	top := source.PolicySchema()
	problems := func(doc any) map[string]bool {
		text := string(file(t, doc)) + "api: a\nunseen_subject: allow\n"
		if strings.Contains(text, "shapes:") { // one that stands nowhere is nobody's concern
			text += "resources: {r: {route: GET /x, body: {.: x}}}\n"
		}
		// A grant is that of an internal recipient, a contract of every other.
		if strings.Contains(text, "contract:") {
			text = strings.Replace(text, "kind: internal", "kind: authority", 1)
		}
		dir := fstest.MapFS{"x.yaml": {Data: []byte(text)}}
		said := make(map[string]bool)
		for _, p := range check(t, dir) {
			said[p.Detail] = true
		}
		return said
	}
	required := 0
	everyPlace(top, func(p place) {
		if p.path == "" {
			return // language, which every other test has
		}
		for _, key := range p.named.Required {
			required++
			whole, ok := sample(top, p.named).(map[string]any)
			if !ok {
				t.Fatalf("%s is no mapping", p.path)
			}
			without := maps.Clone(whole)
			delete(without, key)
			before := problems(p.wrap(whole))
			news := false
			for said := range problems(p.wrap(without)) {
				news = news || !before[said]
			}
			if !news {
				t.Errorf("%s: nobody misses %s", p.path, key)
			}
		}
	})
	if required < 25 {
		t.Errorf("only %d required keys", required)
	}
}

// sample makes a value that the schema takes.
func sample(top, s *source.Schema) any {
	switch {
	case s.Ref != "":
		return sample(top, top.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")])
	case len(s.AnyOf) > 0:
		return sample(top, s.AnyOf[0])
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Pattern != "":
		for _, text := range []string{"2026-11-23", "P1Y", "JP", "GET /x"} {
			if ok, err := regexp.MatchString(s.Pattern, text); err == nil && ok {
				return text
			}
		}
		return "no sample of " + s.Pattern
	case slices.Contains(s.Type, "object"):
		m := make(map[string]any)
		for _, key := range s.Required {
			m[key] = sample(top, s.Properties[key])
		}
		if one, ok := s.AdditionalProperties.(*source.Schema); ok {
			m["x"] = sample(top, one)
		}
		return m
	case slices.Contains(s.Type, "array"):
		return []any{sample(top, s.Items)}
	case slices.Contains(s.Type, "integer"):
		return *s.Minimum
	case slices.Contains(s.Type, "string"):
		return "x"
	}
	return true
}

// Forms of texts that the schema has and the reader leaves to the compiler: what the
// schema refuses, the compiler refuses.
func TestSchemaFormsAreTheCompilers(t *testing.T) {
	t.Parallel()
	schema := validator(t, source.PolicySchema())
	base := folder(archive(t, "testdata/base.txtar"))
	for form, words := range map[string][]string{
		"language: 1\ncategories: {%q: {}}\n": {"user.name", "a", "A", "user.", ".a", "user name", "user.Name", "a_1.b2", "1a", "a-b"},
		"language: 1\npurposes: {%q: {}}\n":   {"x.y", "X", "x..y", "x-y", "x_y"},
		"language: 1\norders: {%q: {kind: a, issuer: b, purpose: p.q, recipients: [x], categories: [user.x], named: true, valid_from: 2026-01-01}}\n": {"o-17", "o 17", "ö17", "o/17", ""},
		"language: 1\ngeography: {as_of: 2026-10-01, eea: [%q], uk: [GB]}\n":                                                                          {"DE", "de", "D", "DEU", "D3", ""},
	} {
		for _, w := range words {
			text := fmt.Appendf(nil, form, w)
			if refusal(t, schema, text) == nil {
				continue
			}
			dir := maps.Clone(base)
			dir["x.yaml"] = &fstest.MapFile{Data: text}
			if !slices.ContainsFunc(check(t, dir), func(p *rules.Problem) bool {
				return p.Pos.File == "x.yaml" && (errors.Is(p, rules.ErrBadValue) || errors.Is(p, rules.ErrMissing))
			}) {
				t.Errorf("the schema refuses what nobody else does:\n%s", text)
			}
		}
	}
}
