package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
)

func init() { caddy.RegisterModule(new(Problems)) }

// Problems answers the errors of Caddy's own handlers, such as the 401 of an
// authentication module, with the same problem documents as the gateway's. The
// directive minimise adds it to the error routes of its site.
type Problems struct {
	app *App
}

// CaddyModule implements [caddy.Module].
func (*Problems) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.minimise_problems", New: func() caddy.Module { return new(Problems) }}
}

// Provision finds the app.
func (p *Problems) Provision(ctx caddy.Context) error {
	app, err := ctx.AppIfConfigured(appName)
	if err != nil {
		return ErrNotConfigured
	}
	var ok bool
	if p.app, ok = app.(*App); !ok {
		return ErrNotConfigured
	}
	return nil
}

// ServeHTTP implements [caddyhttp.MiddlewareHandler].
func (p *Problems) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	status := http.StatusInternalServerError
	if err, ok := r.Context().Value(caddyhttp.ErrorCtxKey).(error); ok {
		if handlerErr, ok := err.(caddyhttp.HandlerError); ok { //nolint:errorlint // Caddy asserts this very type and never wraps it
			status = handlerErr.StatusCode
		}
	}
	if status == http.StatusUnauthorized {
		gateway, release := p.app.gateway()
		defer release()
		if gateway != nil {
			gateway.Refused.Count(rules.RecipientUnauthenticated, gateway.Clock())
		}
	}
	exchange.WriteStatusProblem(w, status)
	return nil
}

var (
	_ caddy.Provisioner           = (*Problems)(nil)
	_ caddyhttp.MiddlewareHandler = (*Problems)(nil)
)
