package main

import (
	"context"
	"os"
	"runtime"
	"strings"
)

// nginxLua is nginx with LuaJIT and the C library cjson: decode, delete, encode.
var nginxLua = kind{name: "nginx-lua", removes: true, prepare: func(_ context.Context, c *contestant) (launch, error) {
	var members []string
	var nested [][]string
	for _, path := range removed {
		if outer, inner, deeper := strings.Cut(path, "."); deeper {
			nested = append(nested, []string{outer, inner})
		} else {
			members = append(members, path)
		}
	}
	if err := configure(c.dir, "minimise.lua", map[string]any{"Members": members, "Nested": nested}); err != nil {
		return launch{}, err
	}
	err := configure(c.dir, "nginx-lua.conf", map[string]any{
		"Dir": c.dir, "Address": c.address, "Upstream": c.upstream, "Modules": c.tools.modules, "Cores": runtime.NumCPU(), "Root": os.Geteuid() == 0,
	})
	return launch{args: c.tools.nginxArgs(c.dir, "nginx-lua.conf")}, err
}}
