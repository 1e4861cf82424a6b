package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/otlp"
	"github.com/modicum-dev/modicum/ledger/segment"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/subject"
)

// reopenInterval is how often a ledger that cannot record is tried again.
const reopenInterval = time.Second

// recorder keeps a ledger open. It implements [ledger.Log]: while there is none,
// or it failed, every append is refused, and a new epoch is tried each second. A
// log that failed is never written to again.
type recorder struct {
	options segment.Options
	rt      *runtime
	log     *slog.Logger

	current atomic.Pointer[segment.Log]
	mu      sync.Mutex
	why     error // why there is none

	follower sync.WaitGroup
	stop     context.CancelFunc // of the follower
}

func newRecorder(a *App, set *pseudonym.Keyset, rt *runtime) *recorder {
	r := &recorder{rt: rt, log: a.log, why: errors.New("not open yet")}
	instance, err := caddy.InstanceID()
	if err != nil {
		a.log.LogAttrs(context.Background(), slog.LevelWarn, "no instance id", slog.String("error", err.Error()))
	}
	r.options = segment.Options{
		Dir: rt.paths[2], Instance: instance.String(), Version: version(), ConfigHash: a.configHash(), Origin: a.Origin, Key: set.CheckpointKey(),
		OnError: func(err error) {
			a.log.LogAttrs(context.Background(), slog.LevelError, "ledger", slog.String("error", err.Error()))
		},
	}
	return r
}

// keepOpen opens the ledger, and again after it failed, until ctx ends.
func (r *recorder) keepOpen(ctx context.Context) {
	tick := time.NewTicker(reopenInterval)
	defer tick.Stop()
	for {
		if l := r.current.Load(); l == nil || l.Ready() != nil {
			r.reopen(ctx, l)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *recorder) reopen(ctx context.Context, failed *segment.Log) {
	if failed != nil {
		r.current.Store(nil)
		r.report(ctx, failed.Ready())
		r.stopFollower()
		if err := failed.Close(ctx); err != nil {
			r.report(ctx, err)
		}
	}
	if err := r.check(ctx); err != nil {
		r.report(ctx, err)
		return
	}
	l, err := segment.Open(ctx, r.options)
	if err != nil {
		r.report(ctx, err)
		return
	}
	r.follow(l)
	r.current.Store(l)
}

// check holds the state store against the newest state that the ledger names,
// before anything is decided on it.
func (r *recorder) check(ctx context.Context) error {
	if r.rt.checked.Load() {
		return nil
	}
	seen, err := ledger.LastState(ctx, r.options.Dir)
	if err != nil {
		return fmt.Errorf("reading the ledger's last state: %w", err)
	}
	if last, ok := seen.Last(); ok {
		pos, err := subject.ParsePosition(last.Store, last.Seq, last.Head)
		if err != nil {
			return fmt.Errorf("reading the ledger's last state: %w", err)
		}
		if err := r.rt.replica.Check(ctx, pos); err != nil && !errors.Is(err, subject.ErrRollback) {
			return err
		}
		// A rollback does not keep the ledger from recording the refusals
		// that it causes; the replica says why it serves nothing.
	}
	r.rt.checked.Store(true)
	return nil
}

// report notes why nothing can be recorded, once for each new reason.
func (r *recorder) report(ctx context.Context, err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	news := r.why == nil || r.why.Error() != err.Error()
	r.why = err
	r.mu.Unlock()
	if news && ctx.Err() == nil {
		r.log.LogAttrs(ctx, slog.LevelError, "ledger cannot record; nothing is disclosed until it can", slog.String("error", err.Error()))
	}
}

// Ready implements [ledger.Log].
func (r *recorder) Ready() error {
	if l := r.current.Load(); l != nil {
		return l.Ready()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Errorf("%w: %w", ledger.ErrUnavailable, r.why)
}

// Append implements [ledger.Log].
func (r *recorder) Append(ctx context.Context, rec *ledger.Record) (ledger.Receipt, error) {
	l := r.current.Load()
	if l == nil {
		return ledger.Receipt{}, r.Ready()
	}
	return l.Append(ctx, rec)
}

// Close implements [ledger.Log]. Nothing may reopen the ledger any more.
func (r *recorder) Close(ctx context.Context) error {
	l := r.current.Swap(nil)
	if l == nil {
		return nil
	}
	err := l.Close(ctx)
	r.stopFollower()
	return err
}

// follow exports the ledger's spans, if the environment names a collector.
func (r *recorder) follow(l *segment.Log) {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	f, reader, err := r.newFollower(ctx, l)
	if err != nil {
		r.log.LogAttrs(ctx, slog.LevelError, "no spans are exported", slog.String("error", err.Error()))
		return
	}
	if f == nil {
		return
	}
	r.follower.Go(func() {
		if err := f.Run(ctx); err != nil && ctx.Err() == nil {
			r.log.LogAttrs(ctx, slog.LevelError, "span export ended", slog.String("error", err.Error()))
		}
		if err := reader.Close(); err != nil {
			r.log.LogAttrs(ctx, slog.LevelWarn, "span export", slog.String("error", err.Error()))
		}
	})
}

func (r *recorder) newFollower(ctx context.Context, l *segment.Log) (*otlp.Follower, *ledger.FolderReader, error) {
	config, wanted, err := otlp.FromEnv(ctx)
	if err != nil || !wanted {
		return nil, nil, err
	}
	reader, err := ledger.OpenReader(r.options.Dir, l)
	if err != nil {
		return nil, nil, err
	}
	cursors := filepath.Join(r.options.Dir, "followers")
	if err := os.MkdirAll(cursors, 0o700); err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	f, err := otlp.New(otlp.Options{
		Config: config, Source: reader, Cursor: filepath.Join(cursors, "otlp.json"), Changed: l.Changed, Version: version(),
		OnError: func(err error) {
			r.log.LogAttrs(ctx, slog.LevelWarn, "spans not exported yet", slog.String("error", err.Error()))
		},
	})
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return f, reader, nil
}

func (r *recorder) stopFollower() {
	if r.stop != nil {
		r.stop()
	}
	r.follower.Wait()
}

var _ ledger.Log = (*recorder)(nil)
