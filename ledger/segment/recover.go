package segment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// reasonNoEnd is the reason of an unknown record.
const reasonNoEnd = "end_not_recorded"

// epochs is what a folder holds when a log opens.
type epochs struct {
	newest   string           // the id that sorts last, or empty
	previous *ledger.Previous // the newest epoch whose end is known
	latest   time.Time        // the newest time of a record in those
	dead     []*deadEpoch     // ended without a close, locked by us
	live     []string         // written by somebody
}

// deadEpoch is an epoch whose process is gone and whose end nobody recorded.
type deadEpoch struct {
	id      string
	lock    *disk.Lock
	tail    ledger.Tail
	states  ledger.States
	intents []*ledger.Record // without an end; Uses is set
	latest  time.Time        // the newest time of a record
	config  ledger.Config    // what the epoch began with; empty if that has expired
}

func (e *epochs) release() {
	for _, d := range e.dead {
		// Nothing was written through it.
		_ = d.lock.Unlock()
	}
	e.dead = nil
}

// findEpochs looks at every epoch and reads those that ended without a close.
func findEpochs(ctx context.Context, opt Options) (*epochs, error) {
	found := new(epochs)
	ids, err := ledger.Epochs(opt.Dir)
	if err != nil {
		return found, err
	}
	for _, id := range ids {
		found.newest = id
		end, ended, err := ledger.ReadEnd(opt.Dir, id)
		if err != nil {
			return found, err
		}
		if ended {
			found.previous = &ledger.Previous{Epoch: id, Size: end.Size, Root: end.Root.String()}
			found.notLater(end.Latest)
			continue
		}
		d, err := lockDead(ctx, opt, id)
		if err != nil {
			return found, err
		}
		if d == nil {
			found.live = append(found.live, id)
			continue
		}
		found.dead = append(found.dead, d)
		found.notLater(d.latest)
		found.previous = &ledger.Previous{Epoch: id, Size: d.tail.Tree.Size(), Root: d.tail.Tree.Root().String()}
	}
	return found, nil
}

// notLater takes note of a time that a record has.
func (e *epochs) notLater(t time.Time) {
	if t.After(e.latest) {
		e.latest = t
	}
}

// lockDead locks and reads an epoch. It returns nil if somebody is writing it,
// or ended it in the meantime.
func lockDead(ctx context.Context, opt Options, id string) (*deadEpoch, error) {
	lock, err := disk.TryLock(filepath.Join(opt.Dir, id, ledger.LockFile))
	if errors.Is(err, disk.ErrLocked) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("locking epoch: %w", err)
	}
	_, ended, err := ledger.ReadEnd(opt.Dir, id)
	if err != nil || ended {
		return nil, errors.Join(err, lock.Unlock())
	}
	d := &deadEpoch{id: id, lock: lock}
	err = d.settle(opt)
	if err == nil {
		err = d.read(ctx, opt)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return d, nil
}

// settle makes durable what the process wrote and did not live to sync, or could
// not. What is counted and then lost with the power would be missing for good.
// Earlier segments were durable before there was a next one.
func (d *deadEpoch) settle(opt Options) error {
	folder := filepath.Join(opt.Dir, d.id)
	segments, err := ledger.Segments(opt.Dir, d.id)
	if err != nil {
		return err
	}
	if n := len(segments); n > 0 {
		if err := opt.fs.SyncFile(filepath.Join(folder, segments[n-1].Name)); err != nil {
			return fmt.Errorf("syncing segment of a dead epoch: %w", err)
		}
	}
	if err := opt.fs.SyncDir(folder); err != nil {
		return fmt.Errorf("syncing folder of a dead epoch: %w", err)
	}
	return nil
}

