package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// TestPure reads what the package imports: nothing that does I/O, reads the
// clock, draws randomness or logs.
func TestPure(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"bytes", "cmp", "encoding/binary", "errors", "fmt", "maps", "math", "math/bits", "slices", "strconv", "strings", "time", "unicode", "unicode/utf8",
		"golang.org/x/sys/cpu", // what instructions there are
		"github.com/modicum-dev/modicum/rules",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err != nil || !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", file, spec.Path.Value)
			}
		}
	}
}

func TestErrorClasses(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at [] id=id\n[].id")
	for _, c := range []struct {
		body string
		lim  redact.Limits
		want error
	}{
		{`[`, redact.Limits{}, redact.ErrSyntax},
		{`[{"a":[1]}]`, redact.Limits{Depth: 2}, redact.ErrDepth},
		{`[{"a":1}]`, redact.Limits{Depth: 1}, redact.ErrDepth},
		{`[{},{},{}]`, redact.Limits{Subjects: 2}, redact.ErrSubjects},
	} {
		var doc redact.Document
		err := doc.Open(shape, nil, []byte(c.body), c.lim)
		var syntax *redact.SyntaxError
		if !errors.Is(err, c.want) || !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want %v", c.body, err, c.want)
		}
		if err != nil && strings.ContainsAny(err.Error(), `[]{}"`) {
			t.Errorf("%q shows content", err)
		}
	}
	var doc redact.Document
	if err := doc.Open(shape, nil, []byte(`[{"a":[1]}]`), redact.Limits{Depth: 3, Subjects: 1}); err != nil {
		t.Error(err)
	}
}

func TestMapKeysCountAgainstTheSubjectLimit(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at {} id=@key\n{}@key\n{}.x")
	var doc redact.Document
	if err := doc.Open(shape, nil, []byte(`{"a":{},"b":{}}`), redact.Limits{Subjects: 1}); !errors.Is(err, redact.ErrSubjects) {
		t.Error(err)
	}
}

// A body that was refused leaves nothing behind, and neither does Reset.
func TestNothingIsLeftOfARefusedBody(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at [] id=id\n[].id")
	var doc redact.Document
	body := []byte(`[{"id":1},{"id":2}]`)
	if _, err := doc.Emit(nil, nil, redact.Terms{}); !errors.Is(err, redact.ErrUse) {
		t.Errorf("Emit before Open: %v", err)
	}
	for name, forget := range map[string]func(){
		"error": func() { _ = doc.Open(shape, nil, []byte(`[{"id":1},{"id":2}`), redact.Limits{}) },
		"reset": doc.Reset,
	} {
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		all, err := decisions(shape, doc.Subjects(), "* allow *")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := doc.Emit(nil, all, redact.Terms{}); err != nil || !doc.Released(1) {
			t.Fatal(err)
		}
		forget()
		if len(doc.Subjects()) != 0 || doc.Released(0) || doc.Emitted(0) != nil {
			t.Errorf("after %s: the last document is still there", name)
		}
		if out, err := doc.Emit([]byte("x"), all, redact.Terms{}); !errors.Is(err, redact.ErrUse) || string(out) != "x" {
			t.Errorf("after %s: Emit gives %q, %v", name, out, err)
		}
	}
}

func TestEmitNeedsOneDecisionForEachSubject(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at [] id=id\n[].id")
	var doc redact.Document
	if err := doc.Open(shape, nil, []byte(`[{"id":1},{"id":2}]`), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Emit(nil, make([]*rules.Actions, 1), redact.Terms{}); !errors.Is(err, redact.ErrUse) {
		t.Error(err)
	}
	short := &rules.Actions{} // decides no field at all
	nothing := &rules.Actions{Nothing: true, Fields: []rules.Action{{Verb: rules.Allow}}}
	for _, actions := range [][]*rules.Actions{{short, nothing}, {nil, {Fields: []rules.Action{{Verb: 99}}}}} {
		if out, err := doc.Emit(nil, actions, redact.Terms{}); err != nil || string(out) != "[]" {
			t.Errorf("%q, %v", out, err)
		}
	}
}

// Emit appends, may be repeated, and does not take what stands before for its
// own.
func TestEmitAppendsAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject customer at . id=id\nid\nname")
	var doc redact.Document
	if err := doc.Open(shape, nil, []byte(`{"id":1,"name":"Bo"}`), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lines, want string }{
		{"* allow id", `before:{"id":1}`}, {"* none", `before:`}, {"* allow *", `before:{"id":1,"name":"Bo"}`}, {"* allow name", `before:{"name":"Bo"}`},
	} {
		actions, err := decisions(shape, doc.Subjects(), c.lines)
		if err != nil {
			t.Fatal(err)
		}
		out, err := doc.Emit([]byte("before:"), actions, redact.Terms{})
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %s, %v", c.lines, out, err)
		}
		if doc.Released(0) != (len(out) > len("before:")) {
			t.Errorf("%s: released %v", c.lines, doc.Released(0))
		}
	}
}

type tokenFunc func(dst []byte, value redact.Scalar) ([]byte, bool)

