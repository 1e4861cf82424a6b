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
