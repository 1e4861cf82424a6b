package caddymodule

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
)

// validate provisions a configuration beside a running gateway: it must neither
// open nor make anything.
func TestValidateOpensNothing(t *testing.T) {
	s := newSite(t)
	validate := func() error {
		var config caddy.Config
		if err := json.Unmarshal(s.config(), &config); err != nil {
			t.Fatal(err)
		}
		return caddy.Validate(&config)
	}
	if err := validate(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state.db", "keys.json", "ledger"} {
		if _, err := os.Lstat(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("validating made %s", name)
		}
	}
	s.load()
	if err := validate(); err != nil {
		t.Fatal(err)
	}
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Errorf("after a validation beside it the gateway answers %d %s", a.status, a.body)
	}
	if got := ends(t, s.path("ledger")); len(got) != 1 {
		t.Errorf("epochs: %q", got)
	}
}

// A wrong path must not become an empty store. What is missing is an error that
// says what to do, and nothing is left open or made.
func TestMissingStoreIsAStartError(t *testing.T) {
	for _, c := range []struct{ name, missing, hint string }{
		{"keys", "keys", "keys init"},
		{"state", "state", "state init"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			entry, ok := s.app[c.missing].(map[string]any)
			if !ok {
				t.Fatal("no such option")
			}
			delete(entry, "create")
			err := s.tryLoad()
			if err == nil || !strings.Contains(err.Error(), c.hint) || !strings.Contains(err.Error(), s.dir) {
				t.Errorf("loading without %s: %v", c.missing, err)
			}
			entry["create"] = true
			s.load()
			if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
				t.Errorf("with it: %d %s", a.status, a.body)
			}
		})
	}
}

// A policy with problems is refused with all of them, each at its place, and the
// configuration that runs goes on.
func TestBrokenPolicyKeepsTheOldOne(t *testing.T) {
	s := newSite(t)
	s.load()
	broken := s.path("broken")
	if err := os.CopyFS(broken, os.DirFS(s.path("policy"))); err != nil {
		t.Fatal(err)
	}
	edit(t, broken+"/recipients.yaml", "kind: processor", "kind: procesor")
	edit(t, broken+"/resources.yaml", "name: {category: user.name}", "name: {categori: user.name}")
	s.app["policy"] = broken
	err := s.tryLoad()
	if err == nil {
		t.Fatal("a broken policy was loaded")
	}
	for _, place := range []string{`recipients\.yaml:\d+:\d+: `, `resources\.yaml:\d+:\d+: `} {
		if !regexp.MustCompile(place).MatchString(err.Error()) {
			t.Errorf("no %s in: %v", place, err)
		}
	}
	if strings.Contains(err.Error(), ErrNotConfigured.Error()) {
		t.Errorf("the option is not missing: %v", err)
	}
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Errorf("the old configuration answers %d %s", a.status, a.body)
	}
}

func TestUnknownAPIIsRefused(t *testing.T) {
	s := newSite(t)
	s.routes = []any{map[string]any{"handle": []any{map[string]any{"handler": "minimise", "api": "crn"}}}}
	if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), `no api "crn"; it has ["crm"]`) {
		t.Errorf("loading: %v", err)
	}
}

// Sizes that cannot work are no configuration, and say what would.
func TestSizesAreRefused(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct {
		body, memory int
		want         error
		text         string
	}{
		"memory for no body":       {memory: 64<<20 - 1, want: ErrMaxMemory, text: "it takes 64 MiB"},
		"memory for no such body":  {body: 64 << 20, memory: 128 << 20, want: ErrMaxMemory, text: "max_memory 128 MiB: no room for a body of max_body; it takes 256 MiB"},
		"negative memory":          {memory: -1, want: ErrMaxMemory, text: "max_memory 0 B"},
		"negative body":            {body: -1, want: ErrMaxBody, text: "max_body -1"},
		"a body beyond inspection": {body: 1 << 31, want: ErrMaxBody},
	} {
		s.app["max_body"], s.app["max_memory"] = c.body, c.memory
		if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), c.want.Error()) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.app["max_body"], s.app["max_memory"] = 1<<20, 4<<20
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Errorf("with the least budget: %d %s", a.status, a.body)
	}
}

func TestMissingOptionIsRefused(t *testing.T) {
	s := newSite(t)
	var config map[string]map[string]any
	if err := json.Unmarshal(s.config(), &config); err != nil {
		t.Fatal(err)
	}
	delete(config["apps"], "minimise")
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(b, true); err == nil || !strings.Contains(err.Error(), ErrNotConfigured.Error()) {
		t.Errorf("loading: %v", err)
	}
}

