package subject

import (
	"context"

	"github.com/modicum-dev/modicum/rules"
)

// Store is an append-only log of events with a current view. It may be shared by
// several processes. Every method is safe for concurrent use, and every error
// says which of the package's reasons applies, if one does.
//
// Package storetest holds the suite that every implementation passes.
type Store interface {
	// ID is the identity of the store, drawn when it was created.
	ID() string
	// Fingerprint names the digest key of the store's subject keys.
	Fingerprint() string
	// Append adds events in their order and returns the position after the
	// last: all of them durably, or none. The store gives Seq and Recorded;
	// what the events say of both is ignored. Errors: [ErrBatchSize],
	// [ErrBatchReused], [ErrReadOnly], [ErrStoreFull], [ErrLocked],
	// [ErrStoreMissing].
	Append(ctx context.Context, batch Batch) (Position, error)
	// Head returns the end of the chain; an empty store has sequence 0.
	Head(ctx context.Context) (Link, error)
	// HeadAt returns the chain at a sequence from 0: [ErrSequence] beyond
	// the head.
	HeadAt(ctx context.Context, seq rules.Seq) (Link, error)
	// Changes returns at most limit events after a sequence, in the order
	// and without gaps: what was left out because its transaction had not
	// ended is never skipped later.
	Changes(ctx context.Context, after rules.Seq, limit int) ([]Change, error)
	// Events returns all events of some subjects up to a sequence, each
	// subject's by sequence, without their hashes.
	Events(ctx context.Context, keys []rules.Key, upTo rules.Seq) ([]Change, error)
	// Live returns events of some subjects that fold to the same states as
	// those of Events do: from the current view where that is not ahead of
	// the sequence, so that the cost does not grow with a subject's history.
	Live(ctx context.Context, keys []rules.Key, upTo rules.Seq) ([]Change, error)
	// Current gives every subject with its live events ([Live]) to yield, as
	// of one sequence, which it returns. An error of yield ends it. The slice
	// is reused for the next subject; the events are not.
	Current(ctx context.Context, yield func(rules.Key, []rules.Event) error) (Link, error)
	// Close ends the use of the store.
	Close() error
}
