package redact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// However many keys upstream makes up, at however many places and for however many
// layouts, a document remembers a bounded number of them and tells of what they take.
func TestLearnedKeysAreBounded(t *testing.T) {
	t.Parallel()
	const places = 100
	shape := &rules.Shape{Root: rules.NewNode(), Subjects: []rules.SubjectKind{{}}}
	shape.Root.Subject, shape.Root.Members = 0, map[string]*rules.Node{}
	var b strings.Builder
	for p := range places {
		n, m := rules.NewNode(), rules.NewNode()
		m.Field = len(shape.Fields)
		n.Members = map[string]*rules.Node{"a": m}
		shape.Fields = append(shape.Fields, rules.Field{})
		shape.Root.Members[fmt.Sprint("p", p)] = n
		fmt.Fprintf(&b, `,"p%d":{"a":1`, p)
		for i := range maxKnown {
			fmt.Fprintf(&b, `,"%d":1`, i)
		}
		b.WriteByte('}')
	}
	body := []byte("{" + b.String()[1:] + "}")
	var doc Document
	for l := range 5 {
		want := rules.NewFieldSet(len(shape.Fields))
		for f := l; f < places; f++ {
			want.Add(f)
		}
		for range 2 {
			if err := doc.Open(shape, want, body, Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		known := 0
		for _, layout := range doc.layouts {
			of := 0
			for i := range layout.places {
				of += max(len(layout.places[i].keys.known)-1, 0)
			}
			if of != layout.learned {
				t.Errorf("%d keys of a layout, counted %d", of, layout.learned)
			}
			known += of
		}
		if known != doc.learned || known > maxLearned || doc.Size() < known*maxKeyLen {
			t.Errorf("%d keys, counted %d, size %d", known, doc.learned, doc.Size())
		}
	}
	if len(doc.layouts) != 1 || doc.learned != maxLearned {
		t.Errorf("%d layouts, %d keys", len(doc.layouts), doc.learned)
	}
}

// Keys that are alike find a slot each, so that all of a place are known: those that
// differ at their beginning, in the middle, or at their end alone.
func TestKeysSpread(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"%d", "%06d", "member_%d", "m%d_of_something", "a_rather_long_prefix_%03d", "x%027d", "%da_rather_long_suffix"} {
		r := newKeyring()
		lit := func(i int) (text []byte, from, to int) {
			key := fmt.Sprintf(`"`+form+`"`, i)
			return []byte("," + key + ":"), 1, 1 + len(key)
		}
		for i := range maxKnown - 1 {
			text, from, to := lit(i)
			if r.learn(text, from, to, knownKey{form: formPlain}) != i+1 {
				t.Fatalf("%s: number %d is not learned", form, i)
			}
		}
		for i := range maxKnown - 1 {
			text, from, to := lit(i)
			body := append(text, "                "...)
			if n, m := r.jump(body, 0, from, to, 0), r.find(body, from, to); n != i+1 || m != n {
				t.Fatalf("%s: number %d is found at %d and %d", form, i, n, m)
			}
		}
	}
}
