package caddymodule

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

func init() { caddy.RegisterModule(new(Problems)) }

// Problems answers the errors of Caddy's own handlers, such as the 401 of an
// authentication module, with the same problem documents as the gateway's. The
// directive minimise adds it to the error routes of its site; within a block it
// cannot, and the site names it: `handle_errors { minimise_problems }`.
type Problems struct {
	app *App
}

// CaddyModule implements [caddy.Module].
func (*Problems) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.minimise_problems", New: func() caddy.Module { return new(Problems) }}
}

// Provision finds the app.
func (p *Problems) Provision(ctx caddy.Context) error {
	var err error
	p.app, err = configured(ctx)
	return err
}

// ServeHTTP implements [caddyhttp.MiddlewareHandler].
func (p *Problems) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	status := http.StatusInternalServerError
	if err, ok := r.Context().Value(caddyhttp.ErrorCtxKey).(error); ok {
		if e, ok := errors.AsType[caddyhttp.HandlerError](err); ok && e.StatusCode != 0 {
			status = e.StatusCode
		}
	}
	if status == http.StatusUnauthorized {
		meters.Request(ledger.Refused, rules.RecipientUnauthenticated)
		gateway, release := p.app.gateway()
		defer release()
		if gateway != nil {
			gateway.Refused.Count(rules.RecipientUnauthenticated, gateway.Clock())
		} else {
			p.app.early.count(rules.RecipientUnauthenticated, time.Now())
		}
	}
	exchange.WriteStatusProblem(w, status)
	return nil
}

// UnmarshalCaddyfile reads the directive, which has no arguments.
func (*Problems) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() || d.NextBlock(0) {
		return d.ArgErr()
	}
	return nil
}

var (
	_ caddyfile.Unmarshaler       = (*Problems)(nil)
	_ caddy.Provisioner           = (*Problems)(nil)
	_ caddyhttp.MiddlewareHandler = (*Problems)(nil)
)
