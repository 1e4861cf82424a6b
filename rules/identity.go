package rules

import (
	"regexp"
	"strings"
)

// Identity is a caller with the credentials that were verified; the zero
// identity is nobody.
type Identity struct {
	User   string // the name that the verifier gives; empty: none
	Method string // how User was verified: basic, bearer, ...
	// Certificate is the TLS client certificate, if an authority that the
	// gateway's configuration names issued it. Another one is no credential.
	Certificate *Certificate
}

// Certificate is what a verified client certificate says of its holder. Its
// common name is not a part of it: nobody checks what stands there.
type Certificate struct {
	CA   string   // the issuer's name in the configuration; empty: two could be it, hence nobody
	DNS  []string // subject alternative names
	URIs []string
}

// MethodCertificate is the method of a caller who presented a certificate.
const MethodCertificate = "mtls"

// Presented reports whether there is any credential at all.
func (id Identity) Presented() bool { return id.User != "" || id.Certificate != nil }

// Identify returns the registry id of the caller: R1 without a credential, R2
// unless everything that was presented stands for one and the same recipient. So
// neither credential can be used together with what was stolen of the other.
func (e *Edition) Identify(id Identity) (string, Reason) {
	if !id.Presented() {
		return "", RecipientUnauthenticated
	}
	var found *Recipient
	if id.Certificate != nil {
		r, ok := e.policy.certified(id.Certificate)
		if !ok {
			return "", RecipientUnknown
		}
		found = r
	}
	if id.User != "" {
		r := e.policy.users[id.User]
		if r == nil || found != nil && found != r {
			return "", RecipientUnknown
		}
		found = r
	}
	return found.ID, ReasonNone
}

// Credential names what a caller presented, for the record. Of a certificate it
// is the first name that the policy knows, else the first one of a form that a
// policy may hold: dns:<name> or uri:<name>. With a user beside it the method is
// mtls+<method> and the name "<name of the certificate> <user>"; the former has
// no space in it. A nil edition knows no names.
func (e *Edition) Credential(id Identity) (method, name string) {
	if id.Certificate == nil {
		return id.Method, id.User
	}
	method = MethodCertificate
	for n := range id.Certificate.names {
		if e != nil && e.policy.certificates[n] != nil {
			name = n.String()
			break
		}
		if name == "" && n.wellFormed() {
			name = n.String()
		}
	}
	if id.User != "" {
		method += "+" + id.Method
		name = strings.TrimSpace(name + " " + id.User)
	}
	return method, name
}

// certified returns the one recipient that a certificate stands for.
func (p *Policy) certified(c *Certificate) (found *Recipient, ok bool) {
	if c.CA == "" {
		return nil, false
	}
	for n := range c.names {
		r := p.certificates[n]
		if r != nil && found != nil && r != found {
			return nil, false
		}
		if r != nil {
			found = r
		}
	}
	return found, found != nil
}

// certificateName is one name of a certificate, in the form in which names are
// compared. Different authorities may issue the same name to different people.
type certificateName struct {
	ca   string
	uri  bool
	name string
}

// names visits the names of a certificate.
func (c *Certificate) names(visit func(certificateName) bool) {
	for _, n := range c.DNS {
		if !visit(certificateName{ca: c.CA, name: foldDNS(n)}) {
			return
		}
	}
	for _, n := range c.URIs {
		if !visit(certificateName{ca: c.CA, uri: true, name: n}) {
			return
		}
	}
}

// String returns the name as records have it.
func (n certificateName) String() string {
	if n.uri {
		return "uri:" + n.name
	}
	return "dns:" + n.name
}

func (n certificateName) wellFormed() bool {
	if n.uri {
		return wellFormedURI(n.name)
	}
	return wellFormedDNS(n.name)
}

// foldDNS makes names that DNS does not tell apart the same. Only ASCII is folded:
// a certificate has no other letters in a name, and others have lower-case forms
// that are ASCII, such as the Kelvin sign.
func foldDNS(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

const (
	maxDNSName = 253  // of the protocol
	maxURI     = 2048 // as SPIFFE has it
)

var (
	dnsForm = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)
	// A fragment is refused with all else that is not visible ASCII: an
	// identifier has none, and an empty one gets lost in parsing.
	uriForm = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[!"$-~]+$`)
)

// wellFormedDNS reports whether a folded DNS name is one that a policy may hold.
func wellFormedDNS(name string) bool { return len(name) <= maxDNSName && dnsForm.MatchString(name) }

func wellFormedURI(uri string) bool { return len(uri) <= maxURI && uriForm.MatchString(uri) }
