package rules

import (
	"fmt"
	"strings"
)

// certificate compiles names under which an authority certifies a recipient.
func (c *compiler) certificate(r *Recipient, d *CertificateDef) {
	switch {
	case d.CA.Value == "":
		c.problem(d.Pos, ErrMissing, "a certificate needs ca", "the name of a client_ca of the gateway's configuration")
	case len(d.DNS)+len(d.URIs) == 0:
		c.problem(d.Pos, ErrMissing, "a certificate needs dns or uri", "names that its authority puts into it: subject alternative names")
	}
	for _, n := range d.DNS {
		if name := foldDNS(n.Value); c.dnsName(n, name) {
			c.certified(r, d, n.Pos, certificateName{ca: d.CA.Value, name: name})
		}
	}
	for _, n := range d.URIs {
		switch {
		case n.Value == "": // a problem already
		case !wellFormedURI(n.Value):
			c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not an absolute URI", n.Value), "spiffe://vendor.example/mailer: scheme in small letters, ASCII, no fragment")
		default:
			c.certified(r, d, n.Pos, certificateName{ca: d.CA.Value, uri: true, name: n.Value})
		}
	}
}

// dnsName reports whether a name, folded, can be compared, and what is wrong if not.
func (c *compiler) dnsName(n Name, folded string) bool {
	switch {
	case n.Value == "": // a problem already
	case strings.Contains(n.Value, "*"):
		c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is a wildcard: a certificate is matched by its exact names", n.Value), "list the names")
	case !wellFormedDNS(folded):
		c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not a DNS name", n.Value), "mailer.vendor.example: ASCII, without a dot at the end")
	default:
		return true
	}
	return false
}

func (c *compiler) certified(r *Recipient, d *CertificateDef, pos Pos, name certificateName) {
	if other := c.p.certificates[name].recipient; other != nil {
		c.problem(pos, ErrConflict, fmt.Sprintf("%s of ca %q is recipient %q already", name, name.ca, other.ID), "one credential is one recipient")
		return
	}
	c.p.certificates[name] = credential{recipient: r, purposes: c.purposeNames(d.Purposes)}
}
