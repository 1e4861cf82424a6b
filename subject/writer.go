package subject

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Digester turns a canonical id into a subject key. pseudonym.Digester is the
// one of a keyset.
type Digester interface {
	Key(population *rules.Population, canonicalID string) rules.Key
}

// Populations holds the declared populations by name.
type Populations map[string]*rules.Population

// WriterOptions configure a [Writer]. Store, Digester and Populations are
// required.
type WriterOptions struct {
	Store       Store
	Digester    Digester
	Populations Populations
	// Replica is that of this process, if it has one: an event is then
	// acknowledged when the replica has it.
	Replica *Replica
	// Name is recorded with every event as who wrote it.
	Name string
	// Clock returns the present time; nil: [time.Now].
	Clock func() time.Time
}

// Writer is the one way to add events to a store. It is safe for concurrent use.
type Writer struct {
	opts        WriterOptions
	populations atomic.Pointer[Populations]

	mu      sync.Mutex // of the observations
	next    *flight
	leading bool
}

// NewWriter returns a writer.
func NewWriter(opts WriterOptions) *Writer {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	w := &Writer{opts: opts}
	w.SetPopulations(opts.Populations)
	return w
}

// SetPopulations replaces the declared populations, when the policy changed.
func (w *Writer) SetPopulations(p Populations) { w.populations.Store(&p) }

// Record adds events together or not at all. It returns when they are durable
// and the replica has them: the next read of this process obeys. An event that
// is not acceptable is a [BatchError]. With [ErrNotYetVisible] the events are
// durable at the returned position, and the replica has not caught up.
func (w *Writer) Record(ctx context.Context, events []Envelope) (Position, error) {
	return w.RecordOnce(ctx, "", events)
}

// RecordOnce is Record for a batch with an id of the caller's choice: repeated
// with equal events it returns the first position, with others [ErrBatchReused].
func (w *Writer) RecordOnce(ctx context.Context, id string, events []Envelope) (Position, error) {
	if len(events) == 0 || len(events) > DefaultMaxBatch {
		return Position{}, ErrBatchSize
	}
	now := w.opts.Clock()
	keyed := make([]Keyed, len(events))
	for i := range events {
		e := &events[i]
		key, err := w.Key(e.Population, e.ID)
		if err == nil {
			err = acceptable(&e.Event, now)
		}
		if err != nil {
			return Position{}, &BatchError{Index: i, Err: err}
		}
		keyed[i] = Keyed{Key: key, Event: e.Event, Provenance: Provenance{Writer: w.opts.Name, Evidence: e.Evidence}}
	}
	return w.append(ctx, Batch{ID: id, Events: keyed})
}

// Key returns the key of a subject. Its errors are a [MemberError] of population
// or id.
func (w *Writer) Key(population, id string) (rules.Key, error) {
	p := (*w.populations.Load())[population]
	if p == nil {
		return rules.Key{}, &MemberError{Member: "population", Problem: "is not declared in the policy"}
	}
	canonical, err := p.Canonical(id, false)
	if err != nil {
		return rules.Key{}, &MemberError{Member: "id", Problem: "has not the form that its population declares"}
	}
	return w.opts.Digester.Key(p, canonical), nil
}

// append adds a batch and waits until the replica has it.
func (w *Writer) append(ctx context.Context, batch Batch) (Position, error) {
	if r := w.opts.Replica; r != nil && errors.Is(r.Ready(), ErrRollback) {
		return Position{}, ErrRollback // nothing is added to a store that is in doubt
	}
	pos, err := w.opts.Store.Append(ctx, batch)
	if err != nil {
		return Position{}, fmt.Errorf("recording events: %w", err)
	}
	if w.opts.Replica == nil {
		return pos, nil
	}
	w.opts.Replica.Wake()
	if err := w.opts.Replica.WaitFor(ctx, pos.Seq); err != nil {
		return pos, fmt.Errorf("%w: %w", ErrNotYetVisible, err)
	}
	return pos, nil
}
