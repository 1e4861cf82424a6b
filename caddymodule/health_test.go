package caddymodule

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
)

// probes adds the probes of an orchestrator to a site.
func (s *site) probes() {
	for _, check := range []string{checkLive, checkReady} {
		s.routes = append(s.routes, map[string]any{
			"match":  []any{map[string]any{"path": []string{"/" + check}}},
			"handle": []any{map[string]any{"handler": "minimise_health", "check": check}},
		})
	}
}

// probe asks without credentials.
func (s *site) probe(check string) answer {
	s.t.Helper()
	r := s.request("/" + check)
	r.Header = http.Header{}
	return s.ask(r)
}

// adminAsk asks the admin endpoint of the process.
func adminAsk(t *testing.T, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	for _, route := range new(Admin).Routes() {
		if route.Pattern != path {
			continue
		}
		err := route.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		if apiErr, ok := err.(caddy.APIError); ok { //nolint:errorlint // as Caddy looks at it
			return apiErr.HTTPStatus, apiErr.Err.Error()
		}
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	t.Fatalf("the admin endpoint has no %s", path)
	return 0, ""
}

// wantReady asserts what both probes say, sooner or later.
func (s *site) wantReady(status int, body string) {
	s.t.Helper()
	eventually(s.t, body, func() bool {
		site := s.probe(checkReady)
		code, text := adminAsk(s.t, http.MethodGet, ReadyPath)
		return site.status == status && strings.TrimSpace(site.body) == body && code == status && text == body
	})
	if a := s.probe(checkLive); a.status != http.StatusOK || a.body != "{\"status\":\"live\"}\n" {
		s.t.Errorf("not live while %s: %d %s", body, a.status, a.body)
	}
}

const allReady = `{"status":"ready"}`

// Each part that fails is named by both probes, without a detail, and no longer
// than it fails. A process that is not ready is live all the same.
func TestReadyNamesWhatFails(t *testing.T) {
	s := newSite(t)
	s.probes()
	s.load()
	s.wantReady(http.StatusOK, allReady)
	if a := s.probe(checkReady); a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", a.header)
	}

	t.Run("ledger", func(t *testing.T) {
		away := s.path("ledger") + ".away"
		if err := os.Rename(s.path("ledger"), away); err != nil {
			t.Fatal(err)
		}
		write(t, s.path("ledger"), "no folder")
		s.wantReady(http.StatusServiceUnavailable, `{"status":"not_ready","failing":["ledger"]}`)
		if err := os.Remove(s.path("ledger")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(away, s.path("ledger")); err != nil {
			t.Fatal(err)
		}
		s.wantReady(http.StatusOK, allReady)
	})
	t.Run("keys", func(t *testing.T) {
		// A clock that is months behind has no keys: they begin with the
		// month in which they were made.
		setClock(t, time.Now().AddDate(-1, 0, 0))
		s.wantReady(http.StatusServiceUnavailable, `{"status":"not_ready","failing":["keys"]}`)
	})
}

// A policy that is not in effect yet refuses everything, and is said to.
func TestReadyWithoutAPolicyInEffect(t *testing.T) {
	s := newSite(t)
	s.probes()
	edit(t, s.path("policy", "notices.yaml"), `effective_from: 2024-07-01`, `effective_from: 2999-07-01`)
	s.load()
	s.wantReady(http.StatusServiceUnavailable, `{"status":"not_ready","failing":["policy"]}`)
	if a := s.get("/v1/customers/1001"); a.status != http.StatusServiceUnavailable || a.reason(t) != "policy_unavailable" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if v, ok := metric(t, "modicum_ready", map[string]string{"part": partPolicy}); !ok || v != 0 {
		t.Errorf("by its metric the policy is ready: %v %t", v, ok)
	}
	edit(t, s.path("policy", "notices.yaml"), `effective_from: 2999-07-01`, `effective_from: 2024-07-01`)
	if status, body := adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusOK || !strings.Contains(body, `"before":""`) {
		t.Errorf("%d %s", status, body)
	}
	s.wantReady(http.StatusOK, allReady)
}

// A state store that does not continue what the ledger saw is no state.
func TestReadyWithARolledBackState(t *testing.T) {
	s := newSite(t)
	s.probes()
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.path("state.db") + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	s.load()
	s.wantReady(http.StatusServiceUnavailable, `{"status":"not_ready","failing":["state"]}`)
	if len(records(t, s.path("ledger"), ledger.KindReleased)) != 1 {
		t.Error("the ledger has lost its record")
	}
}

// A process whose stores are not open yet, or any more, is not ready.
func TestReadyBeforeTheStart(t *testing.T) {
	s := newSite(t)
	s.load()
	s.stop()
	want := `{"status":"not_ready","failing":["policy","keys","state","ledger"]}`
	if status, body := adminAsk(t, http.MethodGet, ReadyPath); status != http.StatusServiceUnavailable || body != want {
		t.Errorf("%d %s", status, body)
	}
	app := new(App)
	policy, err := LoadPolicy(filepath.Join("..", "examples", "software-vendor", "policy"))
	if err != nil {
		t.Fatal(err)
	}
	app.policies.replace(policy)
	if _, p := ready(app.health(time.Now())); strings.Join(p.Failing, " ") != "keys state ledger" {
		t.Errorf("failing %v", p.Failing)
	}
	if status, _ := adminAsk(t, http.MethodPost, ReadyPath); status != http.StatusMethodNotAllowed {
		t.Errorf("a POST of a probe is %d", status)
	}
}

// A probe may ask with HEAD, and may have gone when it is answered.
func TestProbeWithoutAReader(t *testing.T) {
	s := newSite(t)
	s.probes()
	s.load()
	s.wantReady(http.StatusOK, allReady)
	r := s.request("/" + checkReady)
	r.Method, r.Header = http.MethodHead, http.Header{}
	if a := s.ask(r); a.status != http.StatusOK || a.body != "" {
		t.Errorf("HEAD: %d %q", a.status, a.body)
	}
	if status, _ := adminAsk(t, http.MethodHead, ReadyPath); status != http.StatusOK {
		t.Errorf("HEAD of the admin endpoint: %d", status)
	}
	// An error would be answered once more by the site's error routes.
	h := &Health{Check: checkLive}
	if err := h.ServeHTTP(gone{httptest.NewRecorder()}, r, nil); err != nil {
		t.Errorf("a probe that has gone is an error: %v", err)
	}
}

// gone is a client that does not listen any more.
type gone struct{ http.ResponseWriter }

func (gone) Write([]byte) (int, error) { return 0, net.ErrClosed }

// setClock stops the clock of requests for a test.
func setClock(t *testing.T, at time.Time) {
	t.Helper()
	tell := func() time.Time { return at }
	clock.Store(&tell)
	t.Cleanup(func() { clock.Store(nil) })
}
