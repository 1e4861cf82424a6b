package caddymodule

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// runtime is everything that stays open over reloads: the stores of one set of
// paths. It is counted, by configurations and by requests, because Caddy cleans
// an old configuration up while its requests still run.
type runtime struct {
	paths    [3]string // state, keys, ledger
	keys     *keys
	store    *sqlite.Store
	replica  *subject.Replica
	writer   *subject.Writer
	recorder *recorder
	refused  exchange.Refusals
	log      *slog.Logger

	checked atomic.Bool // the store continues what the ledger last saw
	cancel  context.CancelFunc
	work    sync.WaitGroup

	refs   atomic.Int64 // guarded against zero by registry.mu
	closed chan struct{}
	err    error
}

// registry holds the runtimes of the process by their paths.
type registry struct {
	mu   sync.Mutex
	open map[[3]string]*runtime
}

var runtimes = registry{open: make(map[[3]string]*runtime)}

// acquire returns the runtime of a configuration's paths, opened if nobody has
// it yet.
func (g *registry) acquire(a *App) (*runtime, error) {
	var paths [3]string
	for i, p := range []string{a.State.Path, a.Keys.Path, a.Ledger} {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		paths[i] = abs
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if rt := g.open[paths]; rt != nil {
		rt.refs.Add(1)
		return rt, nil
	}
	rt, err := openRuntime(a, paths)
	if err != nil {
		return nil, err
	}
	rt.refs.Store(1)
	g.open[paths] = rt
	return rt, nil
}

// hold counts one more user of a runtime that the caller knows to be open.
func (rt *runtime) hold() { rt.refs.Add(1) }

// drop counts one user less. The last one closes the runtime in the background.
func (g *registry) drop(rt *runtime) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if rt.refs.Add(-1) == 0 {
		delete(g.open, rt.paths)
		go rt.close()
	}
}

// release is drop, and waits for the close if this was the last user.
func (g *registry) release(ctx context.Context, rt *runtime) error {
	g.drop(rt)
	if rt.refs.Load() > 0 {
		return nil
	}
	select {
	case <-rt.closed:
		return rt.err
	case <-ctx.Done():
		return fmt.Errorf("closing stores: %w", ctx.Err())
	}
}

func openRuntime(a *App, paths [3]string) (*runtime, error) {
	ctx, cancel := context.WithCancel(context.Background())
	rt := &runtime{paths: paths, log: a.log, cancel: cancel, closed: make(chan struct{})}
	set, err := openKeys(a.Keys)
	if err != nil {
		cancel()
		return nil, err
	}
	rt.keys = newKeys(set)
	populations := subject.Populations(a.policy.Populations())
	created, err := rt.openStore(ctx, a.State, set.Fingerprint())
	if err != nil {
		cancel()
		return nil, err
	}
	rt.replica = subject.NewReplica(rt.store, subject.Options{Log: a.log})
	rt.writer = subject.NewWriter(subject.WriterOptions{Store: rt.store, Digester: rt.keys.digest, Populations: populations, Replica: rt.replica, Name: "gateway"})
	rt.run(func() {
		if err := rt.replica.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			rt.log.LogAttrs(ctx, slog.LevelError, "subject state ended", slog.String("error", err.Error()))
		}
	})
	if created && a.State.Seed != "" {
		err = rt.importEvents(ctx, a.State.Seed)
	}
	if err != nil {
		cancel()
		rt.work.Wait()
		return nil, errors.Join(err, rt.store.Close())
	}
	socket := control.Server{Path: control.SocketPath(paths[0]), Writer: rt.writer, Log: a.log}
	rt.run(func() {
		if err := socket.Run(ctx); err != nil {
			rt.log.LogAttrs(ctx, slog.LevelError, "control socket ended: commands cannot reach this gateway", slog.String("error", err.Error()))
		}
	})
	rt.recorder = newRecorder(a, set, rt)
	rt.run(func() { rt.recorder.keepOpen(ctx) })
	rt.run(func() { rt.summarise(ctx) })
	return rt, nil
}

func (rt *runtime) run(work func()) { rt.work.Go(work) }

