package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(new(Admin)) }

// The routes of the admin endpoint.
const (
	LivePath         = "/minimise/health/live"
	ReadyPath        = "/minimise/health/ready"
	PolicyReloadPath = "/minimise/policy/reload"
	ObservedPath     = "/minimise/policy/observed"
)

// Admin adds the gateway's routes to Caddy's admin endpoint:
//
//	GET  /minimise/health/live
//	GET  /minimise/health/ready
//	POST /minimise/policy/reload
//	GET  /minimise/policy/observed
type Admin struct{}

// CaddyModule implements [caddy.Module].
func (*Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.minimise", New: func() caddy.Module { return new(Admin) }}
}

// Provision adds the metrics to those that the admin endpoint serves. The app does
// that too, but Caddy replaces this endpoint before it provisions any app, and
// keeps it when one of them fails and the configuration before goes on.
func (*Admin) Provision(ctx caddy.Context) error {
	return meters.register(ctx.GetMetricsRegistry())
}

// Routes implements [caddy.AdminRouter].
func (*Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: LivePath, Handler: only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) error {
			status, p := live()
			return writeProbe(w, status, p)
		})},
		{Pattern: ReadyPath, Handler: only(http.MethodGet, serveReady)},
		{Pattern: PolicyReloadPath, Handler: only(http.MethodPost, servePolicyReload)},
		{Pattern: ObservedPath, Handler: only(http.MethodGet, serveObserved)},
	}
}

// running returns the app that serves requests. It is looked up for each request:
// after a reload that failed, Caddy keeps the admin endpoint of the configuration
// that is not in force.
func running() (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured(appName)
	if err != nil {
		return nil, err
	}
	a, ok := app.(*App)
	if !ok {
		return nil, ErrNotConfigured
	}
	return a, nil
}

func serveReady(w http.ResponseWriter, _ *http.Request) error {
	parts := notServing(part{partPolicy, errNotServing})
	if a, err := running(); err == nil {
		parts = a.health(a.now())
	}
	status, p := ready(parts)
	return writeProbe(w, status, p)
}

func servePolicyReload(w http.ResponseWriter, r *http.Request) error {
	a, err := running()
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	change, err := a.reloadPolicy(r.Context())
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(change)
}

var errMethod = errors.New("method not allowed")

// only answers one method; a HEAD is a GET.
func only(method string, serve func(http.ResponseWriter, *http.Request) error) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method && (r.Method != http.MethodHead || method != http.MethodGet) {
			w.Header().Set("Allow", method)
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errMethod}
		}
		return serve(w, r)
	})
}

var (
	_ caddy.AdminRouter = (*Admin)(nil)
	_ caddy.Provisioner = (*Admin)(nil)
)
