package caddymodule

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// demoValidity is how long the certificates of a demo last.
const demoValidity = 365 * 24 * time.Hour

// demoAuthority marks an authority as one that a demo has made.
const demoAuthority = "Modicum demo authority"

// Why a demo does not make its certificates.
var (
	errDemoName  = errors.New("demo needs a DNS name that can be a file's")
	errDemoTaken = errors.New("the file is no demo's and is not replaced: take the option demo away")
)

// demo is the files of a demo: an authority, and a caller's certificate and key.
type demo struct{ authority, cert, key, name string }

// makeDemo makes the authority and the caller of a demo, unless they are there
// and will do. The authority's own key is forgotten: it certifies nobody else.
func makeDemo(ca ClientCA, now time.Time) error {
	dir := filepath.Dir(ca.Path)
	d := demo{authority: filepath.Clean(ca.Path), cert: filepath.Join(dir, ca.Demo+".pem"), key: filepath.Join(dir, ca.Demo+".key"), name: ca.Demo}
	if ca.Demo != filepath.Base(ca.Demo) || strings.HasPrefix(ca.Demo, ".") || d.authority == d.cert || d.authority == d.key {
		return errDemoName
	}
	switch usable, err := d.usable(now); {
	case err != nil:
		return err
	case usable:
		return nil
	}
	if err := d.create(now); err != nil {
		return fmt.Errorf("making demo certificates: %w", err)
	}
	return nil
}

// usable reports whether everything is there, fits together and is valid. An
// authority that no demo has made is an error: nothing may replace it.
func (d *demo) usable(now time.Time) (bool, error) {
	text, err := os.ReadFile(d.authority)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return false, errDemoTaken
	}
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil || authority.Subject.CommonName != demoAuthority {
		return false, errDemoTaken
	}
	// What follows may be missing, or be of an earlier authority if making
	// them was cut short: then all of them are made anew.
	pair, err := tls.LoadX509KeyPair(d.cert, d.key)
	if err != nil {
		return false, nil //nolint:nilerr // not usable is the answer
	}
	valid := !now.After(pair.Leaf.NotAfter) && !now.After(authority.NotAfter) && slices.Contains(pair.Leaf.DNSNames, d.name)
	return valid && pair.Leaf.CheckSignatureFrom(authority) == nil, nil
}

// create makes the files. The authority is the last one: while it is missing, so
// is the demo.
func (d *demo) create(now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(d.authority), 0o700); err != nil {
		return err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: demoAuthority},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(demoValidity),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caller := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Modicum demo caller"}, DNSNames: []string{d.name},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	callerKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	callerDER, err := x509.CreateCertificate(rand.Reader, caller, authority, &callerKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(callerKey)
	if err != nil {
		return err
	}
	if err := writePEM(d.key, "PRIVATE KEY", keyDER, 0o600); err != nil {
		return err
	}
	if err := writePEM(d.cert, certificateBlock, callerDER, 0o644); err != nil {
		return err
	}
	return writePEM(d.authority, certificateBlock, authorityDER, 0o644)
}

// writePEM puts a file in place as a whole.
func writePEM(path, kind string, der []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".demo-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
