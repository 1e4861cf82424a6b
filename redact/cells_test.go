package redact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

const statistics = "subject customer at data[] id=id\ndata[].id\ndata[].born\ndata[].country"

// celled opens a list of people and returns its document with their actions: the id is
// copied if it may, and born and country are cells.
func celled(tb testing.TB, doc *redact.Document, id rules.Verb, body string) []*rules.Actions {
	tb.Helper()
	if err := doc.Open(mustShape(tb, statistics), nil, []byte(body), redact.Limits{}); err != nil {
		tb.Fatal(err)
	}
	one := &rules.Actions{Fields: []rules.Action{
		{Verb: id},
		{Verb: rules.Transform, Need: rules.NeedGeneralised, Generaliser: mustGeneraliser("year"), Cell: true},
		{Verb: rules.Transform, Need: rules.NeedGeneralised, Generaliser: mustGeneraliser("region"), Cell: true},
	}}
	return slices.Repeat([]*rules.Actions{one}, len(doc.Subjects()))
}

// A person who is in a list five times is no cell of five.
func TestOnePersonIsCountedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		people int
		want   string
	}{{1, `{"data":[]}`}, {4, `{"data":[]}`}, {5, `{"data":[` + strings.Repeat(`{"born":"1980"},`, 5) + `{"born":"1980"}]}`}} {
		var doc redact.Document
		actions := celled(t, &doc, rules.Withhold, `{"data":[`+strings.Repeat(`{"id":1,"born":"1980-01-01"},`, 5)+`{"id":1,"born":"1980-12-31"}]}`)
		keys := make([]rules.Key, len(actions))
		for i := range keys {
			keys[i][0] = byte(i % c.people & 0xff)
		}
		out, err := doc.Emit(nil, actions, redact.Terms{Keys: keys})
		if err != nil || string(out) != c.want {
			t.Errorf("%d people: %s, %v", c.people, out, err)
		}
		if _, err := doc.Emit(nil, actions, redact.Terms{Keys: keys[1:]}); !errors.Is(err, redact.ErrUse) {
			t.Errorf("one key is missing: %v", err)
		}
	}
}

// MinCell people are enough, and one fewer is not. Without a number it is the default.
func TestMinCell(t *testing.T) {
	t.Parallel()
	for people := 1; people < 8; people++ {
		var doc redact.Document
		actions := celled(t, &doc, rules.Allow, `{"data":[`+strings.Repeat(`{"id":1,"country":"JP"},`, people-1)+`{"id":1,"country":"CN"}]}`)
		for _, least := range []int{0, 1, 2, 5, 6, 100} {
			out, err := doc.Emit(nil, actions, redact.Terms{MinCell: least})
			if err != nil {
				t.Fatal(err)
			}
			want := least
			if least == 0 {
				want = rules.DefaultMinCell
			}
			if got := strings.Count(string(out), "Asia"); (people >= want) != (got == people) || (people < want) != (got == 0) {
				t.Errorf("%d people with a least of %d: %s", people, least, out)
			}
			for i := range actions {
				if doc.Small(i) != (people < want) || !doc.Released(i) {
					t.Errorf("%d people with a least of %d: subject %d small %v", people, least, i, doc.Small(i))
				}
			}
		}
	}
	var doc redact.Document
	if doc.Small(-1) || doc.Small(0) {
		t.Error("nobody is small")
	}
}

