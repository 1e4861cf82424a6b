package draft_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/modicum-dev/modicum/rules/draft"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// Names of a description are those of whoever wrote it: none does anything to a terminal
// or to a line of the draft, and the draft loads whatever they are.
func TestNamesDoNothing(t *testing.T) {
	t.Parallel()
	names := []string{"a\x1b[2Jb", "a\"\x1bb", "a\nb: public", "a\"\rb: public", "a\u0085b: public", "a\\\u2029b: public", "a\u202eb", "a\x00b", "a\"\x7f"}
	members := make(map[string]any)
	for _, n := range append(names, "id") {
		members[n] = map[string]string{"type": "string"}
	}
	for _, title := range names {
		text, err := json.Marshal(map[string]any{
			"openapi": "3.0.3", "info": map[string]string{"title": title, "version": "1"},
			"paths": map[string]any{"/v1/people/{id}": map[string]any{"get": map[string]any{
				"parameters": []any{
					map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]string{"type": "integer"}},
					map[string]any{"name": title, "in": "query", "schema": map[string]string{"type": "string"}},
				},
				"responses": map[string]any{"200": map[string]any{"description": "", "content": map[string]any{
					"application/json": map[string]any{"schema": map[string]any{"type": "object", "properties": members}},
				}}},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		api, err := openapi.Read(text, openapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := write(t, api, draft.Options{API: "shop", Since: since})
		told := fmt.Sprint(draft.ByReason(d.Left))
		for _, q := range d.Decisions {
			told += q.Text
		}
		for _, f := range d.Files {
			told += strings.ReplaceAll(string(f.Text), "\n", "")
			for line := range strings.SplitSeq(string(f.Text), "\n") {
				if strings.Contains(line, ": public") && !strings.Contains(line, "#") && !strings.Contains(line, "undecided") {
					t.Errorf("%q is public", line)
				}
			}
		}
		if i := strings.IndexFunc(told, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("with the title %q: %q", title, told[max(i-20, 0):min(i+20, len(told))])
		}
		compile(t, d.Files)
	}
}
