package exchange_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// limited asks as the recipient whose contract has limits.
func (w *world) limited(tb testing.TB, purpose, method, target, body string) *spy {
	tb.Helper()
	w.upstream.answer = answers(200, body)
	return w.serveAs(tb, analyst, request(method, target, "Data-Purpose", purpose))
}

func ids(from, n int) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"id":%d,"country":"JP"}`, from+i))
	}
	return `{"data":[` + strings.Join(items, ",") + `]}`
}

// An answer with more released people than the contract has for one is refused as a
// whole, and there is no time after which it would not be.
func TestSubjectsPerResponse(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "HEAD"} {
		w := newWorld(t)
		if s := w.limited(t, "support.provide", method, "/v1/panel", ids(1, 3)); s.status != 200 {
			t.Errorf("%s: three: %d %s", method, s.status, s.body.String())
		}
		s := w.limited(t, "support.provide", method, "/v1/panel", ids(4711, 4))
		if s.status != 429 || reason(t, s) != "volume_exceeded" || s.sent.Get("Retry-After") != "" || strings.Contains(s.everything(), "4711") {
			t.Errorf("%s: four: %s", method, s.everything())
		}
		if d := w.ledger.records[1].Disclosure; w.ledger.records[1].Kind != ledger.KindRefused || d.Reason != "volume_exceeded" || d.Status != 429 || d.Outcome != ledger.Refused || len(d.Subjects) != 0 {
			t.Errorf("%s: %+v", method, d)
		}
		// People who are not in the answer do not count, and one twice counts once.
		w.customer("9", restricted())
		if s := w.limited(t, "support.provide", method, "/v1/panel", ids(7, 4)); s.status != 200 {
			t.Errorf("%s: three of four: %s", method, s.body.String())
		}
		if s := w.limited(t, "support.provide", method, "/v1/panel", strings.Replace(ids(1, 4), `"id":4`, `"id":3`, 1)); s.status != 200 {
			t.Errorf("%s: three, one of them twice: %s", method, s.body.String())
		}
	}
}

// A contract without lists is refused them before the upstream is asked.
func TestNoLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if s := w.limited(t, "licence.manage", "GET", "/v1/panel", ids(1, 1)); s.status != 429 || reason(t, s) != "volume_exceeded" {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	w.upstream.untouched(t)
	if s := w.limited(t, "licence.manage", "GET", "/v1/panel/1", `{"id":1,"country":"JP"}`); s.status != 200 {
		t.Errorf("%d %s", s.status, s.body.String())
	}
}

// A window has room for so many different people. What would exceed it is refused
// as a whole, and once it is full the upstream is not asked.
func TestSubjectsPerHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.now
	w.gateway.Clock = func() time.Time { return now }
	const purpose = "case.handle"
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(1, 2)); s.status != 200 {
		t.Fatalf("two of three: %s", s.body.String())
	}
	s := w.limited(t, purpose, "GET", "/v1/panel", ids(3, 2))
	wait, err := strconv.Atoi(s.sent.Get("Retry-After"))
	if s.status != 429 || reason(t, s) != "volume_exceeded" || err != nil || wait <= 60*60 || wait > 65*60 {
		t.Errorf("two more: %s", s.everything())
	}
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(1, 3)); s.status != 200 {
		t.Errorf("one more beside the same two: %s", s.body.String())
	}
	asked := len(w.upstream.seen)
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(1, 1)); s.status != 429 || len(w.upstream.seen) != asked {
		t.Errorf("when it is full: %d, and the upstream was asked", s.status)
	}
	// Another purpose of the same recipient has its own.
	if s := w.limited(t, "support.provide", "GET", "/v1/panel", ids(5, 1)); s.status != 200 {
		t.Errorf("another purpose: %s", s.body.String())
	}
	now = now.Add(time.Duration(wait) * time.Second)
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(6, 2)); s.status != 200 {
		t.Errorf("after Retry-After: %s", s.body.String())
	}
	now = now.Add(2 * time.Hour)
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(8, 1)); s.status != 429 {
		t.Errorf("the day has room for five: %s", s.body.String())
	}
}

// Only what was released counts: not an answer that could not be recorded. A HEAD
// counts as its GET would, because it tells whether there is something to see.
func TestOnlyReleasedCountsTowardsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const purpose = "case.handle"
	w.ledger.fail = func(*ledger.Record) error { return errBroken }
	if s := w.limited(t, purpose, "GET", "/v1/panel", ids(1, 3)); s.status != 503 {
		t.Fatalf("%d", s.status)
	}
	w.ledger.fail = nil
	if s := w.limited(t, purpose, "HEAD", "/v1/panel", ids(7, 3)); s.status != 200 {
		t.Errorf("HEAD: %d", s.status)
	}
	for _, method := range []string{"GET", "HEAD"} {
		if s := w.limited(t, purpose, method, "/v1/panel", ids(1, 1)); s.status != 429 {
			t.Errorf("%s when it is full: %d", method, s.status)
		}
	}
}

// Whoever finds nothing too often is looking for who exists. Someone who is hidden and
// someone who does not exist are the same here too.
func TestNotFoundPercent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("1", restricted())
	const purpose = "case.handle"
	for i := range 20 {
		s := w.limited(t, purpose, "GET", "/v1/panel/1", `{"id":1,"country":"JP"}`)
		if i%2 == 0 {
			w.upstream.answer = answers(404, "{}")
			s = w.serveAs(t, analyst, get("/v1/panel/2", "Data-Purpose", purpose))
		}
		if i < 10 && s.status != 404 {
			t.Fatalf("request %d: %d %s", i, s.status, s.body.String())
		}
	}
	asked := len(w.upstream.seen)
	if s := w.limited(t, purpose, "GET", "/v1/panel/3", `{"id":3,"country":"JP"}`); s.status != 429 || s.sent.Get("Retry-After") == "" || len(w.upstream.seen) != asked {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	if s := w.limited(t, "licence.manage", "GET", "/v1/panel/3", `{"id":3,"country":"JP"}`); s.status != 200 {
		t.Errorf("without that limit: %d", s.status)
	}
}
