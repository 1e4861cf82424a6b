package caddymodule

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/rules"
)

// userPlaceholder is what Caddy's authentication sets once a credential was
// verified. What merely was presented stands under http.auth.candidate and is
// never read.
const userPlaceholder = "http.auth.user.id"

// identity returns who the caller is: by what Caddy's authentication says, and by
// the connection's client certificate.
func identity(r *http.Request, cas *clientCAs) rules.Identity {
	id := rules.Identity{Certificate: cas.certificate(r.TLS)}
	if user := user(r); user != "" {
		id.User, id.Method = user, method(r, user)
	}
	return id
}

// user returns the name that Caddy's authentication gives. The value is taken
// with its found flag: a placeholder that nothing has set must not become a name.
func user(r *http.Request) string {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return ""
	}
	name, found := repl.GetString(userPlaceholder)
	if !found {
		return ""
	}
	return name
}

// certificate returns what a connection's client certificate says of the caller.
//
// Only verified chains count, which a resumed session has, too. What a client
// merely sent stands in PeerCertificates, and the placeholders of Caddy are made
// of that. That the certificate is one for clients needs no check here: crypto/tls
// verifies with x509.ExtKeyUsageClientAuth, in the handshake and on resumption.
//
// The issuer is the second of a chain. A chain of one is a certificate that is
// trusted by itself: nobody vouches for its names. An issuer that the
// configuration does not name makes no credential, and two that it does name make
// one that stands for nobody.
func (c *clientCAs) certificate(state *tls.ConnectionState) *rules.Certificate {
	if state == nil || c == nil {
		return nil
	}
	var found *rules.Certificate
	for _, chain := range state.VerifiedChains {
		if len(chain) < 2 {
			continue
		}
		issuer := chain[1]
		// In this form the compiler makes no copies.
		name, named := c.names[authority{string(issuer.RawSubject), string(issuer.RawSubjectPublicKeyInfo)}]
		switch {
		case !named:
		case found == nil:
			found = &rules.Certificate{CA: name, DNS: chain[0].DNSNames, URIs: uris(chain[0])}
		case found.CA != name:
			found.CA = ""
		}
	}
	return found
}

// uris returns the names of a certificate that are URIs. Parsing has put their
// scheme into small letters and dropped an empty fragment, so that the policy's
// have no other scheme and no fragment.
func uris(c *x509.Certificate) []string {
	if len(c.URIs) == 0 {
		return nil
	}
	all := make([]string, len(c.URIs))
	for i, u := range c.URIs {
		all[i] = u.String()
	}
	return all
}

// method names how a caller was authenticated, for the record. Caddy tells who
// it is and not which of a site's modules says so, hence what else a caller may
// have sent along is not taken for it.
func method(r *http.Request, user string) string {
	if name, _, ok := r.BasicAuth(); ok && name == user {
		return "basic"
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return "bearer"
	}
	return "caddy"
}
