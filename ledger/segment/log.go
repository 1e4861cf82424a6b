// Package segment is the log of the ledger: a folder of epochs, each a chain of
// zero-filled segments that one process appends to by group commit.
//
// One goroutine writes. It takes whatever is waiting, writes it with one write,
// makes it durable with one data sync and answers all of it; while it does, the
// next batch gathers. There is no timer: alone, a record waits for one sync.
//
// Any error of a write or a sync poisons the log for good, because after a failed
// sync nobody knows what is on disk and a second sync of the same descriptor can
// report success for bytes that are lost. The way back is to close the log and
// to open another, which begins a new epoch in new files.
package segment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// Log is an epoch that this process writes. It implements [ledger.Log] and
// [ledger.Recent].
type Log struct {
	opt    Options
	epoch  string
	folder string
	config ledger.Config
	signer note.Signer // nil without a key
	lock   *disk.Lock

	mu      sync.Mutex
	wake    sync.Cond // pending or closing changed
	pending []*item
	closing bool
	failed  error         // matches ErrUnavailable; set once
	durable uint64        // records
	tree    ledger.Tree   // over the durable records
	latest  time.Time     // the newest time of a record
	changed chan struct{} // closed when durable grows; nil while nobody waits

	writer writer // of the committer alone
	recent recent

	active   atomic.Int64  // when the last batch became durable, since begun
	watch    *time.Timer   // fires when the disk takes too long
	hangs    chan struct{} // closed when it did
	hangOnce sync.Once

	stop         chan struct{} // closed when what goes on beside the commits is to end
	beside       sync.WaitGroup
	stopAdopting context.CancelFunc
	adopting     sync.WaitGroup
	closeOnce    sync.Once
	committed    chan struct{} // closed when the committer has ended
	closed       chan struct{} // closed when Close is through
	closeErr     error
}

var (
	_ ledger.Log    = (*Log)(nil)
	_ ledger.Recent = (*Log)(nil)
)

// item is a record on its way to the disk.
type item struct {
	body     []byte
	record   *ledger.Record // to be kept in memory, until it is durable; nil if nothing is
	time     time.Time
	rank     rank
	facts    []*ledger.Fact
	snapshot ledger.Snapshot
	intent   string        // the id of the disclosure that begins
	ends     [2]string     // the ids of the disclosures that end
	done     chan struct{} // closed when receipt and err are set
	receipt  ledger.Receipt
	err      error
}

// newItem encodes a record in the goroutine that appends it.
func (l *Log) newItem(r *ledger.Record) (*item, error) {
	if r.Time.IsZero() {
		stamped := *r
		stamped.Time = l.now()
		r = &stamped
	}
	size := 1 << 10 // of a usual disclosure about one subject
	if r.Disclosure != nil {
		size += 64 * len(r.Disclosure.Subjects)
	}
	body, err := ledger.AppendBody(make([]byte, 0, size), r)
	if err != nil {
		return nil, err
	}
	it := &item{body: body, time: r.Time, rank: rankOf(r.Kind), facts: r.Uses, done: make(chan struct{})}
	if l.opt.Recent > 0 {
		it.record = kept(r)
	}
	switch {
	case r.State != nil:
		it.snapshot = r.State.Snapshot
	case r.Disclosure != nil:
		it.snapshot = r.Disclosure.State
		if r.Kind == ledger.KindIntent {
			it.intent = r.Disclosure.ID
		} else {
			it.ends = [2]string{r.Disclosure.ID, r.Disclosure.Of}
		}
	}
	return it, nil
}

// Append implements [ledger.Log]. The record's time is stamped if it is zero.
func (l *Log) Append(ctx context.Context, r *ledger.Record) (ledger.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Receipt{}, err
	}
	it, err := l.newItem(r)
	if err != nil {
		return ledger.Receipt{}, err
	}
	if err := l.enqueue(it); err != nil {
		return ledger.Receipt{}, err
	}
	select {
	case <-it.done:
		return it.receipt, it.err
	case <-ctx.Done():
		return ledger.Receipt{}, ctx.Err()
	case <-l.hangs:
		return ledger.Receipt{}, l.Ready()
	}
}

