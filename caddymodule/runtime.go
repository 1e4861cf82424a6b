package caddymodule

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// summaryInterval is how often counted refusals are recorded.
const summaryInterval = time.Minute

// runtime is everything that stays open over reloads: the stores of one place.
// The registry counts its users.
type runtime struct {
	at       place
	keys     *keys
	store    *sqlite.Store
	replica  *subject.Replica
	writer   *subject.Writer
	recorder *recorder
	refused  exchange.Refusals
	log      *slog.Logger
	sink     relay // of log

	checked atomic.Bool // the store continues what the ledger last saw
	cancel  context.CancelFunc
	work    sync.WaitGroup

	refs   atomic.Int64
	users  []*App        // the configurations among them, newest last; guarded by registry.mu
	closed chan struct{} // closed when everything is
}

// openRuntime opens the stores of a configuration, for one user. What serves
// requests goes on opening in the background; see settle. After an error nothing
// is open.
func openRuntime(a *App, at place) (*runtime, error) {
	ctx, cancel := context.WithCancel(context.Background())
	rt := &runtime{at: at, cancel: cancel, closed: make(chan struct{})}
	rt.sink.set(a.log)
	rt.log = slog.New(&rt.sink)
	set, err := openKeys(a.Keys)
	if err == nil {
		rt.store, err = openStore(ctx, a, set)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	rt.keys = newKeys(set)
	rt.replica = subject.NewReplica(rt.store, subject.Options{Log: rt.log})
	rt.writer = subject.NewWriter(subject.WriterOptions{
		Store: rt.store, Digester: rt.keys.digest, Populations: a.policies.Policy().Populations(), Replica: rt.replica, Name: "gateway",
	})
	rt.recorder = newRecorder(a, set, rt)
	rt.refs.Store(1)
	rt.work.Go(func() { rt.keepState(ctx) })
	rt.work.Go(func() { rt.listen(ctx) })
	rt.work.Go(func() { rt.recorder.keepOpen(ctx) })
	rt.work.Go(func() { rt.summarise(ctx) })
	return rt, nil
}

// heed makes a configuration that shares the runtime the one that it acts for.
func (rt *runtime) heed(a *App) {
	rt.sink.set(a.log)
	rt.writer.SetPopulations(a.policies.Policy().Populations())
	rt.recorder.configure(a.configHash())
}

// settle waits until requests can be served, or it is known why not, or ctx ends.
func (rt *runtime) settle(ctx context.Context) {
	select {
	case <-rt.recorder.tried:
	case <-ctx.Done():
		return
	}
	// The error is what requests are refused with; who waits has no use for it.
	_ = rt.replica.WaitFor(ctx, 0)
}

func (rt *runtime) keepState(ctx context.Context) {
	if err := rt.replica.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		rt.log.LogAttrs(ctx, slog.LevelError, "subject state ended", slog.String("error", err.Error()))
	}
}

// listen serves the commands of this host.
func (rt *runtime) listen(ctx context.Context) {
	socket := control.Server{Path: ControlPath(rt.at.state), Writer: rt.writer, Log: rt.log}
	if err := socket.Run(ctx); err != nil {
		rt.log.LogAttrs(ctx, slog.LevelError, "control socket ended: commands cannot reach this gateway", slog.String("error", err.Error()))
	}
}

// summarise records counted refusals now and then.
func (rt *runtime) summarise(ctx context.Context) {
	tick := time.NewTicker(summaryInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// Cut short, it would be counted again although it may have
			// been recorded.
			rt.flush(context.WithoutCancel(ctx))
		}
	}
}

func (rt *runtime) flush(ctx context.Context) {
	if err := rt.refused.Flush(ctx, rt.recorder, time.Now()); err != nil {
		rt.log.LogAttrs(ctx, slog.LevelWarn, "refusals not summarised", slog.String("error", err.Error()))
	}
}

// close ends everything in the order of the data: what still writes to the
// ledger before the ledger, the ledger before the stores. It is called once, by
// the registry, when nobody uses the runtime any more, and takes as long as the
// disk does.
func (rt *runtime) close() {
	rt.cancel()
	rt.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	rt.flush(ctx)
	if err := errors.Join(rt.recorder.Close(ctx), rt.store.Close()); err != nil {
		rt.log.LogAttrs(ctx, slog.LevelError, "stores not closed cleanly", slog.String("error", err.Error()))
	}
}
