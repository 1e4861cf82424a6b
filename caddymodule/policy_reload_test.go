package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
)

// The policy alone is reloaded: it is obeyed from then on, by the same
// configuration, and a request under way keeps the one that it began with.
func TestPolicyReload(t *testing.T) {
	s := newSite(t)
	s.load()
	asked, resume := s.upstream.hold()
	r := s.request("/v1/customers/1001")
	during := make(chan answer, 1)
	go func() { during <- s.ask(r) }()
	<-asked
	app, err := running()
	if err != nil {
		t.Fatal(err)
	}

	edit(t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
	status, body := adminAsk(t, http.MethodPost, PolicyReloadPath)
	if status != http.StatusOK || !strings.Contains(body, `"changed":true`) {
		t.Fatalf("%d %s", status, body)
	}
	resume()
	before, after := <-during, s.get("/v1/customers/1001")
	if !strings.Contains(before.body, "Anna Müller") {
		t.Errorf("the request under way lost its policy: %d %s", before.status, before.body)
	}
	if after.status != http.StatusOK || strings.Contains(after.body, "Anna Müller") {
		t.Errorf("the new policy is not obeyed: %d %s", after.status, after.body)
	}
	if now, err := running(); err != nil || now != app {
		t.Error("the configuration was loaded anew")
	}
	all := records(t, s.path("ledger"), ledger.KindReleased)
	if len(all) != 2 || all[0].Disclosure.Policy == all[1].Disclosure.Policy || all[0].Disclosure.PolicyFact == all[1].Disclosure.PolicyFact {
		t.Errorf("the records do not tell the policies apart: %+v", all)
	}
	eventually(t, "the ledger names the configuration with its new policy", func() bool {
		configs := records(t, s.path("ledger"), ledger.KindConfig)
		return len(configs) == 2 && configs[0].Config.Hash != configs[1].Config.Hash
	})
	if status, body := adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusOK || !strings.Contains(body, `"changed":false`) {
		t.Errorf("the same again: %d %s", status, body)
	}
}

// A policy with problems changes nothing, and each problem is told with its place.
func TestPolicyReloadRefused(t *testing.T) {
	s := newSite(t)
	s.load()
	recipients, resources := s.path("policy", "recipients.yaml"), s.path("policy", "resources.yaml")
	edit(t, recipients, "user.name: clear", "user.name: none")
	edit(t, recipients, "      support.provide:", "      support.provid:")
	status, body := adminAsk(t, http.MethodPost, PolicyReloadPath)
	if status != http.StatusBadRequest || !strings.Contains(body, "recipients.yaml:9:7: ") || !strings.Contains(body, `did you mean "support.provide"?`) {
		t.Errorf("%d %s", status, body)
	}
	if a := s.get("/v1/customers/1001"); !strings.Contains(a.body, "Anna Müller") {
		t.Errorf("half a policy is obeyed: %d %s", a.status, a.body)
	}

	edit(t, recipients, "      support.provid:", "      support.provide:")
	edit(t, resources, "api: crm", "api: crm2")
	status, body = adminAsk(t, http.MethodPost, PolicyReloadPath)
	if status != http.StatusBadRequest || !strings.Contains(body, ErrNoAPI.Error()+` "crm"`) {
		t.Errorf("a policy without the api of a site: %d %s", status, body)
	}
	edit(t, resources, "api: crm2", "api: crm")
	edit(t, s.path("policy", "notices.yaml"), `effective_from: 2024-07-01`, `effective_from: 2999-07-01`)
	if status, body = adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusBadRequest || !strings.Contains(body, ErrNotInEffect.Error()) {
		t.Errorf("a policy of the future: %d %s", status, body)
	}
	if err := os.RemoveAll(s.path("policy")); err != nil {
		t.Fatal(err)
	}
	if status, body = adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusBadRequest || !strings.Contains(body, "policy") {
		t.Errorf("no policy: %d %s", status, body)
	}
	if a := s.get("/v1/customers/1001"); !strings.Contains(a.body, "Anna Müller") {
		t.Errorf("after all that: %d %s", a.status, a.body)
	}
	if status, _ := adminAsk(t, http.MethodGet, PolicyReloadPath); status != http.StatusMethodNotAllowed {
		t.Errorf("a GET reloads: %d", status)
	}
}

// After a reload of the configuration that failed, the one that goes on is the
// one whose policy is reloaded.
func TestPolicyReloadAfterAFailedReload(t *testing.T) {
	s := newSite(t)
	s.load()
	edit(t, s.path("policy", "recipients.yaml"), "      support.provide:", "      support.provid:")
	if err := s.tryLoad(); err == nil {
		t.Fatal("a broken policy was loaded")
	}
	edit(t, s.path("policy", "recipients.yaml"), "      support.provid:", "      support.provide:")
	edit(t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
	if status, body := adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if a := s.get("/v1/customers/1001"); a.status != http.StatusOK || strings.Contains(a.body, "Anna Müller") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A configuration that is about to take the place of the one in force has read the
// policy before it was edited. What was answered for the edit holds for it, too.
func TestPolicyReloadReachesTheNextConfiguration(t *testing.T) {
	s := newSite(t)
	s.load()
	b, err := json.Marshal(s.app)
	if err != nil {
		t.Fatal(err)
	}
	app := new(App)
	if err := json.Unmarshal(b, app); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	if err := app.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	edit(t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
	if status, body := adminAsk(t, http.MethodPost, PolicyReloadPath); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	inForce, err := running()
	if err != nil || inForce == app {
		t.Fatal("the next configuration is in force already")
	}
	if got, want := app.policies.Policy().Bundle.Hash, inForce.policies.Policy().Bundle.Hash; got != want {
		t.Errorf("the next configuration has %s, in force is %s", got, want)
	}
}

// A policy on a disk that hangs holds up nobody who needs no policy.
func TestPolicyReloadHoldsUpNobody(t *testing.T) {
	s := newSite(t)
	s.load()
	app, err := running()
	if err != nil {
		t.Fatal(err)
	}
	app.reloading.Lock() // as while the files are read
	done := make(chan struct{})
	go func() {
		runtimes.heed(app.serving.Load().runtime, app)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("the stores wait for the policy")
	}
	app.reloading.Unlock()
	<-done
}

// Requests and reloads at once: each request is answered by one policy or the
// other, whole.
func TestPolicyReloadUnderLoad(t *testing.T) {
	s := newSite(t)
	s.load()
	path := s.path("policy", "recipients.yaml")
	done := make(chan struct{})
	var callers sync.WaitGroup
	problems := make(chan error, 4)
	r := s.request("/v1/customers/1001")
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a := s.ask(r.Clone(t.Context()))
				name, mail := strings.Contains(a.body, "Anna Müller"), strings.Contains(a.body, "anna.mueller.1001@")
				if a.err != nil || a.status != http.StatusOK || name == mail {
					problems <- fmt.Errorf("%d name %t mail %t: %w", a.status, name, mail, errors.Join(a.err, errUnexpected))
					return
				}
			}
		})
	}
	for range 10 {
		// One edit of two members: a mixture would show both or neither.
		edit(t, path, "user.name: clear\n          user.contact.email: pseudonym", "user.name: none\n          user.contact.email: clear")
		adminAsk(t, http.MethodPost, PolicyReloadPath)
		edit(t, path, "user.name: none\n          user.contact.email: clear", "user.name: clear\n          user.contact.email: pseudonym")
		adminAsk(t, http.MethodPost, PolicyReloadPath)
	}
	close(done)
	callers.Wait()
	close(problems)
	for err := range problems {
		t.Error(err)
	}
}

var errUnexpected = errors.New("an answer of neither policy")

// What expires at noon is refused at noon, without a reload.
func TestExpiresAtNoon(t *testing.T) {
	for _, c := range []struct{ what, from, reason string }{
		{"evaluation", "valid_until: 2028-03-31}", "evaluation_overdue"},
		{"contract", "valid_until: 2029-08-31", "recipient_no_contract"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(t)
			noon := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
			to := strings.Replace(c.from, c.from[len("valid_until: "):len("valid_until: ")+len(time.DateOnly)], noon.Format(time.RFC3339), 1)
			edit(t, s.path("policy", "recipients.yaml"), c.from, to)
			setClock(t, noon.Add(-time.Nanosecond))
			s.load()
			if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
				t.Fatalf("before noon: %d %s", a.status, a.body)
			}
			setClock(t, noon)
			if a := s.get("/v1/customers/1001"); a.status != http.StatusForbidden || a.reason(t) != c.reason {
				t.Errorf("at noon: %d %s", a.status, a.body)
			}
			if got := records(t, s.path("ledger"), ledger.KindReleased, ledger.KindRefused); len(got) != 2 || got[1].Disclosure.Reason != c.reason {
				t.Errorf("records %+v", got)
			}
		})
	}
}
