package caddymodule

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules/signature"
	"github.com/modicum-dev/modicum/rules/source"
)

func init() {
	httpcaddyfile.RegisterGlobalOption(appName, parseGlobalOption)
	httpcaddyfile.RegisterDirective(appName, parseDirective)
	// After encode, so that compression is applied to what was minimised; the
	// authentication modules come before both.
	httpcaddyfile.RegisterDirectiveOrder(appName, httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterHandlerDirective(problemsDirective, parseProblems)
	httpcaddyfile.RegisterDirectiveOrder(problemsDirective, httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterHandlerDirective(healthDirective, parseHealth)
	// Probes have no credentials.
	httpcaddyfile.RegisterDirectiveOrder(healthDirective, httpcaddyfile.Before, "basic_auth")
}

const (
	problemsDirective = "minimise_problems"
	healthDirective   = "minimise_health"
)

// parseGlobalOption reads the app. See [App.UnmarshalCaddyfile].
func parseGlobalOption(d *caddyfile.Dispenser, before any) (any, error) {
	if before != nil {
		d.Next()
		return nil, d.Err("minimise is set already")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	b, err := json.Marshal(app)
	if err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: appName, Value: b}, nil
}

// parseDirective reads `minimise <api>` and adds the error route. A block of the
// site, such as `handle`, keeps routes only: there the error route must be given
// to the site by hand, see [Problems]. A `route` block is refused.
func parseDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	matchers, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	problems := caddyhttp.Route{HandlersRaw: []json.RawMessage{caddyconfig.JSONModuleObject(new(Problems), "handler", problemsDirective, nil)}}
	return append(h.NewRoute(matchers, handler),
		httpcaddyfile.ConfigValue{Class: "minimise_order", Value: ordered{}},
		httpcaddyfile.ConfigValue{Class: "error_route", Value: &caddyhttp.Subroute{Routes: []caddyhttp.Route{problems}}},
	), nil
}

// ordered is a value that Caddy has no use for. A `route` block refuses what is
// no route, and quotes it: that block leaves its directives in the order in which
// they are written, so that a reverse_proxy could stand before minimise and
// answer unminimised.
type ordered struct{}

// GoString is what the refusal says.
func (ordered) GoString() string {
	return "minimise must be sure to stand before what it minimises: use `handle` in place of `route`"
}

func parseProblems(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	p := new(Problems)
	return p, p.UnmarshalCaddyfile(h.Dispenser)
}

func parseHealth(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	health := new(Health)
	return health, health.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads the global option:
//
//	minimise {
//		policy   <folder> {
//			signed_by <verifier keys...>
//		}
//		state    sqlite <file> {
//			create
//			seed <events.ndjson>
//		}
//		keys     <file> {
//			create
//		}
//		ledger   <folder>
//		origin   <name of the ledger's checkpoints>
//		max_body <size>
//		max_memory <size>
//		client_ca <name> <PEM file> {
//			demo <DNS name>
//		}
//		welcome  <text file>
//	}
//
// create makes a store or key file that does not exist yet, and seed fills a
// store that was just created; without create a missing one is an error, because
// a wrong path must not become an empty store.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := a.option(d); err != nil {
			return err
		}
	}
	var missing []string
	for _, option := range []struct{ name, value string }{
		{"policy", a.Policy}, {"state", a.State.Path}, {"keys", a.Keys.Path}, {"ledger", a.Ledger},
	} {
		if option.value == "" {
			missing = append(missing, option.name)
		}
	}
	if len(missing) > 0 {
		return d.Errf("minimise needs policy, state, keys and ledger; missing: %s", strings.Join(missing, ", "))
	}
	files, err := policyFiles(a.Policy)
	if err != nil {
		return d.Err(err.Error())
	}
	hash, err := source.Hash(files)
	if err != nil {
		return d.Errf("policy %s: %v", a.Policy, err)
	}
	// Caddy skips a configuration that did not change: with the hash beside
	// the path an edited policy is a change.
	a.PolicyHash = hash
	if len(a.PolicySigners) > 0 {
		signed, err := ReadSignature(a.Policy)
		if err != nil {
			return d.Err(err.Error())
		}
		a.PolicySignatureHash = hashOf(signed)
	}
	return nil
}

func (a *App) option(d *caddyfile.Dispenser) error {
	switch d.Val() {
	case "policy":
		return a.policyOption(d)
	case "ledger":
		return one(d, &a.Ledger)
	case "origin":
		return one(d, &a.Origin)
	case "welcome":
		return one(d, &a.Welcome)
	case "max_body":
		return size(d, &a.MaxBody, redact.MaxSize)
	case "max_memory":
		return size(d, &a.MaxMemory, math.MaxInt)
	case "client_ca":
		return a.clientCA(d)
	case "state":
		if a.State.Path != "" {
			return d.Err("state is set already")
		}
		if !d.Args(&a.State.Driver, &a.State.Path) || d.NextArg() {
			return d.ArgErr()
		}
		for nesting := d.Nesting(); d.NextBlock(nesting); {
			switch d.Val() {
			case "create":
				a.State.Create = true
			case "seed":
				if err := one(d, &a.State.Seed); err != nil {
					return err
				}
			default:
				return d.Errf("unknown option %q of state: create, seed", d.Val())
			}
		}
		return nil
	case "keys":
		if err := one(d, &a.Keys.Path); err != nil {
			return err
		}
		for nesting := d.Nesting(); d.NextBlock(nesting); {
			if d.Val() != "create" {
				return d.Errf("unknown option %q of keys: create", d.Val())
			}
			a.Keys.Create = true
		}
		return nil
	}
	return d.Errf("unknown option %q of minimise: policy, state, keys, ledger, origin, max_body, max_memory, client_ca, welcome", d.Val())
}

// policyOption reads the policy's folder, and who must have signed it.
func (a *App) policyOption(d *caddyfile.Dispenser) error {
	if err := one(d, &a.Policy); err != nil {
		return err
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "signed_by" {
			return d.Errf("unknown option %q of policy: signed_by", d.Val())
		}
		keys := d.RemainingArgs()
		if len(keys) == 0 {
			return d.ArgErr()
		}
		a.PolicySigners = append(a.PolicySigners, keys...)
		if _, err := signature.NewKeys(a.PolicySigners...); err != nil {
			return d.Errf("signed_by: %v", err)
		}
	}
	return nil
}

// one reads exactly one argument.
func one(d *caddyfile.Dispenser, into *string) error {
	if *into != "" {
		return d.Errf("%s is set already", d.Val())
	}
	if !d.Args(into) || len(d.RemainingArgs()) > 0 {
		return d.ArgErr()
	}
	return nil
}

// size reads one argument that is a number of bytes, of at most most.
func size(d *caddyfile.Dispenser, into *int, most int) error {
	option := d.Val()
	if *into != 0 {
		return d.Errf("%s is set already", option)
	}
	var text string
	if err := one(d, &text); err != nil {
		return err
	}
	n, err := parseSize(text, most)
	if err != nil {
		return d.Errf("%s: %v", option, err)
	}
	*into = n
	return nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)
