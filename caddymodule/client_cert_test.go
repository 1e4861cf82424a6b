package caddymodule

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/rules"
)

// named is the authorities of a configuration, by their names.
func named(by map[string]*issuer) *clientCAs {
	cas := &clientCAs{names: make(map[authority]string)}
	for name, ca := range by {
		cas.names[authorityOf(ca.cert)] = name
		cas.certs = append(cas.certs, ca.cert)
	}
	return cas
}

// seen is what a server makes of a connection.
type seen struct {
	state *tls.ConnectionState
	id    rules.Identity
}

// listen starts a TLS server that asks for client certificates, and returns how
// to ask it and what it sees then.
func listen(t *testing.T, mode tls.ClientAuthType, trusted *x509.CertPool, cas *clientCAs) (ask func(*tls.Config) error, last func() seen) {
	t.Helper()
	requests := make(chan seen, 8)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests <- seen{r.TLS, identity(r, cas)}
	}))
	pair, roots := serverPair(t)
	s.TLS = &tls.Config{ClientAuth: mode, ClientCAs: trusted, Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ask = func(config *tls.Config) error {
		config.RootCAs = roots
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: patience}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			return err
		}
		resp, err := c.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if closed := resp.Body.Close(); err == nil {
			err = closed
		}
		return err
	}
	return ask, func() seen {
		t.Helper()
		if len(requests) == 0 {
			t.Fatal("no request came through")
		}
		return <-requests
	}
}

// presents makes a client send its certificate whatever the server asks for.
func presents(pair *tls.Certificate) *tls.Config {
	config := new(tls.Config)
	if pair != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	return config
}

// What a connection says of its caller, by real handshakes.
func TestCertificateOfAConnection(t *testing.T) {
	t.Parallel()
	vendors, office := newIssuer(t, "vendors", nil), newIssuer(t, "office", nil)
	inner := newIssuer(t, "inner", vendors)
	// The same name with another key, and the same key with another name.
	namesake, second := newIssuer(t, "vendors", nil), certify(t, "second name", vendors.key, nil)
	// One authority by two roots: its certificates differ, it is the same.
	crossed := certify(t, "inner", inner.key, office)
	const verify, given, merely = tls.RequireAndVerifyClientCert, tls.VerifyClientCertIfGiven, tls.RequireAnyClientCert
	const mailer = "mailer.vendors.example"
	mailerOf := func(ca *issuer, beside ...*issuer) *tls.Certificate {
		pair := ca.issue(t, dnsNames(mailer), beside...)
		return &pair
	}
	just := func(pair tls.Certificate) *tls.Certificate { return &pair }
	direct := just(vendors.issue(t, dnsNames(mailer)))
	selfTrusted := x509.NewCertPool()
	selfTrusted.AddCert(direct.Leaf)
	all := named(map[string]*issuer{"vendors": vendors})
	both := named(map[string]*issuer{"vendors": vendors, "inner": inner})
	want := func(ca string) *rules.Certificate { return &rules.Certificate{CA: ca, DNS: []string{mailer}} }
	for _, c := range []struct {
		name    string
		mode    tls.ClientAuthType
		trusted *x509.CertPool
		named   *clientCAs
		pair    *tls.Certificate
		want    *rules.Certificate
		chains  int
	}{
		{"dns", verify, pool(vendors), all, direct, want("vendors"), 1},
		{"given", given, pool(vendors), all, direct, want("vendors"), 1},
		{
			"uri", verify, pool(vendors), all, just(vendors.issue(t, uriNames(t, "spiffe://mesh.example/mailer", "urn:example:Mailer"))),
			&rules.Certificate{CA: "vendors", URIs: []string{"spiffe://mesh.example/mailer", "urn:example:Mailer"}}, 1,
		},
		{"common name alone", verify, pool(vendors), all, just(vendors.issue(t, func(c *x509.Certificate) { c.Subject.CommonName = mailer })), &rules.Certificate{CA: "vendors"}, 1},
		{"for any use", verify, pool(vendors), all, just(vendors.issue(t, func(c *x509.Certificate) { c.DNSNames, c.ExtKeyUsage = []string{mailer}, nil })), want("vendors"), 1},
		{"none given", given, pool(vendors), all, nil, nil, 0},
		{"trusted, not named", verify, pool(vendors, office), all, mailerOf(office), nil, 1},
		{"nothing is named", verify, pool(vendors), named(nil), direct, nil, 1},
		{"a namesake", verify, pool(vendors, namesake), all, mailerOf(namesake), nil, 1},
		{"the same key under another name", verify, pool(vendors, second), all, mailerOf(second), nil, 1},
		// PeerCertificates has it; nobody has verified it.
		{"merely sent", merely, pool(vendors), all, direct, nil, 0},
		{"requested, not verified", tls.RequestClientCert, pool(vendors), all, direct, nil, 0},
		{"trusted by itself", verify, selfTrusted, all, direct, nil, 1},
		{"issuer below the named one", verify, pool(vendors), all, mailerOf(inner, inner), nil, 1},
		{"issuer below, named as well", verify, pool(vendors), both, mailerOf(inner, inner), want("inner"), 1},
		{"intermediate as the root", verify, pool(inner), both, mailerOf(inner), want("inner"), 1},
		{"intermediate and its root", verify, pool(vendors, inner), both, mailerOf(inner, inner), want("inner"), 2},
		{"two roots", verify, pool(vendors, office), both, mailerOf(inner, inner, crossed), want("inner"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ask, last := listen(t, c.mode, c.trusted, c.named)
			if err := ask(presents(c.pair)); err != nil {
				t.Fatal(err)
			}
			got := last()
			if (c.pair != nil) != (len(got.state.PeerCertificates) > 0) || len(got.state.VerifiedChains) != c.chains {
				t.Fatalf("the server has %d certificates and %d chains", len(got.state.PeerCertificates), len(got.state.VerifiedChains))
			}
			if !reflect.DeepEqual(got.id.Certificate, c.want) || got.id.User != "" || got.id.Presented() != (c.want != nil) {
				t.Errorf("%+v, want %+v", got.id.Certificate, c.want)
			}
		})
	}
}

