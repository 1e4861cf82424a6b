package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

func init() { caddy.RegisterModule(new(Handler)) }

// Handler minimises what the handlers after it answer. It stands after the
// site's authentication and before its reverse_proxy.
type Handler struct {
	// API names the api of the policy whose routes this site serves.
	API string `json:"api"`
	// Observe answers internal recipients alone, as ever, and reports what each
	// recipient outside would get and which members no rule names. Every site that
	// serves the api must have it, or none.
	Observe bool `json:"observe,omitempty"`

	app *App
}

// CaddyModule implements [caddy.Module].
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.minimise", New: func() caddy.Module { return new(Handler) }}
}

// ErrNotConfigured is returned for a site with `minimise` in a configuration
// without the global option of that name.
var ErrNotConfigured = errors.New("the global option minimise { policy, state, ledger, keys } is missing")

// ErrNoAPI is returned for a policy without an api that a site serves.
var ErrNoAPI = errors.New("the policy describes no api")

// ErrObserve is returned for an api that one site observes and another one does not:
// a recipient outside would ask the other one.
var ErrObserve = errors.New("it is observed on one site and not on another")

// Provision finds the app and the api.
func (h *Handler) Provision(ctx caddy.Context) error {
	var err error
	if h.app, err = configured(ctx); err != nil {
		return err
	}
	return h.app.serves(h.API, h.Observe)
}

// serves notes that a site serves an api, which every policy must describe from
// now on.
func (a *App) serves(api string, observe bool) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if err := describes(a.policies.Policy(), api); err != nil {
		return err
	}
	if before, known := a.observe[api]; known && before != observe {
		return fmt.Errorf("api %q: %w", api, ErrObserve)
	}
	if a.observe == nil {
		a.observe = make(map[string]bool)
	}
	a.observe[api] = observe
	a.apis = append(a.apis, api)
	return nil
}

// describes returns an error if a policy has nothing about an api.
func describes(policy *rules.Policy, api string) error {
	if policy.HasAPI(api) {
		return nil
	}
	return fmt.Errorf("%w %q; it has %q", ErrNoAPI, api, policy.APIs())
}

// configured returns the app of a configuration.
func configured(ctx caddy.Context) (*App, error) {
	app, err := ctx.AppIfConfigured(appName)
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, ErrNotConfigured
	}
	if err != nil {
		return nil, err // its own: it is configured, and wrongly
	}
	a, ok := app.(*App)
	if !ok {
		return nil, ErrNotConfigured
	}
	return a, nil
}

// ServeHTTP implements [caddyhttp.MiddlewareHandler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	gateway, release := h.app.gateway()
	defer release()
	if gateway == nil {
		// Apps start in no particular order: this one may not have yet.
		h.app.early.count(rules.LedgerUnavailable, time.Now())
		meters.Request(ledger.Refused, rules.LedgerUnavailable)
		exchange.WriteProblem(w, rules.LedgerUnavailable, "")
		return nil
	}
	return gateway.Serve(w, r, h.API, identity(r, h.app.clientCAs), asUpstream(next))
}

// asUpstream lets a handler that says 404 by an error, as file_server does, say it
// as any upstream does: an absent id must answer like a hidden one.
func asUpstream(next caddyhttp.Handler) exchange.Next {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next.ServeHTTP(w, r)
		if handlerErr, ok := errors.AsType[caddyhttp.HandlerError](err); ok && handlerErr.StatusCode == http.StatusNotFound {
			w.WriteHeader(http.StatusNotFound)
			return nil
		}
		return err
	}
}

// UnmarshalCaddyfile reads the directive:
//
//	minimise <api> {
//		observe
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.Args(&h.API) {
		return d.ArgErr()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		switch {
		case d.Val() != "observe":
			return d.Errf("unknown option %q of minimise %s: observe", d.Val(), h.API)
		case h.Observe:
			return d.Err("observe is set already")
		case d.NextArg():
			return d.ArgErr()
		}
		h.Observe = true
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
)
