package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// fuzzShapes are small, so that a fuzzer finds their keys.
var fuzzShapes = []string{
	"subject a at d[] id=i country=o.c region=o.r born=b\np public\nd[].k public\nd[].i\nd[].n\nd[].o.l\nd[].t[]\nd[].s subtree\nd[].u[].v\nd[].m[][]",
	"subject a at . id=i\ni\nn\nk public\no.x\no.y",
	"subject a at {} id=@key country=c\n{}@key\n{}.n\n{}.k public\n{}.m{key}\n{}.m{}",
	"subject a at d[] id=i\nsubject b at d[].f[] id=i born=b\nsubject c at d[].g id=i\nd[].i\nd[].k public\nd[].f[].i\nd[].f[].n\nd[].f[].k public\nd[].g.i\nd[].g.b",
	"subject a at g{}.m{} id=@key\ng{key} public\ng{}.m{}@key\ng{}.m{}",
	"subject a at [][] id=.\n[][]",
	"subject a at . id=@param\n[].p\n[].k public\n[].q{key}\n[].q{}.z",
	"subject a at d[] id=i\nabout o in d[] id=o.i born=b\nabout p in d[] id=n\nd[].i\nd[].k public\nd[].n about=p\nd[].o.l about=o\nd[].s subtree about=o\nd[].o.i about=o\nd[].m{key}\nd[].m{}",
	"p.q public\nl[].x public\nm{key} public\nm{}[] public\ns public subtree",
}

func seedBodies(f *testing.F) [][]byte {
	f.Helper()
	var seeds [][]byte
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range parseArchive(string(text)).files {
			if strings.HasSuffix(s.name, "/body") {
				seeds = append(seeds, []byte(strings.TrimSuffix(s.data, "\n")))
			}
		}
	}
	for _, s := range []string{
		`{"p":1,"d":[{"i":1,"n":"x","k":2,"o":{"c":"JP","r":"","l":[]},"t":["a",null,{}],"s":{"a":[ 1 ]},"u":[{"v":1},{}],"m":[[1],[]],"b":"2000"}]}`,
		`{"i":1,"n":"\ud83d\ude00","k":null,"o":{"x":true,"y":-0.5e+7,"z":0}}`, `{"c1":{"n":1,"c":"JP","k":2,"m":{"a":1,"":2}},"\u0063":{}}`,
		`{"d":[{"i":1,"k":1,"f":[{"i":2,"n":"x","b":1,"k":3}],"g":{"i":4,"b":5}}]}`, `{"g":{"a":{"m":{"c1":"Bo","c2":null}}}}`, `[["a",1],[],[{}]]`,
		`[{"p":1,"k":2,"q":{"a":{"z":1}}}]`, `{"p":{"q":1},"l":[{"x":1}],"m":{"a":[1,2]},"s":{"x": 1}}`, `{"a":"\ud800","\udc00":1}`, "[\"\xff\"]",
		`{"d":[{"n":"1980-02-29","t":["JP-13","DE"],"o":{"l":"Bo@Example.Com"}},{"n":"1984-01-01","t":["JP","FR"],"o":{"l":"al@example.com"}},{"n":"192.0.2.7"}]}`,
		`{"d":[{"i":"JP","f":[{"n":"JP"},{"n":"CN"}]},{"i":"CN","f":[{"n":"DE"},{"n":"CN"}]},{"i":41,"g":{"i":"2001:db8::1"}}]}`, `[["JP"],["DE"],[30],["100-0001"]]`,
	} {
		seeds = append(seeds, []byte(s))
	}
	return seeds
}

// FuzzScan: a body is read if and only if the oracle accepts it, whatever the
// shape names, and all shapes agree on the error.
func FuzzScan(f *testing.F) {
	for _, s := range seedBodies(f) {
		f.Add(s)
	}
	var shapes []*rules.Shape
	for _, text := range fuzzShapes {
		shapes = append(shapes, mustShape(f, text))
	}
	docs := make([]redact.Document, len(shapes)+1)
	f.Fuzz(func(t *testing.T, body []byte) {
		const depth = 12
		first := docs[len(shapes)].Open(nil, nil, body, redact.Limits{Depth: depth})
		if ok := validBody(body, depth); ok != (first == nil) {
			t.Fatalf("oracle %v, redact %v", ok, first)
		}
		if errors.Is(first, redact.ErrDepth) && treeDepth(body) <= depth && json.Valid(body) {
			t.Fatalf("too deep: %v", first)
		}
		for i, shape := range shapes {
			err := docs[i].Open(shape, nil, body, redact.Limits{Depth: depth})
			if fmt.Sprint(err) != fmt.Sprint(first) {
				t.Fatalf("shape %d: %v, without shape %v", i, err, first)
			}
		}
	})
}

