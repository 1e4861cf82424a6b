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
	return rules.Identity{Method: method(r, user), User: user}
}

// method names how a caller was authenticated, for the record. Caddy tells who
// it is and not which of a site's modules says so, hence what else a caller may
// have sent along is not taken for it.
func method(r *http.Request, user string) string {
	if name, _, ok := r.BasicAuth(); ok && name == user {
		return "basic"
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return "bearer"
	}
	return "caddy"
}