func (l *Log) enqueue(it *item) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return ledger.ErrClosed
	}
	if l.failed != nil {
		return l.failed
	}
	l.pending = append(l.pending, it)
	if len(l.pending) == 1 {
		l.wake.Signal()
	}
	return nil
}

// Ready implements [ledger.Log]. It looks, every [DefaultLookInterval] at most,
// whether the segment is still in its folder, so that a deleted ledger is noticed
// also while nothing is appended.
func (l *Log) Ready() error {
	l.mu.Lock()
	err := l.failed
	if l.closing {
		err = ledger.ErrClosed
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if l.writer.looks.due(l.opt.look) {
		if err := l.look(); err != nil {
			return l.poison(err)
		}
	}
	if full := l.writer.full.Load(); full != nil {
		return *full
	}
	return nil
}

// look looks at the folder, for as long as the disk may take.
func (l *Log) look() error {
	seen := make(chan error, 1)
	go func() { seen <- l.writer.linked() }()
	late := time.NewTimer(l.opt.Timeout)
	defer late.Stop()
	select {
	case err := <-seen:
		return err
	case <-late.C:
		return ErrHangs
	}
}

// ErrHangs is why a log is poisoned whose disk did not answer in time. What it was
// told to write last may still become durable; nothing is disclosed for it.
var ErrHangs = errors.New("the disk does not answer")

// hang ends all waiting. A disk may hang more than once within a batch.
func (l *Log) hang() {
	_ = l.poison(ErrHangs)
	l.hangOnce.Do(func() { close(l.hangs) })
}

// poison ends all recording. The first reason stays.
func (l *Log) poison(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	return l.failed
}

// Epoch returns the id of the log's epoch.
func (l *Log) Epoch() string { return l.epoch }

// Config returns the config record that began the epoch. A record of a changed
// configuration is a copy of it with another hash.
func (l *Log) Config() ledger.Config { return l.config }

// Durable implements [ledger.Bound].
func (l *Log) Durable() ledger.Cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ledger.Cursor{Epoch: l.epoch, Seq: l.durable}
}

// Tree returns the size and the root of the tree over the durable records.
func (l *Log) Tree() (size uint64, root tlog.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.Size(), l.tree.Root()
}

// Changed returns a channel that is closed when the log becomes longer than it
// is now, or when it closes. Take it before reading to the end, wait after. Of a
// closed log it is never closed.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// publish must be called with mu held.
func (l *Log) publish() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// Close implements [ledger.Log]. Appends that were accepted are still made
// durable, an intent whose end is not known gets its unknown record, then the
// epoch gets its last checkpoint and its end. A later call waits for the first
// and returns the same. If ctx ends before the disk answers, Close returns its
// error and goes on in the background, holding the lock. A poisoned log is
// released without an end, and why it was poisoned is returned; the next log of
// the folder recovers it.
func (l *Log) Close(ctx context.Context) error {
	l.closeOnce.Do(func() { go l.shutdown() })
	select {
	case <-l.closed:
		return l.closeErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) shutdown() {
	l.stopAdopting()
	l.adopting.Wait()
	close(l.stop)
	l.beside.Wait()
	l.mu.Lock()
	l.closing = true
	l.wake.Signal()
	l.mu.Unlock()
	<-l.committed

	l.mu.Lock()
	err := l.failed
	l.mu.Unlock()
	if err == nil {
		err = l.finish()
	} else {
		l.writer.abandon()
	}
	l.closeErr = errors.Join(err, l.lock.Unlock())
	l.mu.Lock()
	close(l.closed)
	l.publish()
	l.mu.Unlock()
}

// finish makes the end of the epoch known.
func (l *Log) finish() error {
	if err := l.writer.finish(); err != nil {
		return err
	}
	size, root := l.Tree()
	if err := errors.Join(l.writer.checkpoint(size, root), l.writer.checkpoints.close()); err != nil {
		return err
	}
	return writeEnd(l.opt.fs, filepath.Join(l.opt.Dir, l.epoch), ledger.End{
		How: ledger.EndClosed, Size: size, Root: root, Latest: stamp(l.Latest()), States: statesOf(&l.writer.states),
	})
}
