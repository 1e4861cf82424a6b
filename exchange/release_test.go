package exchange_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// minimised is what the support desk gets of the customer 17 of the tests. The
// token of the address follows from keys that each test draws anew.
var minimised = regexp.MustCompile(`^\{"id":17,"object":"customer","name":"Ada","email":"[a-z0-9.]+@pseudonym\.invalid"\}$`)

func TestRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	s := w.serve(t, get("/v1/customers/17", "Data-Purpose", `support.provide;ref="case-812"`))
	if s.status != 200 || !minimised.Match(s.body.Bytes()) {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	rec := w.ledger.only(t, ledger.KindReleased)
	holdsHeaders(t, s.sent, map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": strconv.Itoa(s.body.Len()), "Data-Purpose": "support.provide", "Disclosure-Id": rec.Disclosure.ID,
	})
	if up := w.upstream.asked(t); up.Header.Get("Disclosure-Id") != rec.Disclosure.ID {
		t.Errorf("the upstream was told disclosure %q, the record is %q", up.Header.Get("Disclosure-Id"), rec.Disclosure.ID)
	}
}

// No byte and no header escapes before the record is durable, and the body goes
// out in one write.
func TestNothingLeavesBeforeRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ledger.hold = make(chan struct{})
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		err := answers(200, one)(rw, r)
		_ = http.NewResponseController(rw).Flush()
		return err
	}
	out := &spy{header: make(http.Header), trace: w.trace}
	done := make(chan error)
	go func() { done <- w.gateway.Serve(out, get("/v1/customers/17"), "crm", caller, w.upstream.serve) }()
	w.ledger.hold <- struct{}{} // the append has begun and not ended
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := w.trace.list(), []string{"observe", "append called", "append returned", "status", "body"}; !slices.Equal(got, want) {
		t.Errorf("order was %q, want %q", got, want)
	}
}

func TestLedgerFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.ledger.fail = func(*ledger.Record) error { return ledger.ErrUnavailable }
	s := w.serve(t, get("/v1/customers/17"))
	if got := reason(t, s); got != "ledger_unavailable" || s.status != 503 {
		t.Errorf("%d %s", s.status, got)
	}
	noTrace(t, s)
	if len(w.ledger.records) != 0 || w.counted(t)["ledger_unavailable"] != 1 {
		t.Error("the refusal is neither recorded nor counted once")
	}
}

// When only the release cannot be recorded, its refusal is on record.
func TestReleaseCannotBeRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.ledger.fail = func(r *ledger.Record) error {
		if r.Kind == ledger.KindReleased {
			return ledger.ErrTooLarge
		}
		return nil
	}
	s := w.serve(t, get("/v1/customers/17"))
	if got := reason(t, s); got != "ledger_unavailable" {
		t.Errorf("reason %s", got)
	}
	noTrace(t, s)
	if d := w.ledger.only(t, ledger.KindRefused).Disclosure; len(d.Subjects) != 0 || d.Bytes != 0 || d.Outcome != ledger.Refused {
		t.Errorf("a refusal that names subjects or bytes: %+v", d)
	}
}

// Without the key of the month no subject can be named, so nothing is released.
func TestNoReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.keys.noRefs = errBroken
	if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "ledger_unavailable" {
		t.Error(s.body.String())
	}
}

// noTrace looks for anything of the upstream's in what the client got.
func noTrace(t *testing.T, s *spy) {
	t.Helper()
	for _, c := range []string{bodyCanary, headerCanary, "Ada", "ada@example.com"} {
		if strings.Contains(s.everything(), c) {
			t.Errorf("%q of the upstream in the answer:\n%s", c, s.everything())
		}
	}
}