// Nothing of an emission is left for the next one or after Reset.
func TestCellsAreForgotten(t *testing.T) {
	t.Parallel()
	var doc redact.Document
	actions := celled(t, &doc, rules.Allow, `{"data":[{"id":1,"country":"JP"}]}`)
	if _, err := doc.Emit(nil, actions, redact.Terms{}); err != nil || !doc.Small(0) {
		t.Fatal(err)
	}
	if out, err := doc.Emit(nil, actions, redact.Terms{MinCell: 1}); err != nil || doc.Small(0) || string(out) != `{"data":[{"id":1,"country":"Asia"}]}` {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := doc.Emit(nil, actions, redact.Terms{}); err != nil || !doc.Small(0) {
		t.Fatal(err)
	}
	if doc.Reset(); doc.Small(0) {
		t.Error("after Reset: the last document is still there")
	}
}

// The list of cells is asked for like everything else that grows with the body.
func TestCellsHaveABudget(t *testing.T) {
	t.Parallel()
	body := []byte(`{"data":[` + strings.Repeat(`{"id":1,"born":"1980-01-01","country":"JP"},`, 999) + `{"id":1}]}`)
	var doc redact.Document
	actions := celled(t, &doc, rules.Allow, string(body))
	budget := &purse{left: 1 << 30}
	if err := doc.Open(mustShape(t, statistics), nil, body, redact.Limits{Budget: budget}); err != nil {
		t.Fatal(err)
	}
	budget.left = 1000
	if out, err := doc.Emit([]byte("x"), actions, redact.Terms{}); !errors.Is(err, redact.ErrRoom) || string(out) != "x" || doc.Released(0) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	budget.left, budget.taken = 1<<30, 0
	before := doc.Size()
	if out, err := doc.Emit(nil, actions, redact.Terms{}); err != nil || strings.Count(string(out), "Asia") != 999 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if budget.taken == 0 || doc.Size()-before < budget.taken {
		t.Errorf("%d taken, and the size grew by %d", budget.taken, doc.Size()-before)
	}
}

// Whoever goes with a small cell takes the subjects inside it along, and their cells are
// counted again. Where that takes longer than any real policy needs, no cell leaves.
func TestSmallCellsReachInwards(t *testing.T) {
	t.Parallel()
	for _, levels := range []int{1, 2, 4, 6, 7, 12} {
		var lines, fields []string
		for level := range levels {
			path := "[]" + strings.Repeat(".n", level)
			lines = append(lines, fmt.Sprintf("subject k%d at %s id=id", level, path))
			fields = append(fields, path+".c")
		}
		shape := mustShape(t, strings.Join(append(lines, fields...), "\n"))
		// At each level two neighbours share a value that nobody else has; that of the
		// first one at the first level is shared by nobody, and there it begins.
		items := make([]string, levels+2)
		for i := range items {
			for level := levels - 1; level >= 0; level-- {
				year, inner := 2000, ""
				if i == level-1 || i == level {
					year = 1900 + level
				}
				if level < levels-1 {
					inner = `,"n":` + items[i]
				}
				items[i] = fmt.Sprintf(`{"c":"%d-01-01"%s}`, year, inner)
			}
		}
		body := []byte("[" + strings.Join(items, ",") + "]")
		var doc redact.Document
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		actions, err := decisions(shape, doc.Subjects(), "* cell:year "+strings.Join(fields, " "))
		if err != nil {
			t.Fatal(err)
		}
		terms := redact.Terms{MinCell: 2}
		out, err := doc.Emit(nil, actions, terms)
		if err != nil {
			t.Fatal(err)
		}
		compareReference(t, shape, body, &doc, actions, terms, out)
		// Of each but the last two what stands above its own level is left.
		years := 0
		if levels < 7 {
			years = levels*(levels-1)/2 + 2*levels
		}
		if got := strings.Count(string(out), `"c"`); got != years {
			t.Errorf("%d levels: %d values, want %d: %s", levels, got, years, out)
		}
	}
}

// A second, obvious computation over the decoded answer: whoever keeps a combination
// shares it with enough others, and who lost one did not.
func TestCellsBySlowComputation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type row struct {
			ID      int    `json:"id"`
			Born    string `json:"born,omitempty"`
			Country string `json:"country,omitempty"`
		}
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			return row{
				ID:      rapid.IntRange(1, 12).Draw(t, "id"),
				Born:    rapid.SampledFrom([]string{"", "1980-01-01", "1980-12-31", "1981-05-05", "soon"}).Draw(t, "born"),
				Country: rapid.SampledFrom([]string{"", "JP", "CN", "DE"}).Draw(t, "country"),
			}
		}), 0, 30).Draw(t, "rows")
		least := rapid.IntRange(1, 6).Draw(t, "least")
		body, err := json.Marshal(map[string]any{"data": rows})
		if err != nil {
			t.Fatal(err)
		}
		var doc redact.Document
		actions := celled(rapidTB{t: t}, &doc, rules.Allow, string(body))
		keys := make([]rules.Key, len(rows))
		regions := map[string]string{"JP": "Asia", "CN": "Asia", "DE": "Europe"}
		combination := func(r row) row {
			if r.Born = strings.Split(r.Born, "-")[0]; r.Born == "soon" {
				r.Born = ""
			}
			return row{Born: r.Born, Country: regions[r.Country]}
		}
		sharing := map[row]map[int]bool{}
		for i, r := range rows {
			keys[i][0] = byte(r.ID & 0xff)
			c := combination(r)
			if sharing[c] == nil {
				sharing[c] = map[int]bool{}
			}
			sharing[c][r.ID] = true
		}
		want := make([]row, len(rows))
		for i, r := range rows {
			if c := combination(r); len(sharing[c]) >= least {
				want[i] = c
			}
			want[i].ID = r.ID
		}
		out, err := doc.Emit(nil, actions, redact.Terms{MinCell: least, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Data []row }
		if err := json.Unmarshal(out, &got); err != nil || !slices.Equal(got.Data, want) {
			t.Fatalf("least %d: %s, want %v: %v", least, out, want, err)
		}
	})
}

