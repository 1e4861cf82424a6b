package subject

import (
	"context"
	"errors"
	"fmt"
)

// Check holds the store against the newest position that the ledger names. The
// store must be the same one, and must have had that head at that sequence:
// otherwise the answer is [ErrRollback], for this call and for every Read until
// [Replica.Adopt]. The zero position, of a ledger that names none, is always
// continued.
//
// Any other error decides nothing, and the caller must not serve before Check
// has returned nil.
func (r *Replica) Check(ctx context.Context, ledger Position) error {
	if ledger.Store == "" && ledger.Seq == 0 {
		return nil
	}
	err := continues(ctx, r.store, ledger)
	if errors.Is(err, ErrRollback) {
		r.publish(func() { r.phase = rolledBack })
	}
	return err
}

func continues(ctx context.Context, store Store, ledger Position) error {
	if store.ID() != ledger.Store {
		return fmt.Errorf("another store than the ledger names: %w", ErrRollback)
	}
	at, err := store.HeadAt(ctx, ledger.Seq)
	switch {
	case errors.Is(err, ErrSequence):
		return fmt.Errorf("the store ends before the ledger's sequence: %w", ErrRollback)
	case err != nil:
		return fmt.Errorf("checking the store against the ledger: %w", err)
	case at.Position(ledger.Store) != ledger:
		return fmt.Errorf("the store's history differs from the ledger's: %w", ErrRollback)
	}
	return nil
}

// Adopt takes the store as it is, after [ErrRollback] or at any other time, and
// returns when it is loaded. It is an operator's decision to be recorded by the
// caller: what the lost events held back may be disclosed again.
func (r *Replica) Adopt(ctx context.Context) (Position, error) {
	r.mu.RLock()
	moved := r.moved
	r.mu.RUnlock()
	select {
	case r.adoption <- struct{}{}:
	default: // one is under way
	}
	for {
		select {
		case <-ctx.Done():
			return Position{}, ctx.Err()
		case <-moved:
		}
		r.mu.RLock()
		now, pos := r.phase, r.pos
		moved = r.moved
		r.mu.RUnlock()
		if now == following && len(r.adoption) == 0 {
			return pos, nil
		}
	}
}