// Each customer of a list is decided by its own state; what is hidden leaves no
// gap.
func TestListDecidesEachSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("2", restricted())
	w.upstream.answer = answers(200, `{"object":"list","total":4,"data":[
		{"id":1,"name":"A","address":{"country":"JP"}},
		{"id":2,"name":"B","address":{"country":"JP"}},
		{"id":3,"name":"C","address":{"country":"JP"},"born":"`+w.now.AddDate(-9, 0, 0).Format("2006-01-02")+`"},
		{"id":4,"name":"D","address":{"country":"Japan"}},
		{"id":"0005","name":"E"},
		{"id":5.0,"name":"F"},
		{"name":"G"}],"has_more":true}`)
	s := w.serve(t, get("/v1/customers"))
	if want := `{"object":"list","data":[{"id":1,"name":"A"},{"id":"0005","name":"E"}],"has_more":true}`; s.body.String() != want {
		t.Errorf("got  %s\nwant %s", s.body.String(), want)
	}
	d := w.ledger.only(t, ledger.KindReleased).Disclosure
	if d.Counts.Subjects != 7 || d.Counts.SubjectsWithheld != 5 || d.Outcome != ledger.PartlyWithheld {
		t.Errorf("counts %+v, outcome %s", d.Counts, d.Outcome)
	}
}

// A list of which everything is hidden is the same as an empty list.
func TestHiddenListIsEmptyList(t *testing.T) {
	t.Parallel()
	bodies := make([]string, 0, 2)
	for _, body := range []string{
		`{"object":"list","data":[],"has_more":false}`,
		`{"object":"list","data":[{"id":2,"name":"B"}, {"id":2,"name":"B"}],"has_more":false}`,
	} {
		w := newWorld(t)
		w.customer("2", restricted())
		w.upstream.answer = answers(200, body)
		s := w.serve(t, get("/v1/customers"))
		if s.status != 200 {
			t.Fatal(s.body.String())
		}
		s.sent.Del("Disclosure-Id")
		bodies = append(bodies, s.everything())
	}
	if bodies[0] != bodies[1] {
		t.Errorf("empty:\n%s\nhidden:\n%s", bodies[0], bodies[1])
	}
}

// A route about no persons needs no subject and leaves a record all the same.
func TestRouteWithoutSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `[{"sku":"a","cost":1}]`)
	if s := w.serve(t, get("/v1/products")); s.body.String() != `[{"sku":"a"}]` {
		t.Error(s.body.String())
	}
	if d := w.ledger.only(t, ledger.KindReleased).Disclosure; d.Counts.Subjects != 0 || d.Outcome != ledger.Disclosed || d.RefPeriod != "" {
		t.Errorf("%+v", d)
	}
}

// A route that names its subject by the query decides by it.
func TestSubjectOfQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("17", restricted())
	w.upstream.answer = answers(200, `{"data":[{"id":"o-1","total":3}],"object":"list"}`)
	if s := w.serve(t, get("/v1/orders?customer=18")); s.status != 200 {
		t.Error(s.body.String())
	}
	for _, target := range []string{"/v1/orders?customer=17", "/v1/orders"} {
		if s := w.serve(t, get(target)); reason(t, s) != "not_found" {
			t.Errorf("%s: %s", target, s.body.String())
		}
	}
}

// The orders of a child are hidden although no order tells an age: the route
// before has told it.
func TestChildIsHiddenOnEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	born, err := json.Marshal(w.now.AddDate(-9, 0, 0).Format("2006-01-02"))
	if err != nil {
		t.Fatal(err)
	}
	w.upstream.answer = answers(200, `{"id":17,"name":"Ada","address":{"country":12},"born":`+string(born)+`}`)
	if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "not_found" {
		t.Fatal(s.body.String())
	}
	w.upstream.answer = answers(200, `{"data":[{"id":"o-1","total":3}],"object":"list"}`)
	if s := w.serve(t, get("/v1/customers/17/orders")); reason(t, s) != "not_found" {
		t.Error(s.body.String())
	}
}

// A pseudonym is the same for the same person and recipient, and unrelated to
// the one that another recipient gets.
func TestPseudonymsSeparateRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := func(recipient, id string) string {
		w.upstream.answer = answers(200, strings.Replace(one, "17", id, 1))
		s := w.serveAs(t, user(recipient), get("/v1/customers/"+id))
		_, token, ok := strings.Cut(s.body.String(), `"email":`)
		if !ok {
			t.Fatal(s.body.String())
		}
		return token
	}
	mine := token("support-desk", "17")
	if again := token("support-desk", "17"); again != mine {
		t.Errorf("%s, then %s", mine, again)
	}
	if other := token("mailer", "17"); other == mine {
		t.Error("two recipients can join their data")
	}
	if other := token("support-desk", "18"); other == mine {
		t.Error("two persons with the same address have the same pseudonym")
	}
}
