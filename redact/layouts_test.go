package redact_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// TestManyLayouts lets one Document read the corpus in random order, under more shapes
// and sets of wanted fields than it remembers: some are compiled again, and what
// was learned of one must not be taken for another.
func TestManyLayouts(t *testing.T) {
	t.Parallel()
	const remembered, wants = 64, 6
	r := rand.New(rand.NewPCG(6, 3))
	type layout struct {
		shape *rules.Shape
		want  rules.FieldSet
	}
	type body struct {
		text    []byte
		layouts []*layout
	}
	byShape := map[string][]*layout{}
	var bodies []body
	for _, c := range wholeCorpus(t) {
		if byShape[c.shape] == nil {
			shape := mustShape(t, c.shape)
			ls := []*layout{{shape, nil}, {shape, rules.NewFieldSet(len(shape.Fields))}, {mustShape(t, c.shape), nil}}
			for range wants {
				ls = append(ls, &layout{shape, someFields(shape, r)})
			}
			byShape[c.shape] = ls
		}
		bodies = append(bodies, body{[]byte(c.body), byShape[c.shape]})
	}
	var doc redact.Document
	used := map[*layout]bool{}
	for range 6000 {
		b := bodies[r.IntN(len(bodies))]
		l := b.layouts[r.IntN(len(b.layouts))]
		used[l] = true
		likeFresh(t, &doc, l.shape, l.want, b.text, r.Uint64())
	}
	if len(used) < 2*remembered {
		t.Errorf("only %d layouts were used", len(used))
	}
}

// TestWantedFieldsChange lets one Document read bodies with maps, subtrees and fields
// about other persons, with each set of wanted fields. The fields that are not wanted
// are withheld from everybody; then nothing that is told may differ from what is told
// when all are wanted.
func TestWantedFieldsChange(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, `subject a at d[] id=i country=o.c
about f in d[] id=f.i born=b
subject m at by{} id=@key
d[].i
d[].f.n about=f
d[].s subtree about=f
d[].m{key}
d[].m{}.x
d[].m{}.s subtree
by{}@key
by{}.n
by{}.k public
p subtree public`)
	bodies := [][]byte{
		[]byte(`{"p":{"q":[1]},"d":[{"i":1,"o":{"c":"JP"},"f":{"i":7,"n":"Bo"},"s":[{"x":1}],"m":{"k1":{"x":"y","s":{"z":2}},"k2":{"s":[3],"x":4}}},{"i":2,"f":{"n":"Al"}}],"by":{"u1":{"n":1,"k":2},"u2":{"k":3}}}`),
		[]byte(`{"by":{"u1":{"k":2,"n":{}},"u\u0032":{}},"d":[{"b":"1980","s":{"t":null},"f":{"n":"\ud800"},"i":1},{"m":[],"i":{},"f":7,"s":"x"},{"m":{"a":{"x":[]},"\udc00":{"x":1},"b":5}}],"p":3}`),
		[]byte(`{"d":[{"f":{"i":1},"f":{"n":2},"i":1,"i":2,"m":{"a":{}},"m":{"a":{"x":1,"x":2}}},null]}`),
	}
	// Where nobody stands who should, it depends on what is wanted whether that is a fault.
	misplaced := []byte(`{"d":[{"i":1,"m":7},[1]],"by":[{"n":1}],"p":{}}`)
	r := rand.New(rand.NewPCG(6, 4))
	var doc redact.Document
	emitted := 0
	for range 2 {
		for _, set := range r.Perm(1 << len(shape.Fields)) {
			want := rules.NewFieldSet(len(shape.Fields))
			for f := range shape.Fields {
				if set>>f&1 > 0 {
					want.Add(f)
				}
			}
			body := bodies[r.IntN(len(bodies))]
			seed := r.Uint64()
			likeFresh(t, &doc, shape, want, misplaced, seed)
			likeFresh(t, &doc, shape, want, body, seed)

			var all redact.Document
			openIn(t, &all, shape, nil, body)
			actions := randomActions(shape, all.Subjects(), r)
			for _, a := range actions {
				for f := range shape.Fields {
					if a != nil && !want.Has(f) {
						a.Fields[f] = rules.Action{}
					}
				}
			}
			openIn(t, &doc, shape, want, body)
			terms := redact.Terms{Tokens: hashTokens{}, At: decided, MinCell: 1, Complete: r.IntN(2) == 0}
			told := tell(t, &doc, shape, actions, terms)
			if diff := cmp.Diff(tell(t, &all, shape, actions, terms), told); diff != "" {
				t.Fatalf("-all +wanted %v\n%s\n%s", fieldPaths(shape, want), body, diff)
			}
			if bytes.Contains([]byte(told), []byte("emitted")) {
				emitted++
			}
		}
	}
	if emitted < 500 {
		t.Errorf("something left only %d times", emitted)
	}
}
