package caddymodule

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"
)

// issuer is an authority of the tests.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newIssuer makes an authority; without a parent it signs itself.
func newIssuer(t *testing.T, name string, parent *issuer, edits ...func(*x509.Certificate)) *issuer {
	t.Helper()
	return certify(t, name, newKey(t), parent, edits...)
}

// certify makes an authority of a key that there is.
func certify(t *testing.T, name string, key *ecdsa.PrivateKey, parent *issuer, edits ...func(*x509.Certificate)) *issuer {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	for _, edit := range edits {
		edit(template)
	}
	by := &issuer{template, key}
	if parent != nil {
		by = parent
	}
	return &issuer{signed(t, template, key, by), key}
}

func serial(t *testing.T) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func signed(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey, by *issuer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue makes a client's certificate, with its key and what is sent beside it.
func (ca *issuer) issue(t *testing.T, edit func(*x509.Certificate), beside ...*issuer) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "somebody"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	edit(template)
	key := newKey(t)
	leaf := signed(t, template, key, ca)
	pair := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	for _, b := range beside {
		pair.Certificate = append(pair.Certificate, b.cert.Raw)
	}
	return pair
}

func dnsNames(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames = names }
}

func uriNames(t *testing.T, names ...string) func(*x509.Certificate) {
	t.Helper()
	var all []*url.URL
	for _, n := range names {
		u, err := url.Parse(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	return func(c *x509.Certificate) { c.URIs = all }
}

func inPEM(certs ...*x509.Certificate) string {
	var text []byte
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})...)
	}
	return string(text)
}

// pool trusts authorities.
func pool(trusted ...*issuer) *x509.CertPool {
	p := x509.NewCertPool()
	for _, ca := range trusted {
		p.AddCert(ca.cert)
	}
	return p
}

// serverPair is a server's certificate for loopback, with the pool by which to
// trust it.
func serverPair(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	ca := newIssuer(t, "server authority", nil)
	return ca.issue(t, func(c *x509.Certificate) {
		c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}), pool(ca)
}