// FuzzEmit: the output is what the reference says, small cells included, valid JSON, without
// whitespace, the same when withheld places change, and the same when only
// the fields that may leave are wanted.
func FuzzEmit(f *testing.F) {
	for i, s := range seedBodies(f) {
		for shape := range fuzzShapes {
			f.Add(s, uint8(shape), uint64(i))
		}
	}
	var shapes []*rules.Shape
	for _, text := range fuzzShapes {
		shapes = append(shapes, mustShape(f, text))
	}
	var doc redact.Document
	f.Fuzz(func(t *testing.T, body []byte, which uint8, seed uint64) {
		shape := shapes[int(which)%len(shapes)]
		checkEmit(t, &doc, shape, body, rand.New(rand.NewPCG(seed, 1)))
	})
}

// checkEmit opens a body, decides at random and checks every property of the
// output.
func checkEmit(tb testing.TB, doc *redact.Document, shape *rules.Shape, body []byte, r *rand.Rand) {
	tb.Helper()
	if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
		return
	}
	actions := randomActions(shape, doc.Subjects(), r)
	terms := redact.Terms{Tokens: hashTokens{}, At: decided, MinCell: 1 + r.IntN(4), Complete: r.IntN(2) == 0}
	if r.IntN(3) > 0 {
		terms.Keys = make([]rules.Key, len(actions))
		for i := range terms.Keys {
			terms.Keys[i][0] = byte(r.IntN(1+len(actions)) & 0xff)
		}
	}
	out, err := doc.Emit([]byte("{"), actions, terms)
	if err != nil || out[0] != '{' {
		tb.Fatal(err)
	}
	out = out[1:]
	compareReference(tb, shape, body, doc, actions, terms, out)
	checkSurvey(tb, doc, shape, body)
	if len(out) > 0 {
		var compact bytes.Buffer
		if err := json.Compact(&compact, out); err != nil || !bytes.Equal(compact.Bytes(), out) {
			tb.Fatalf("not compact JSON: %s", out)
		}
	}

	want := rules.NewFieldSet(len(shape.Fields))
	for _, a := range actions {
		for i := range shape.Fields {
			if a != nil && a.Fields[i].Verb != rules.Withhold {
				want.Add(i)
			}
		}
	}
	again := func(what string, body []byte, want rules.FieldSet) {
		tb.Helper()
		if err := doc.Open(shape, want, body, redact.Limits{}); err != nil {
			tb.Fatalf("%s: %v in %s", what, err, body)
		}
		if len(doc.Subjects()) != len(actions) {
			tb.Fatalf("%s: %d subjects, not %d, in %s", what, len(doc.Subjects()), len(actions), body)
		}
		got, err := doc.Emit(nil, actions, terms)
		if err != nil {
			tb.Fatal(err)
		}
		if diff := cmp.Diff(string(out), string(got)); diff != "" {
			tb.Fatalf("%s: output differs\nbody %s\n%s", what, body, diff)
		}
	}
	again("wanted", body, want)

	ref, root := newReference(shape, body)
	ref.actions = actions
	m := &mutator{ref: ref, r: r}
	for range 3 {
		m.out.Reset()
		m.value(root, shape.Root, -1)
		twin := []byte(m.out.String())
		if treeDepth(twin) > redact.DefaultMaxDepth {
			return
		}
		again("twin", twin, nil)
	}
}

func randomActions(shape *rules.Shape, subjects []redact.Subject, r *rand.Rand) []*rules.Actions {
	actions := make([]*rules.Actions, len(subjects))
	for i := range actions {
		if r.IntN(6) == 0 {
			continue
		}
		actions[i] = &rules.Actions{Fields: make([]rules.Action, len(shape.Fields))}
		mostly := r.IntN(4)
		for f := range shape.Fields {
			verb := []rules.Verb{rules.Withhold, rules.Transform, rules.Allow}[r.IntN(3)]
			if mostly == 0 || shape.Fields[f].Public {
				verb = rules.Allow
			}
			if shape.Fields[f].Concerns(subjects[i].Kind) {
				actions[i].Fields[f] = rules.Action{Verb: verb, Need: rules.NeedPseudonym}
				if verb == rules.Transform && r.IntN(2) == 0 {
					actions[i].Fields[f] = rules.Action{Verb: verb, Need: rules.NeedGeneralised, Cell: r.IntN(3) > 0, Generaliser: someGeneralisers[r.IntN(len(someGeneralisers))]}
				}
			}
		}
	}
	return actions
}

