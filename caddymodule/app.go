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
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/dustin/go-humanize"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/signature"
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
	// PolicySigners are the keys that must all have signed the policy, as the
	// command `policy keygen` prints them. A policy that one of them has not
	// signed is not loaded. Default: none, and the records say "unsigned"
	PolicySigners []string `json:"policy_signers,omitempty"`
	// PolicySignatureHash is the hash of the policy's signatures when the
	// configuration was adapted, where PolicySigners asks for any. Like
	// PolicyHash it makes other ones a changed configuration.
	PolicySignatureHash string `json:"policy_signature_hash,omitempty"`
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
	// MaxMemory bounds in bytes what all answers may take together that are
	// being inspected or sent. Beyond it requests are answered with 503. It is
	// the process's: the configuration loaded last decides. At least four
	// times MaxBody. Default: 268435456, or four times MaxBody if that is more
	MaxMemory int `json:"max_memory,omitempty"`
	// ClientCAs are the authorities whose client certificates identify
	// callers. Their certificates are read when the configuration is loaded.
	ClientCAs []ClientCA `json:"client_cas,omitempty"`
	// Welcome is a text file that is printed once the gateway has started.
	Welcome string `json:"welcome,omitempty"`

	policies  editions
	signers   signature.Keys
	clientCAs *clientCAs
	log       *slog.Logger

	reloading sync.Mutex      // held while the policy is read and put in force
	apis      []string        // that the sites serve; guarded by reloading
	observe   map[string]bool // by api that the sites serve; guarded by reloading

	hashing sync.Mutex // guards the hashes after Provision; nothing that can block is done with it held

	early    early
	serving  atomic.Pointer[serving] // nil before Start
	released atomic.Bool
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

// ErrMaxBody is returned for a bound of bodies that nothing could inspect.
var ErrMaxBody = errors.New("not between 1 and 2147483647 bytes")

// ErrMaxMemory is returned for a budget that a body of the greatest size does not
// fit into.
var ErrMaxMemory = errors.New("no room for a body of max_body")

// ErrDriver is returned for a state driver that does not exist.
var ErrDriver = errors.New("unknown state driver")

// CaddyModule implements [caddy.Module].
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: appName, New: func() caddy.Module { return new(App) }}
}

// Provision reads and checks the policy and the client authorities. It opens no
// store: `validate` provisions too, beside a running gateway.
func (a *App) Provision(ctx caddy.Context) error {
	a.log = ctx.Slogger()
	// The admin endpoint may be off, and a site serve the metrics.
	if err := meters.register(ctx.GetMetricsRegistry()); err != nil {
		return err
	}
	if a.State.Driver != "sqlite" {
		return fmt.Errorf("%w %q: sqlite", ErrDriver, a.State.Driver)
	}
	if a.MaxBody < 0 || a.MaxBody > redact.MaxSize {
		return fmt.Errorf("max_body %d: %w", a.MaxBody, ErrMaxBody)
	}
	if least := exchange.MinMemory(a.maxBodySize()); a.MaxMemory != 0 && int64(a.MaxMemory) < least {
		return fmt.Errorf("max_memory %s: %w; it takes %s", humanize.IBytes(uint64(max(a.MaxMemory, 0))), ErrMaxMemory, humanize.IBytes(uint64(least))) //nolint:gosec // not negative
	}
	if err := a.open(); err != nil {
		return err
	}
	return a.greet(ctx)
}

// open reads the policy and the client authorities.
func (a *App) open() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	// Before it reads: a reload of the policy finds it from now on.
	configurations.add(a)
	var err error
	if a.signers, err = signature.NewKeys(a.PolicySigners...); err != nil {
		return fmt.Errorf("policy_signers: %w", err)
	}
	policy, _, err := a.load()
	if err != nil {
		return err
	}
	cas, err := openClientCAs(a.ClientCAs, time.Now())
	if err != nil {
		return err
	}
	if err := cas.cover(policy); err != nil {
		return err
	}
	a.clientCAs = cas
	a.policies.replace(policy)
	a.dated(policy)
	return nil
}

// dated tells the log what time has overtaken in a policy: lists of countries that may
// have changed, mechanisms that do not hold any more.
func (a *App) dated(p *rules.Policy) {
	for _, f := range p.Findings(a.now()) {
		if errors.Is(f, rules.ErrOutdated) {
			a.log.WarnContext(context.Background(), "policy out of date", slog.String("finding", f.Error()))
		}
	}
}

