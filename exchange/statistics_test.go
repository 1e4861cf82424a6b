package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

var analyst = rules.Identity{Method: "basic", User: "analyst"}

// statistics asks for a list of people under the statistical purpose.
func (w *world) statistics(tb testing.TB, body string) *spy {
	tb.Helper()
	w.upstream.answer = answers(200, body)
	return w.serveAs(tb, analyst, get("/v1/panel", "Data-Purpose", "statistics.prepare"))
}

func panelists(from, n int, rest string) string {
	var items []string
	for id := range n {
		items = append(items, fmt.Sprintf(`{"id":%d,"name":"Ada","email":"","born":"1980-02-%02d","country":"JP",%s}`, from+id, id+1, rest))
	}
	return strings.Join(items, ",")
}

// Under a statistical purpose no direct identifier leaves, the others leave coarser
// and only in combinations that five people share, and the record says why.
func TestStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.statistics(t, `{"object":"list","data":[`+panelists(1, 5, `"postcode":"100-0001","spent":12.5`)+`,`+panelists(6, 4, `"postcode":"150-0001","spent":70`)+`]}`)
	want := `{"object":"list","data":[` + strings.Repeat(`{"born":"1980","country":"Asia","postcode":"100","spent":"10-<50"},`, 5) +
		strings.TrimSuffix(strings.Repeat(`{"spent":">=50"},`, 4), ",") + `]}`
	if s.status != 200 || s.body.String() != want {
		t.Fatalf("%d %s\nwant %s", s.status, s.body.String(), want)
	}
	rec := w.ledger.only(t, ledger.KindReleased)
	for i, line := range rec.Disclosure.Subjects {
		profile := factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, line.Profile)
		left := []string{"data[].born", "data[].country", "data[].postcode", "data[].spent"}
		if i >= 5 {
			left = left[3:]
		}
		if got := emitted(t, rec, line); !slices.Equal(got, left) {
			t.Errorf("subject %d: emitted %q", i, got)
		}
		for _, f := range profile.Fields {
			name := strings.TrimPrefix(f.Path, "data[].")
			form := map[string]string{"born": "year", "country": "region", "postcode": "prefix(3)", "spent": "band(10, 50)", "email": "pseudonym"}[name]
			quasi := name == "born" || name == "country" || name == "postcode"
			switch {
			case quasi && i >= 5:
				if f.Outcome != "withhold" || f.Reasons[0] != "small_cell" || !slices.Contains(f.Reasons, "minimised") || f.Transform != "" {
					t.Errorf("subject %d: %+v", i, f)
				}
			case form != "":
				if f.Outcome != "transform" || f.Transform != form || f.Reasons[0] != "minimised" {
					t.Errorf("subject %d: %+v", i, f)
				}
			case f.Outcome != "withhold" || f.Reasons[0] != "not_necessary":
				t.Errorf("subject %d: %+v", i, f)
			}
			if pseudonym := form == "pseudonym"; (f.KeyID != "") != pseudonym || (f.Domain != "") != pseudonym {
				t.Errorf("subject %d: %+v", i, f)
			}
		}
	}
	if c := rec.Disclosure.Counts; c.Pseudonymised != 5*4+4 || c.Allowed != 0 || c.SubjectsWithheld != 0 || c.Withheld != 9*3+4*3 {
		t.Errorf("%+v", c)
	}
	if strings.Contains(w.ledger.text()+w.logged.String(), "1980") {
		t.Error("a coarser value is on record")
	}
}

// Who may not be seen makes no cell larger, and neither does one person who is in the
// answer several times.
func TestCellsCountPeopleWhoAreReleased(t *testing.T) {
	t.Parallel()
	five := `{"data":[` + panelists(1, 5, `"postcode":"100-0001"`) + `]}`
	for name, c := range map[string]struct {
		body   string
		spoil  func(*world)
		leaves int
	}{
		"five people":               {five, nil, 5},
		"one of them is restricted": {five, func(w *world) { w.customer("3", restricted()) }, 0},
		"four, one of them twice":   {strings.Replace(five, `"id":5`, `"id":4`, 1), nil, 0},
		"five, one of them twice":   {`{"data":[` + panelists(1, 5, `"postcode":"100-0001"`) + `,` + panelists(3, 1, `"postcode":"100-0009"`) + `]}`, nil, 6},
	} {
		w := newWorld(t)
		if c.spoil != nil {
			c.spoil(w)
		}
		s := w.statistics(t, c.body)
		if got := strings.Count(s.body.String(), "Asia"); s.status != 200 || got != c.leaves {
			t.Errorf("%s: %d, %s", name, s.status, s.body.String())
		}
		if d := w.ledger.only(t, ledger.KindReleased).Disclosure; c.leaves == 0 && d.Outcome != ledger.AllWithheld {
			t.Errorf("%s: %s", name, d.Outcome)
		}
	}
}

// One person alone is no statistics: the answer is that of somebody who does not exist.
func TestStatisticsOfOnePersonAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"id":1,"born":"1980-01-01","country":"JP"}`)
	if s := w.serveAs(t, analyst, get("/v1/panel/1", "Data-Purpose", "statistics.prepare")); s.status != 404 || reason(t, s) != "not_found" {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	rec := w.ledger.only(t, ledger.KindRefused)
	profile := factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, rec.Disclosure.Subjects[0].Profile)
	if !slices.ContainsFunc(profile.Fields, func(f ledger.ProfileField) bool { return f.Path == "born" && f.Reasons[0] == "small_cell" }) {
		t.Errorf("%+v", profile)
	}
}

// A coarser form may be what any purpose needs; only statistics have cells.
func TestGeneraliserUnderAnotherPurpose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"id":1,"country":"JP","postcode":"100-0001"}`)
	s := w.serveAs(t, analyst, get("/v1/panel/1"))
	if s.body.String() != `{"id":1,"postcode":"0001"}` {
		t.Error(s.body.String())
	}
}

// A page whose cells have no room is refused like any other that has none.
func TestCellsArePartOfTheMemoryBudget(t *testing.T) {
	t.Parallel()
	body := `{"data":[` + panelists(1, 400, `"postcode":"100-0001","spent":1`) + `]}`
	served, refused := false, false
	for limit := int64(64 << 10); limit <= 1<<20; limit += 16 << 10 {
		w := newWorld(t)
		w.gateway.Memory = new(exchange.Memory)
		w.gateway.Memory.SetLimit(limit)
		switch s := w.statistics(t, body); s.status {
		case 200:
			served = true
		case 503:
			refused = true
			if served || reason(t, s) != "overloaded" {
				t.Errorf("with %d bytes: %s", limit, s.body.String())
			}
		default:
			t.Errorf("with %d bytes: %d", limit, s.status)
		}
		if held, _ := w.gateway.Memory.Held(); held != 0 {
			t.Errorf("%d bytes are held by nobody", held)
		}
	}
	if !served || !refused {
		t.Errorf("served %v, refused %v", served, refused)
	}
}