// read scans the epoch. Damage does not keep the log from opening: it is in a
// past that recording more cannot make worse, the recovered record tells of it,
// and the bytes stay as they are.
func (d *deadEpoch) read(ctx context.Context, opt Options) error {
	open := map[string]*ledger.Record{}
	facts := map[string]*ledger.Fact{}
	var order []string
	tail, err := ledger.ScanEpoch(ctx, opt.Dir, d.id, func(line ledger.Line) error {
		if at, ok := line.Time(); ok && at.After(d.latest) {
			d.latest = at
		}
		switch line.Kind {
		case ledger.KindConfig:
			r, err := line.Record()
			if err != nil || r.Config == nil {
				return damage(err)
			}
			if line.Seq == 0 {
				d.config = *r.Config
			}
		case ledger.KindPolicy, ledger.KindRecipient, ledger.KindProfile:
			r, err := line.Record()
			if err != nil {
				return damage(err)
			}
			// Memory is bounded by the facts that there are.
			facts[r.Hash] = &ledger.Fact{Kind: r.Kind, Hash: r.Hash, JSON: r.Fact}
			return nil
		case ledger.KindIntent:
			r, err := line.Record()
			if err != nil || r.Disclosure == nil {
				return damage(err)
			}
			open[r.Disclosure.ID] = &r
			order = append(order, r.Disclosure.ID)
		case ledger.KindReleased, ledger.KindRefused, ledger.KindAborted, ledger.KindUnknown:
			if len(open) == 0 {
				break
			}
			r, err := line.Record()
			if err != nil || r.Disclosure == nil {
				return damage(err)
			}
			delete(open, r.Disclosure.ID)
			delete(open, r.Disclosure.Of)
			if len(open) == 0 {
				order = order[:0]
			}
		default:
		}
		return d.states.AddLine(line)
	})
	if errors.Is(err, ledger.ErrCorrupt) {
		opt.OnError(fmt.Errorf("recovering epoch: %w", err))
		tail.Damaged = true
	} else if err != nil {
		return err
	} else if tail.Damaged {
		opt.OnError(fmt.Errorf("recovering epoch: %w: %s holds records after bytes that are none", ledger.ErrCorrupt, filepath.Join(opt.Dir, d.id, tail.Segment)))
	}
	d.tail = tail
	for _, id := range order {
		if r, ok := open[id]; ok {
			r.Uses = usedBy(r.Disclosure, facts)
			d.intents = append(d.intents, r)
			delete(open, id)
		}
	}
	return nil
}

func damage(err error) error {
	return errors.Join(fmt.Errorf("%w: a line that is no record", ledger.ErrCorrupt), err)
}

func usedBy(d *ledger.Disclosure, facts map[string]*ledger.Fact) []*ledger.Fact {
	names := []string{d.RecipientFact, d.PolicyFact}
	for i := range d.Subjects {
		names = append(names, d.Subjects[i].Profile)
	}
	var uses []*ledger.Fact
	seen := map[string]bool{}
	for _, name := range names {
		if f, ok := facts[name]; ok && !seen[name] {
			seen[name] = true
			uses = append(uses, f)
		}
	}
	return uses
}