func TestGeneralisingAllocatesNothing(t *testing.T) {
	shape := mustShape(t, "subject customer at [] id=id\n[].id\n[].a\n[].b\n[].c\n[].d\n[].e\n[].f\n[].g\n[].h\n[].i")
	one := `{"id":1,"a":"1980-02-29T10:00:00Z","b":"1980-02-29","c":"JP-13","d":"\u0031\u0030\u0030-0001","e":"Hanako.Yamada@example.com","f":"2001:db8:1:2::3","g":"soon","h":129.50,"i":"203.0.113.77"}`
	body := []byte("[" + strings.Repeat(one+",", 99) + one + "]")
	a := &rules.Actions{Fields: []rules.Action{{}}}
	for _, form := range []string{"year", "age_band", "region", "prefix(3)", "domain", "truncate_ip", "day", "band(10, 50)", "truncate_ip"} {
		a.Fields = append(a.Fields, rules.Action{Verb: rules.Transform, Need: rules.NeedGeneralised, Generaliser: mustGeneraliser(form), Cell: true})
	}
	actions := slices.Repeat([]*rules.Actions{a}, 100)
	var doc redact.Document
	var out []byte
	run := func() {
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			t.Fatal(err)
		}
		var err error
		if out, err = doc.Emit(out[:0], actions, redact.Terms{At: decided}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		run()
	}
	if n := testing.AllocsPerRun(10, run); n > 0 {
		t.Errorf("%v allocations", n)
	}
	want := `{"a":"1980","b":"45-54","c":"Asia","d":"100","e":"example.com","f":"2001:db8:1::/48","h":">=50","i":"203.0.113.0/24"}`
	if string(out) != "["+strings.Repeat(want+",", 99)+want+"]" {
		t.Errorf("%s", out[:200])
	}
}

// BenchmarkCells generalises three values of each of 100 subjects, and counts their
// combinations; one in ten is small, so that there is a second run.
func BenchmarkCells(b *testing.B) {
	var doc redact.Document
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"cus_%06d","born":"%d-02-03","country":"JP","name":"Hanako Yamada","note":"not for statistics"}`, i, 1980+i%10*10/91)
	}
	body := []byte(`{"data":[` + strings.Join(rows, ",") + `]}`)
	actions := celled(b, &doc, rules.Withhold, string(body))
	shape := mustShape(b, statistics)
	var out []byte
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
			b.Fatal(err)
		}
		var err error
		if out, err = doc.Emit(out[:0], actions, redact.Terms{At: decided}); err != nil {
			b.Fatal(err)
		}
	}
}
