package segment

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// writer is what the committer knows of the open epoch. Only looks, current, free,
// ahead and full are shared, with Ready and Headroom, and checkpoints and sign with
// who signs.
type writer struct {
	log *Log

	looks   looks
	mu      sync.Mutex
	current *segment
	free    atomic.Int64          // bytes of current
	ahead   atomic.Bool           // the next segment is filled
	full    atomic.Pointer[error] // why there is no room for disclosures; nil while there is

	seq     uint64 // of the next line
	tree    ledger.Tree
	known   map[string]struct{} // facts of the current segment
	states  ledger.States
	intents map[string]*item // begun and not ended, by disclosure id

	buf      []byte
	unsynced []*item       // the items whose lines are in buf
	ends     []int         // the end in buf of each line, newline excluded
	entries  []recentEntry // of each line, if they are kept

	begun  time.Time // when records began to go to the current segment
	owed   int64     // bytes that the ends of open intents may need
	latest time.Time // of the records' times
	behind bool      // the clock went back behind latest, and it is recorded

	next       *preparation // of the next segment
	background sync.WaitGroup

	sign        chan struct{} // a checkpoint is asked for
	asked       uint64        // up to which record one was, for their number
	checkpoints checkpoints
}

// run commits until the log closes and everything that it accepted is durable.
func (l *Log) run() {
	defer close(l.committed)
	for {
		batch, more := l.take()
		if len(batch) > 0 {
			l.commit(batch)
		}
		if !more {
			l.commit(l.writer.unknowns())
			return
		}
	}
}

// take waits for items. It returns false once the log is closing and has no more.
func (l *Log) take() ([]*item, bool) {
	// Whoever was just answered gets to append again before the batch is
	// drawn: without it, batches of many writers fall apart into halves.
	runtime.Gosched()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) == 0 && !l.closing {
		l.wake.Wait()
	}
	batch := l.pending
	l.pending = nil
	return batch, !l.closing || len(batch) > 0
}

// commit makes a batch durable and answers each of its items.
func (l *Log) commit(batch []*item) {
	w := &l.writer
	l.mu.Lock()
	failed := l.failed
	l.mu.Unlock()
	if failed == nil {
		batch = w.clock(batch)
	}
	l.watch.Reset(l.opt.Timeout)
	for _, it := range batch {
		if failed == nil {
			if err := w.add(it); errors.Is(err, ledger.ErrInvalid) || errors.Is(err, ledger.ErrTooLarge) || errors.Is(err, ErrFull) {
				it.fail(err)
				continue
			} else if err != nil {
				failed = l.poison(err)
			}
		}
		if failed != nil {
			it.fail(failed)
		}
	}
	if failed == nil {
		if err := w.flush(); err != nil {
			failed = l.poison(err)
		}
	}
	if failed != nil {
		w.failAll(failed)
	}
	l.watch.Stop()
}

func (it *item) fail(err error) {
	it.err = err
	close(it.done)
}

// failAll answers the items that were written and are not durable.
func (w *writer) failAll(err error) {
	for _, it := range w.unsynced {
		it.fail(err)
	}
	w.unsynced, w.buf, w.ends, w.entries = nil, nil, nil, nil
}

// add puts an item's lines into the buffer, after the facts that the segment
// does not have yet. If the segment has no room for them it makes everything
// before them durable and goes on in the next one. An error matching ErrInvalid,
// ErrTooLarge or ErrFull is the item's own, and nothing of it was added.
func (w *writer) add(it *item) error {
	facts, size, err := w.missing(it)
	if err != nil {
		return err
	}
	rotated, err := w.makeRoom(it, size)
	if err != nil {
		return err
	}
	if rotated {
		if facts, _, err = w.missing(it); err != nil {
			return err
		}
	}
	for _, f := range facts {
		w.line(f.body, &f.record)
		w.known[f.record.Hash] = struct{}{}
	}
	it.receipt.Seq = w.seq
	w.line(it.body, it.record)
	it.record = nil
	if it.intent != "" {
		w.owed += it.owes()
	}
	w.unsynced = append(w.unsynced, it)
	return nil
}

// framing is at most what AppendLine puts around a body.
const framing = 64

type factLine struct {
	record ledger.Record
	body   []byte
}

