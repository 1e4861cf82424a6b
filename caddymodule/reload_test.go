package caddymodule

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
)

// Caddy cleans an old configuration up while its requests still run. A request
// that is under way is answered and on record all the same, and what it used is
// closed when it is done, once.
func TestReloadWithARequestInFlight(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*site)
		ledger string // of the requests after the reload
	}{
		{"same stores", func(s *site) { s.app["max_body"] = 1 << 20 }, "ledger"},
		{"another ledger", func(s *site) { s.app["ledger"] = s.path("other") }, "other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.load()
			asked, resume := s.upstream.hold()
			r := s.request("/v1/customers/1001")
			during := make(chan answer, 1)
			go func() { during <- s.ask(r) }()
			<-asked

			c.change(s)
			s.load()
			if c.ledger != "ledger" {
				if got := ends(t, s.path("ledger")); len(got) != 1 || got[0] != "open" {
					t.Errorf("the old ledger ended %q before its request did", got)
				}
			}
			resume()
			first, second := <-during, s.get("/v1/customers/1002")
			if c.ledger == "ledger" {
				released(t, s.path("ledger"), first, second)
			} else {
				released(t, s.path("ledger"), first)
				released(t, s.path("other"), second)
				eventually(t, "the old ledger is closed", func() bool { return ends(t, s.path("ledger"))[0] == string(ledger.EndClosed) })
			}
			s.stop()
			for _, dir := range []string{"ledger", c.ledger} {
				if got := ends(t, s.path(dir)); len(got) != 1 || got[0] != string(ledger.EndClosed) {
					t.Errorf("the epochs of %s ended %q", dir, got)
				}
			}
			if got := open(); got != 0 {
				t.Errorf("%d runtimes are open", got)
			}
		})
	}
}

// A request that Caddy had accepted, and that reaches us when its configuration
// is gone, is served as long as another one has the same stores.
func TestLateRequestOfAnOldConfiguration(t *testing.T) {
	s := newSite(t)
	s.load()
	app, err := caddy.ActiveContext().App(appName)
	if err != nil {
		t.Fatal(err)
	}
	old, ok := app.(*App)
	if !ok {
		t.Fatal("not ours")
	}
	s.app["max_body"] = 1 << 20
	s.load()
	g, release := old.gateway()
	if g == nil || g.Ledger.Ready() != nil {
		t.Error("the old configuration serves no more, though its stores are open")
	}
	release()
	s.stop()
	if g, release := old.gateway(); g != nil {
		release()
		t.Error("a gateway on closed stores")
	}
}

// An edited policy is obeyed from the reload on, and each record names the one
// that it was decided on.
func TestReloadWithAnEditedPolicy(t *testing.T) {
	s := newSite(t)
	s.load()
	before := s.get("/v1/customers/1001")
	if !strings.Contains(before.body, "Anna Müller") {
		t.Fatalf("%d %s", before.status, before.body)
	}
	edit(t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
	if a := s.get("/v1/customers/1001"); a.body != before.body {
		t.Errorf("an edit is obeyed before the reload: %s", a.body)
	}
	s.app["policy_hash"] = "edited"
	s.load()
	after := s.get("/v1/customers/1001")
	if after.status != http.StatusOK || strings.Contains(after.body, "Anna Müller") {
		t.Errorf("after the reload: %d %s", after.status, after.body)
	}
	all := records(t, s.path("ledger"), ledger.KindReleased)
	if len(all) != 3 || all[0].Disclosure.PolicyFact == all[2].Disclosure.PolicyFact {
		t.Errorf("the records name the same policy: %+v", all)
	}
	eventually(t, "the ledger names both configurations", func() bool {
		configs := records(t, s.path("ledger"), ledger.KindConfig)
		return len(configs) == 2 && configs[0].Config.Hash != configs[1].Config.Hash
	})
}

// Another origin is in the checkpoints' name, so it needs an epoch of its own.
func TestReloadWithAnotherOrigin(t *testing.T) {
	s := newSite(t)
	s.load()
	s.app["origin"] = "example.com/disclosures"
	s.load()
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.stop()
	configs := records(t, s.path("ledger"), ledger.KindConfig)
	if len(configs) != 2 || !strings.HasPrefix(configs[1].Config.Origin, "example.com/disclosures/") {
		t.Errorf("configurations on record: %+v", configs)
	}
	if got := fmt.Sprint(ends(t, s.path("ledger"))); got != "[closed closed]" {
		t.Errorf("the epochs ended %s", got)
	}
}

// Under load, every answer has its record and every request its answer, over any
// number of reloads.
func TestReloadUnderLoad(t *testing.T) {
	s := newSite(t)
	s.load()
	var (
		mu      sync.Mutex
		answers []answer
		done    atomic.Bool
		callers sync.WaitGroup
	)
	for range 4 {
		callers.Go(func() {
			for !done.Load() {
				a := s.ask(s.request("/v1/customers/1001"))
				if a.err != nil {
					continue // the listener closed under it: no answer
				}
				mu.Lock()
				answers = append(answers, a)
				mu.Unlock()
			}
		})
	}
	for i := range 6 {
		s.app["max_body"] = 1<<20 + i
		s.load()
	}
	done.Store(true)
	callers.Wait()
	s.stop()
	released(t, s.path("ledger"), answers...)
	if len(answers) == 0 {
		t.Error("nobody was answered")
	}
	if got := ends(t, s.path("ledger")); len(got) != 1 || got[0] != string(ledger.EndClosed) {
		t.Errorf("the epochs ended %q", got)
	}
}

// After a stop the stores can be opened again: nothing holds a lock.
func TestStopAndStartAgain(t *testing.T) {
	s := newSite(t)
	var answers []answer
	for range 2 {
		s.load()
		answers = append(answers, s.get("/v1/customers/1001"))
		s.stop()
	}
	released(t, s.path("ledger"), answers...)
	if got := fmt.Sprint(ends(t, s.path("ledger"))); got != "[closed closed]" {
		t.Errorf("the epochs ended %s", got)
	}
	if _, err := os.Lstat(s.path("state.db.sock")); err == nil {
		t.Error("the control socket is left over")
	}
}
