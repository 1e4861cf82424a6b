package caddymodule

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules/signature"
)

// person is somebody who signs policies.
type person struct {
	signer signature.Signer
	key    string // public
}

func newPerson(t *testing.T, name string) person {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return person{signer, public}
}

// sign adds a person's signature to a policy as it is.
func (p person) sign(t *testing.T, dir string) {
	t.Helper()
	policy, err := LoadPolicy(dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := ReadSignature(dir)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := signature.Sign(policy.Bundle, before, p.signer)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, signature.File), string(signed))
}

func (p person) id() string { return signature.ID(p.signer) }

// recordedSignatures returns what each disclosure of a ledger says of its policy's
// signatures.
func recordedSignatures(t *testing.T, dir string) []string {
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
	var all []string
	for at := (ledger.Cursor{}); ; {
		var e ledger.Entry
		e, at, err = reader.Next(t.Context(), at)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind != ledger.KindReleased {
			continue
		}
		f, ok := reader.Fact(e.Disclosure.PolicyFact)
		if !ok {
			t.Fatal("a record names no policy")
		}
		var policy ledger.PolicyFact
		if err := json.Unmarshal(f.JSON, &policy); err != nil {
			t.Fatal(err)
		}
		all = append(all, policy.Signature)
	}
}

// provision is what `validate` does with the configuration of a site.
func (s *site) provision() error {
	s.t.Helper()
	b, err := json.Marshal(s.app)
	if err != nil {
		s.t.Fatal(err)
	}
	app := new(App)
	if err := json.Unmarshal(b, app); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: s.t.Context()})
	defer cancel()
	return errors.Join(app.Provision(ctx), app.Cleanup())
}

// A policy is loaded only with every signature that the configuration asks for, and
// only as it was signed.
func TestPolicyWithoutItsSignaturesIsNotLoaded(t *testing.T) {
	alice, bob, carol := newPerson(t, "alice"), newPerson(t, "bob"), newPerson(t, "carol")
	for _, c := range []struct {
		name    string
		signers []person
		prepare func(s *site)
		want    error
		says    string
	}{
		{"unsigned", []person{alice}, func(*site) {}, signature.ErrMissing, "the policy is not signed; "},
		{"by somebody else", []person{alice}, func(s *site) { carol.sign(s.t, s.path("policy")) }, signature.ErrNotBy, "is not signed by " + alice.id()},
		{"by another key of that name", []person{alice}, func(s *site) { newPerson(s.t, "alice").sign(s.t, s.path("policy")) }, signature.ErrNotBy, "is not signed by " + alice.id()},
		{"by one of two", []person{alice, bob}, func(s *site) { alice.sign(s.t, s.path("policy")) }, signature.ErrNotBy, "is not signed by " + bob.id()},
		{"edited since", []person{alice}, func(s *site) {
			alice.sign(s.t, s.path("policy"))
			edit(s.t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
		}, signature.ErrOther, "what was signed is not this policy"},
		{"another file since", []person{alice}, func(s *site) {
			alice.sign(s.t, s.path("policy"))
			write(s.t, s.path("policy", "more.yaml"), "language: 1\n")
		}, signature.ErrOther, "what was signed is not this policy"},
		{"no note", []person{alice}, func(s *site) { write(s.t, s.path("policy", signature.File), "signed, alice\n") }, signature.ErrMalformed, "is no signed note"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			var keys []string
			for _, p := range c.signers {
				keys = append(keys, p.key)
			}
			s.app["policy_signers"] = keys
			c.prepare(s)
			if err := s.provision(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("validate: %v", err)
			}
			if err := s.tryLoad(); err == nil || !strings.Contains(err.Error(), c.says) { // Caddy keeps the text alone
				t.Errorf("start: %v", err)
			}
		})
	}
}

