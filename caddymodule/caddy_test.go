package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/modicum-dev/modicum/ledger"
)

// patience is how long a test waits for what must happen. It is no measure of
// anything: what does happen is noticed at once.
const patience = 20 * time.Second

// There is one Caddy in a process, so the tests that load a configuration run
// one after the other: they are the ones without t.Parallel.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "modicum-caddy")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, dir); err != nil {
			panic(err)
		}
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// site is a gateway in front of an upstream, and the files that it names.
type site struct {
	t        *testing.T
	dir      string
	upstream *upstream
	app      map[string]any
	open     bool // without authentication
	observe  bool // the api is observed
	routes   []any
}

// newSite returns a site with its own copy of the example policy. When the test
// ends Caddy is stopped, and nothing of it may be left.
func newSite(t *testing.T) *site {
	t.Helper()
	leaks := []goleak.Option{
		goleak.IgnoreCurrent(),
		// Sleeps for seconds, sees that its lock is gone and ends.
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
	}
	s := &site{t: t, dir: t.TempDir()}
	t.Cleanup(func() { goleak.VerifyNone(t, leaks...) })
	s.upstream = newUpstream(t)
	t.Cleanup(s.stop)
	if err := os.CopyFS(s.path("policy"), os.DirFS("../examples/software-vendor/policy")); err != nil {
		t.Fatal(err)
	}
	s.app = map[string]any{
		"policy": s.path("policy"), "ledger": s.path("ledger"),
		"state": map[string]any{"driver": "sqlite", "path": s.path("state.db"), "create": true},
		"keys":  map[string]any{"path": s.path("keys.json"), "create": true},
		// The policy names it.
		"client_cas": []any{map[string]any{"name": "vendors", "path": s.path("certs", "vendors.pem"), "demo": "mailer.vendors.example"}},
	}
	return s
}

