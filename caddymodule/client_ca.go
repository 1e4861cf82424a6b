package caddymodule

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/modicum-dev/modicum/rules"
)

// ClientCA is an authority whose client certificates identify callers.
type ClientCA struct {
	// Name is what the policy calls it.
	Name string `json:"name"`
	// Path of a PEM file with its certificate and nothing else. The authority
	// is the direct issuer of callers' certificates; if it is an intermediate
	// one, it is trusted by itself and needs no root.
	Path string `json:"path"`
	// Demo makes the authority, and beside it a caller's certificate and key
	// for this DNS name, <name>.pem and <name>.key. For demos only.
	Demo string `json:"demo,omitempty"`
}

// Why an authority of the configuration cannot be used.
var (
	ErrClientCAFile    = errors.New("must hold exactly one certificate in PEM and nothing else")
	ErrClientCAKind    = errors.New("is not the certificate of an authority (basic constraints, key usage): name the issuer of the callers' certificates")
	ErrClientCAExpired = errors.New("has expired: get the authority's new certificate")
	ErrClientCATwice   = errors.New("is configured twice")
	ErrClientCAName    = errors.New("needs a name and a file")
	ErrClientCAMissing = errors.New("is not configured")
)

// authority is what makes an issuer who it is: its name and its key. Either alone
// does not: anybody's certificate may have the same name, and one key may serve
// two names. The whole certificate would be too much: an authority that renews it,
// or lets another one cross-sign it, is the same issuer still. Both parts are DER.
type authority struct{ subject, key string }

func authorityOf(c *x509.Certificate) authority {
	return authority{string(c.RawSubject), string(c.RawSubjectPublicKeyInfo)}
}

// clientCAs are the authorities of a configuration.
type clientCAs struct {
	names map[authority]string
	certs []*x509.Certificate
}

// openClientCAs reads the authorities' certificates.
func openClientCAs(cas []ClientCA, now time.Time) (*clientCAs, error) {
	open := &clientCAs{names: make(map[authority]string)}
	paths := make(map[string]string)
	for _, ca := range cas {
		if ca.Name == "" || ca.Path == "" {
			return nil, fmt.Errorf("client_ca %q %q: %w", ca.Name, ca.Path, ErrClientCAName)
		}
		if _, known := paths[ca.Name]; known {
			return nil, fmt.Errorf("client_ca %s: %w: %s and %s; give each its own name, a recipient may list both", ca.Name, ErrClientCATwice, paths[ca.Name], ca.Path)
		}
		if ca.Demo != "" {
			if err := makeDemo(ca, now); err != nil {
				return nil, fmt.Errorf("client_ca %s %s: %w", ca.Name, ca.Path, err)
			}
		}
		cert, err := readClientCA(ca.Path, now)
		if err != nil {
			return nil, fmt.Errorf("client_ca %s %s: %w", ca.Name, ca.Path, err)
		}
		// Two names for one authority would make each of its certificates
		// ambiguous.
		if other, known := open.names[authorityOf(cert)]; known {
			return nil, fmt.Errorf("client_ca %s %s: this authority %w: as %q, too", ca.Name, ca.Path, ErrClientCATwice, other)
		}
		paths[ca.Name] = ca.Path
		open.names[authorityOf(cert)] = ca.Name
		open.certs = append(open.certs, cert)
	}
	return open, nil
}

// cover returns an error if a policy names another authority than these.
func (c *clientCAs) cover(policy *rules.Policy) error {
	names := slices.Sorted(maps.Values(c.names))
	for _, ca := range policy.ClientCAs() {
		if !slices.Contains(names, ca.Value) {
			return fmt.Errorf("%s: client_ca %q %w; configured are %q", ca.Pos, ca.Value, ErrClientCAMissing, names)
		}
	}
	return nil
}

// readClientCA reads the certificate of an authority.
func readClientCA(path string, now time.Time) (*x509.Certificate, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != certificateBlock {
		return nil, ErrClientCAFile
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, ErrClientCAFile
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrClientCAFile, err)
	case !cert.BasicConstraintsValid || !cert.IsCA || cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, ErrClientCAKind
	case now.After(cert.NotAfter):
		// One that expires later is not looked for: from then on no
		// handshake accepts what it issued.
		return nil, fmt.Errorf("%w: it was valid until %s", ErrClientCAExpired, cert.NotAfter.UTC().Format(time.DateOnly))
	}
	return cert, nil
}

const certificateBlock = "CERTIFICATE"

// clientCA reads the option:
//
//	client_ca <name> <PEM file> {
//		demo <DNS name>
//	}
func (a *App) clientCA(d *caddyfile.Dispenser) error {
	var ca ClientCA
	if !d.Args(&ca.Name, &ca.Path) || d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "demo" {
			return d.Errf("unknown option %q of client_ca: demo", d.Val())
		}
		if err := one(d, &ca.Demo); err != nil {
			return err
		}
	}
	a.ClientCAs = append(a.ClientCAs, ca)
	return nil
}
