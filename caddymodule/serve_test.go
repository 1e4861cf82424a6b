package caddymodule

import (
	"net/http"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// The main job, through a real Caddy: a vendor gets what its contract needs, and
// the ledger has a record of it.
func TestRequestIsMinimisedAndRecorded(t *testing.T) {
	s := newSite(t)
	s.load()
	a := s.get("/v1/customers/1001")
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	for _, shown := range []string{`"id":1001`, `"name":"Anna Müller"`, `"phone":"+49 30 23125 001"`} {
		if !strings.Contains(a.body, shown) {
			t.Errorf("no %s in %s", shown, a.body)
		}
	}
	for _, hidden := range []string{"canary", "Musterstraße", "anna.mueller", "date_of_birth", "5555555555554444"} {
		if strings.Contains(a.body, hidden) {
			t.Errorf("%s in %s", hidden, a.body)
		}
	}
	if got := a.header.Get("Set-Cookie"); got != "" {
		t.Errorf("the upstream's Set-Cookie %q came through", got)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	released(t, s.path("ledger"), a)
	d := records(t, s.path("ledger"), ledger.KindReleased)[0].Disclosure
	if d.Recipient != "support-desk" || d.Auth.Method != "basic" || d.Ref != "case-812" || d.Bytes != int64(len(a.body)) {
		t.Errorf("recorded: %+v", d)
	}
}

// What Caddy's own handlers refuse comes out as the same documents, and a
// challenge stays a challenge.
func TestAuthenticationErrorIsAProblem(t *testing.T) {
	s := newSite(t)
	s.load()
	for name, change := range map[string]func(*http.Request){
		"none":  func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong": func(r *http.Request) { r.SetBasicAuth("support-desk", "guess") },
	} {
		r := s.request("/v1/customers/1001")
		change(r)
		a := s.ask(r)
		if a.status != http.StatusUnauthorized || a.reason(t) != "recipient_unauthenticated" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
			t.Errorf("%s: the challenge is %q", name, got)
		}
		if got := a.header.Get("Disclosure-Id"); got != "" {
			t.Errorf("%s: the disclosure %q, which has no record", name, got)
		}
	}
	if n := s.upstream.asked.Load(); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
}

func TestUnknownUserIsRefused(t *testing.T) {
	s := newSite(t)
	s.load()
	r := s.request("/v1/customers/1001")
	r.SetBasicAuth("nobody-registered", "demo")
	if a := s.ask(r); a.status != http.StatusForbidden || a.reason(t) != "recipient_unknown" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if len(records(t, s.path("ledger"), ledger.KindRefused)) != 1 {
		t.Error("the refusal has no record")
	}
}

func TestUpstreamDownIsAProblem(t *testing.T) {
	s := newSite(t)
	s.upstream.address = closedPort(t)
	s.load()
	a := s.get("/v1/customers/1001")
	if a.status != http.StatusBadGateway || a.reason(t) != "upstream_unavailable" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if strings.Contains(a.body, s.upstream.address) {
		t.Errorf("the upstream's address in %s", a.body)
	}
	refused := records(t, s.path("ledger"), ledger.KindRefused)
	if len(refused) != 1 || refused[0].Disclosure.ID != a.header.Get("Disclosure-Id") {
		t.Errorf("refusals on record: %+v", refused)
	}
}

// Other errors of a site, here of a handler before ours, say no more than their
// status.
func TestForeignErrorIsAProblem(t *testing.T) {
	s := newSite(t)
	s.routes = []any{map[string]any{
		"match":  []any{map[string]any{"path": []string{"/broken"}}},
		"handle": []any{map[string]any{"handler": "error", "error": "canary", "status_code": 413}},
	}}
	s.load()
	if a := s.get("/broken"); a.status != http.StatusRequestEntityTooLarge || a.reason(t) != "http_413" || strings.Contains(a.body, "canary") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Only a verified name makes a caller. A site without authentication has none,
// and what a failed authentication left behind is none.
func TestUnverifiedIdentityIsNobody(t *testing.T) {
	s := newSite(t)
	s.open = true
	for name, vars := range map[string]map[string]any{
		"no authentication": nil,
		"candidate":         {"http.auth.candidate.id": "support-desk", "http.auth.candidate": "support-desk"},
	} {
		s.routes = nil
		if vars != nil {
			s.routes = []any{map[string]any{"handle": []any{map[string]any{"handler": "test_placeholders", "set": vars}}}}
		}
		s.load()
		if a := s.get("/v1/customers/1001"); a.status != http.StatusUnauthorized || a.reason(t) != "recipient_unauthenticated" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if n := s.upstream.asked.Load(); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	// The same placeholder where authentication sets it does make one: the
	// refusals above are not for another reason.
	s.routes = []any{map[string]any{"handle": []any{map[string]any{"handler": "test_placeholders", "set": map[string]any{userPlaceholder: "support-desk"}}}}}
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Errorf("verified: %d %s", a.status, a.body)
	}
}
