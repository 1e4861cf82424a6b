package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/rules"
)

// userPlaceholder is what Caddy's authentication sets once a credential was
// verified. What merely was presented stands under http.auth.candidate and is
// never read.
const userPlaceholder = "http.auth.user.id"

// identity returns who Caddy's authentication says the caller is. The value is
// taken with its found flag: a placeholder that nothing has set must not become
// a name.
func identity(r *http.Request) rules.Identity {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return rules.Identity{}
	}
	user, found := repl.GetString(userPlaceholder)
	if !found || user == "" {
		return rules.Identity{}
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "basic":
		return rules.Identity{Method: "basic", User: user}
	case "bearer":
		return rules.Identity{Method: "bearer", User: user}
	}
	return rules.Identity{Method: "caddy", User: user}
}
