package caddymodule

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/caddytls"

	"github.com/modicum-dev/modicum/ledger"
)

// secure changes the site's configuration to TLS with client certificates.
func (s *site) secure(clientAuth map[string]any) (config []byte, roots *x509.CertPool) {
	s.t.Helper()
	pair, roots := serverPair(s.t)
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	all := make(map[string]any)
	if err := json.Unmarshal(s.config(), &all); err != nil {
		s.t.Fatal(err)
	}
	apps := within(s.t, all, "apps")
	apps["tls"] = map[string]any{"certificates": map[string]any{"load_pem": []any{map[string]any{
		"certificate": inPEM(pair.Leaf), "key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}}}}
	server := within(s.t, apps, "http", "servers", "gateway")
	server["tls_connection_policies"] = []any{map[string]any{"client_authentication": clientAuth}}
	// Clients come by the address, of which there is no SNI.
	server["strict_sni_host"] = false
	config, err = json.Marshal(all)
	if err != nil {
		s.t.Fatal(err)
	}
	return config, roots
}

func within(t *testing.T, m map[string]any, keys ...string) map[string]any {
	t.Helper()
	for _, k := range keys {
		inner, ok := m[k].(map[string]any)
		if !ok {
			t.Fatalf("no %q", k)
		}
		m = inner
	}
	return m
}

// present asks for a customer with a certificate, and with a user if it is named.
func (s *site) present(roots *x509.CertPool, pair *tls.Certificate, user string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+s.address()+"/v1/customers/1001", http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Data-Purpose", "newsletter.send")
	if user != "" {
		r.SetBasicAuth(user, "demo")
	}
	config := presents(pair)
	config.RootCAs = roots
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	before := client
	client = &http.Client{Transport: transport, Timeout: patience}
	defer func() { client = before }()
	return s.ask(r)
}

// A site whose trust is the named authorities: who has one of their certificates
// is known by it, everybody else stays outside.
func TestSiteWithClientCertificates(t *testing.T) {
	s := newSite(t)
	s.open = true
	config, roots := s.secure(map[string]any{"mode": "require_and_verify", "ca": map[string]any{"provider": "minimise"}})
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(s.path("certs", "mailer.vendors.example.pem"), s.path("certs", "mailer.vendors.example.key"))
	if err != nil {
		t.Fatal(err)
	}
	a := s.present(roots, &pair, "")
	if a.err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	released(t, s.path("ledger"), a)
	d := records(t, s.path("ledger"), ledger.KindReleased)[0].Disclosure
	if d.Recipient != "mailer" || d.Auth.Method != "mtls" || d.Auth.Client != "dns:mailer.vendors.example" {
		t.Errorf("%q by %+v", d.Recipient, d.Auth)
	}
	if a := s.present(roots, nil, ""); a.err == nil {
		t.Errorf("without a certificate: %d", a.status)
	}
	other := newIssuer(t, demoAuthority, nil).issue(t, dnsNames("mailer.vendors.example"))
	if a := s.present(roots, &other, ""); a.err == nil {
		t.Errorf("with another authority's certificate: %d", a.status)
	}
	// A name in a header is no name.
	if a := s.present(roots, nil, "mailer"); a.err == nil {
		t.Errorf("with a user alone: %d", a.status)
	}
}

// Where a site trusts more authorities than the gateway names, theirs are no
// credentials; and a user who is somebody else than the certificate is nobody.
func TestSiteWithAnotherTrust(t *testing.T) {
	s := newSite(t)
	office, vendors := newIssuer(t, "office", nil), newIssuer(t, "vendors", nil)
	write(t, s.path("vendors.pem"), inPEM(vendors.cert))
	write(t, s.path("office.pem"), inPEM(office.cert))
	s.app["client_cas"] = []any{map[string]any{"name": "vendors", "path": s.path("vendors.pem")}}
	config, roots := s.secure(map[string]any{"mode": "verify_if_given", "ca": map[string]any{"provider": "file", "pem_files": []string{s.path("vendors.pem"), s.path("office.pem")}}})
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	infrastructure := office.issue(t, dnsNames("mailer.vendors.example"))
	mailer := vendors.issue(t, dnsNames("mailer.vendors.example"))
	for _, c := range []struct {
		name   string
		pair   *tls.Certificate
		user   string
		reason string
	}{
		{"infrastructure and a user", &infrastructure, "support-desk", "purpose_not_permitted"}, // the user's own refusal
		{"no certificate and a user", nil, "support-desk", "purpose_not_permitted"},
		{"two recipients", &mailer, "support-desk", "recipient_unknown"},
		{"a user whom nobody knows", &mailer, "nobody-registered", "recipient_unknown"},
	} {
		a := s.present(roots, c.pair, c.user)
		if a.err != nil || a.status != http.StatusForbidden || a.reason(t) != c.reason {
			t.Errorf("%s: %d %s %v", c.name, a.status, a.body, a.err)
		}
	}
	if n := s.upstream.asked.Load(); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	refused := records(t, s.path("ledger"), ledger.KindRefused)
	if len(refused) != 4 || refused[2].Disclosure.Auth.Method != "mtls+basic" || refused[2].Disclosure.Auth.Client != "dns:mailer.vendors.example support-desk" {
		t.Errorf("%d records", len(refused))
	}
}

// A pool of no authorities would refuse everybody.
func TestPoolWithoutAuthorities(t *testing.T) {
	s := newSite(t)
	edit(t, s.path("policy", "recipients.yaml"), "      certificate: {ca: vendors, dns: mailer.vendors.example}\n", "")
	delete(s.app, "client_cas")
	config, _ := s.secure(map[string]any{"ca": map[string]any{"provider": "minimise"}})
	if err := caddy.Load(config, true); err == nil || !strings.Contains(err.Error(), ErrNoClientCA.Error()) {
		t.Errorf("loading: %v", err)
	}
	all := make(map[string]any)
	if err := json.Unmarshal(config, &all); err != nil {
		t.Fatal(err)
	}
	apps := within(t, all, "apps")
	delete(apps, "minimise")
	within(t, apps, "http", "servers", "gateway")["routes"] = []any{}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(b, true); err == nil || !strings.Contains(err.Error(), ErrNotConfigured.Error()) {
		t.Errorf("loading without the app: %v", err)
	}
}
