package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/rules"
)

// The name is the verifier's. What a caller sends along decides at most what the
// record says of the method.
func TestIdentity(t *testing.T) {
	t.Parallel()
	basic := "Basic c3VwcG9ydC1kZXNrOmRlbW8=" // support-desk:demo
	for _, c := range []struct {
		name, set, authorization string
		want                     rules.Identity
	}{
		{"nobody", "", basic, rules.Identity{}},
		{"basic", "support-desk", basic, rules.Identity{Method: "basic", User: "support-desk"}},
		{"basic of another", "mailer", basic, rules.Identity{Method: "caddy", User: "mailer"}},
		{"bearer", "mailer", "bearer abc", rules.Identity{Method: "bearer", User: "mailer"}},
		{"neither", "mailer", "", rules.Identity{Method: "caddy", User: "mailer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			repl := caddy.NewReplacer()
			if c.set != "" {
				repl.Set(userPlaceholder, c.set)
			}
			r := httptest.NewRequestWithContext(context.WithValue(t.Context(), caddy.ReplacerCtxKey, repl), "GET", "/", http.NoBody)
			r.Header.Set("Authorization", c.authorization)
			if got := identity(r, nil); got != c.want {
				t.Errorf("identity is %+v, want %+v", got, c.want)
			}
		})
	}
}
