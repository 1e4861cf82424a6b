package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// blanks is what the slow reference fills an object with: every mapped member that did
// not leave.
func blanks(n *rules.Node, left map[string]bool) (parts []string) {
	for _, key := range slices.Sorted(maps.Keys(n.Members)) {
		form, mapped := blankForm(n.Members[key])
		if !mapped || left[key] {
			continue
		}
		var quoted bytes.Buffer
		enc := json.NewEncoder(&quoted)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(key); err != nil {
			panic(err)
		}
		parts = append(parts, strings.TrimSpace(quoted.String())+":"+form)
	}
	return parts
}

// blankForm is what stands for a place, if it is mapped.
func blankForm(n *rules.Node) (form string, mapped bool) {
	if n.Field >= 0 {
		return "null", true
	}
	if members := blanks(n, nil); len(members) > 0 {
		return "{" + strings.Join(members, ",") + "}", true
	}
	if n.Any != nil && n.Any.Key >= 0 {
		return "{}", true
	}
	if n.Elem != nil {
		_, mapped = blankForm(n.Elem)
		return "[]", mapped
	}
	return "", false
}

// emitComplete opens a body and emits it filled.
func emitComplete(t *testing.T, doc *redact.Document, shape *rules.Shape, body, lines string) string {
	t.Helper()
	if err := doc.Open(shape, nil, []byte(body), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	actions, err := decisions(shape, doc.Subjects(), lines)
	if err != nil {
		t.Fatal(err)
	}
	out, err := doc.Emit(nil, actions, redact.Terms{Tokens: hashTokens{}, At: decided, Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	compareReference(t, shape, []byte(body), doc, actions, redact.Terms{MinCell: rules.DefaultMinCell, Complete: true}, out)
	return string(out)
}

// However a member does not leave, the bytes are the same.
func TestCompleteDoesNotTellWithheldFromAbsent(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at . id=id\nid\nname\naddress.city\naddress.line1\ntags[]\norders[].price\nby{key}\nby{}.x\nnote public")
	want := `{"id":1,"note":"n","address":{"city":null,"line1":null},"by":{},"name":null,"orders":[],"tags":[]}`
	var doc redact.Document
	for _, hidden := range []string{
		``, `"name":"Bo",`, `"name":null,`, `"name":"",`, `"name":{"id":2},`, `"address":null,`, `"address":{},`, `"address":{"city":"Graz"},`, `"address":7,`,
		`"address":{"city":"Graz","line1":"Ring 1"},`, `"tags":["a"],`, `"tags":[],`, `"tags":[{}],"tags":null,`, `"orders":[{"price":3},{}],`, `"orders":{},`,
		`"by":{"a":{"x":1}},`, `"by":{},`, `"unknown":{"id":1},`, `"na\u006de":"Bo","name":"Al",`,
	} {
		for _, body := range []string{`{` + hidden + `"id":1,"note":"n"}`, `{"id":1,` + hidden + `"note":"n"}`} {
			if diff := cmp.Diff(want, emitComplete(t, &doc, shape, body, "* allow id note")); diff != "" {
				t.Errorf("%s: -want +got\n%s", body, diff)
			}
		}
	}
}

// An object may have more members than one word of a set has bits, and objects with
// many members may stand inside each other.
func TestCompleteWithManyMembers(t *testing.T) {
	t.Parallel()
	text, allowed, body, want := "subject customer at . id=m000\n", "", "", ""
	for _, object := range []string{"", "o.", "o.p."} {
		for i := range 200 {
			path := fmt.Sprintf("%sm%03d", object, i)
			text += path + "\n"
			if i%3 == 0 {
				allowed += " " + path
			}
		}
	}
	member := func(i int) string { return fmt.Sprintf(`"m%03d":`, i) }
	full := func(inner string) (body, want string) {
		var left, blank []string
		for i := range 200 {
			body += member(i) + "1,"
			if i%3 == 0 {
				left = append(left, member(i)+"1")
			} else {
				blank = append(blank, member(i)+"null")
			}
		}
		left = append(left, inner)
		return body, "{" + strings.Join(append(slices.DeleteFunc(left, func(s string) bool { return s == "" }), blank...), ",") + "}"
	}
	for _, key := range []string{"p", "o", ""} {
		inner, filled := full(want)
		body, want = "{"+strings.TrimSuffix(inner+body, ",")+"}", filled
		if key != "" {
			body, want = `"`+key+`":`+body+",", `"`+key+`":`+want
		}
	}
	var doc redact.Document
	if diff := cmp.Diff(want, emitComplete(t, &doc, mustShape(t, strings.TrimSpace(text)), body, "* allow"+allowed)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// What is filled in is no disclosure, and lets no subject pass.
func TestCompleteReportsNothingMore(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		var plain, filled redact.Document
		w.minimise(&plain, nil)
		w.complete = true
		w.minimise(&filled, nil)
		for i := range plain.Subjects() {
			if plain.Released(i) != filled.Released(i) || !slices.Equal(plain.Emitted(i), filled.Emitted(i)) || plain.Defects(i) != filled.Defects(i) {
				t.Errorf("%s: subject %d differs", w.name, i)
			}
		}
	}
}

func TestCompleteAllocatesNothingInSteadyState(t *testing.T) {
	for _, w := range workloads(t) {
		w.complete = true
		var doc redact.Document
		var out []byte
		run := func() { out = w.minimise(&doc, out[:0]) }
		for range 3 {
			run()
		}
		if n := testing.AllocsPerRun(10, run); n > 0 {
			t.Errorf("%s: %v allocations", w.name, n)
		}
		if !bytes.Contains(out, []byte(`:null`)) || bytes.Contains(out, []byte("canary")) {
			t.Errorf("%s: %.200s", w.name, out)
		}
	}
}

// A short body can need many times its size when it is filled. The budget is asked
// before that room is made.
func TestCompleteStaysInTheBudget(t *testing.T) {
	t.Parallel()
	text := "list[].here public\n"
	for i := range 100 {
		text += fmt.Sprintf("list[].member_%d public\n", i)
	}
	shape := mustShape(t, strings.TrimSpace(text))
	body := []byte(`{"list":[` + strings.TrimSuffix(strings.Repeat(`{},`, 10_000), ",") + `]}`)
	for _, c := range []struct {
		room int
		want error
	}{{4 << 20, redact.ErrRoom}, {1 << 30, nil}} {
		var doc redact.Document
		budget := &purse{left: c.room}
		if err := doc.Open(shape, nil, body, redact.Limits{Budget: budget}); err != nil {
			t.Fatal(err)
		}
		opened := budget.taken
		out, err := doc.Emit(make([]byte, 0, len(body)), nil, redact.Terms{Complete: true})
		if !errors.Is(err, c.want) {
			t.Errorf("with room for %d: %v", c.room, err)
		}
		if err == nil && (len(out) < 10<<20 || budget.taken-opened < len(out)-len(body)) {
			t.Errorf("%d bytes and %d asked for", len(out), budget.taken-opened)
		}
		if err != nil && len(out) > 0 {
			t.Errorf("%d bytes of a document without room", len(out))
		}
	}
}

// Documents do not learn different forms from the order in which Go iterates a map.
func TestCompleteIsTheSameInEveryDocument(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, `subject customer at . id=id
id
z
"a\"b"
b.y.k
b.x[]
b.a{key}
c.id`)
	const want = `{"id":1,"a\"b":null,"b":{"a":{},"x":[],"y":{"k":null}},"c":{"id":null},"z":null}`
	for range 20 {
		var doc redact.Document
		if got := emitComplete(t, &doc, shape, `{"id":1}`, "* allow id"); got != want {
			t.Fatal(got)
		}
	}
}