// missing encodes the facts that the segment does not have, and returns the room
// that they and the item need.
func (w *writer) missing(it *item) (facts []factLine, size int64, err error) {
	size = int64(len(it.body)) + framing
	for i, f := range it.facts {
		if _, ok := w.known[f.Hash]; ok {
			continue
		}
		if containsHash(facts, f.Hash) {
			continue
		}
		record := ledger.Record{Kind: f.Kind, Time: it.time, Fact: f.JSON, Hash: f.Hash}
		body, err := ledger.AppendBody(nil, &record)
		if err != nil {
			return nil, 0, fmt.Errorf("fact %d: %w", i, err)
		}
		facts = append(facts, factLine{record: record, body: body})
		size += int64(len(body)) + framing
	}
	return facts, size, nil
}

func containsHash(facts []factLine, hash string) bool {
	for i := range facts {
		if facts[i].record.Hash == hash {
			return true
		}
	}
	return false
}

func (w *writer) line(body []byte, record *ledger.Record) {
	// The first line of a batch: all before it went through a sync.
	sync := len(w.buf) == 0 && w.seq > 0
	w.buf = ledger.AppendLine(w.buf, w.seq, sync, body)
	w.ends = append(w.ends, len(w.buf)-1)
	if w.log.opt.Recent > 0 {
		w.entries = append(w.entries, recentEntry{Entry: ledger.Entry{Record: *record}, segment: w.current.first})
	}
	w.seq++
}

// flush makes the buffer durable and answers its items.
func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	start := time.Now()
	w.log.watch.Reset(w.log.opt.Timeout)
	if _, err := w.current.WriteAt(w.buf, w.current.off); err != nil {
		return fmt.Errorf("writing records: %w", err)
	}
	if err := w.current.Sync(); err != nil {
		return fmt.Errorf("syncing records: %w", err)
	}
	// A deleted file takes writes and syncs as if nothing were wrong.
	if err := w.linked(); err != nil {
		return err
	}
	w.current.off += int64(len(w.buf))
	w.free.Store(w.current.size - w.current.off)
	w.log.opt.OnCommit(len(w.ends), time.Since(start))
	w.settle()
	return nil
}

// settle is told that the buffer is durable.
func (w *writer) settle() {
	l := w.log
	first := w.seq - uint64(len(w.ends))
	items := w.unsynced
	start := 0
	for i, end := range w.ends {
		leaf := ledger.LeafHash(w.buf[start:end])
		w.tree.Append(leaf)
		receipt := ledger.Receipt{Epoch: l.epoch, Seq: first + uint64(i), Leaf: leaf}
		if len(w.entries) > 0 {
			w.entries[i].Receipt, w.entries[i].Line = receipt, w.buf[start:end]
		}
		if len(items) > 0 && items[0].receipt.Seq == receipt.Seq {
			items[0].receipt = receipt
			w.track(items[0])
			items = items[1:]
		}
		start = end + 1
	}
	// Before anybody is told that they are durable, so that who reads at once
	// finds them.
	l.recent.add(w.entries, w.buf)
	l.mu.Lock()
	l.durable = w.seq
	l.tree = *w.tree.Clone()
	l.latest = w.latest
	l.publish()
	l.mu.Unlock()
	for _, it := range w.unsynced {
		close(it.done)
	}
	clear(w.unsynced)
	clear(w.entries)
	w.unsynced, w.buf, w.ends, w.entries = w.unsynced[:0], w.buf[:0], w.ends[:0], w.entries[:0]
	l.active.Store(int64(time.Since(begun)))
	if w.seq >= w.asked+DefaultCheckpointRecords {
		w.asked = w.seq
		w.signSoon()
	}
	if cap(w.buf) > 4*ledger.DefaultMaxRecord {
		w.buf = nil
	}
}

// track takes note of what a durable record says about states and intents.
func (w *writer) track(it *item) {
	w.states.Add(it.snapshot)
	if it.intent != "" {
		w.intents[it.intent] = it
		return
	}
	for _, id := range it.ends {
		if intent, ok := w.intents[id]; ok {
			w.owed -= intent.owes()
			delete(w.intents, id)
		}
	}
}

// linked returns an error if the segment is no longer what its path names.
func (w *writer) linked() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == nil {
		return nil
	}
	w.looks.last.Store(int64(time.Since(begun)))
	return w.current.Linked(w.current.path)
}

// looks tells whose turn it is to look at the folder.
type looks struct{ last atomic.Int64 } // since begun

// begun is what times are counted from: only a monotonic clock never goes back.
var begun = time.Now()

// due returns true once for each interval without a look.
func (l *looks) due(every time.Duration) bool {
	now, last := int64(time.Since(begun)), l.last.Load()
	return now-last >= int64(every) && l.last.CompareAndSwap(last, now)
}
