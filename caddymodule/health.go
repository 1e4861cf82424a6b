package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() { caddy.RegisterModule(new(Health)) }

// Why a part is not ready. Logs have the details; a probe is told the part alone.
var (
	errNotServing = errors.New("the stores are not open")
	errNoEdition  = errors.New("no policy is in effect")
)

// part is one of the things that a request needs.
type part struct {
	name string
	err  error // nil: ready
}

// The parts by name, in the order in which they are told.
const (
	partPolicy = "policy" // an edition is in force
	partKeys   = "keys"   // the keys of the present period are loaded
	partState  = "state"  // the replica is complete, fresh, and no older than what the ledger saw
	partLedger = "ledger" // the ledger records, and has room for more
)

// health returns the state of everything that requests need.
func (a *App) health(now time.Time) []part {
	policy := a.policyHealth(now)
	s := a.serving.Load()
	if s == nil || !s.runtime.hold() {
		return notServing(policy)
	}
	defer runtimes.drop(s.runtime)
	return append([]part{policy}, s.runtime.health(now)...)
}

// notServing is the state of a configuration without stores.
func notServing(policy part) []part {
	return []part{policy, {partKeys, errNotServing}, {partState, errNotServing}, {partLedger, errNotServing}}
}

// policyHealth returns whether there is a policy in effect.
func (a *App) policyHealth(now time.Time) part {
	if a.policies.Edition(now) == nil {
		return part{partPolicy, errNoEdition}
	}
	return part{partPolicy, nil}
}

// health returns the state of what configurations share.
func (rt *runtime) health(now time.Time) []part {
	_, keys := rt.keys.Refs(now)
	state := rt.replica.Ready()
	if state == nil && !rt.checked.Load() {
		state = errUnchecked
	}
	records := rt.recorder.Ready()
	if records == nil {
		records = rt.recorder.headroom()
	}
	return []part{{partKeys, keys}, {partState, state}, {partLedger, records}}
}

// probe is the answer to a probe.
type probe struct {
	Status  string   `json:"status"`
	Failing []string `json:"failing,omitempty"`
}

// live says that the process answers. Nothing else makes it not live: what fails
// is tried again, and a restart would mend none of it sooner.
func live() (int, probe) { return http.StatusOK, probe{Status: "live"} }

// ready says whether requests can be served. A process that is ending says no, so
// that its balancer sends callers elsewhere while it drains.
func ready(parts []part) (int, probe) {
	p := probe{Status: "ready"}
	if caddy.Exiting() {
		p.Failing = append(p.Failing, "exiting")
	}
	for _, part := range parts {
		if part.err != nil {
			p.Failing = append(p.Failing, part.name)
		}
	}
	if len(p.Failing) > 0 {
		p.Status = "not_ready"
		return http.StatusServiceUnavailable, p
	}
	return http.StatusOK, p
}

// writeProbe answers a probe.
func writeProbe(w http.ResponseWriter, status int, p probe) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	body = append(body, '\n')
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The status is out: a failed write can only mean that nobody listens.
	_, _ = w.Write(body)
	return nil
}

// Health answers the probes of an orchestrator. It stands before a site's
// authentication and names parts, never reasons.
type Health struct {
	// Check is what is asked: live or ready.
	Check string `json:"check"`

	app *App
}

// The checks.
const (
	checkLive  = "live"
	checkReady = "ready"
)

// ErrCheck is returned for a check that does not exist.
var ErrCheck = errors.New("minimise_health takes live or ready")

// CaddyModule implements [caddy.Module].
func (*Health) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.minimise_health", New: func() caddy.Module { return new(Health) }}
}

// Provision finds the app.
func (h *Health) Provision(ctx caddy.Context) error {
	if h.Check != checkLive && h.Check != checkReady {
		return ErrCheck
	}
	var err error
	h.app, err = configured(ctx)
	return err
}

// ServeHTTP implements [caddyhttp.MiddlewareHandler].
func (h *Health) ServeHTTP(w http.ResponseWriter, _ *http.Request, _ caddyhttp.Handler) error {
	status, p := live()
	if h.Check == checkReady {
		status, p = ready(h.app.health(h.app.now()))
	}
	return writeProbe(w, status, p)
}

// UnmarshalCaddyfile reads the directive:
//
//	minimise_health [<matcher>] live|ready
func (h *Health) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.Args(&h.Check) || d.NextArg() || d.NextBlock(0) {
		return d.ArgErr()
	}
	if h.Check != checkLive && h.Check != checkReady {
		return d.Errf("%v, not %q", ErrCheck, h.Check)
	}
	return nil
}

var (
	_ caddyfile.Unmarshaler       = (*Health)(nil)
	_ caddy.Provisioner           = (*Health)(nil)
	_ caddyhttp.MiddlewareHandler = (*Health)(nil)
)
