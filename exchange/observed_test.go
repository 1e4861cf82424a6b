package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

var office = rules.Identity{Method: "basic", User: "office"}

// observing is a world whose api is observed.
func observing(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.gateway.Observe, w.gateway.Observed = map[string]bool{"crm": true}, new(exchange.Observed)
	return w
}

// Nobody outside is answered while an api is observed, whatever contract there is, and
// upstream is not asked. It is on record.
func TestObservedAPIAnswersNobodyOutside(t *testing.T) {
	t.Parallel()
	for user, purpose := range map[string]string{
		"support-desk": "support.provide", "analyst": "statistics.prepare", "regulator": "legal.obligation;ref=ORDER-2026-7", "customer:17": "rights.fulfil",
		"suspended": "support.provide",
	} {
		w := observing(t)
		w.upstream.answer = answers(200, `{"id":17,"name":"Ada"}`)
		s := w.serveAs(t, rules.Identity{Method: "basic", User: user}, get("/v1/customers/17", "Data-Purpose", purpose))
		if s.status != 403 || reason(t, s) != "api_observed" {
			t.Errorf("%s: %d %s", user, s.status, s.body.String())
		}
		w.upstream.untouched(t)
		d := w.ledger.only(t, ledger.KindRefused).Disclosure
		if d.Reason != "api_observed" || d.Resource.Name != "customer" || d.Recipient == "" || d.Status != 403 {
			t.Errorf("%s: %+v", user, d)
		}
		if got := w.gateway.Observed.Report(); len(got) != 0 {
			t.Errorf("%s: observed %+v", user, got)
		}
	}
	w := observing(t)
	if s := w.serveAs(t, rules.Identity{}, get("/v1/customers/17")); s.status != 401 {
		t.Errorf("nobody: %d", s.status)
	}
}

// Another api is as open as ever.
func TestOtherAPIsAreNotObserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.Observe, w.gateway.Observed = map[string]bool{"hr": true}, new(exchange.Observed)
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada","secret":1}`)
	if s := w.serve(t, get("/v1/customers/17")); s.status != 200 {
		t.Errorf("%d", s.status)
	}
	if got := w.gateway.Observed.Report(); len(got) != 0 {
		t.Errorf("observed %+v", got)
	}
}

// An internal recipient gets what it gets without observation, to the byte: a member
// that no rule names does not leave, nor does somebody who is restricted.
func TestObservedAnswersAreMinimised(t *testing.T) {
	t.Parallel()
	const body = `{"object":"list","next":"x","data":[{"id":17,"name":"Ada","secret":"CANARY","notes":"CANARY"},{"id":18,"name":"Bo"}]}`
	var got [2]string
	for i, w := range []*world{newWorld(t), observing(t)} {
		w.customer("18", restricted())
		w.upstream.answer = answers(200, body)
		s := w.serveAs(t, office, get("/v1/customers"))
		if s.status != 200 || strings.Contains(s.body.String(), "CANARY") {
			t.Fatalf("%d %s", s.status, s.body.String())
		}
		got[i] = s.body.String()
		if d := w.ledger.only(t, ledger.KindReleased).Disclosure; d.Counts.Subjects != 2 || d.Counts.SubjectsWithheld != 1 {
			t.Errorf("%+v", d.Counts)
		}
	}
	if want := `{"object":"list","data":[{"id":17,"name":"Ada"}]}`; got[0] != want || got[1] != want {
		t.Errorf("%s and, observed, %s", got[0], got[1])
	}
}

// What a defect of its own withholds is not counted as if it had left.
func TestObservedDefects(t *testing.T) {
	t.Parallel()
	w := observing(t)
	w.upstream.answer = answers(200, `{"object":"list","data":[{"id":17,"name":"Ada \ud800"},{"id":18,"name":["Bo"]}]}`)
	if s := w.serveAs(t, office, get("/v1/customers")); s.status != 200 {
		t.Fatalf("%d %s", s.status, s.body.String())
	}
	for _, u := range w.gateway.Observed.Report()[0].Uses {
		if u.Asked && (u.Clear != 2 || u.Withheld["lone_surrogate"] != 1 || u.Withheld["type_unexpected"] != 1) {
			t.Errorf("%+v", u)
		}
	}
}

