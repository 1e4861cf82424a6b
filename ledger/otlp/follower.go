// Package otlp exports the ledger as OpenTelemetry spans: one for each answered
// request, in order, at least once, with the times and ids of the record.
//
// It reads the ledger and not the requests, so that no queue can overflow and no
// outage, restart or shutdown loses a span. It never stands between a request and
// its answer. A collector's acceptance is not delivery: what the collector does
// with a span afterwards is its own affair, and the ledger remains the record.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// DefaultBatch is the number of spans sent at once. More wait for the next batch.
const DefaultBatch = 512

// DefaultPoll is how often the ledger is looked at without being woken, which is
// how records of another process are found, and how often a cursor that another
// process holds is tried.
const DefaultPoll = time.Second

// DefaultLinger is how long a follower that has sent everything waits, once there
// is something new, for more of it. Each batch costs a request to the collector
// and a sync of the cursor whatever its size; nobody waits for a span. There is no
// such wait while there is a full batch to send.
const DefaultLinger = 200 * time.Millisecond

// DefaultThrottle bounds how long one attempt obeys a server's Retry-After. A
// longer one is cut short: the follower tries again after its own backoff.
const DefaultThrottle = time.Minute

// DefaultGrace is how long a follower that is told to stop goes on, in all, with the
// batch under way and with what else the ledger holds. What has no answer by then
// the next run sends again.
const DefaultGrace = time.Second

// defaultBackoff is the wait between attempts: it doubles from Min to Max, with
// jitter, and starts over when a batch was accepted.
var defaultBackoff = Backoff{Min: 500 * time.Millisecond, Max: 30 * time.Second}

// Backoff bounds the wait between two attempts.
type Backoff struct{ Min, Max time.Duration }

// Source is a ledger that a follower can read.
type Source interface {
	ledger.Reader
	ledger.Facts
}

// Options configure a follower.
type Options struct {
	Config
	Source Source // used by Run alone
	Cursor string // the path of the cursor's file; its folder must exist
	// Changed returns a channel that is closed when the ledger grows. Nil
	// means that it is only polled.
	Changed func() <-chan struct{}
	Version string // of the binary, for the instrumentation scope
	Batch   int    // zero means DefaultBatch
	Poll    time.Duration
	Linger  time.Duration // zero means DefaultLinger
	Backoff Backoff       // zero means from half a second to half a minute
	// OnError is told of each attempt that failed; Run goes on. Its errors
	// may quote the collector, and nothing of a record. Nil means that
	// nobody is told.
	OnError func(error)
}

// Status is how a follower is doing.
type Status struct {
	Cursor   ledger.Cursor // everything before it was accepted
	Spans    uint64        // accepted by the collector since the start
	Failures uint64        // failed attempts since the start
	Err      error         // of the last attempt, nil if it was accepted
	// Oldest is when the oldest record was made that was read and whose span
	// is not accepted yet; zero when there is none. Between the batches of a
	// backlog it is that of the batch before.
	Oldest time.Time
	// Following is false until the cursor is this follower's: another process
	// may export meanwhile.
	Following bool
}

// Lag returns how far the export is behind at a time: the age of the oldest record
// without an accepted span.
func (s Status) Lag(now time.Time) time.Duration {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(s.Oldest))
}

// Follower exports a ledger. Make it with [New] and let it [Follower.Run].
type Follower struct {
	opt    Options
	file   cursorFile
	client otlptrace.Client

	render  *renderer
	pending *batch // read and not yet accepted; of Run alone

	mu     sync.Mutex
	status Status
}

// New returns a follower that has not begun.
func New(opt Options) (*Follower, error) {
	if opt.Batch <= 0 {
		opt.Batch = DefaultBatch
	}
	if opt.Poll <= 0 {
		opt.Poll = DefaultPoll
	}
	if opt.Linger <= 0 {
		opt.Linger = DefaultLinger
	}
	if opt.Backoff == (Backoff{}) {
		opt.Backoff = defaultBackoff
	}
	if opt.OnError == nil {
		opt.OnError = func(error) {}
	}
	if opt.Changed == nil {
		opt.Changed = func() <-chan struct{} { return nil }
	}
	client, err := opt.client(opt.Backoff)
	if err != nil {
		return nil, err
	}
	return &Follower{opt: opt, file: cursorFile(opt.Cursor), client: client, render: newRenderer(opt.Source)}, nil
}

// Status returns how the follower is doing.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// Run exports until ctx ends, and returns its error. It waits while another
// process holds the cursor. Whatever goes wrong is reported and tried again.
//
// When ctx ends, what the ledger holds by then is still sent if the collector
// takes it within [DefaultGrace]. A collector that refused the last attempt is not
// asked again: it would only hold up the end. What was not accepted is sent by the
// next run, from the cursor. A span is sent twice when a process ends between
// acceptance and the cursor's write.
func (f *Follower) Run(ctx context.Context) error {
	lock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err := lock.Unlock(); err != nil {
			f.opt.OnError(fmt.Errorf("releasing cursor: %w", err))
		}
	}()
	f.mu.Lock()
	f.status.Following = true
	f.mu.Unlock()
	if err := f.client.Start(ctx); err != nil {
		return fmt.Errorf("starting OTLP client: %w", err)
	}
	defer func() {
		if err := f.client.Stop(context.WithoutCancel(ctx)); err != nil {
			f.opt.OnError(fmt.Errorf("stopping OTLP client: %w", err))
		}
	}()
	graceful, cancel := outlive(ctx, DefaultGrace)
	defer cancel()
	wait := f.opt.Backoff.Min
	for cursor, known := (ledger.Cursor{}), false; ; {
		// A step that began before ctx ended may have missed the last records.
		last := ctx.Err() != nil
		var err error
		if !known {
			cursor, err = f.file.read()
			known = err == nil
		}
		var end bool
		changed := f.opt.Changed()
		if err == nil {
			cursor, end, err = f.step(graceful, cursor)
		}
		f.note(cursor, err)
		switch {
		case last && end, err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			f.opt.OnError(err)
			f.sleep(ctx, jitter(wait), nil)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			wait = min(2*wait, f.opt.Backoff.Max)
		case end:
			wait = f.opt.Backoff.Min
			f.gather(ctx, changed)
		default:
			wait = f.opt.Backoff.Min
		}
	}
}