// Refusals before authentication have no record each; what was counted is on
// record when the gateway has stopped.
func TestStopRecordsCountedRefusals(t *testing.T) {
	s := newSite(t)
	s.load()
	for range 3 {
		r := s.request("/v1/customers/1001")
		r.Header.Del("Authorization")
		if a := s.ask(r); a.status != http.StatusUnauthorized {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	s.stop()
	all := records(t, s.path("ledger"), ledger.KindSummary)
	if len(all) != 1 || all[0].Summary.Reasons["recipient_unauthenticated"] != 3 {
		t.Errorf("summaries: %+v", all)
	}
	if got := ends(t, s.path("ledger")); len(got) != 1 || got[0] != string(ledger.EndClosed) {
		t.Errorf("the epoch ended %q", got)
	}
}

// Stop and Cleanup of what never started, and of what was cleaned up before, do
// nothing: Caddy calls both on configurations that failed half-way.
func TestCleanupWithoutStart(t *testing.T) {
	a := new(App)
	for range 2 {
		if err := errors.Join(a.Stop(), a.Cleanup()); err != nil {
			t.Error(err)
		}
	}
	if g, release := a.gateway(); g != nil {
		t.Error("a gateway that never started")
	} else {
		release()
	}
}

// A configuration of which another app does not start gives back what ours took,
// and nothing else: the one that runs shares it.
func TestAnotherAppFailsToStart(t *testing.T) {
	s := newSite(t)
	s.load()
	before := s.app
	fails := make(map[string]map[string]any)
	if err := json.Unmarshal(s.config(), &fails); err != nil {
		t.Fatal(err)
	}
	fails["apps"]["test_failing"] = map[string]any{}
	b, err := json.Marshal(fails)
	if err != nil {
		t.Fatal(err)
	}
	// Apps start in the order of a map: enough tries see both orders.
	for range 8 {
		if err := caddy.Load(b, true); err == nil || !strings.Contains(err.Error(), errFailing.Error()) {
			t.Fatalf("loading: %v", err)
		}
	}
	if got := open(); got != 1 {
		t.Errorf("%d runtimes are open", got)
	}
	a := s.get("/v1/customers/1001")
	released(t, s.path("ledger"), a)
	s.app = before
	s.stop()
	if got := open(); got != 0 {
		t.Errorf("%d runtimes are open after the stop", got)
	}
	if got := ends(t, s.path("ledger")); len(got) != 1 || got[0] != string(ledger.EndClosed) {
		t.Errorf("the epochs ended %q", got)
	}
}

// The memory is that of the configuration in force: neither one whose stores cannot
// be opened nor one of which another app does not start takes it over.
func TestFailedReloadKeepsTheMemory(t *testing.T) {
	s := newSite(t)
	s.app["max_memory"] = 128 << 20
	s.load()
	fail := func(why string, change func(app map[string]any, apps map[string]any)) {
		t.Helper()
		var config map[string]map[string]any
		if err := json.Unmarshal(s.config(), &config); err != nil {
			t.Fatal(err)
		}
		app, ok := config["apps"]["minimise"].(map[string]any)
		if !ok {
			t.Fatal("no app")
		}
		app["max_memory"], app["ledger"] = 64<<20, s.path("other")
		change(app, config["apps"])
		b, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load(b, true); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("loading: %v", err)
		}
		if _, limit := memory.Held(); limit != 128<<20 {
			t.Errorf("after %q the limit is %d", why, limit)
		}
	}
	fail("key file", func(app, _ map[string]any) { app["keys"] = map[string]any{"path": s.path("none.json")} })
	for range 8 { // Apps start in the order of a map.
		fail(errFailing.Error(), func(_, apps map[string]any) { apps["test_failing"] = map[string]any{} })
	}
	s.app["max_memory"] = 64 << 20
	s.load()
	if _, limit := memory.Held(); limit != 64<<20 {
		t.Errorf("after a reload the limit is %d", limit)
	}
}

// open counts the runtimes that somebody uses or that are closing.
func open() int {
	runtimes.mu.Lock()
	defer runtimes.mu.Unlock()
	return len(runtimes.open) + len(runtimes.closing)
}

func init() { caddy.RegisterModule(failing{}) }

var errFailing = errors.New("this app never starts")

type failing struct{}

func (failing) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "test_failing", New: func() caddy.Module { return new(failing) }}
}
func (failing) Start() error { return errFailing }
func (failing) Stop() error  { return nil }

var _ caddy.App = failing{}

// A seed that cannot be imported completely makes no store: an empty one would
// have forgotten every objection, and the next start would take it for complete.
func TestBrokenSeedMakesNoStore(t *testing.T) {
	good := `{"population":"customer","id":"1001","kind":"restriction","state":"active","event_time":"2025-06-01T09:41:00Z","actor":{"type":"subject","verified":true}}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"syntax", good + "{\n", "seed.ndjson:2: "},
		{"population", good + strings.Replace(good, "customer", "custmer", 1), "event 2: population"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			state, ok := s.app["state"].(map[string]any)
			if !ok {
				t.Fatal("no state")
			}
			state["seed"] = s.path("seed.ndjson")
			write(t, s.path("seed.ndjson"), c.text)
			if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("loading: %v", err)
			}
			if _, err := os.Lstat(s.path("state.db")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a store: %v", err)
			}
			// Mended, it is there from the first request on.
			write(t, s.path("seed.ndjson"), good)
			s.load()
			if a := s.get("/v1/customers/1001"); a.status != http.StatusNotFound {
				t.Errorf("a restricted subject: %d %s", a.status, a.body)
			}
			left, err := os.ReadDir(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range left {
				if strings.HasPrefix(e.Name(), ".seed") {
					t.Errorf("%s is left over", e.Name())
				}
			}
		})
	}
}

// The gateway says that it runs, where it was given something to say.
func TestWelcomeMissingIsAStartError(t *testing.T) {
	s := newSite(t)
	s.app["welcome"] = s.path("no-such.txt")
	if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), "no-such.txt") {
		t.Errorf("loading: %v", err)
	}
	if got := open(); got != 0 {
		t.Errorf("%d runtimes are open", got)
	}
}
