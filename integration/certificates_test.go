package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// trusting makes the site for client certificates trust the authority office
// beside vendors, both made by the script, of which the gateway names vendors.
func trusting(text string) string {
	text = strings.Replace(text, "data/certs/vendors.pem {\n\t\t\tdemo mailer.vendors.example\n\t\t}", "vendors.pem", 1)
	return strings.Replace(text, "trust_pool minimise", "trust_pool file vendors.pem office.pem", 1)
}

// asktls CERTIFICATE PURPOSE PATH: as ask, with CERTIFICATE.pem and .key, - is
// none. With ! the handshake fails.
func cmdAskTLS(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: asktls CERTIFICATE PURPOSE PATH")
	}
	w := theWorld(ts)
	ctx, cancel := scriptContext()
	defer cancel()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM([]byte(ts.ReadFile("data/caddy/pki/authorities/local/root.crt"))) {
		ts.Fatalf("the server's authority is not there")
	}
	if args[0] != "-" {
		pair, err := tls.X509KeyPair([]byte(ts.ReadFile(args[0]+".pem")), []byte(ts.ReadFile(args[0]+".key")))
		ts.Check(err)
		// It is presented even if the server does not ask for its issuer.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.secure+args[2], http.NoBody)
	ts.Check(err)
	req.Header.Set("Data-Purpose", args[1])
	err = w.exchange(&http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}, req)
	if neg {
		if err == nil || !strings.Contains(err.Error(), "remote error: tls:") {
			ts.Fatalf("asktls: %d, %v", w.status, err)
		}
		show(ts, err.Error()+"\n")
		return
	}
	ts.Check(err)
	ts.Setenv("DISCLOSURE", w.header.Get("Disclosure-Id"))
	show(ts, strconv.Itoa(w.status)+"\n"+string(w.body)+"\n")
}

// authority NAME: makes an authority, NAME.pem and NAME.key.
func cmdAuthority(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: authority NAME")
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: args[0]},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ts.Check(sign(ts.MkAbs(args[0]), template, nil))
}

// certify AUTHORITY NAME [cn:TEXT] [dns:NAME]...: makes a caller's certificate,
// NAME.pem and NAME.key.
func cmdCertify(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: certify AUTHORITY NAME [cn:TEXT] [dns:NAME]...")
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, name := range args[2:] {
		if dns, ok := strings.CutPrefix(name, "dns:"); ok {
			template.DNSNames = append(template.DNSNames, dns)
			continue
		}
		cn, ok := strings.CutPrefix(name, "cn:")
		if !ok {
			ts.Fatalf("%s is neither cn: nor dns:", name)
		}
		template.Subject.CommonName = cn
	}
	by, err := tls.X509KeyPair([]byte(ts.ReadFile(args[0]+".pem")), []byte(ts.ReadFile(args[0]+".key")))
	ts.Check(err)
	ts.Check(sign(ts.MkAbs(args[1]), template, &by))
}

// sign writes a certificate and its key; without an issuer it is its own.
func sign(path string, template *x509.Certificate, by *tls.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if by == nil {
		by = &tls.Certificate{Leaf: template, PrivateKey: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Leaf, &key.PublicKey, by.PrivateKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(path+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(path+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600),
	)
}
