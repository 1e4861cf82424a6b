package redact_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// refusal is the answer of Open in a form that can be compared. The zero value
// stands for a body that was read.
type refusal struct {
	refused bool
	kind    redact.ErrorKind
	offset  int
}

func (r refusal) String() string {
	if !r.refused {
		return "read"
	}
	return r.kind.String() + " at " + strconv.Itoa(r.offset)
}

// openIn opens a body and says how it was refused.
func openIn(tb testing.TB, doc *redact.Document, shape *rules.Shape, want rules.FieldSet, body []byte) refusal {
	tb.Helper()
	err := doc.Open(shape, want, body, redact.Limits{})
	if err == nil {
		return refusal{}
	}
	var syntax *redact.SyntaxError
	if !errors.As(err, &syntax) {
		tb.Fatalf("%T is no syntax error: %v", err, err)
	}
	return refusal{refused: true, kind: syntax.Kind, offset: syntax.Offset}
}

// tell writes all that a Document says of a body that it has opened: its subjects, the
// output, and what is told of every subject afterwards. It is written byte by byte, as
// some tests call it a hundred thousand times.
func tell(tb testing.TB, doc *redact.Document, shape *rules.Shape, actions []*rules.Actions, terms redact.Terms) string {
	tb.Helper()
	var b []byte
	number := func(name string, n int) {
		b = append(append(b, ' '), name...)
		b = strconv.AppendInt(append(b, '='), int64(n), 10)
	}
	for _, s := range doc.Subjects() {
		b = append(b, "subject"...)
		number("kind", s.Kind)
		number("parent", s.Parent)
		for _, v := range []redact.Scalar{s.ID, s.Country, s.Region, s.Residence, s.Born} {
			number("type", int(v.Type))
			number("fault", int(v.Fault))
			b = strconv.AppendQuote(append(b, ' '), string(v.Text))
		}
		b = append(b, '\n')
	}
	out, err := doc.Emit(nil, actions, terms)
	if err != nil {
		tb.Fatal(err)
	}
	b = append(append(b, out...), '\n')
	for i := -1; i < len(doc.Subjects()); i++ {
		number("of", i)
		number("defects", doc.Defects(i))
		b = strconv.AppendBool(append(b, " released="...), doc.Released(i))
		b = strconv.AppendBool(append(b, " small="...), doc.Small(i))
		for f := range shape.Fields {
			if doc.Emitted(i).Has(f) {
				number("emitted", f)
			}
		}
		b = append(b, '\n')
	}
	for _, f := range doc.Faults() {
		b = append(append(append(b, "fault "...), f.Path...), ' ')
		number(f.Reason.String(), f.Count)
		number("field", f.Field)
		b = append(b, '\n')
	}
	return string(b)
}