func openKeys(c KeysConfig) (*pseudonym.Keyset, error) {
	set, err := pseudonym.Load(c.Path)
	if c.Create && errors.Is(err, pseudonym.ErrKeyFileMissing) {
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			return nil, fmt.Errorf("making the keys' folder: %w", err)
		}
		set, err = pseudonym.Create(c.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("keys %s: %w", c.Path, err)
	}
	return set, nil
}

// openStore opens the state store, or makes it where that was asked for.
func (rt *runtime) openStore(ctx context.Context, c StateConfig, fingerprint string) (created bool, err error) {
	rt.store, err = sqlite.Open(ctx, c.Path, fingerprint)
	if c.Create && errors.Is(err, subject.ErrStoreMissing) {
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			return false, fmt.Errorf("making the state's folder: %w", err)
		}
		created = true
		rt.store, err = sqlite.Create(ctx, c.Path, fingerprint)
	}
	if err != nil {
		return false, fmt.Errorf("state %s: %w", c.Path, err)
	}
	return created, nil
}

// importEvents fills a store that was just created. Nothing is served before it
// is complete, and a file with any defect imports nothing.
func (rt *runtime) importEvents(ctx context.Context, path string) error {
	f, err := os.Open(path) //nolint:gosec // the operator's own configuration names the file
	if err != nil {
		return fmt.Errorf("importing events: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	var events []subject.Envelope
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		e, err := subject.DecodeEnvelope(lines.Bytes())
		if err != nil {
			return fmt.Errorf("importing events: %s:%d: %w", path, n, err)
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("importing events from %s: %w", path, err)
	}
	for batch := range slices.Chunk(events, subject.DefaultMaxBatch) {
		if _, err := rt.writer.Record(ctx, batch); err != nil {
			return fmt.Errorf("importing events from %s: %w", path, err)
		}
	}
	return nil
}

// summarise records counted refusals once a minute.
func (rt *runtime) summarise(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			rt.flush(ctx, now)
		}
	}
}

func (rt *runtime) flush(ctx context.Context, now time.Time) {
	if err := rt.refused.Flush(ctx, rt.recorder, now); err != nil {
		rt.log.LogAttrs(ctx, slog.LevelWarn, "refusals not summarised", slog.String("error", err.Error()))
	}
}

// close ends everything in the order of the data: what still writes to the
// ledger before the ledger, the ledger before the stores.
func (rt *runtime) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	rt.flush(ctx, time.Now())
	rt.cancel()
	rt.work.Wait()
	rt.err = errors.Join(rt.recorder.Close(ctx), rt.store.Close())
	if rt.err != nil {
		rt.log.LogAttrs(ctx, slog.LevelError, "stores not closed cleanly", slog.String("error", rt.err.Error()))
	}
	close(rt.closed)
}

// states returns the runtime's state for requests.
func (rt *runtime) states() exchange.States { return states{rt} }

// states implements exchange.States.
type states struct{ rt *runtime }

var errUnchecked = errors.New("subject state was not yet held against the ledger")

// Ready implements exchange.States.
func (s states) Ready() error {
	if err := s.rt.replica.Ready(); err != nil {
		return err
	}
	if !s.rt.checked.Load() {
		return errUnchecked
	}
	return nil
}

// Read implements exchange.States.
func (s states) Read(subjects []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	pos, err := s.rt.replica.Read(subjects, into)
	if err != nil {
		return ledger.Snapshot{}, err
	}
	return ledger.Snapshot{Store: pos.Store, Seq: uint64(pos.Seq), Head: pos.HeadHex()}, nil
}

// Observe implements exchange.States.
func (s states) Observe(ctx context.Context, seen []exchange.Observation) error {
	now := time.Now()
	out := make([]subject.Observation, len(seen))
	for i, o := range seen {
		out[i] = subject.Observation{Key: o.Key, Age: o.Age, Location: o.Location, Time: now}
	}
	return s.rt.writer.Observe(ctx, out)
}

// version names the binary in ledger and spans.
func version() string {
	_, full := caddy.Version()
	return full
}
