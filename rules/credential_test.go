package rules_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// R7: what each credential is narrowed to holds; two of them leave what both do.
func TestNarrowedCredentials(t *testing.T) {
	t.Parallel()
	e := inputs(t).At(now)
	certificate := func(names ...string) *rules.Certificate { return &rules.Certificate{CA: "vendors", DNS: names} }
	half := certificate("half.example")
	rest := &rules.Certificate{CA: "vendors", URIs: []string{"urn:example:rest"}}
	two := &rules.Certificate{CA: "vendors", DNS: []string{"half.example"}, URIs: []string{"urn:example:rest"}}
	all := []string{"support", "delivery", "club", "news", "analysis"}
	for _, c := range []struct {
		what      string
		id        rules.Identity
		permitted []string
	}{
		{"a user", rules.Identity{User: "helpdesk"}, all},
		{"a narrowed user", rules.Identity{User: "night"}, []string{"support", "delivery"}},
		{"a certificate", rules.Identity{Certificate: certificate("wide.example")}, all},
		{"a narrowed certificate", rules.Identity{Certificate: half}, []string{"support", "club"}},
		{"a name that is not narrowed beside one that is", rules.Identity{Certificate: certificate("wide.example", "half.example")}, []string{"support", "club"}},
		{"and the other way round", rules.Identity{Certificate: certificate("half.example", "wide.example")}, []string{"support", "club"}},
		{"two narrowed names", rules.Identity{Certificate: two}, []string{"club"}},
		{"a user and a narrowed certificate", rules.Identity{User: "helpdesk", Certificate: half}, []string{"support", "club"}},
		{"a narrowed user and a certificate", rules.Identity{User: "night", Certificate: certificate("wide.example")}, []string{"support", "delivery"}},
		{"a narrowed user and a narrowed certificate", rules.Identity{User: "night", Certificate: half}, []string{"support"}},
		{"with nothing in common", rules.Identity{User: "night", Certificate: rest}, nil},
		{"names with nothing in common", rules.Identity{Certificate: certificate("half.example", "apart.example")}, nil},
	} {
		caller, reason := e.Identify(c.id)
		if reason != rules.ReasonNone || caller.Person != nil {
			t.Errorf("%s: %v, %v", c.what, reason, caller.Person)
			continue
		}
		m, ok := e.Route("crm", "GET", []string{"customers", "17"})
		for _, purpose := range all {
			want := rules.PurposeNotPermitted
			if slices.Contains(c.permitted, purpose) {
				want = rules.ReasonNone
			}
			if _, got := e.Admit(rules.RequestFacts{Caller: caller, Purpose: purpose, Match: m, Mapped: ok}); got != want {
				t.Errorf("%s, %s: %v, want %v", c.what, purpose, got, want)
			}
		}
	}
}

// A user name that holds somebody's id is that person, in the one form that ids of the
// population have; the record gets the form of the name and not the id.
func TestPersons(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	e := p.At(now)
	for _, c := range []struct{ user, recipient, population, id, recorded string }{
		{"customer:17", "people", "customer", "17", "customer:"},
		{"customer:0017", "people", "customer", "17", "customer:"},
		{"customer:", "", "", "", "customer:"},
		{"customer:x", "", "", "", "customer:"},
		{"customer: 17", "", "", "", "customer:"},
		{"customer:17 ", "", "", "", "customer:"},
		{"customer:-17", "", "", "", "customer:"},
		{"Customer:17", "", "", "", ""},
		{"xcustomer:17", "", "", "", ""},
		{"customer", "", "", "", ""},
		{"member:Ab", "members", "member", "ab", "member:"},
		{"member:customer:17", "members", "member", "customer:17", "member:"},
		{"helpdesk", "helpdesk", "", "", "helpdesk"},
	} {
		id := rules.Identity{User: c.user, Method: "basic"}
		caller, reason := e.Identify(id)
		if caller.Recipient != c.recipient || (reason == rules.ReasonNone) != (c.recipient != "") || c.recipient == "" && reason != rules.RecipientUnknown {
			t.Errorf("%q: %q, %v", c.user, caller.Recipient, reason)
		}
		switch {
		case c.population == "" && caller.Person != nil:
			t.Errorf("%q is somebody", c.user)
		case c.population != "" && (caller.Person == nil || caller.Person.ID != c.id || caller.Person.Population != p.Populations()[c.population]):
			t.Errorf("%q: %+v", c.user, caller.Person)
		}
		if _, got := e.Credential(id); got != c.recorded {
			t.Errorf("%q is recorded as %q", c.user, got)
		}
	}
	both := rules.Identity{User: "customer:17", Certificate: &rules.Certificate{CA: "vendors", DNS: []string{"wide.example"}}}
	if caller, reason := e.Identify(both); reason != rules.RecipientUnknown {
		t.Errorf("a person with a processor's certificate is %q", caller.Recipient)
	}
}

// Two forms that one name could have do not compile, nor a recipient within a form.
func TestPersonsThatCollide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, was, is string
		kind          error
	}{
		{"a prefix of a prefix", `prefix: "member:"`, `prefix: "customer:m"`, rules.ErrConflict},
		{"the same prefix", `prefix: "member:"`, `prefix: "customer:"`, rules.ErrDuplicate},
		{"a user within a form", "match: {user: payer}", `match: {user: "customer:17"}`, rules.ErrConflict},
		{"of another kind", "match: {user: payer}", `match: {persons: {population: staff, prefix: "staff:"}}`, rules.ErrConflict},
		{"a contract", "    match: {persons: {population: member", "    contract: {valid_from: 2024-01-01, uses: everything}\n    match: {persons: {population: member", rules.ErrConflict},
	} {
		policy, problems := rules.Compile(bundleOf(t, "testdata/inputs", c.was, c.is))
		if policy != nil || !errors.Is(problems.Err(), c.kind) {
			t.Errorf("%s: %v", c.what, problems)
		}
	}
}

// R7b: a contract without lists is refused on a route of many people, whatever the
// answer would hold.
func TestListsRefused(t *testing.T) {
	t.Parallel()
	e := inputs(t).At(now)
	for path, want := range map[string]rules.Reason{"customers": rules.VolumeExceeded, "customers/17": rules.ReasonNone} {
		segments := []string{"customers", "17"}
		if path == "customers" {
			segments = segments[:1]
		}
		if got := admit(e, "single", "support", "", segments...); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if got := admit(e, "helpdesk", "support", "", segments...); got != rules.ReasonNone {
			t.Errorf("%s without limits: %v", path, got)
		}
	}
}