// recover records the ends of dead epochs.
func (l *Log) recover(ctx context.Context, found *epochs) error {
	for _, d := range found.dead {
		if err := l.recoverEpoch(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// recoverEpoch records the end of one dead epoch exactly once. The unknown
// records come first, the recovered record commits them, and the end file, which
// keeps later opens from looking, is written last. A crash between leaves an
// epoch that is still locked by nobody and has no end file, so the next open
// looks what a later epoch already says and adds what is missing.
func (l *Log) recoverEpoch(ctx context.Context, d *deadEpoch) error {
	said, err := l.alreadySaid(ctx, d.id)
	if err != nil {
		return err
	}
	by := said.by
	if by == "" {
		for _, intent := range d.intents {
			if said.unknown[intent.Disclosure.ID] {
				continue
			}
			if err := l.appendOwn(unknownOf(intent, l.now())); err != nil {
				return err
			}
		}
		err := l.appendOwn(&ledger.Record{Kind: ledger.KindRecovered, Recovered: &ledger.Recovered{
			Epoch: d.id, Size: d.tail.Tree.Size(), Root: d.tail.Tree.Root().String(),
			Segment: d.tail.Segment, Torn: d.tail.Torn, Damaged: d.tail.Damaged,
		}})
		if err != nil {
			return err
		}
		by = l.epoch
	}
	end := ledger.End{How: ledger.EndRecovered, Size: d.tail.Tree.Size(), Root: d.tail.Tree.Root(), By: by, Latest: d.latest, States: statesOf(&d.states)}
	if said.recovered != nil {
		// What was said holds, even if the bytes have changed since.
		root, err := tlog.ParseHash(said.recovered.Root)
		if err != nil {
			return damage(err)
		}
		end.Size, end.Root = said.recovered.Size, root
	}
	if end.Size == d.tail.Tree.Size() && end.Root == d.tail.Tree.Root() {
		if err := l.signEnd(d); err != nil {
			l.opt.OnError(fmt.Errorf("signing the end of epoch %s: %w", d.id, err))
		}
	}
	if err := writeEnd(l.opt.fs, filepath.Join(l.opt.Dir, d.id), end); err != nil {
		return err
	}
	removePrepared(l.opt, d.id)
	return nil
}

// said is what later epochs say about the end of one.
type said struct {
	by        string // the epoch that holds the recovered record
	recovered *ledger.Recovered
	unknown   map[string]bool // intents that have an unknown record
}

// alreadySaid looks through the epochs after a dead one: mostly this one alone,
// which has just begun. There are others after a crash during a recovery and
// after an overlap of processes.
func (l *Log) alreadySaid(ctx context.Context, id string) (said, error) {
	s := said{unknown: map[string]bool{}}
	ids, err := ledger.Epochs(l.opt.Dir)
	if err != nil {
		return s, err
	}
	for _, other := range ids {
		if other <= id {
			continue
		}
		_, err := ledger.ScanEpoch(ctx, l.opt.Dir, other, func(line ledger.Line) error {
			if line.Kind != ledger.KindRecovered && line.Kind != ledger.KindUnknown {
				return nil
			}
			r, err := line.Record()
			if err != nil {
				return damage(err)
			}
			if r.Recovered != nil && r.Recovered.Epoch == id {
				s.by, s.recovered = other, r.Recovered
			}
			if r.Disclosure != nil {
				s.unknown[r.Disclosure.Of] = true
			}
			return nil
		})
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
			return s, err
		}
	}
	return s, nil
}

// unknownOf is the record of an intent whose end is not known. It repeats what
// the intent says and counts as disclosed.
func unknownOf(intent *ledger.Record, now time.Time) *ledger.Record {
	d := *intent.Disclosure
	d.Of = d.ID
	d.ID = newID(now, "")
	d.Outcome = ledger.Disclosed
	d.Reason = reasonNoEnd
	return &ledger.Record{Kind: ledger.KindUnknown, Time: now, Disclosure: &d, Uses: intent.Uses}
}

// unknowns returns the records of the intents that are open when the log closes.
func (w *writer) unknowns() []*item {
	var items []*item
	for _, it := range w.intents {
		var intent ledger.Record
		if err := json.Unmarshal(append([]byte{'{'}, it.body...), &intent); err != nil || intent.Disclosure == nil {
			continue // not reachable: the body is what AppendBody wrote
		}
		intent.Uses = it.facts
		unknown, err := w.log.newItem(unknownOf(&intent, w.log.now()))
		if err != nil {
			w.log.opt.OnError(fmt.Errorf("closing an intent: %w", err))
			continue
		}
		items = append(items, unknown)
	}
	return items
}

// adoptLater waits for the epochs of other processes to end, and records it for
// those that end without a close. Readers wait for them, so leaving them to the
// next start would hold up every follower.
func (l *Log) adoptLater(live []string) {
	if len(live) == 0 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stopAdopting = stop
	tick, end := l.opt.adopt, func() {}
	if tick == nil {
		ticker := time.NewTicker(DefaultAdoptInterval)
		tick, end = ticker.C, ticker.Stop
	}
	l.adopting.Go(func() {
		defer end()
		for len(live) > 0 {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
			var still []string
			for _, id := range live {
				done, err := l.adopt(ctx, id)
				if err != nil && ctx.Err() == nil {
					l.opt.OnError(fmt.Errorf("adopting epoch: %w", err))
				}
				if !done {
					still = append(still, id)
				}
			}
			live = still
		}
	})
}

// adopt records the end of an epoch if its process is gone. It returns true when
// the epoch needs no more watching.
func (l *Log) adopt(ctx context.Context, id string) (done bool, err error) {
	if _, ended, err := ledger.ReadEnd(l.opt.Dir, id); err != nil || ended {
		return ended, err
	}
	d, err := lockDead(ctx, l.opt, id)
	if err != nil || d == nil {
		return false, err
	}
	err = l.recoverEpoch(ctx, d)
	return err == nil, errors.Join(err, d.lock.Unlock())
}
