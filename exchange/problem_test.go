package exchange_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
)

type problem struct {
	Type, Title, Detail, Instance, Reason string
	Status                                int
}

// problemOf reads a problem document and holds it to its form: it agrees with
// its headers, and there is no header that it should not have.
func problemOf(t *testing.T, s *spy) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(s.body.Bytes(), &p); err != nil {
		t.Fatalf("status %d, body %q is no problem document: %v", s.status, s.body.String(), err)
	}
	if p.Status != s.status {
		t.Errorf("document says %d, answer is %d", p.Status, s.status)
	}
	if p.Type != exchange.ProblemBase+p.Reason || p.Title == "" {
		t.Errorf("type %q, title %q, reason %q", p.Type, p.Title, p.Reason)
	}
	want := map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": strconv.Itoa(s.body.Len()),
	}
	switch after := s.sent.Get("Retry-After"); {
	case p.Reason == "overloaded":
		want["Retry-After"] = "1"
	case p.Reason == "volume_exceeded" && after != "": // there is none for the size of one answer
		if seconds, err := strconv.Atoi(after); err != nil || seconds < 1 {
			t.Errorf("Retry-After: %q", after)
		}
		want["Retry-After"] = after
	}
	if id, ok := strings.CutPrefix(p.Instance, "urn:uuid:"); ok {
		want["Disclosure-Id"] = id
	}
	holdsHeaders(t, s.sent, want)
	return p
}

// holdsHeaders compares a complete set of headers.
func holdsHeaders(t *testing.T, got http.Header, want map[string]string) {
	t.Helper()
	for name, values := range got {
		if v, ok := want[name]; !ok || len(values) != 1 || values[0] != v {
			t.Errorf("header %s: %q, want %q", name, values, v)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("header %s is missing", name)
		}
	}
}

func TestProblemClearsWhatWasSetBefore(t *testing.T) {
	t.Parallel()
	s := &spy{trace: new(trace), header: http.Header{
		"X-Powered-By": {"x"}, "Etag": {"x"}, "Set-Cookie": {"x"}, "Www-Authenticate": {"Basic"},
		"Alt-Svc": {`h3=":443"`}, "Strict-Transport-Security": {"max-age=1"},
	}}
	exchange.WriteProblem(s, rules.RouteUnmapped, "")
	for _, name := range []string{"X-Powered-By", "Etag", "Set-Cookie", "Www-Authenticate"} {
		if s.sent.Get(name) != "" {
			t.Errorf("%s was sent", name)
		}
	}
	for _, name := range []string{"Alt-Svc", "Strict-Transport-Security"} {
		if s.sent.Get(name) == "" {
			t.Errorf("%s, which speaks of the connection, was cleared", name)
		}
	}
}

func TestChallengeStays(t *testing.T) {
	t.Parallel()
	s := &spy{trace: new(trace), header: http.Header{"Www-Authenticate": {`Basic realm="a"`, "Bearer"}}}
	exchange.WriteStatusProblem(s, http.StatusUnauthorized)
	if got := s.sent["Www-Authenticate"]; len(got) != 2 {
		t.Errorf("challenges are %q, want both", got)
	}
}

// The errors of other handlers come in the same form, and what is no status of
// an error must not make the server panic.
func TestStatusProblem(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		401: "recipient_unauthenticated", 413: "http_413", 404: "http_404", 500: "http_500", 599: "http_599",
		0: "http_500", 99: "http_500", 200: "http_500", 304: "http_500", 1000: "http_500", -1: "http_500",
	} {
		s := &spy{trace: new(trace), header: make(http.Header)}
		exchange.WriteStatusProblem(s, status)
		if p := problemOf(t, s); p.Reason != want {
			t.Errorf("%d: reason %q, want %q", status, p.Reason, want)
		}
	}
}

// A reason about a subject must not be told even by mistake.
func TestSubjectReasonIsNeverTold(t *testing.T) {
	t.Parallel()
	s := &spy{trace: new(trace), header: make(http.Header)}
	exchange.WriteProblem(s, rules.ChildUnder13, uuid.NewString())
	if p := problemOf(t, s); p.Status != 500 || p.Reason != "internal_error" || strings.Contains(s.body.String(), "child") {
		t.Errorf("%d %s: %s", p.Status, p.Reason, s.body.String())
	}
}
