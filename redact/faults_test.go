package redact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

const poisonedShape = "subject a at d[] id=i country=o.c\nd[].i\nd[].n\nd[].o.l\nd[].y"

// poisoned is a body in which every second record has three defects.
func poisoned(records int) []byte {
	var b strings.Builder
	b.WriteString(`{"d":[`)
	for i := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		if i%2 == 0 {
			fmt.Fprintf(&b, `{"i":%d,"n":["x"],"o":"y","y":"soon"}`, i)
		} else {
			fmt.Fprintf(&b, `{"i":%d,"n":"\ud800","o":{"c":"JP","l":"z"},"y":"2000-01-01"}`, i)
		}
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// However many values have a defect, a place and a reason have one entry, nothing is
// allocated for it again, and what is held is told.
func TestFaultsAreBounded(t *testing.T) {
	shape := mustShape(t, poisonedShape)
	body := poisoned(1000)
	var doc redact.Document
	var actions []*rules.Actions
	var out []byte
	run := func() {
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		if actions == nil {
			var err error
			if actions, err = decisions(shape, doc.Subjects(), "* allow d[].i d[].n d[].o.l\n* year d[].y"); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if out, err = doc.Emit(out[:0], actions, redact.Terms{At: decided}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	want := []redact.Fault{
		{Path: "d[].n", Field: 1, Reason: rules.TypeUnexpected, Count: 500},
		{Path: "d[].o", Field: -1, Reason: rules.TypeUnexpected, Count: 500},
		{Path: "d[].y", Field: 3, Reason: rules.ValueDefect, Count: 500},
		{Path: "d[].n", Field: 1, Reason: rules.LoneSurrogate, Count: 500},
	}
	if got := doc.Faults(); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	for range 3 {
		run()
	}
	if n := testing.AllocsPerRun(10, run); n > 0 {
		t.Errorf("%v allocations", n)
	}
	doc.Reset()
	if len(doc.Faults()) > 0 {
		t.Error("faults outlive their body")
	}
	var plain redact.Document
	if err := plain.Open(shape, nil, []byte(`{}`), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Emit(nil, nil, redact.Terms{}); err != nil || len(plain.Faults()) > 0 {
		t.Error("a fault of nothing", err)
	}
}

// What nobody could have got by the plan is no fault, also where only members are named.
func TestFaultsOfWhatIsNotWanted(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, poisonedShape)
	var doc redact.Document
	want := rules.NewFieldSet(len(shape.Fields))
	want.Add(0)
	if err := doc.Open(shape, want, poisoned(10), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	actions, err := decisions(shape, doc.Subjects(), "* allow d[].i")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Emit(nil, actions, redact.Terms{At: decided}); err != nil || len(doc.Faults()) > 0 {
		t.Errorf("%v %v", doc.Faults(), err)
	}
}

// What another person withholds has no defect of its own, wherever it would stand. Of
// nobody there is no decision, so that it is told.
func TestFaultsOfWhatAnotherPersonWithholds(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "subject a at d[] id=i\nabout o in d[] id=oi\nd[].i\nd[].r.n about=o")
	body := []byte(`{"d":[{"i":1,"oi":2,"r":"x"},{"i":3,"oi":4,"r":"x"},{"i":5,"r":"x"}]}`)
	var doc redact.Document
	if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	actions, err := decisions(shape, doc.Subjects(), "* allow *\n1 none")
	if err != nil {
		t.Fatal(err)
	}
	// Of the enclosing subjects the decision is one and the same.
	actions[2], actions[4] = actions[0], actions[0]
	if _, err := doc.Emit(nil, actions, redact.Terms{At: decided}); err != nil {
		t.Fatal(err)
	}
	want := []redact.Fault{{Path: "d[].r", Field: -1, Reason: rules.TypeUnexpected, Count: 2}}
	if got := doc.Faults(); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}
