package exchange_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// A person of whom nothing may be seen and one who does not exist get the same
// answer, byte for byte but for the disclosure id, for GET and HEAD alike.
func TestHiddenIsLikeUnknown(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "HEAD"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			unknown := newWorld(t)
			unknown.upstream.answer = answers(404, `{"error":"no such customer `+bodyCanary+`"}`)
			a := unknown.serve(t, request(method, "/v1/customers/17"))
			hidden := newWorld(t)
			hidden.customer("17", restricted())
			hidden.upstream.answer = answers(200, one)
			b := hidden.serve(t, request(method, "/v1/customers/17"))
			if reason(t, a) != "not_found" || a.status != 404 {
				t.Fatal(a.body.String())
			}
			if x, y := withoutID(t, a), withoutID(t, b); x != y {
				t.Errorf("unknown:\n%s\nhidden:\n%s", x, y)
			}
			noTrace(t, a)
			noTrace(t, b)
			// The auditor sees the difference.
			if d := unknown.ledger.only(t, ledger.KindRefused).Disclosure; len(d.Subjects) != 0 || d.Resource.Upstream != 404 {
				t.Errorf("unknown: %+v", d)
			}
			d := hidden.ledger.only(t, ledger.KindRefused).Disclosure
			if len(d.Subjects) != 1 || d.Outcome != ledger.AllWithheld || d.Reason != "not_found" || len(d.Subjects[0].Emitted) != 0 {
				t.Errorf("hidden: %+v", d)
			}
		})
	}
}

// A purpose that needs a consent finds nobody where there is none.
func TestNoConsentIsLikeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, strings.Replace(one, "JP", "DE", 1))
	if s := w.serve(t, get("/v1/customers/17", "Data-Purpose", "newsletter.send")); reason(t, s) != "not_found" {
		t.Error(s.body.String())
	}
}

// A document in which nobody stands where somebody should is nobody's.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `7`, `"x"`, `{"object":"customer"}`, `{"id":null,"name":"Ada"}`, `{"id":17,"id":18,"name":"Ada"}`} {
		w := newWorld(t)
		w.upstream.answer = answers(200, body)
		if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "not_found" {
			t.Errorf("%s: %s", body, s.body.String())
		}
	}
}

// A frame around the one subject does not tell that there is one.
func TestFrameOfNobody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"object":"profile","customer":` + one + `}`, `{"object":"profile","customer":null}`, `{"object":"profile","customer":{}}`, `{"object":"profile"}`,
	} {
		w := newWorld(t)
		w.customer("17", restricted())
		w.upstream.answer = answers(200, body)
		if s := w.serve(t, get("/v1/profiles/17")); reason(t, s) != "not_found" {
			t.Errorf("%s: %s", body, s.body.String())
		}
	}
}

// If the record of a 404 cannot be kept, nobody is told that there is nothing.
func TestNotFoundNeedsRecord(t *testing.T) {
	t.Parallel()
	for _, hide := range []bool{true, false} {
		w := newWorld(t)
		w.ledger.fail = func(*ledger.Record) error { return ledger.ErrUnavailable }
		w.upstream.answer = answers(404, `{}`)
		if hide {
			w.customer("17", restricted())
			w.upstream.answer = answers(200, one)
		}
		if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "ledger_unavailable" || s.status != http.StatusServiceUnavailable {
			t.Error(s.body.String())
		}
	}
}

// withoutID is all that the client got, without the id of the disclosure.
func withoutID(t *testing.T, s *spy) string {
	t.Helper()
	id := s.sent.Get("Disclosure-Id")
	if len(id) != 36 {
		t.Fatalf("disclosure id %q", id)
	}
	return strings.ReplaceAll(s.everything(), id, "ID")
}
