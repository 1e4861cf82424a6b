package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// Everything that is presented must stand for one and the same recipient.
func TestIdentify(t *testing.T) {
	t.Parallel()
	e := policy(t).At(now)
	dns := func(ca string, names ...string) *rules.Certificate { return &rules.Certificate{CA: ca, DNS: names} }
	uri := func(ca string, names ...string) *rules.Certificate {
		return &rules.Certificate{CA: ca, URIs: names}
	}
	const helpdesk = "helpdesk.vendors.example"
	long := strings.Repeat("a", 3000)
	for _, c := range []struct {
		name         string
		id           rules.Identity
		recipient    string // empty: unknown
		method, cred string
	}{
		{"user", rules.Identity{User: "helpdesk", Method: "basic"}, "helpdesk", "basic", "helpdesk"},
		{"strange user", rules.Identity{User: "nobody", Method: "basic"}, "", "basic", ""},
		{"a dns name is no user", rules.Identity{User: helpdesk, Method: "basic"}, "", "basic", ""},

		{"dns", rules.Identity{Certificate: dns("vendors", helpdesk)}, "helpdesk", "mtls", "dns:" + helpdesk},
		{"dns of another authority", rules.Identity{Certificate: dns("mesh", helpdesk)}, "abroad", "mtls", "dns:" + helpdesk},
		{"dns of an authority that the policy does not use", rules.Identity{Certificate: dns("office", helpdesk)}, "", "mtls", "dns:" + helpdesk},
		{"case of dns", rules.Identity{Certificate: dns("vendors", "HELPDESK.Vendors.example")}, "helpdesk", "mtls", "dns:" + helpdesk},
		{"case of dns in the policy", rules.Identity{Certificate: dns("vendors", "helpdesk-2.vendors.example")}, "helpdesk", "mtls", "dns:helpdesk-2.vendors.example"},
		{"case beyond ASCII", rules.Identity{Certificate: dns("vendors", "helpdes\u212a.vendors.example")}, "", "mtls", ""},
		{"subdomain", rules.Identity{Certificate: dns("vendors", "a."+helpdesk)}, "", "mtls", "dns:a." + helpdesk},
		{"wildcard", rules.Identity{Certificate: dns("vendors", "*.vendors.example")}, "", "mtls", ""},
		{"a uri as dns", rules.Identity{Certificate: dns("mesh", "spiffe://mesh.example/helpdesk")}, "", "mtls", ""},
		{"uri", rules.Identity{Certificate: uri("mesh", "spiffe://mesh.example/helpdesk")}, "helpdesk", "mtls", "uri:spiffe://mesh.example/helpdesk"},
		{"uri in capitals", rules.Identity{Certificate: uri("mesh", "urn:example:Abroad")}, "abroad", "mtls", "uri:urn:example:Abroad"},
		{"case of uri", rules.Identity{Certificate: uri("mesh", "urn:example:abroad")}, "", "mtls", "uri:urn:example:abroad"},
		{"longer uri", rules.Identity{Certificate: uri("mesh", "spiffe://mesh.example/helpdesk/")}, "", "mtls", "uri:spiffe://mesh.example/helpdesk/"},
		{"a dns name as uri", rules.Identity{Certificate: uri("vendors", helpdesk)}, "", "mtls", ""},

		{"no names", rules.Identity{Certificate: &rules.Certificate{CA: "vendors"}}, "", "mtls", ""},
		{"two authorities", rules.Identity{Certificate: dns("", helpdesk)}, "", "mtls", "dns:" + helpdesk},
		{"two names of one", rules.Identity{Certificate: dns("vendors", helpdesk, "helpdesk-2.vendors.example")}, "helpdesk", "mtls", "dns:" + helpdesk},
		{"a strange name beside it", rules.Identity{Certificate: dns("vendors", "other.example", helpdesk)}, "helpdesk", "mtls", "dns:" + helpdesk},
		{"two recipients", rules.Identity{Certificate: uri("mesh", "spiffe://mesh.example/helpdesk", "urn:example:Abroad")}, "", "mtls", "uri:spiffe://mesh.example/helpdesk"},
		{"two recipients, dns and uri", rules.Identity{Certificate: &rules.Certificate{
			CA: "mesh", DNS: []string{helpdesk}, URIs: []string{"spiffe://mesh.example/helpdesk"},
		}}, "", "mtls", "dns:" + helpdesk},
		{"what no policy may hold is not recorded", rules.Identity{Certificate: &rules.Certificate{
			CA: "vendors", DNS: []string{"a b", "\x1b[2J", long}, URIs: []string{"x:" + long, "urn:a b", "urn:x"},
		}}, "", "mtls", "uri:urn:x"},

		{"both agree", rules.Identity{User: "helpdesk", Method: "basic", Certificate: dns("vendors", helpdesk)}, "helpdesk", "mtls+basic", "dns:" + helpdesk + " helpdesk"},
		{"both disagree", rules.Identity{User: "broker", Method: "basic", Certificate: dns("vendors", helpdesk)}, "", "mtls+basic", "dns:" + helpdesk + " broker"},
		{"strange user, known certificate", rules.Identity{User: "nobody", Method: "bearer", Certificate: dns("vendors", helpdesk)}, "", "mtls+bearer", "dns:" + helpdesk},
		{"known user, strange certificate", rules.Identity{User: "helpdesk", Method: "basic", Certificate: dns("vendors", "other.example")}, "", "mtls+basic", "dns:other.example helpdesk"},
		{"known user, certificate without names", rules.Identity{User: "helpdesk", Method: "basic", Certificate: dns("vendors")}, "", "mtls+basic", "helpdesk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := rules.ReasonNone
			if c.recipient == "" {
				want = rules.RecipientUnknown
			}
			if got, reason := e.Identify(c.id); got.Recipient != c.recipient || reason != want {
				t.Errorf("%q, %v; want %q, %v", got.Recipient, reason, c.recipient, want)
			}
			if method, name := e.Credential(c.id); method != c.method || name != c.cred {
				t.Errorf("credential %q %q, want %q %q", method, name, c.method, c.cred)
			}
			if !c.id.Presented() {
				t.Error("nothing is presented")
			}
		})
	}
}

func TestIdentifyNobody(t *testing.T) {
	t.Parallel()
	for _, id := range []rules.Identity{{}, {Method: "basic"}} {
		got, reason := policy(t).At(now).Identify(id)
		if id.Presented() || got.Recipient != "" || reason != rules.RecipientUnauthenticated {
			t.Errorf("%+v: %q, %v", id, got.Recipient, reason)
		}
	}
}

// Before the policy is in effect a refusal still says what was presented, without
// names that could be a person's.
func TestCredentialWithoutEdition(t *testing.T) {
	t.Parallel()
	var e *rules.Edition
	id := rules.Identity{User: "u", Method: "basic", Certificate: &rules.Certificate{CA: "vendors", URIs: []string{"urn:x"}}}
	if method, name := e.Credential(id); method != "mtls+basic" || name != "uri:urn:x" {
		t.Errorf("%q %q", method, name)
	}
}

func TestClientCAs(t *testing.T) {
	t.Parallel()
	var got []string
	for _, ca := range policy(t).ClientCAs() {
		got = append(got, ca.Value+" "+ca.Pos.String())
	}
	if want := []string{"mesh recipients.yaml:12:16", "vendors recipients.yaml:11:16"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
