package subject

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Defaults of [Options].
const (
	// DefaultMaxStaleness is how old a replica's view of its store may be.
	// Beyond it nothing is read from the replica ([ErrStale]).
	DefaultMaxStaleness = 5 * time.Second
	// DefaultPoll is how often a replica asks its store for changes. Events
	// of other processes take effect within about this time.
	DefaultPoll = 250 * time.Millisecond
	// DefaultFollow is how many changes are taken over at once. More are
	// taken over in several steps, each of them a consistent sequence.
	DefaultFollow = 1000
)

// errShort is returned when into has no room for the keys: a mistake of the
// caller that must not pass for "no events".
var errShort = errors.New("subject: fewer places than keys")

// Options configure a [Replica]. The zero value is that of the defaults.
type Options struct {
	MaxStaleness time.Duration
	Poll         time.Duration
	// Clock returns the present time. Without it the monotonic clock of the
	// process is used.
	Clock func() time.Time
	Log   *slog.Logger // nil: nothing is logged
}

// Replica is a complete copy of a store's current view in memory. [Replica.Run]
// keeps it; everything else may be called from anywhere at any time.
//
// Its states are immutable: a change replaces the state of its subject, so that
// a reader keeps the one it was given.
type Replica struct {
	store Store
	opts  Options
	born  time.Time // origin of the contact times

	mu     sync.RWMutex
	phase  phase
	states map[rules.Key]*rules.State
	at     Link
	pos    Position
	moved  chan struct{} // closed and replaced whenever at or phase changes

	contact  atomic.Int64 // when the store was last seen, nanoseconds after born
	loaded   atomic.Int64 // subjects loaded so far
	wake     chan struct{}
	adoption chan struct{}
}

type phase uint8

const (
	loading phase = iota
	following
	rolledBack
)

// NewReplica returns a replica that has loaded nothing yet.
func NewReplica(store Store, opts Options) *Replica {
	if opts.MaxStaleness <= 0 {
		opts.MaxStaleness = DefaultMaxStaleness
	}
	if opts.Poll <= 0 {
		opts.Poll = DefaultPoll
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	r := &Replica{
		store: store, opts: opts,
		moved: make(chan struct{}), wake: make(chan struct{}, 1), adoption: make(chan struct{}, 1),
	}
	r.born = r.clock()
	return r
}

func (r *Replica) clock() time.Time {
	if r.opts.Clock != nil {
		return r.opts.Clock()
	}
	return time.Now()
}

// sinceBorn is the present time for staleness. Without a clock of the options
// only the monotonic one is read, which is half the price.
func (r *Replica) sinceBorn() time.Duration {
	if r.opts.Clock != nil {
		return r.opts.Clock().Sub(r.born)
	}
	return time.Since(r.born)
}

// Read puts the state of each subject into the same place of into, nil for a
// subject without any event, and returns the position that all of them are of.
// It does not allocate. Errors: [ErrLoading], [ErrStale], [ErrRollback]; then
// into is undefined.
func (r *Replica) Read(keys []rules.Key, into []*rules.State) (Position, error) {
	if len(into) < len(keys) {
		return Position{}, errShort
	}
	r.mu.RLock()
	if err := r.readable(); err != nil {
		r.mu.RUnlock()
		return Position{}, err
	}
	for i := range keys {
		into[i] = r.states[keys[i]]
	}
	pos := r.pos
	r.mu.RUnlock()
	return pos, nil
}

// Ready returns what Read would refuse with, or nil.
func (r *Replica) Ready() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.readable()
}

// readable is called with mu held.
func (r *Replica) readable() error {
	switch r.phase {
	case loading:
		return ErrLoading
	case rolledBack:
		return ErrRollback
	case following:
	}
	if r.sinceBorn()-time.Duration(r.contact.Load()) > r.opts.MaxStaleness {
		return ErrStale
	}
	return nil
}

// Status is what an operator wants to know of a replica.
type Status struct {
	Position Position
	Subjects int           // with at least one event; while loading, so far
	Age      time.Duration // since the store was last seen
	Err      error         // what Read refuses with, or nil
}

// Status returns the present status.
func (r *Replica) Status() Status {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := Status{Position: r.pos, Subjects: len(r.states), Err: r.readable()}
	if r.phase == loading {
		s.Subjects = int(r.loaded.Load())
	} else {
		s.Age = r.sinceBorn() - time.Duration(r.contact.Load())
	}
	return s
}

// publish changes the replica under its lock and wakes who waits.
func (r *Replica) publish(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.moved)
	r.moved = make(chan struct{})
}

// Wake makes the replica look at its store now: somebody has just appended.
func (r *Replica) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}
