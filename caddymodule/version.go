package caddymodule

import (
	"runtime/debug"

	"github.com/caddyserver/caddy/v2"
)

const modulePath = "github.com/modicum-dev/modicum"

// version names what runs, in ledger and spans: this module's version with its
// revision where the build knows one, and Caddy's.
func version() string {
	own := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		own = moduleVersion(info)
	}
	host, _ := caddy.Version()
	return "modicum " + own + " caddy " + host
}

// moduleVersion finds this module as the main module, or as a dependency of
// somebody's own Caddy.
func moduleVersion(info *debug.BuildInfo) string {
	if info.Main.Path != modulePath {
		for _, m := range info.Deps {
			if m.Path == modulePath {
				return m.Version
			}
		}
		return "(unknown)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return info.Main.Version + "-" + s.Value[:12]
		}
	}
	return info.Main.Version
}

// revision returns the revision of the source that the binary was built from, with a
// plus sign if there were changes beside it; empty if the build does not know.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var of, changed string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			of = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+"
			}
		}
	}
	if of == "" {
		return ""
	}
	return of + changed
}