// What was seen is told by resource: what who asked got, what each recipient outside
// would have got, and what no rule names. Nothing in it is a value.
func TestObservedReport(t *testing.T) {
	t.Parallel()
	w := observing(t)
	var people []string
	for i := range 6 {
		people = append(people, fmt.Sprintf(`{"id":%d,"name":"N%d","email":"e%d@example.com","address":{"country":"JP","geo":[1]},"secret":{"CANARY":1},"CANARY %d":1}`, 100+i, i, i, i))
	}
	w.customer("101", restricted())
	w.upstream.answer = answers(200, `{"object":"list","next":"CANARY","data":[`+strings.Join(people, ",")+`]}`)
	if s := w.serveAs(t, office, get("/v1/customers")); s.status != 200 {
		t.Fatalf("%d %s", s.status, s.body.String())
	}
	got := w.gateway.Observed.Report()
	if len(got) != 1 || got[0].API != "crm" || got[0].Resource != "customers" || got[0].Answers != 1 || got[0].People != 6 || !got[0].Since.Equal(w.now) {
		t.Fatalf("%+v", got)
	}
	want := []exchange.ObservedPath{
		{Path: "data[].*", Count: 6}, {Path: "data[].address.geo", Count: 6}, {Path: "data[].secret", Count: 6}, {Path: "*", Count: 1},
	}
	if diff := cmp.Diff(want, got[0].Unnamed); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(fmt.Sprintf("%+v", got), "CANARY") {
		t.Errorf("%+v", got)
	}
	uses := make(map[string]exchange.ObservedUse)
	for _, u := range got[0].Uses {
		uses[u.Recipient+" "+u.Purpose] = u
	}
	// id and name of five, as the sixth is restricted; e-mail and country it does not need.
	asked := uses["office support.provide"]
	if !asked.Asked || asked.Clear != 10 || asked.Absent != 1 || asked.Withheld["restricted"] != 4 || asked.Withheld["not_necessary"] != 10 {
		t.Errorf("%+v", asked)
	}
	desk := uses["support-desk support.provide"]
	if desk.Asked || desk.Clear != 10 || desk.Transformed != 5 || desk.Withheld["not_necessary"] != 5 {
		t.Errorf("%+v", desk)
	}
	for name := range uses {
		for _, never := range []string{"suspended", "overdue", "expired", "unevaluated", "regulator", "people"} {
			if strings.HasPrefix(name, never) {
				t.Errorf("%s is not asked for today", name)
			}
		}
	}
	if _, lists := uses["analyst licence.manage"]; lists {
		t.Error("a contract without lists would get one")
	}
}

// A person of whom nothing may be seen is looked at as well: that is what withholding
// comes to. A HEAD shows what a GET does.
func TestObservedNotFound(t *testing.T) {
	t.Parallel()
	w := observing(t)
	w.customer("17", restricted())
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada","secret":1}`)
	if s := w.serveAs(t, office, get("/v1/customers/17")); s.status != 404 {
		t.Fatalf("%d", s.status)
	}
	w.customer("17", nil)
	if s := w.serveAs(t, office, request("HEAD", "/v1/customers/17")); s.status != 200 {
		t.Fatalf("%d", s.status)
	}
	got := w.gateway.Observed.Report()
	if len(got) != 1 || got[0].Answers != 2 || got[0].Uses[slices.IndexFunc(got[0].Uses, func(u exchange.ObservedUse) bool { return u.Asked })].Absent != 1 {
		t.Errorf("%+v", got)
	}
}