func (s *site) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// config returns the site's configuration.
func (s *site) config() []byte {
	s.t.Helper()
	demo, err := bcrypt.GenerateFromPassword([]byte("demo"), bcrypt.MinCost)
	if err != nil {
		s.t.Fatal(err)
	}
	handlers := []any{
		map[string]any{"handler": "minimise", "api": "crm", "observe": s.observe},
		map[string]any{"handler": "reverse_proxy", "upstreams": []any{map[string]any{"dial": s.upstream.address}}},
	}
	if !s.open {
		handlers = append([]any{map[string]any{"handler": "authentication", "providers": map[string]any{"http_basic": map[string]any{
			"hash":       map[string]any{"algorithm": "bcrypt"},
			"hash_cache": map[string]any{},
			"accounts": []any{
				map[string]any{"username": "support-desk", "password": string(demo)},
				map[string]any{"username": "back-office", "password": string(demo)},
				map[string]any{"username": "nobody-registered", "password": string(demo)},
			},
		}}}}, handlers...)
	}
	b, err := json.Marshal(map[string]any{
		"admin":   map[string]any{"disabled": true, "config": map[string]any{"persist": false}},
		"storage": map[string]any{"module": "file_system", "root": s.path("caddy")},
		"logging": map[string]any{"logs": map[string]any{"default": map[string]any{
			"writer": map[string]any{"output": "discard"},
		}}},
		"apps": map[string]any{
			"minimise": s.app,
			"http": map[string]any{"servers": map[string]any{"gateway": map[string]any{
				"listen":          []string{"127.0.0.1:0"},
				"automatic_https": map[string]any{"disable": true},
				"protocols":       []string{"h1"},
				"routes":          append(append([]any{}, s.routes...), map[string]any{"handle": handlers}),
				"errors":          map[string]any{"routes": []any{map[string]any{"handle": []any{map[string]any{"handler": "minimise_problems"}}}}},
			}}},
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// load makes the configuration the one that runs.
func (s *site) load() {
	s.t.Helper()
	if err := s.tryLoad(); err != nil {
		s.t.Fatalf("loading: %v", err)
	}
}

func (s *site) tryLoad() error { return caddy.Load(s.config(), true) }

func (s *site) stop() {
	if err := caddy.Stop(); err != nil {
		s.t.Errorf("stopping: %v", err)
	}
}

// address returns where the present configuration listens.
func (s *site) address() string {
	s.t.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		s.t.Fatal(err)
	}
	server, ok := app.(*caddyhttp.App)
	if !ok || len(server.Servers["gateway"].Listeners()) != 1 {
		s.t.Fatal("the gateway does not listen")
	}
	return server.Servers["gateway"].Listeners()[0].Addr().String()
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // the answer broke off
}

// reason returns the reason of a problem document.
func (a answer) reason(t *testing.T) string {
	t.Helper()
	var p struct {
		Type, Title, Reason string
		Status              int
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("status %d is no problem document: %s", a.status, a.body)
	}
	if p.Status != a.status || p.Title == "" || !strings.HasSuffix(p.Type, p.Reason) {
		t.Errorf("status %d with the problem %+v", a.status, p)
	}
	return p.Reason
}

// client opens a connection for each request and leaves none.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// get asks for a path as the support vendor with its purpose.
func (s *site) get(path string) answer {
	s.t.Helper()
	return s.ask(s.request(path))
}

func (s *site) request(path string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.address()+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth("support-desk", "demo")
	r.Header.Set("Data-Purpose", `support.provide;ref="case-812"`)
	return r
}

// ask may be called by a goroutine of the test.
func (s *site) ask(r *http.Request) answer {
	resp, err := client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b), errors.Join(err, resp.Body.Close())}
}

// records returns the ledger's records of some kinds, of all if none is named.
func records(t *testing.T, dir string, kinds ...ledger.Kind) []ledger.Record {
	t.Helper()
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []ledger.Record
	var at ledger.Cursor
	for {
		var e ledger.Entry
		e, at, err = reader.Next(t.Context(), at)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		wanted := len(kinds) == 0
		for _, k := range kinds {
			wanted = wanted || e.Kind == k
		}
		if wanted {
			all = append(all, e.Record)
		}
	}
}

// released asserts that the ledger in dir has exactly the releases of these
// answers, in any order.
func released(t *testing.T, dir string, answers ...answer) {
	t.Helper()
	ids := make(map[string]bool)
	for _, r := range records(t, dir, ledger.KindReleased) {
		ids[r.Disclosure.ID] = true
	}
	if len(ids) != len(answers) {
		t.Errorf("%d releases for %d answers", len(ids), len(answers))
	}
	for _, a := range answers {
		if id := a.header.Get("Disclosure-Id"); a.status != http.StatusOK || !ids[id] {
			t.Errorf("the answer %d with disclosure %q has no release", a.status, id)
		}
	}
}

// ends returns how the epochs of a ledger ended: one entry each.
func ends(t *testing.T, dir string) []string {
	t.Helper()
	epochs, err := ledger.Epochs(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, epoch := range epochs {
		end, ended, err := ledger.ReadEnd(dir, epoch)
		if err != nil {
			t.Fatal(err)
		}
		if !ended {
			all = append(all, "open")
			continue
		}
		all = append(all, string(end.How))
	}
	return all
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// upstream is the internal API. It serves the example's customers.
type upstream struct {
	address string
	asked   atomic.Int64
	// gate, if set, is called before each answer.
	gate atomic.Pointer[func()]
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := new(upstream)
	files := http.FileServerFS(os.DirFS("../examples/software-vendor/upstream"))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.asked.Add(1)
		if gate := u.gate.Load(); gate != nil {
			(*gate)()
		}
		w.Header().Set("Set-Cookie", "internal=1")
		r.URL.Path += ".json"
		files.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = nil
	server.Start()
	t.Cleanup(server.Close)
	u.address = server.Listener.Addr().String()
	return u
}

// hold makes the upstream wait with its answers until resume is called. asked is
// closed when the first request has arrived.
func (u *upstream) hold() (asked <-chan struct{}, resume func()) {
	arrived, release := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	gate := func() {
		if first.CompareAndSwap(false, true) {
			close(arrived)
		}
		<-release
	}
	u.gate.Store(&gate)
	return arrived, func() { u.gate.Store(nil); close(release) }
}

// closedPort returns an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// edit replaces the first occurrence of a text in a file.
func edit(t *testing.T, path, from, to string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), from) {
		t.Fatalf("%s has no %q", path, from)
	}
	write(t, path, strings.Replace(string(b), from, to, 1))
}

// write makes a file, or writes it anew.
func write(t *testing.T, path, text string) {
	t.Helper()
	root, err := os.OpenRoot(filepath.Dir(path))
	if err == nil {
		err = errors.Join(root.WriteFile(filepath.Base(path), []byte(text), 0o600), root.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
