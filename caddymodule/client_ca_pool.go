package caddymodule

import (
	"crypto/x509"
	"errors"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

func init() { caddy.RegisterModule(new(ClientCAPool)) }

// ClientCAPool makes a site trust exactly the authorities by which callers are
// identified, so that the two cannot drift apart.
type ClientCAPool struct {
	pool  *x509.CertPool
	certs []*x509.Certificate
}

// CaddyModule implements [caddy.Module].
func (*ClientCAPool) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "tls.ca_pool.source.minimise", New: func() caddy.Module { return new(ClientCAPool) }}
}

// ErrNoClientCA is returned for a trust pool without an authority in it: it would
// refuse everybody.
var ErrNoClientCA = errors.New("trust_pool minimise needs a client_ca of the global option minimise")

// Provision takes the authorities of the app.
func (p *ClientCAPool) Provision(ctx caddy.Context) error {
	app, err := configured(ctx)
	if err != nil {
		return err
	}
	p.certs = app.clientCAs.certs
	if len(p.certs) == 0 {
		return ErrNoClientCA
	}
	p.pool = x509.NewCertPool()
	for _, c := range p.certs {
		p.pool.AddCert(c)
	}
	return nil
}

// CertPool implements [caddytls.CA].
func (p *ClientCAPool) CertPool() *x509.CertPool { return p.pool }

// Certificates implements [caddytls.CertificateProvider].
func (p *ClientCAPool) Certificates() []*x509.Certificate { return p.certs }

// UnmarshalCaddyfile reads the pool:
//
//	trust_pool minimise
func (p *ClientCAPool) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() || d.NextBlock(d.Nesting()) {
		return d.ArgErr()
	}
	return nil
}

var (
	_ caddy.Provisioner            = (*ClientCAPool)(nil)
	_ caddyfile.Unmarshaler        = (*ClientCAPool)(nil)
	_ caddytls.CA                  = (*ClientCAPool)(nil)
	_ caddytls.CertificateProvider = (*ClientCAPool)(nil)
)