// LoadPolicy reads and compiles the policy in a folder. Its error lists every
// problem, a line each, at file:line:column.
func LoadPolicy(dir string) (*rules.Policy, error) {
	files, err := policyFiles(dir)
	if err != nil {
		return nil, err
	}
	policy, problems, err := source.Policy(files)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", dir, err)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("policy %s:\n%w", dir, problems)
	}
	return policy, nil
}

// policyFiles returns the files of a policy's folder.
func policyFiles(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("policy %s: %w", dir, errNoFolder)
	}
	return os.DirFS(filepath.Clean(dir)), nil
}

var errNoFolder = errors.New("a policy is a folder of files")

// startTimeout bounds how long a start waits for the stores to be usable, so that
// the configuration before goes on answering meanwhile. What is not usable by
// then is waited for by the requests' being refused.
const startTimeout = 5 * time.Second

// serving is what requests need: a gateway, and the runtime that it works on.
type serving struct {
	gateway *exchange.Gateway
	runtime *runtime
}

// Start opens the stores. A ledger that cannot be written is no reason not to
// start: the gateway answers 503 and tries again.
func (a *App) Start() error {
	rt, err := runtimes.acquire(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	rt.settle(ctx)
	a.reloading.Lock()
	observe := maps.Clone(a.observe)
	a.reloading.Unlock()
	a.serving.Store(&serving{runtime: rt, gateway: &exchange.Gateway{
		Policy: &a.policies, PolicySignature: a.signers.String(), State: states{rt}, Ledger: rt.recorder, Keys: rt.keys,
		Clock: func() time.Time { return rt.recorder.notBefore(a.now()) }, Log: a.log, MaxBody: a.MaxBody, Memory: &memory, Volumes: &volumes, Meter: meters, Refused: &rt.refused,
		Observe: observe, Observed: &observed,
	}})
	a.early.pass(&rt.refused)
	configurations.limit()
	return nil
}

// memory is the budget of the process: requests of an old configuration hold what
// those of a new one cannot have.
var memory exchange.Memory

// volumes counts what contracts limit: a reload does not begin the counts anew.
var volumes exchange.Counter

// maxBodySize is the limit in force.
func (a *App) maxBodySize() int {
	if a.MaxBody > 0 {
		return a.MaxBody
	}
	return exchange.DefaultMaxBody
}

// maxMemory is the budget in force.
func (a *App) maxMemory() int64 {
	if a.MaxMemory > 0 {
		return int64(a.MaxMemory)
	}
	return max(exchange.DefaultMaxMemory, exchange.MinMemory(a.maxBodySize()))
}

// clock tells the time of requests; tests set it.
var clock atomic.Pointer[func() time.Time]

func (*App) now() time.Time {
	if tell := clock.Load(); tell != nil {
		return (*tell)()
	}
	return time.Now()
}

// Stop does nothing: when a process exits, Caddy stops the apps in no particular
// order, and the requests that its servers still wait for need the stores. They
// are given back by Cleanup, which comes after every app has stopped.
func (a *App) Stop() error { return nil }

// Cleanup implements [caddy.CleanerUpper]. It gives the stores back. Requests
// under way keep them open until they are done, and requests that are late find
// them as long as another configuration shares them.
func (a *App) Cleanup() error {
	configurations.remove(a)
	configurations.limit()
	s := a.serving.Load()
	if s == nil || !a.released.CompareAndSwap(false, true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return runtimes.release(ctx, s.runtime, a)
}

// gateway returns the gateway with its stores held open until release. It is nil
// before Start, and when the stores have been closed.
func (a *App) gateway() (g *exchange.Gateway, release func()) {
	s := a.serving.Load()
	if s == nil || !s.runtime.hold() {
		return nil, func() {}
	}
	return s.gateway, func() { runtimes.drop(s.runtime) }
}

// configHash names the configuration in the ledger.
func (a *App) configHash() string {
	a.hashing.Lock()
	defer a.hashing.Unlock()
	b, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// parseSize reads a size in bytes, such as 16MiB, of at most most.
func parseSize(s string, most int) (int, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no size such as 16MiB", s) // the library quotes half of it
	}
	if n == 0 || n > uint64(most) { //nolint:gosec // a limit of ours
		return 0, fmt.Errorf("%q is not between 1 and %d bytes", s, most)
	}
	return int(n), nil //nolint:gosec // no more than most
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
