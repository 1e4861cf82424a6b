package caddymodule

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// An authority that cannot be used is told at the load of a configuration, with
// its file.
func TestClientCAErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	past := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	vendors := newIssuer(t, "vendors", nil)
	renewed := certify(t, "vendors", vendors.key, nil)
	leaf := vendors.issue(t, dnsNames("mailer.vendors.example"))
	good := file("vendors.pem", inPEM(vendors.cert))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("not one")}))
	for _, c := range []struct {
		name string
		cas  []ClientCA
		want error
		says string
	}{
		{"missing", []ClientCA{{Name: "vendors", Path: filepath.Join(dir, "no.pem")}}, fs.ErrNotExist, "no.pem"},
		{"folder", []ClientCA{{Name: "vendors", Path: dir}}, nil, "is a directory"},
		{"empty", []ClientCA{{Name: "vendors", Path: file("empty.pem", "")}}, ErrClientCAFile, "empty.pem"},
		{"text", []ClientCA{{Name: "vendors", Path: file("text.pem", "vendors")}}, ErrClientCAFile, "text.pem"},
		{"DER", []ClientCA{{Name: "vendors", Path: file("der.pem", string(vendors.cert.Raw))}}, ErrClientCAFile, "der.pem"},
		{"two", []ClientCA{{Name: "vendors", Path: file("two.pem", inPEM(vendors.cert, renewed.cert))}}, ErrClientCAFile, "two.pem"},
		{"key after it", []ClientCA{{Name: "vendors", Path: file("after.pem", inPEM(vendors.cert)+key)}}, ErrClientCAFile, "after.pem"},
		{"key before it", []ClientCA{{Name: "vendors", Path: file("before.pem", key+inPEM(vendors.cert))}}, ErrClientCAFile, "before.pem"},
		{"broken", []ClientCA{{Name: "vendors", Path: file("broken.pem", inPEM(&x509.Certificate{Raw: vendors.cert.Raw[:200]}))}}, ErrClientCAFile, "broken.pem"},
		{"no authority", []ClientCA{{Name: "vendors", Path: file("leaf.pem", inPEM(leaf.Leaf))}}, ErrClientCAKind, "leaf.pem"},
		{"may not sign", []ClientCA{{Name: "vendors", Path: file("crl.pem", inPEM(newIssuer(t, "v", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }).cert))}}, ErrClientCAKind, "crl.pem"},
		{"expired", []ClientCA{{Name: "vendors", Path: file("old.pem", inPEM(newIssuer(t, "v", nil, past).cert))}}, ErrClientCAExpired, "old.pem"},
		{"one name twice", []ClientCA{{Name: "vendors", Path: good}, {Name: "vendors", Path: file("next.pem", inPEM(newIssuer(t, "n", nil).cert))}}, ErrClientCATwice, "next.pem"},
		{"one authority twice", []ClientCA{{Name: "vendors", Path: good}, {Name: "again", Path: file("renewed.pem", inPEM(renewed.cert))}}, ErrClientCATwice, `as "vendors"`},
		{"no name", []ClientCA{{Path: good}}, ErrClientCAName, "vendors.pem"},
		{"no file", []ClientCA{{Name: "vendors"}}, ErrClientCAName, "vendors"},
		{"none", nil, ErrClientCAMissing, `: client_ca "vendors" is not configured`},
		{"another name", []ClientCA{{Name: "suppliers", Path: good}}, ErrClientCAMissing, `configured are ["suppliers"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := openFor(t, c.cas, time.Now())
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			// Where the policy names it.
			if errors.Is(err, ErrClientCAMissing) && !strings.HasPrefix(err.Error(), "recipients.yaml:") {
				t.Errorf("%v", err)
			}
		})
	}
}

// openFor opens the authorities of a configuration with the example's policy.
func openFor(t *testing.T, cas []ClientCA, now time.Time) (*clientCAs, error) {
	t.Helper()
	open, err := openClientCAs(cas, now)
	if err != nil {
		return nil, err
	}
	return open, open.cover(examplePolicy(t))
}

func examplePolicy(t *testing.T) *rules.Policy {
	t.Helper()
	policy, err := LoadPolicy("../examples/software-vendor/policy")
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// What is around a certificate does not matter, nor do authorities that the policy
// does not use.
func TestClientCAs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	vendors, mesh := newIssuer(t, "vendors", nil), newIssuer(t, "mesh", nil)
	inner := newIssuer(t, "inner", mesh, func(c *x509.Certificate) { c.KeyUsage = 0 })
	later := newIssuer(t, "later", nil, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })
	var cas []ClientCA
	for name, ca := range map[string]*issuer{"vendors": vendors, "inner": inner, "later": later} {
		path := filepath.Join(dir, name+".pem")
		write(t, path, "Certificate:\n    Data: ...\n"+inPEM(ca.cert)+"\n\n")
		cas = append(cas, ClientCA{Name: name, Path: path})
	}
	got, err := openFor(t, cas, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.certs) != 3 || len(got.names) != 3 || got.names[authorityOf(vendors.cert)] != "vendors" || got.names[authorityOf(mesh.cert)] != "" {
		t.Errorf("%d certificates, names %d", len(got.certs), len(got.names))
	}
	// A renewal is the same authority.
	if got.names[authorityOf(certify(t, "vendors", vendors.key, nil).cert)] != "vendors" {
		t.Error("a renewed certificate is of another authority")
	}
}

// demoIn makes a demo in a folder and returns what its files hold.
func demoIn(t *testing.T, dir string, now time.Time) map[string]string {
	t.Helper()
	ca := ClientCA{Name: "vendors", Path: filepath.Join(dir, "vendors.pem"), Demo: "mailer.vendors.example"}
	if _, err := openClientCAs([]ClientCA{ca}, now); err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

// A demo is three files with the modes that they need, and no key of the
// authority. It stays as it is until it will not do.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir, now := filepath.Join(t.TempDir(), "data", "certs"), time.Now()
	first := demoIn(t, dir, now)
	for name, mode := range map[string]fs.FileMode{".": 0o700 | fs.ModeDir, "vendors.pem": 0o644, "mailer.vendors.example.pem": 0o644, "mailer.vendors.example.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if len(first) != 3 {
		t.Errorf("%d files", len(first))
	}
	again := func(what string, at time.Time, anew bool) {
		t.Helper()
		files := demoIn(t, dir, at)
		if len(files) != 3 {
			t.Errorf("%s: %d files", what, len(files))
		}
		for name, text := range files {
			if (text != first[name]) != anew {
				t.Errorf("%s: %s is made anew: %t", what, name, text != first[name])
			}
		}
		first = files
	}
	again("as it is", now, false)
	again("on the last day", now.Add(demoValidity-time.Hour), false)
	again("expired", now.Add(demoValidity+time.Hour), true)
	for name := range first {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		again("without "+name, now.Add(demoValidity+time.Hour), true)
	}
	// Making them was cut short: the caller's are of another authority.
	other := filepath.Join(t.TempDir(), "certs")
	for name, text := range demoIn(t, other, now.Add(demoValidity)) {
		if strings.HasPrefix(name, "mailer") {
			write(t, filepath.Join(dir, name), text)
		}
	}
	again("mixed", now.Add(demoValidity+time.Hour), true)
}

// What a demo did not make, it does not replace.
func TestDemoTakesNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a real authority": inPEM(newIssuer(t, "vendors", nil).cert), "something": "else", "broken": inPEM(&x509.Certificate{Raw: []byte("x")})} {
		path := filepath.Join(t.TempDir(), "vendors.pem")
		write(t, path, text)
		_, err := openClientCAs([]ClientCA{{Name: "vendors", Path: path, Demo: "mailer.vendors.example"}}, time.Now())
		if after, readErr := os.ReadFile(path); !errors.Is(err, errDemoTaken) || readErr != nil || string(after) != text {
			t.Errorf("%s: %v", name, errors.Join(err, readErr))
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Errorf("%s: %d files, %v", name, len(left), err)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"../mailer", "a/b", ".mailer", "vendors"} {
		_, err := openClientCAs([]ClientCA{{Name: "vendors", Path: filepath.Join(dir, "vendors.pem"), Demo: name}}, time.Now())
		if left, readErr := os.ReadDir(dir); !errors.Is(err, errDemoName) || readErr != nil || len(left) > 0 {
			t.Errorf("%q: %v", name, errors.Join(err, readErr))
		}
	}
}
