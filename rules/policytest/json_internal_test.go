package policytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareJSON(t *testing.T) {
	t.Parallel()
	const pseudonym = `p1a1.flt2msb57rruqilxum6453tjdq`
	for name, c := range map[string]struct {
		want, got   string
		differences []difference
	}{
		"equal, in another order":  {`{"a":1,"b":[true,null]}`, `{"b":[true,null],"a":1}`, nil},
		"a token":                  {`{"a":"<pseudonym>"}`, `{"a":"` + pseudonym + `"}`, nil},
		"a token as an address":    {`"<pseudonym>"`, `"` + pseudonym + `@pseudonym.invalid"`, nil},
		"a token as a UUID":        {`"<pseudonym>"`, `"0b1e2d3c-4b5a-8978-8c6b-5a4b3c2d1e0f"`, nil},
		"a UUID that is no token":  {`"<pseudonym>"`, `"0b1e2d3c-4b5a-4978-8c6b-5a4b3c2d1e0f"`, []difference{{"body", `"<pseudonym>"`, `"0b1e2d3c-4b5a-4978-8c6b-5a4b3c2d1e0f"`}}},
		"a value where a token is": {`{"a":"<pseudonym>"}`, `{"a":"x@example.org"}`, []difference{{"a", `"<pseudonym>"`, `"x@example.org"`}}},
		"a token where a value is": {`{"a":7}`, `{"a":"` + pseudonym + `"}`, []difference{{"a", "7", `"<pseudonym>"`}}},
		"a key that is a token":    {`{"<pseudonym>":{"a":1}}`, `{"` + pseudonym + `":{"a":1}}`, nil},
		"a key that should not be": {`{}`, `{"` + pseudonym + `":1}`, []difference{{Pseudonym, absent, "1"}}},
		"other numbers":            {`[1,1.0]`, `[1.0,1.0]`, []difference{{"[0]", "1", "1.0"}}},
		"other types":              {`{"a":{},"b":[],"c":"1"}`, `{"a":[],"b":{},"c":1}`, []difference{{"a", "{}", "[]"}, {"b", "[]", "{}"}, {"c", `"1"`, "1"}}},
		"elements more and fewer":  {`{"a":[1],"b":[1,2]}`, `{"a":[1,2],"b":[1]}`, []difference{{"a[1]", absent, "2"}, {"b[1]", "2", absent}}},
		"members more and fewer":   {`{"a":{"b.c":1}}`, `{"a":{"d":2}}`, []difference{{`a."b.c"`, "1", absent}, {"a.d", absent, "2"}}},
		"null is not absent":       {`{"a":null}`, `{}`, []difference{{"a", "null", absent}}},
	} {
		got, err := compareJSON([]byte(c.want), []byte(c.got))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.differences, got, cmp.AllowUnexported(difference{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, err := compareJSON([]byte(`{`), []byte(`{}`)); err == nil {
		t.Error("half a body compares")
	}
}
