package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() { caddy.RegisterModule(placeholders{}) }

// placeholders sets placeholders as an authentication module does.
type placeholders struct {
	Set map[string]string `json:"set"`
}

func (placeholders) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.test_placeholders", New: func() caddy.Module { return new(placeholders) }}
}

func (p placeholders) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		for name, value := range p.Set {
			repl.Set(name, value)
		}
	}
	return next.ServeHTTP(w, r)
}

var _ caddyhttp.MiddlewareHandler = placeholders{}
