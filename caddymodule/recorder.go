package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
//
// keepOpen alone opens and replaces the log, and Close may only be called when
// keepOpen has returned; everything else may be called at any time.
type recorder struct {
	options segment.Options // but for the configuration's hash
	rt      *runtime
	log     *slog.Logger
	spans   spans
	tried   chan struct{} // closed after the first attempt to open
	changed chan struct{} // the configuration did

	current atomic.Pointer[segment.Log]
	// opened is a log that waits for the state to be held against the
	// ledger; keepOpen's alone, and Close's after it.
	opened *segment.Log

	mu   sync.Mutex
	why  error  // why there is none; nil while there is
	hash string // of the configuration in force
}

var _ ledger.Log = (*recorder)(nil)

func newRecorder(a *App, set *pseudonym.Keyset, rt *runtime) *recorder {
	r := &recorder{
		rt: rt, log: rt.log, spans: spans{dir: rt.at.ledger, log: rt.log}, why: errors.New("not open yet"), hash: a.configHash(),
		tried: make(chan struct{}), changed: make(chan struct{}, 1),
	}
	instance, err := caddy.InstanceID()
	if err != nil {
		r.log.LogAttrs(context.Background(), slog.LevelWarn, "no instance id", slog.String("error", err.Error()))
	}
	r.options = segment.Options{
		Dir: rt.at.ledger, Instance: instance.String(), Version: version(), Revision: revision(), Origin: rt.at.origin, Key: set.CheckpointKey(),
		OnCommit: meters.committed,
		OnError: func(err error) {
			r.log.LogAttrs(context.Background(), slog.LevelError, "ledger", slog.String("error", err.Error()))
		},
	}
	if _, exported, err := otlp.FromEnv(context.Background()); err == nil && exported {
		r.options.Recent = segment.DefaultRecent
	}
	return r
}

// keepOpen opens the ledger, and again after it failed, until ctx ends.
func (r *recorder) keepOpen(ctx context.Context) {
	tick := time.NewTicker(reopenInterval)
	defer tick.Stop()
	recorded := "" // the hash that the present epoch names
	for first := true; ; first = false {
		switch l := r.current.Load(); {
		case l == nil:
			recorded = r.reopen(ctx, nil)
		case full(l.Ready()):
			r.report(ctx, l.Ready())
		case l.Ready() != nil:
			recorded = r.reopen(ctx, l)
		default:
			r.recovered(ctx)
		}
		recorded = r.recordConfig(ctx, recorded)
		if first {
			close(r.tried)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.changed:
		}
	}
}

// full reports whether a log has no room and will go on by itself when it has: a new
// epoch would find no more.
func full(err error) bool { return errors.Is(err, segment.ErrFull) }

// closeFailed releases a log that failed. It waits no longer than the disk may take:
// if that is what failed, the log ends when the disk answers, and the next one
// records its end then.
func closeFailed(ctx context.Context, l *segment.Log) error {
	ctx, cancel := context.WithTimeout(ctx, segment.DefaultTimeout)
	defer cancel()
	return l.Close(ctx)
}

// reopen replaces a log that failed, if there is one, by a new epoch, and
// returns the hash of the configuration that it begins with.
func (r *recorder) reopen(ctx context.Context, failed *segment.Log) (recorded string) {
	if failed != nil {
		r.report(ctx, failed.Ready())
		r.current.Store(nil)
		r.spans.stop()
		if err := closeFailed(ctx, failed); err != nil {
			r.report(ctx, err)
		}
	}
	if err := r.open(ctx); err != nil {
		r.report(ctx, err)
		return ""
	}
	// Only now: opening recovers what a crashed process left, and before that
	// the newest state may not be readable.
	if err := r.check(ctx); err != nil {
		r.report(ctx, err)
		return ""
	}
	l := r.opened
	r.opened = nil
	r.spans.start(l)
	r.current.Store(l)
	r.recovered(ctx)
	return l.Config().Hash
}