// What the ledger says of a policy: unsigned where nobody asked, even if somebody
// signed; else who had to sign.
func TestRecordsNameTheSigners(t *testing.T) {
	alice, bob := newPerson(t, "alice"), newPerson(t, "bob")
	s := newSite(t)
	bob.sign(t, s.path("policy"))
	s.load()
	s.get("/v1/customers/1001")
	s.app["policy_signers"] = []string{bob.key}
	s.load()
	s.get("/v1/customers/1001")
	alice.sign(t, s.path("policy"))
	s.app["policy_signers"] = []string{bob.key, alice.key}
	s.load()
	s.get("/v1/customers/1001")
	got := recordedSignatures(t, s.path("ledger"))
	if want := []string{"unsigned", bob.id(), alice.id() + " " + bob.id()}; strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("the records say %q, want %q", got, want)
	}
}

// A reload puts no policy in force that lacks a signature, and says which one. With it
// the same reload goes through.
func TestReloadOfASignedPolicy(t *testing.T) {
	alice, bob := newPerson(t, "alice"), newPerson(t, "bob")
	policy := func(s *site) string { return s.path("policy") }
	for what, reload := range map[string]func(s *site) (string, bool){
		"policy reload": func(s *site) (string, bool) {
			status, body := adminAsk(s.t, http.MethodPost, PolicyReloadPath)
			return body, status == http.StatusOK
		},
		"reload": func(s *site) (string, bool) {
			err := s.tryLoad()
			if err != nil {
				return err.Error(), false
			}
			return "", true
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t)
			s.app["policy_signers"] = []string{alice.key, bob.key}
			alice.sign(t, policy(s))
			bob.sign(t, policy(s))
			s.load()
			named := func() bool {
				t.Helper()
				a := s.get("/v1/customers/1001")
				if a.status != http.StatusOK {
					t.Fatalf("%d %s", a.status, a.body)
				}
				return strings.Contains(a.body, "Anna Müller")
			}
			refused := func(says string) {
				t.Helper()
				if text, ok := reload(s); ok || !strings.Contains(text, says) {
					t.Errorf("accepted %t: %s", ok, text)
				}
				if !named() {
					t.Error("the policy before is not in force any more")
				}
			}
			edit(t, s.path("policy", "recipients.yaml"), "user.name: clear", "user.name: none")
			refused("what was signed is not this policy")
			alice.sign(t, policy(s))
			refused("is not signed by " + bob.id())
			bob.sign(t, policy(s))
			if text, ok := reload(s); !ok {
				t.Fatalf("with both signatures: %s", text)
			}
			if named() {
				t.Error("the signed policy is not in force")
			}
			if err := os.Remove(s.path("policy", signature.File)); err != nil {
				t.Fatal(err)
			}
			if text, ok := reload(s); ok || !strings.Contains(text, "the policy is not signed") {
				t.Errorf("without its signatures: accepted %t: %s", ok, text)
			}
		})
	}
}

// Keys that are none are found before the policy is looked at.
func TestPolicySignersThatAreNoKeys(t *testing.T) {
	s := newSite(t)
	for what, keys := range map[string][]string{"a file": {"alice.pub"}, "empty": {""}} {
		s.app["policy_signers"] = keys
		if err := s.provision(); !errors.Is(err, signature.ErrKey) || !strings.Contains(err.Error(), "policy_signers: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Caddy skips a configuration that did not change. A policy that gets a signature is
// another configuration where the gateway asks for it, and the same where not.
func TestAdaptNewSignature(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "notices.yaml"), "language: 1\n")
	alice := newPerson(t, "alice")
	config := func(block string) string {
		return adapted(t, "{\n\tminimise {\n\t\tpolicy "+dir+block+"\n\t\tstate sqlite s\n\t\tkeys k\n\t\tledger l\n\t}\n}\n")
	}
	asked := " {\n\t\t\tsigned_by " + alice.key + "\n\t\t}"
	plain, before := config(""), config(asked)
	write(t, filepath.Join(dir, signature.File), "one\n")
	if config("") != plain {
		t.Error("a signature that nobody asked for is another configuration")
	}
	after := config(asked)
	if after == before {
		t.Error("a signature that was asked for is the same configuration")
	}
	write(t, filepath.Join(dir, signature.File), "two\n")
	if config(asked) == after {
		t.Error("another signature is the same configuration")
	}
}
