package rules

import (
	"regexp"
	"slices"
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

// Caller is who a request comes from, as the registry knows it.
type Caller struct {
	Recipient string // its id; empty: nobody
	// Purposes is what the credentials are narrowed to; nil: not narrowed.
	Purposes []string
	// Person is the caller itself, when the recipient is of the kind
	// data_subject; nil for any other.
	Person *Person
}

// Person is somebody's canonical id in a population.
type Person struct {
	Population *Population
	ID         string
}

// Presented reports whether there is any credential at all.
func (id Identity) Presented() bool { return id.User != "" || id.Certificate != nil }

// Identify returns the caller: R1 without a credential, R2 unless everything that
// was presented stands for one and the same recipient. So neither credential can be
// used together with what was stolen of the other. What each is narrowed to holds.
func (e *Edition) Identify(id Identity) (Caller, Reason) {
	if !id.Presented() {
		return Caller{}, RecipientUnauthenticated
	}
	var found credential
	if id.Certificate != nil {
		c, ok := e.policy.certified(id.Certificate)
		if !ok {
			return Caller{}, RecipientUnknown
		}
		found = c
	}
	if id.User != "" {
		c, ok := e.policy.user(id.User)
		if !ok || found.recipient != nil && found.recipient != c.recipient {
			return Caller{}, RecipientUnknown
		}
		c.narrow(found.purposes)
		found = c
	}
	return Caller{Recipient: found.recipient.ID, Purposes: found.purposes, Person: found.person}, ReasonNone
}

// credential is what one thing that a caller presented stands for.
type credential struct {
	recipient *Recipient
	purposes  []string // nil: not narrowed
	person    *Person
}

// narrow intersects what the credential is narrowed to with further purposes.
func (c *credential) narrow(further []string) {
	switch {
	case further == nil:
	case c.purposes == nil:
		c.purposes = further
	default:
		both := []string{}
		for _, p := range c.purposes {
			if slices.Contains(further, p) {
				both = append(both, p)
			}
		}
		c.purposes = both
	}
}

// user returns what a user name stands for: a recipient that lists it, else the
// person whose id it holds.
func (p *Policy) user(name string) (credential, bool) {
	if c, ok := p.users[name]; ok {
		return c, true
	}
	for _, persons := range p.persons {
		id, ok := strings.CutPrefix(name, persons.prefix)
		if !ok {
			continue
		}
		canonical, err := persons.population.Canonical(id, false)
		if err != nil {
			return credential{}, false
		}
		return credential{recipient: persons.recipient, person: &Person{Population: persons.population, ID: canonical}}, true
	}
	return credential{}, false
}

// recorded returns what a record may say of a user name: the name of a recipient, or
// the prefix of those of people. Another one, even one that nearly has the prefix, may
// be a person's id or address: nothing of it.
func (p *Policy) recorded(user string) string {
	if _, listed := p.users[user]; listed {
		return user
	}
	for _, persons := range p.persons {
		if strings.HasPrefix(user, persons.prefix) {
			return persons.prefix
		}
	}
	return ""
}

// persons is a form of user names that are data subjects.
type persons struct {
	recipient  *Recipient
	population *Population
	prefix     string // no other one begins with it
}

// Credential names what a caller presented, for the record. Of a certificate it
// is the first name that the policy knows, else the first one of a form that a
// policy may hold: dns:<name> or uri:<name>. With a user beside it the method is
// mtls+<method> and the name "<name of the certificate> <user>"; the former has
// no space in it. Of a user who is a data subject it is the prefix alone, and of one
// that the policy does not know nothing: a record holds no ids of people. A nil edition
// knows no names.
func (e *Edition) Credential(id Identity) (method, name string) {
	user := ""
	if e != nil {
		user = e.policy.recorded(id.User)
	}
	if id.Certificate == nil {
		return id.Method, user
	}
	method = MethodCertificate
	for n := range id.Certificate.names {
		if e != nil && e.policy.certificates[n].recipient != nil {
			name = n.String()
			break
		}
		if name == "" && n.wellFormed() {
			name = n.String()
		}
	}
	if id.User != "" {
		method += "+" + id.Method
		name = strings.TrimSpace(name + " " + user)
	}
	return method, name
}

// certified returns the one recipient that a certificate stands for. Several of
// its names may be known: each narrows.
func (p *Policy) certified(c *Certificate) (found credential, ok bool) {
	if c.CA == "" {
		return credential{}, false
	}
	for n := range c.names {
		known, ok := p.certificates[n]
		switch {
		case !ok:
			continue
		case found.recipient != nil && known.recipient != found.recipient:
			return credential{}, false
		}
		known.narrow(found.purposes)
		found = known
	}
	return found, found.recipient != nil
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