// gather waits until there is something to read, and then for more.
func (f *Follower) gather(ctx context.Context, changed <-chan struct{}) {
	// What is found by polling has gathered already.
	if f.sleep(ctx, f.opt.Poll, changed) {
		f.sleep(ctx, f.opt.Linger, nil)
	}
}

// lock takes the cursor, as soon as nobody else has it.
func (f *Follower) lock(ctx context.Context) (*disk.Lock, error) {
	told := false
	for {
		lock, err := f.file.lock()
		if err == nil {
			return lock, nil
		}
		if !errors.Is(err, disk.ErrLocked) && !told {
			f.opt.OnError(fmt.Errorf("locking cursor: %w", err))
			told = true
		}
		f.sleep(ctx, f.opt.Poll, nil)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// batch is what is sent at once.
type batch struct {
	spans  []*tracepb.Span
	oldest time.Time     // of the records of spans
	to     ledger.Cursor // behind the last of them
	end    bool          // of the ledger
}

// step sends the next batch, and returns the cursor behind what was accepted and
// whether it was the last of the ledger. On an error the cursor is unchanged and
// the batch is kept for the next step.
func (f *Follower) step(ctx context.Context, from ledger.Cursor) (ledger.Cursor, bool, error) {
	b := f.pending
	if b == nil {
		var err error
		b, err = f.read(ctx, from)
		if len(b.spans) == 0 {
			// Records without a span move the cursor in memory only:
			// reading them again after a restart costs less than a
			// sync for each.
			return b.to, b.end, err
		}
		if err != nil {
			// What comes before the unreadable place is not held
			// back by it.
			f.opt.OnError(err)
		}
	}
	f.pending = b
	f.mu.Lock()
	f.status.Oldest = b.oldest
	f.mu.Unlock()
	if err := f.send(ctx, b.spans); err != nil {
		return from, false, err
	}
	f.pending = nil
	f.mu.Lock()
	f.status.Spans += uint64(len(b.spans))
	if b.end {
		f.status.Oldest = time.Time{}
	}
	f.mu.Unlock()
	if err := f.file.write(b.to); err != nil {
		// The next batch writes it again; meanwhile nothing is lost.
		f.opt.OnError(err)
	}
	return b.to, b.end, nil
}

// read renders the next batch. With an error it returns what comes before it.
func (f *Follower) read(ctx context.Context, from ledger.Cursor) (*batch, error) {
	b := &batch{to: from}
	for len(b.spans) < f.opt.Batch {
		e, next, err := f.opt.Source.Next(ctx, b.to)
		if errors.Is(err, io.EOF) {
			b.end = true
			return b, nil
		}
		if err != nil {
			return b, fmt.Errorf("reading ledger: %w", err)
		}
		b.to = next
		if traced(e.Kind) && e.Disclosure != nil {
			if len(b.spans) == 0 {
				b.oldest = e.Time
			}
			b.spans = append(b.spans, f.render.span(&e))
		}
	}
	return b, nil
}

// outlive returns a context that ends a while after ctx does.
func outlive(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(while)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}

func (f *Follower) send(ctx context.Context, spans []*tracepb.Span) error {
	err := f.client.UploadTraces(ctx, []*tracepb.ResourceSpans{{
		Resource: f.opt.Resource,
		ScopeSpans: []*tracepb.ScopeSpans{{
			Scope: &commonpb.InstrumentationScope{Name: "github.com/modicum-dev/modicum/ledger/otlp", Version: f.opt.Version},
			Spans: spans,
		}},
	}})
	if err != nil && !onlyWarning(err) {
		return fmt.Errorf("sending spans: %w", err)
	}
	return nil
}

// onlyWarning reports whether err is a partial success that rejects nothing: the
// server accepted everything and has something to say. The exporter's type is
// internal, so its text has to do; should the text change, the batch is sent again.
func onlyWarning(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "OTLP partial success: ") && strings.HasSuffix(text, " (0 spans rejected)") && !strings.Contains(text, "\n")
}

func (f *Follower) note(cursor ledger.Cursor, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.Cursor, f.status.Err = cursor, err
	if err != nil {
		f.status.Failures++
	}
}

// sleep waits for d, for changed or for the end of ctx, and reports whether it was
// for changed.
func (f *Follower) sleep(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
		return true
	case <-ctx.Done():
	}
	return false
}

// jitter keeps many gateways from coming back at the same instant.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // not a secret
}