// mutator writes a twin of a body: other whitespace, and other values or none
// at withheld places. What is put there is a canary; the output must be the
// same as before, so no canary can be in it in any encoding.
type mutator struct {
	ref *reference
	r   *rand.Rand
	out strings.Builder
}

func (m *mutator) space() {
	m.out.WriteString([]string{"", "", "", " ", "\n", "\t\r", "  "}[m.r.IntN(7)])
}

func (m *mutator) canary() string {
	n := strconv.Itoa(m.r.IntN(1e9))
	return []string{
		`"canary` + n + `"`, `"\u0063anary` + n + `"`, `"\ud800canary` + n + `"`, n, "null", "true", `""`, "{}", "[]", "-1.50E+3",
		`{"i":"canary` + n + `","n":[{"canary` + n + `":1}]}`, `["canary` + n + `",{"p":1}]`,
	}[m.r.IntN(12)]
}

// counts reports whether somebody is in the body because of what stands at n, so that a
// twin must have something there, too.
func (m *mutator) counts(n *rules.Node) bool {
	return n != nil && (len(n.Others) > 0 || n.Field >= 0 && m.ref.shape.Fields[n.Field].About > 0)
}

// somebody is a canary that is about somebody.
func (m *mutator) somebody() string {
	for {
		if c := m.canary(); c != "null" {
			return c
		}
	}
}

// hides reports whether the decisions withhold what stands at n.
func (m *mutator) hides(n *rules.Node, in int) bool {
	return in >= 0 && m.ref.actions[in] == nil || m.ref.action(n.Field, in).Verb == rules.Withhold
}

// withheld reports whether nothing of a value can leave, and no subject stands
// there whose loss would change the numbers of the others.
func (m *mutator) withheld(n *rules.Node, in int) bool {
	if n == nil {
		return true
	}
	if n.Field < 0 || n.Subject >= 0 || m.counts(n) {
		return false
	}
	return m.hides(n, in)
}

func (m *mutator) value(v *tree, n *rules.Node, in int) {
	m.space()
	defer m.space()
	if s, ok := m.ref.begin[v]; ok {
		in = s
	}
	if n == nil || !v.named(n) {
		m.out.WriteString(v.raw)
		return
	}
	var items []func()
	for _, e := range v.elems {
		switch {
		case m.withheld(n.Elem, in) && m.r.IntN(3) == 0:
		case m.withheld(n.Elem, in) && m.r.IntN(2) == 0:
			items = append(items, func() { m.out.WriteString(m.canary()) })
		default:
			items = append(items, func() { m.value(e, n.Elem, in) })
		}
	}
	for _, mem := range v.members {
		child, data := memberNode(n, mem)
		hidden := m.withheld(child, in) && !data
		switch {
		case m.counts(child) && child.Field >= 0 && child.Subject < 0 && mem.value.raw != "null" && m.hides(child, in) && m.r.IntN(2) == 0:
			items = append(items, func() { m.out.WriteString(mem.raw + ":" + m.somebody()) })
		case hidden && m.r.IntN(3) == 0:
		case hidden && m.r.IntN(2) == 0:
			items = append(items, func() { m.out.WriteString(mem.raw + ":" + m.canary()) })
		default:
			items = append(items, func() { m.out.WriteString(mem.raw); m.space(); m.out.WriteByte(':'); m.value(mem.value, child, in) })
		}
	}
	if v.open == '{' && n.Any == nil {
		for m.r.IntN(3) == 0 {
			extra := func() { m.out.WriteString(`"canary` + strconv.Itoa(m.r.IntN(1e9)) + `":` + m.canary()) }
			at := m.r.IntN(len(items) + 1)
			items = append(items[:at:at], append([]func(){extra}, items[at:]...)...)
		}
	}
	m.out.WriteByte(v.open)
	for i, item := range items {
		if i > 0 {
			m.out.WriteByte(',')
		}
		m.space()
		item()
	}
	m.space()
	m.out.WriteByte(v.open + 2)
}