// A name is told once enough people had it; outside of people, once enough answers did.
// What may be somebody's own never is.
func TestObservedNames(t *testing.T) {
	t.Parallel()
	w := observing(t)
	ask := func(body string) {
		t.Helper()
		w.upstream.answer = answers(200, body)
		if s := w.serveAs(t, office, get("/v1/customers")); s.status != 200 {
			t.Fatalf("%d %s", s.status, s.body.String())
		}
	}
	paths := func() (out []string) {
		for _, p := range w.gateway.Observed.Report()[0].Unnamed {
			out = append(out, fmt.Sprintf("%d %s", p.Count, p.Path))
		}
		return out
	}
	// One person many times is one person.
	for range exchange.DefaultMinObservedAnswers - 1 {
		ask(`{"data":[{"id":1,"anna_mueller":1}],"cursor":1}`)
	}
	if diff := cmp.Diff([]string{"19 *", "19 data[].*"}, paths()); diff != "" {
		t.Error(diff)
	}
	for i := range exchange.DefaultMinObserved {
		ask(fmt.Sprintf(`{"data":[{"id":%d,"tier":1}],"cursor":1}`, i+1))
	}
	if diff := cmp.Diff([]string{"24 cursor", "19 data[].*", "5 data[].tier"}, paths()); diff != "" {
		t.Error(diff)
	}
	// However often they are seen.
	w = observing(t)
	for i := range exchange.DefaultMinObservedAnswers {
		ask(fmt.Sprintf(`{"data":[{"id":%d,"a@b.example":1,"20260101":1,"u10423":1,"%s":1,"":1,"é":1}]}`, i+1, strings.Repeat("x", exchange.DefaultMaxObservedName+1)))
	}
	if diff := cmp.Diff([]string{"120 data[].*"}, paths()); diff != "" {
		t.Error(diff)
	}
	// An object with too many names is a map.
	w = observing(t)
	var members []string
	for i := range exchange.DefaultMaxObservedNames + 1 {
		members = append(members, fmt.Sprintf(`"n%c%c":1`, 'a'+i/26, 'a'+i%26))
	}
	for range exchange.DefaultMinObservedAnswers {
		ask(`{` + strings.Join(members, ",") + `}`)
	}
	if diff := cmp.Diff([]string{"1300 *"}, paths()); diff != "" {
		t.Error(diff)
	}
}

// Of an answer only so many people are looked at.
func TestObservedPeopleAreBounded(t *testing.T) {
	t.Parallel()
	w := observing(t)
	var people []string
	for i := range exchange.DefaultMaxObservedPeople + 7 {
		people = append(people, fmt.Sprintf(`{"id":%d,"secret":1}`, i+1))
	}
	w.upstream.answer = answers(200, `{"data":[`+strings.Join(people, ",")+`]}`)
	if s := w.serveAs(t, office, get("/v1/customers")); s.status != 200 {
		t.Fatalf("%d", s.status)
	}
	got := w.gateway.Observed.Report()[0]
	if got.People != exchange.DefaultMaxObservedPeople || got.Unnamed[0].Count != exchange.DefaultMaxObservedPeople {
		t.Errorf("%+v", got)
	}
}

// What is counted is of one policy: with another one it begins anew, and an answer of
// the one before does not bring it back.
func TestObservedBeginsAnewWithAnotherPolicy(t *testing.T) {
	t.Parallel()
	w := observing(t)
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada"}`)
	ask := func() {
		t.Helper()
		if s := w.serveAs(t, office, get("/v1/customers/17")); s.status != 200 {
			t.Fatalf("%d", s.status)
		}
	}
	ask()
	ask()
	other := *w.policy.edition.Policy()
	bundle := *other.Bundle
	bundle.Hash = strings.Repeat("ab", 32)
	other.Bundle = &bundle
	w.policy.edition = other.At(w.now)
	ask()
	if got := w.gateway.Observed.Report(); len(got) != 1 || got[0].Answers != 1 {
		t.Errorf("%+v", got)
	}
}

// Without a record nothing was observed.
func TestNothingIsObservedWithoutARecord(t *testing.T) {
	t.Parallel()
	w := observing(t)
	w.ledger.fail = func(*ledger.Record) error { return errBroken }
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada"}`)
	if s := w.serveAs(t, office, get("/v1/customers/17")); s.status != 503 {
		t.Fatalf("%d", s.status)
	}
	if got := w.gateway.Observed.Report(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Many ask at once while somebody reads the report: nothing is counted twice, or lost.
func TestObservedAtOnce(t *testing.T) {
	t.Parallel()
	w := observing(t)
	w.upstream.answer = answers(200, `{"data":[{"id":17,"name":"Ada","tier":1}]}`)
	const callers, times = 8, 5
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range times {
				w.serveAs(t, office, get("/v1/customers"))
				w.gateway.Observed.Report()
			}
		})
	}
	all.Wait()
	got := w.gateway.Observed.Report()
	if len(got) != 1 || got[0].Answers != callers*times || got[0].People != callers*times || got[0].Unnamed[0].Count != callers*times {
		t.Errorf("%+v", got)
	}
}
