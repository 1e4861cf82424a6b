package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/modicum-dev/modicum/rules"
)

// Many requests at once with every kind of end: each answer holds the canary of
// its own request alone, so that no pooled buffer is shared.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	const callers, rounds = 64, 30
	w := newWorld(t)
	w.gateway.MaxBody = 1 << 16
	w.customer("2", restricted())
	// The answer follows the name that the caller put into the query.
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		kind, name, _ := strings.Cut(r.URL.Query().Get("q"), " ")
		list := `{"data":[` + strings.Repeat(fmt.Sprintf(`{"id":1,"name":%q,"email":"a@example.com","address":{"country":"JP"}},{"id":2,"name":%q},`, name, name), 5) + `{"id":3,"name":"` + name + `"}]}`
		switch kind {
		case "good":
			return answers(200, list)(rw, r)
		case "cut":
			_ = answers(200, list[:len(list)/2])(rw, r)
			panic(http.ErrAbortHandler)
		case "long":
			return answers(200, list+strings.Repeat(" ", 1<<16))(rw, r)
		case "broken":
			return answers(200, list+"}")(rw, r)
		case "html":
			return answers(200, list, "Content-Type: text/html")(rw, r)
		case "gone":
			return answers(404, list)(rw, r)
		}
		return errBroken
	}
	want := map[string]string{
		"good": "", "cut": "upstream_unavailable", "long": "response_uninspectable", "broken": "response_uninspectable",
		"html": "response_uninspectable", "gone": "not_found", "fails": "upstream_unavailable",
	}
	order := []string{"good", "cut", "good", "long", "good", "broken", "html", "good", "gone", "fails"}
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			for i := range rounds {
				kind, name := order[(n+i)%len(order)], fmt.Sprintf("NAME-%d-%d-", n, i)
				who := []rules.Identity{caller, user("mailer")}[n%2]
				s := w.serveAs(t, who, get("/v1/customers?q="+kind+"+"+name))
				switch {
				case want[kind] != "":
					if got := reason(t, s); got != want[kind] || strings.Contains(s.everything(), "NAME-") {
						t.Errorf("%s: %s", kind, s.everything())
					}
				case s.status != 200 || strings.Count(s.body.String(), "NAME-") != 6 || strings.Count(s.body.String(), name) != 6:
					t.Errorf("%d, want six of %s: %s", s.status, name, s.body.String())
				}
			}
		})
	}
	all.Wait()
	ids := make(map[string]bool)
	for _, r := range w.ledger.records {
		if id, err := uuid.Parse(r.Disclosure.ID); err != nil || id.Version() != 7 {
			t.Errorf("id %q", r.Disclosure.ID)
		}
		ids[r.Disclosure.ID] = true
	}
	summarised := 0
	for _, n := range w.counted(t) {
		summarised += int(n)
	}
	if len(w.ledger.records)+summarised != callers*rounds || len(ids) != len(w.ledger.records) {
		t.Errorf("%d records with %d ids and %d summarised for %d requests", len(w.ledger.records), len(ids), summarised, callers*rounds)
	}
}
