package integration

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// binary is the gateway under test, built once from this tree.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "modicum-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "modicum")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nobadger,nomysql,nopgx", "-o", binary, "../cmd/modicum")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the binary under test:", err)
		return 1
	}
	return m.Run()
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               setup,
		Cmds:                commands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// setup gives each script its own copy of the demo and its own servers.
func setup(env *testscript.Env) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if err := copyExample(filepath.Join(root, "examples", "software-vendor"), filepath.Join(env.WorkDir, "examples", "software-vendor")); err != nil {
		return err
	}
	env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("PETSTORE", filepath.Join(root, "integration", "testdata", "petstore", "openapi.json"))
	w := &world{root: root, dir: env.WorkDir, collector: newCollector(), upstream: newUpstream(), holder: newHolder(demoUpstream(root), "/v1/customers/1002")}
	w.slow = httptest.NewServer(w.holder)
	env.Values[worldKey{}] = w
	env.Defer(w.close)
	return nil
}

// copyExample makes a copy with a policy that can be edited; the rest of it is
// only read, and linked.
func copyExample(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "policy" {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return os.CopyFS(filepath.Join(to, "policy"), os.DirFS(filepath.Join(from, "policy")))
}