// What a handshake refuses does not get so far.
func TestRefusedHandshakes(t *testing.T) {
	t.Parallel()
	vendors, namesake := newIssuer(t, "vendors", nil), newIssuer(t, "vendors", nil)
	const mailer = "mailer.vendors.example"
	for name, pair := range map[string]tls.Certificate{
		"another authority of that name": namesake.issue(t, dnsNames(mailer)),
		"for servers": vendors.issue(t, func(c *x509.Certificate) {
			c.DNSNames, c.ExtKeyUsage = []string{mailer}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}),
		"expired": vendors.issue(t, func(c *x509.Certificate) { c.DNSNames, c.NotAfter = []string{mailer}, time.Now().Add(-time.Minute) }),
	} {
		ask, _ := listen(t, tls.RequireAndVerifyClientCert, pool(vendors), named(map[string]*issuer{"vendors": vendors}))
		if err := ask(presents(&pair)); err == nil {
			t.Errorf("%s: the handshake succeeds", name)
		}
	}
	expired := newIssuer(t, "vendors", nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	ask, _ := listen(t, tls.RequireAndVerifyClientCert, pool(expired), named(map[string]*issuer{"vendors": expired}))
	if pair := expired.issue(t, dnsNames(mailer)); ask(presents(&pair)) == nil {
		t.Error("expired authority: the handshake succeeds")
	}
}

// A resumed session has the chains of the handshake that began it.
func TestResumedSession(t *testing.T) {
	t.Parallel()
	vendors := newIssuer(t, "vendors", nil)
	pair := vendors.issue(t, dnsNames("mailer.vendors.example"))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		ask, last := listen(t, tls.RequireAndVerifyClientCert, pool(vendors), named(map[string]*issuer{"vendors": vendors}))
		sessions := tls.NewLRUClientSessionCache(4)
		for n := range 2 {
			config := presents(&pair)
			config.ClientSessionCache, config.MaxVersion = sessions, version
			if err := ask(config); err != nil {
				t.Fatal(err)
			}
			got := last()
			if got.state.DidResume != (n > 0) || got.state.Version != version {
				t.Fatalf("connection %d of %s: resumed %t", n, tls.VersionName(version), got.state.DidResume)
			}
			if got.id.Certificate == nil || got.id.Certificate.CA != "vendors" || len(got.id.Certificate.DNS) != 1 {
				t.Errorf("connection %d of %s is of %+v", n, tls.VersionName(version), got.id.Certificate)
			}
		}
	}
}

