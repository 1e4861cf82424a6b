package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/rules/source"
)

func init() {
	httpcaddyfile.RegisterGlobalOption(appName, parseGlobalOption)
	httpcaddyfile.RegisterDirective(appName, parseDirective)
	// After encode, so that compression is applied to what was minimised; the
	// authentication modules come before both.
	httpcaddyfile.RegisterDirectiveOrder(appName, httpcaddyfile.After, "encode")
}

// parseGlobalOption reads the app. See [App.UnmarshalCaddyfile].
func parseGlobalOption(d *caddyfile.Dispenser, _ any) (any, error) {
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

// parseDirective reads `minimise <api>` and adds the error route. Within a
// `handle` block the error route is the site's all the same; a `route` block takes
// handlers alone, so the directive cannot stand in one.
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
	problems := caddyhttp.Route{HandlersRaw: []json.RawMessage{caddyconfig.JSONModuleObject(new(Problems), "handler", "minimise_problems", nil)}}
	return append(h.NewRoute(matchers, handler), httpcaddyfile.ConfigValue{
		Class: "error_route",
		Value: &caddyhttp.Subroute{Routes: []caddyhttp.Route{problems}},
	}), nil
}

// UnmarshalCaddyfile reads the global option:
//
//	minimise {
//		policy   <folder>
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
	if a.Policy == "" || a.Ledger == "" || a.Keys.Path == "" || a.State.Path == "" {
		return d.Err("minimise needs policy, state, ledger and keys")
	}
	hash, err := source.Hash(os.DirFS(filepath.Clean(a.Policy)))
	if err != nil {
		return d.Errf("policy %s: %v", a.Policy, err)
	}
	// Caddy skips a configuration that did not change: with the hash beside
	// the path an edited policy is a change.
	a.PolicyHash = hash
	return nil
}

func (a *App) option(d *caddyfile.Dispenser) error {
	switch d.Val() {
	case "policy":
		return one(d, &a.Policy)
	case "ledger":
		return one(d, &a.Ledger)
	case "origin":
		return one(d, &a.Origin)
	case "welcome":
		return one(d, &a.Welcome)
	case "max_body":
		return a.maxBody(d)
	case "state":
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
	return d.Errf("unknown option %q of minimise: policy, state, keys, ledger, origin, max_body, welcome", d.Val())
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

func (a *App) maxBody(d *caddyfile.Dispenser) error {
	var text string
	if err := one(d, &text); err != nil {
		return err
	}
	n, err := parseSize(text)
	if err != nil {
		return d.Errf("max_body: %v", err)
	}
	a.MaxBody = n
	return nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)

// interface guard for the JSON form, which the adapter goldens hold stable.
var _ caddy.App = (*App)(nil)
