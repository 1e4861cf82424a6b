package policytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pseudonym stands in an expected body for a token, whichever: a text of the shape
// of one.
const Pseudonym = "<pseudonym>"

var pseudonymForm = regexp.MustCompile(`^([pv][0-9]+[a-z0-9]*\.[a-z2-7]{26}(@pseudonym\.invalid)?|[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$`)

// difference is one place where two bodies are not the same.
type difference struct{ path, want, got string }

const absent = "nothing"

// compareJSON returns where got is not what is wanted. The order of members says
// nothing; that of elements does.
func compareJSON(want, got []byte) ([]difference, error) {
	w, err := tree(want)
	if err != nil {
		return nil, fmt.Errorf("reading the expected body: %w", err)
	}
	g, err := tree(got)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	var c jsonComparison
	c.value("", w, g)
	return c.found, nil
}

func tree(b []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

type jsonComparison struct{ found []difference }

func (c *jsonComparison) differ(path, want, got string) {
	if path == "" {
		path = "body"
	}
	c.found = append(c.found, difference{path, want, got})
}

func (c *jsonComparison) value(path string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			c.object(path, w, g)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			c.list(path, w, g)
			return
		}
	case string:
		if g, ok := got.(string); ok && same(w, g) {
			return
		}
	default:
		if want == got {
			return
		}
	}
	c.differ(path, text(want), text(got))
}

func same(want, got string) bool {
	return want == got || want == Pseudonym && pseudonymForm.MatchString(got)
}

func (c *jsonComparison) object(path string, want, got map[string]any) {
	rest := maps.Clone(got)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		found, ok := key, false
		if _, ok = rest[key]; !ok && key == Pseudonym {
			found, ok = anyPseudonym(rest)
		}
		if !ok {
			c.differ(below(path, key), text(want[key]), absent)
			continue
		}
		c.value(below(path, key), want[key], rest[found])
		delete(rest, found)
	}
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		c.differ(below(path, strings.Trim(text(key), `"`)), absent, text(rest[key]))
	}
}

// anyPseudonym returns the first key that is a token.
func anyPseudonym(m map[string]any) (string, bool) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if pseudonymForm.MatchString(key) {
			return key, true
		}
	}
	return "", false
}

func (c *jsonComparison) list(path string, want, got []any) {
	for i := range max(len(want), len(got)) {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(want):
			c.differ(at, absent, text(got[i]))
		case i >= len(got):
			c.differ(at, text(want[i]), absent)
		default:
			c.value(at, want[i], got[i])
		}
	}
}

func below(path, key string) string {
	if strings.ContainsAny(key, `.[]{}" `) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// text writes a value with its tokens as a test writes them: their own letters say
// nothing, and are others in every run.
func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain(v)); err != nil { // it was JSON before
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if pseudonymForm.MatchString(key) {
				key = Pseudonym
			}
			out[key] = plain(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case string:
		if pseudonymForm.MatchString(v) {
			return Pseudonym
		}
	}
	return v
}