// open begins an epoch, unless one waits that can still record: an attempt each
// second must not leave an epoch each second.
func (r *recorder) open(ctx context.Context) error {
	if r.opened != nil {
		err := r.opened.Ready()
		if err == nil || full(err) {
			return nil
		}
		failed := r.opened
		r.opened = nil
		return errors.Join(err, closeFailed(ctx, failed))
	}
	options := r.options
	options.ConfigHash = r.configured()
	l, err := segment.Open(ctx, options)
	r.opened = l
	return err
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
		} else if err != nil {
			r.log.LogAttrs(ctx, slog.LevelError, "the state store does not continue what the ledger last saw; nothing is disclosed on it",
				slog.String("error", err.Error()))
		}
		// A rollback does not keep the ledger from recording the refusals
		// that it causes; the replica says why it serves nothing.
	}
	r.rt.checked.Store(true)
	return nil
}

// configure notes the configuration in force. The ledger names each one from its
// beginning on.
func (r *recorder) configure(hash string) {
	r.mu.Lock()
	r.hash = hash
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *recorder) configured() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hash
}

// recordConfig records the configuration in force unless it is the one that was
// recorded last, and returns the one that now is.
func (r *recorder) recordConfig(ctx context.Context, recorded string) string {
	l, hash := r.current.Load(), r.configured()
	if l == nil || hash == recorded {
		return recorded
	}
	config := l.Config()
	config.Hash = hash
	if _, err := l.Append(ctx, &ledger.Record{Kind: ledger.KindConfig, Config: &config}); err != nil {
		return recorded // the log is reopened, and then begins with it
	}
	return hash
}

// report notes why nothing can be recorded, and logs it once for each new reason.
func (r *recorder) report(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	news := r.why == nil || r.why.Error() != err.Error()
	r.why = err
	r.mu.Unlock()
	if news {
		r.log.LogAttrs(ctx, slog.LevelError, "ledger cannot record; nothing is disclosed until it can", slog.String("error", err.Error()))
	}
}

// recovered forgets why nothing could be recorded, so that the same reason is
// logged again when it comes back.
func (r *recorder) recovered(ctx context.Context) {
	r.mu.Lock()
	news := r.why != nil
	r.why = nil
	r.mu.Unlock()
	if !news {
		return
	}
	r.log.LogAttrs(ctx, slog.LevelInfo, "ledger records")
}

// Ready implements [ledger.Log].
func (r *recorder) Ready() error {
	if l := r.current.Load(); l != nil {
		return l.Ready()
	}
	return r.unavailable()
}

// notBefore returns t, or the time of the newest record if that is later: a clock that
// goes back must not revive what has ended.
func (r *recorder) notBefore(t time.Time) time.Time {
	if l := r.current.Load(); l != nil {
		if latest := l.Latest(); latest.After(t) {
			return latest
		}
	}
	return t
}

// headroom returns nil while the ledger has room for what comes next.
func (r *recorder) headroom() error {
	if l := r.current.Load(); l != nil {
		return l.Headroom()
	}
	return r.unavailable()
}

// unavailable returns why there is no log, matching [ledger.ErrUnavailable] or
// [ledger.ErrClosed].
func (r *recorder) unavailable() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.why == nil: // it was opened since
		return ledger.ErrUnavailable
	case errors.Is(r.why, ledger.ErrUnavailable), errors.Is(r.why, ledger.ErrClosed):
		return r.why
	}
	return fmt.Errorf("%w: %w", ledger.ErrUnavailable, r.why)
}

// Append implements [ledger.Log].
func (r *recorder) Append(ctx context.Context, rec *ledger.Record) (ledger.Receipt, error) {
	l := r.current.Load()
	if l == nil {
		return ledger.Receipt{}, r.unavailable()
	}
	return l.Append(ctx, rec)
}

// Close implements [ledger.Log].
func (r *recorder) Close(ctx context.Context) error {
	l := r.current.Swap(nil)
	r.mu.Lock()
	r.why = ledger.ErrClosed
	r.mu.Unlock()
	if l == nil {
		l, r.opened = r.opened, nil
	}
	if l == nil {
		return nil
	}
	err := l.Close(ctx)
	r.spans.stop()
	return err
}
