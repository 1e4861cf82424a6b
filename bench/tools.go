package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tools are the programs that this machine must have.
type tools struct {
	wrk, nginx string
	modules    string // folder of nginx's modules
}

// nginxArgs starts nginx with a configuration of dir, where it also puts its
// temporary files. What it says before it has read the configuration goes to
// stderr.
func (t tools) nginxArgs(dir, config string) []string {
	return []string{t.nginx, "-p", dir, "-e", "stderr", "-c", filepath.Join(dir, config)}
}

var errMissing = errors.New("missing")

// findTools looks for what the contestants need, and names the Debian packages
// of all that is missing.
func findTools(ctx context.Context, lua bool) (tools, error) {
	var t tools
	var missing, packages []string
	lack := func(what, brings string) {
		missing = append(missing, what)
		if !slices.Contains(packages, brings) {
			packages = append(packages, brings)
		}
	}
	program := func(name, brings string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			// Not in everybody's search path.
			if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
				lack(name, brings)
				return ""
			}
		}
		return path
	}
	t.wrk = program("wrk", "wrk")
	t.nginx = program("nginx", "nginx-light")
	if lua {
		t.modules = modulesFolder(ctx, t.nginx)
		for file, brings := range map[string]string{"ndk_http_module.so": "libnginx-mod-http-ndk", "ngx_http_lua_module.so": "libnginx-mod-http-lua"} {
			if _, ok := anyOf(filepath.Join(t.modules, file)); !ok {
				lack(file, brings)
			}
		}
		if _, ok := anyOf("/usr/lib/*/lua/5.1/cjson.so", "/usr/lib/lua/5.1/cjson.so", "/usr/local/lib/lua/5.1/cjson.so"); !ok {
			lack("cjson.so", "lua-cjson")
		}
	}
	if len(missing) > 0 {
		slices.Sort(packages)
		return t, fmt.Errorf("%w: %s: apt-get install %s", errMissing, strings.Join(missing, ", "), strings.Join(packages, " "))
	}
	return t, nil
}

var modulesPath = regexp.MustCompile(`--modules-path=(\S+)`)

// modulesFolder is where nginx was built to look, or where Debian puts them.
func modulesFolder(ctx context.Context, nginx string) string {
	const debian = "/usr/lib/nginx/modules"
	if nginx == "" {
		return debian
	}
	about, err := exec.CommandContext(ctx, nginx, "-V").CombinedOutput()
	if m := modulesPath.FindSubmatch(about); err == nil && m != nil {
		return string(m[1])
	}
	return debian
}

func anyOf(patterns ...string) (string, bool) {
	for _, p := range patterns {
		if found, err := filepath.Glob(p); err == nil && len(found) > 0 {
			return found[0], true
		}
	}
	return "", false
}
