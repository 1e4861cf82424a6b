package rules_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

func TestPolicyPath(t *testing.T) {
	t.Parallel()
	for path, steps := range map[string]int{
		".": 0, "a": 1, "a.b": 2, "[]": 1, "a[]": 2, "a[].b": 3, "a[][]": 3, "{}": 1, "{}.b": 2, "a{}.b": 3, "{}[]": 2, "{key}": 1, "a{key}": 2, "a[]{key}": 3,
		"@key": 1, `"@id"`: 1, `"a.b"`: 1, `"a.b".c`: 2, `a."b[]"`: 2, `""`: 1, "a b": 1, "日本": 1, "a-b_c": 1,
	} {
		if got, err := rules.ParsePath(path); got != steps || err != nil {
			t.Errorf("%s: %d steps, %v, want %d", path, got, err, steps)
		}
	}
	for _, path := range []string{
		"a.", ".a", "..", "a..b", "a.[]", "a[]b", "[", "a[0]", "a[*]", "a{", "{x}", "{key}.b", "{key}[]", "a.@key", "@id", "@key.a", `"a`, `"a"b`, `a"b"`, "a.{}",
	} {
		if got, err := rules.ParsePath(path); err == nil {
			t.Errorf("%s is a path of %d steps", path, got)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{".", "a.b", "a[].b", "{}{key}", `"a.b"[]`, "@key", "a.", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		steps, err := rules.ParsePath(s)
		if err != nil {
			return
		}
		if steps > len(s) {
			t.Errorf("%q has %d steps", s, steps)
		}
		// What is a path below an object is one below an element, too.
		if s == "@key" || s == "." || s == "" {
			return
		}
		below := "data[]." + s
		if s[0] == '[' || s[0] == '{' {
			below = "data[]" + s
		}
		if got, err := rules.ParsePath(below); err != nil || got != steps+2 {
			t.Errorf("%q has %d steps, %q has %d, %v", s, steps, below, got, err)
		}
	})
}