// Two named issuers of one certificate cannot come of a handshake, as an issuer's
// name stands in it. Should they, nobody is meant.
func TestTwoIssuers(t *testing.T) {
	t.Parallel()
	a, b, other := newIssuer(t, "a", nil), newIssuer(t, "b", nil), newIssuer(t, "other", nil)
	leaf := a.issue(t, dnsNames("mailer.vendors.example")).Leaf
	chain := func(by ...*issuer) []*x509.Certificate {
		all := []*x509.Certificate{leaf}
		for _, ca := range by {
			all = append(all, ca.cert)
		}
		return all
	}
	cas := named(map[string]*issuer{"a": a, "b": b})
	for _, c := range []struct {
		name   string
		chains [][]*x509.Certificate
		want   string // none: no credential
	}{
		{"two", [][]*x509.Certificate{chain(a), chain(b)}, ""},
		{"two and again", [][]*x509.Certificate{chain(a), chain(b), chain(a)}, ""},
		{"one and a stranger", [][]*x509.Certificate{chain(other), chain(b), chain(other)}, "b"},
		{"one twice", [][]*x509.Certificate{chain(a), chain(a, b)}, "a"},
		{"root is no issuer", [][]*x509.Certificate{chain(other, a)}, "none"},
		{"no issuer", [][]*x509.Certificate{chain(), {}}, "none"},
	} {
		got := cas.certificate(&tls.ConnectionState{VerifiedChains: c.chains, PeerCertificates: chain(a, b)})
		if (got == nil) != (c.want == "none") || got != nil && got.CA != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// A certificate and a user count together: agreeing they are one caller, and
// otherwise nobody.
func TestCertificateAndUser(t *testing.T) {
	t.Parallel()
	edition := examplePolicy(t).At(time.Now())
	vendors := newIssuer(t, "vendors", nil)
	leaf := vendors.issue(t, dnsNames("mailer.vendors.example")).Leaf
	state := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{leaf, vendors.cert}}}
	for _, c := range []struct {
		name, user string
		tls        *tls.ConnectionState
		want       string
		reason     rules.Reason
	}{
		{"neither", "", nil, "", rules.RecipientUnauthenticated},
		{"certificate", "", state, "mailer", rules.ReasonNone},
		{"user", "mailer", nil, "mailer", rules.ReasonNone},
		{"both", "mailer", state, "mailer", rules.ReasonNone},
		{"two recipients", "support-desk", state, "", rules.RecipientUnknown},
		{"a stranger", "stranger", state, "", rules.RecipientUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			repl := caddy.NewReplacer()
			if c.user != "" {
				repl.Set(userPlaceholder, c.user)
			}
			// What Caddy's placeholders say of a certificate is not asked.
			repl.Set("http.request.tls.client.san.dns_names.0", "support-desk")
			repl.Set("http.request.tls.client.subject", "CN=support-desk")
			r = r.WithContext(context.WithValue(r.Context(), caddy.ReplacerCtxKey, repl))
			r.TLS = c.tls
			got, reason := edition.Identify(identity(r, named(map[string]*issuer{"vendors": vendors})))
			if got.Recipient != c.want || reason != c.reason {
				t.Errorf("%q %v, want %q %v", got.Recipient, reason, c.want, c.reason)
			}
		})
	}
}

// A certificate costs a request two small allocations, however many authorities
// there are.
func TestCertificateIsCheap(t *testing.T) {
	vendors := newIssuer(t, "vendors", nil)
	leaf := vendors.issue(t, dnsNames("mailer.vendors.example")).Leaf
	state := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{leaf, vendors.cert}}}
	cas := named(map[string]*issuer{"vendors": vendors, "office": newIssuer(t, "office", nil)})
	if n := testing.AllocsPerRun(100, func() {
		if cas.certificate(state) == nil {
			t.Fatal("no certificate")
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