func (f tokenFunc) AppendToken(dst []byte, _, _ int, _ rules.Need, value redact.Scalar) ([]byte, bool) {
	return f(dst, value)
}

// A token source that does not keep its contract cannot break the answer.
func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	member := mustShape(t, "subject customer at . id=id\nid\nname")
	key := mustShape(t, "subject customer at {} id=@key\n{}@key\n{}.id\n{}.name")
	appends := func(s string) tokenFunc {
		return func(dst []byte, _ redact.Scalar) ([]byte, bool) { return append(dst, s...), true }
	}
	for _, c := range []struct {
		name   string
		tokens redact.Tokens
		member string // empty for an error
		key    string
	}{
		{"none", nil, `{"id":1}`, `{}`},
		{"string", appends(`"t"`), `{"id":1,"name":"t"}`, `{"t":{"id":1,"name":"t"}}`},
		{"number", appends(`7`), `{"id":1,"name":7}`, ""},
		{"empty", appends(``), "", ""},
		{"bare", appends(`t`), "", ""},
		{"two", appends(`"a","b":"c"`), "", ""},
		{"open", appends(`"a`), "", ""},
		{"invalid", appends("\"\xff\""), "", ""},
		{"refused", tokenFunc(func(dst []byte, _ redact.Scalar) ([]byte, bool) { return append(dst, "junk"...), false }), `{"id":1}`, `{}`},
		{"shortened", tokenFunc(func([]byte, redact.Scalar) ([]byte, bool) { return nil, true }), "", ""},
	} {
		for _, v := range []struct {
			shape             *rules.Shape
			body, lines, want string
		}{
			{member, `{"id":1,"name":"Bo"}`, "* allow id\n* token name", c.member},
			{key, `{"c1":{"id":1,"name":"Bo"}}`, "* allow {}.id\n* token {}@key {}.name", c.key},
		} {
			var doc redact.Document
			if err := doc.Open(v.shape, nil, []byte(v.body), redact.Limits{}); err != nil {
				t.Fatal(err)
			}
			actions, err := decisions(v.shape, doc.Subjects(), v.lines)
			if err != nil {
				t.Fatal(err)
			}
			out, err := doc.Emit([]byte("x"), actions, redact.Terms{Tokens: c.tokens})
			switch {
			case v.want == "":
				if !errors.Is(err, redact.ErrUse) || string(out) != "x" || doc.Released(0) {
					t.Errorf("%s: %q, %v", c.name, out, err)
				}
			case err != nil || string(out) != "x"+v.want:
				t.Errorf("%s: %s, %v, want %s", c.name, out, err, v.want)
			}
		}
	}
}

// What was learnt from one order of members must not matter for the next body.
func TestReuseAcrossShapesAndOrders(t *testing.T) {
	t.Parallel()
	var doc redact.Document
	shapes := make([]*rules.Shape, 40)
	for i := range shapes {
		shapes[i] = mustShape(t, fmt.Sprintf("subject customer at [] id=f%d\n[].f%d\n[].name\n[].kind public", i, i))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		shape := shapes[r.IntN(len(shapes))]
		body := []byte("[")
		for range r.IntN(4) + 1 {
			if len(body) > 1 {
				body = append(body, ',')
			}
			members := []string{`"name":"Bo"`, `"n\u0061me":"Al"`, `"kind":"k"`, `"f1":1`, `"f2":2`, `"f3":3`, `"other":{"f1":1}`, fmt.Sprintf(`"%s":1`, strings.Repeat("long", 30))}
			r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			body = append(body, "{"+strings.Join(members[:r.IntN(len(members)+1)], ",")+"}"...)
		}
		body = append(body, ']')
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		actions, err := decisions(shape, doc.Subjects(), "* allow *\n1 none")
		if err != nil {
			t.Fatal(err)
		}
		out, err := doc.Emit(nil, actions, redact.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		compareReference(t, shape, body, &doc, actions, redact.Terms{MinCell: rules.DefaultMinCell}, out)
	}
}

func TestNoAllocationsInSteadyState(t *testing.T) {
	for _, w := range workloads(t) {
		var doc redact.Document
		var out []byte
		run := func() {
			out = w.minimise(&doc, out[:0])
			w.next()
		}
		for range 3 * len(w.bodies) {
			run()
		}
		if n := testing.AllocsPerRun(10+len(w.bodies), run); n > 0 {
			t.Errorf("%s: %v allocations", w.name, n)
		}
		if bytes.Contains(out, []byte("canary")) {
			t.Errorf("%s: a withheld value left", w.name)
		}
	}
}

func TestNoShapeNamesNothing(t *testing.T) {
	t.Parallel()
	for _, shape := range []*rules.Shape{nil, {}, {Root: rules.NewNode()}} {
		var doc redact.Document
		if err := doc.Open(shape, nil, []byte(`{"a":[1]}`), redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		if out, err := doc.Emit(nil, nil, redact.Terms{}); err != nil || len(out) != 0 {
			t.Errorf("%q, %v", out, err)
		}
		if err := doc.Open(shape, nil, []byte(`{"a":[1}`), redact.Limits{}); !errors.Is(err, redact.ErrSyntax) {
			t.Error(err)
		}
	}
}
