// Package caddymodule makes the gateway a Caddy plugin: the app with its stores,
// the directive minimise, identity from Caddy's authentication, and problem
// documents for the errors of Caddy's own handlers. It is thin: what a request
// goes through is in package exchange.
package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/dustin/go-humanize"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

const appName = "minimise"

func init() { caddy.RegisterModule(new(App)) }

// App holds what the sites of a configuration share: the policy, the subject
// state, the keys and the ledger.
type App struct {
	// Policy is the folder of the policy's files.
	Policy string `json:"policy"`
	// PolicyHash is the hash of the policy's files when the configuration
	// was adapted. It makes an edited policy a changed configuration; the
	// files themselves are read when the configuration is loaded.
	PolicyHash string `json:"policy_hash,omitempty"`
	// State is where the subjects' state is stored.
	State StateConfig `json:"state"`
	// Keys is where the keys are. They are never in the configuration.
	Keys KeysConfig `json:"keys"`
	// Ledger is the folder of the ledger.
	Ledger string `json:"ledger"`
	// Origin begins the names in the ledger's checkpoints. Set it before
	// checkpoints are given to anybody. Default: modicum.invalid/ledger
	Origin string `json:"origin,omitempty"`
	// MaxBody bounds an upstream body in bytes. A longer one is answered
	// with 502. Default: 16777216
	MaxBody int `json:"max_body,omitempty"`
	// Welcome is a text file that is printed once the gateway has started.
	Welcome string `json:"welcome,omitempty"`

	policy *rules.Policy
	log    *slog.Logger

	mu      sync.Mutex
	runtime *runtime
	serving *exchange.Gateway
}

// StateConfig says where the subject state is.
type StateConfig struct {
	// Driver is the kind of store: sqlite.
	Driver string `json:"driver"`
	// Path of the store's file.
	Path string `json:"path"`
	// Create makes the store if it does not exist.
	Create bool `json:"create,omitempty"`
	// Seed is a file of events that fill a store which was just created.
	Seed string `json:"seed,omitempty"`
}

// KeysConfig says where the keys are.
type KeysConfig struct {
	// Path of the key file.
	Path string `json:"path"`
	// Create makes the key file if it does not exist.
	Create bool `json:"create,omitempty"`
}

// ErrDriver is returned for a state driver that does not exist.
var ErrDriver = errors.New("unknown state driver")

// CaddyModule implements [caddy.Module].
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: appName, New: func() caddy.Module { return new(App) }}
}

// Provision reads and checks the policy. It opens no store: `validate` provisions
// too, beside a running gateway.
func (a *App) Provision(ctx caddy.Context) error {
	a.log = ctx.Slogger()
	if a.State.Driver != "sqlite" {
		return fmt.Errorf("%w %q: sqlite", ErrDriver, a.State.Driver)
	}
	policy, err := LoadPolicy(a.Policy)
	if err != nil {
		return err
	}
	a.policy = policy
	return nil
}

// LoadPolicy reads and compiles the policy in a folder. Its error lists every
// problem, a line each, at file:line:column.
func LoadPolicy(dir string) (*rules.Policy, error) {
	bundle, problems, err := source.Load(os.DirFS(filepath.Clean(dir)))
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", dir, err)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("policy %s:\n%w", dir, problems)
	}
	policy, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		return nil, fmt.Errorf("policy %s:\n%w", dir, problems)
	}
	return policy, nil
}

// Start opens the stores. A ledger that cannot be written is no reason not to
// start: the gateway answers 503 and tries again.
func (a *App) Start() error {
	rt, err := runtimes.acquire(a)
	if err != nil {
		return err
	}
	rt.writer.SetPopulations(a.policy.Populations())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runtime = rt
	a.serving = &exchange.Gateway{
		Policy: &editions{policy: a.policy}, State: rt.states(), Ledger: rt.recorder, Keys: rt.keys,
		Clock: time.Now, Log: a.log, MaxBody: a.MaxBody, Refused: &rt.refused,
	}
	return a.welcome(os.Stdout)
}

// Stop gives the stores back. Requests under way keep them open until they are
// done.
func (a *App) Stop() error {
	a.mu.Lock()
	rt := a.runtime
	a.runtime, a.serving = nil, nil
	a.mu.Unlock()
	if rt == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return runtimes.release(ctx, rt)
}

// stopTimeout bounds how long a stop waits for the stores to close. What is not
// closed by then goes on closing in the background.
const stopTimeout = 10 * time.Second

// gateway returns the gateway with its stores held open until release. It is nil
// before Start and after Stop.
func (a *App) gateway() (g *exchange.Gateway, release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.runtime == nil {
		return nil, func() {}
	}
	rt := a.runtime
	rt.hold()
	return a.serving, func() { runtimes.drop(rt) }
}

func (a *App) welcome(w io.Writer) error {
	if a.Welcome == "" {
		return nil
	}
	text, err := os.ReadFile(a.Welcome)
	if err != nil {
		return fmt.Errorf("reading welcome text: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// configHash names the configuration in the ledger.
func (a *App) configHash() string {
	b, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// parseSize reads a size in bytes, such as 16MiB.
func parseSize(s string) (int, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil {
		return 0, err
	}
	if n == 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s is not between 1 B and 2 GiB", s)
	}
	return int(n), nil
}

var (
	_ caddy.App         = (*App)(nil)
	_ caddy.Provisioner = (*App)(nil)
)
