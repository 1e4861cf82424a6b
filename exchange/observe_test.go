package exchange_test

import (
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// day is a birth date so many years ago.
func (w *world) day(years int) string { return w.now.AddDate(-years, 0, -40).Format("2006-01-02") }

// A child that is seen in a list is remembered once, coarsely, and before the
// list is released.
func TestChildIsObservedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"data":[{"id":1,"name":"A","born":"` + w.day(9) + `"},{"id":2,"name":"B","born":"` + w.day(40) + `"}]}`
	w.upstream.answer = answers(200, body)
	for range 2 {
		if s := w.serve(t, get("/v1/customers")); s.body.String() != `{"data":[{"id":2,"name":"B"}]}` {
			t.Fatal(s.body.String())
		}
	}
	if len(w.states.observed) != 1 {
		t.Fatalf("observed %+v, want the child once", w.states.observed)
	}
	o := w.states.observed[0]
	if o.Key != w.key("1") || o.Age.Band != rules.Under13 || o.Location != (rules.Location{}) {
		t.Errorf("observed %+v", o)
	}
	if until := o.Age.Until; until.Day() != 1 || until.Hour() != 0 || !until.After(w.now) {
		t.Errorf("remembered until %v: the day of birth could be told from it", until)
	}
	want := []string{"observe", "append called", "append returned", "status", "body", "append called", "append returned", "status", "body"}
	if got := w.trace.list(); !slices.Equal(got, want) {
		t.Errorf("order was %q, want %q", got, want)
	}
}

func TestAgesObserved(t *testing.T) {
	t.Parallel()
	for years, want := range map[int]rules.AgeBand{0: rules.Under13, 12: rules.Under13, 13: rules.Age13To15, 16: rules.Age16To17, 18: 0, 70: 0} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada","born":"`+w.day(years)+`"}`)
		w.serve(t, get("/v1/customers/17"))
		if want == 0 {
			if len(w.states.observed) != 0 {
				t.Errorf("an adult of %d was observed: %+v", years, w.states.observed)
			}
			continue
		}
		if len(w.states.observed) != 1 || w.states.observed[0].Age.Band != want {
			t.Errorf("at %d observed %+v, want %s", years, w.states.observed, want)
		}
	}
}

// A location is remembered; of a region only that of the United States decides
// anything.
func TestLocationObserved(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]rules.Location{
		`{"country":"DE"}`:              {{Country: "DE"}},
		`{"country":"DE","state":"BY"}`: {{Country: "DE"}},
		`{"country":"US","state":"CA"}`: {{Country: "US", Region: "CA"}},
		`{"country":"US"}`:              {{Country: "US"}},
		`{"state":"CA"}`:                nil,
		`{"country":null}`:              nil,
		`{"country":""}`:                nil,
		// Not understood, so nothing is learnt of where.
		`{"country":"Germany"}`:         nil,
		`{"country":"us"}`:              nil,
		`{"country":7}`:                 nil,
		`{"country":"US","state":"ZZ"}`: nil,
		`{"country":"DE","state":7}`:    nil,
		`"DE"`:                          nil,
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada","address":`+address+`}`)
		for range 2 {
			w.serve(t, get("/v1/customers/17"))
		}
		var got []rules.Location
		for _, o := range w.states.observed {
			got = append(got, o.Location)
			if o.Key != w.key("17") || o.Age != (rules.AgeFact{}) {
				t.Errorf("%s: %+v", address, o)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: observed %v, want %v once", address, got, want)
		}
	}
}

// A child is remembered although another member was not understood: the next
// route may not carry that member.
func TestChildIsObservedBesideDefects(t *testing.T) {
	t.Parallel()
	for _, country := range []string{`"Germany"`, `7`, `["DE"]`, `"DE","country":"FR"`} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada","address":{"country":`+country+`},"born":"`+w.day(9)+`"}`)
		w.serve(t, get("/v1/customers/17"))
		if len(w.states.observed) != 1 || w.states.observed[0].Age.Band != rules.Under13 {
			t.Errorf("%s: observed %+v", country, w.states.observed)
		}
	}
}

// Of somebody who cannot be told from others nothing is remembered.
func TestNobodyIsObserved(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`null`, `"x"`, `17.0`, `-1`, `{}`, `17,"id":18`} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":`+id+`,"name":"Ada","address":{"country":"DE"},"born":"`+w.day(9)+`"}`)
		w.serve(t, get("/v1/customers/17"))
		if len(w.states.observed) != 0 {
			t.Errorf("%s: observed %+v", id, w.states.observed)
		}
	}
}

// A birth date that is not understood withholds the subject.
func TestBirthDates(t *testing.T) {
	t.Parallel()
	for born, released := range map[string]bool{
		`"1980-02-29"`: true, `"1980-02-29T00:00:00Z"`: true, `"1980-02-29T23:00:00.5+09:00"`: true, `null`: true, `""`: true,
		`"1980-02-30"`: false, `"1980"`: false, `"29.02.1980"`: false, `"1980-02-29 "`: false, `" 1980-02-29"`: false,
		`"1980-02-29T00:00:00"`: false, `"0001-01-01T00:00:00"`: false, `320630400`: false, `true`: false, `{}`: false, `[]`: false,
		`"1980-02-29","born":"1980-02-29"`: false, `"\ud800"`: false,
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada","born":`+born+`}`)
		if s := w.serve(t, get("/v1/customers/17")); (s.status == 200) != released {
			t.Errorf("%s: %d", born, s.status)
		}
	}
}

// What cannot be remembered is not released either: on the next route the child
// would be nobody's.
func TestObserveFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"A","born":"`+w.day(9)+`"},{"id":2,"name":"`+bodyCanary+`"}]}`)
	w.states.ro = errBroken
	s := w.serve(t, get("/v1/customers"))
	if got := reason(t, s); got != "state_unavailable" || s.status != 503 {
		t.Errorf("%d %s", s.status, got)
	}
	noTrace(t, s)
	w.ledger.only(t, ledger.KindRefused)
}

// What the state knows already is not observed again, however its time was
// stored.
func TestKnownIsNotObserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	born := w.now.AddDate(-9, 0, -40)
	age, _ := rules.RememberedAge(born, w.now)
	age.Until = age.Until.Local()
	w.customer("17", &rules.State{Ages: []rules.AgeFact{age}, Locations: []rules.Location{{Country: "DE"}}})
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada","address":{"country":"DE"},"born":"`+w.day(9)+`"}`)
	w.serve(t, get("/v1/customers/17"))
	if len(w.states.observed) != 0 {
		t.Errorf("observed %+v", w.states.observed)
	}
}

var _ exchange.States = (*states)(nil)
