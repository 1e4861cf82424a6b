package subject

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Run loads the replica and follows the store until ctx ends, which is its only
// way to end. It is called once. Failures of the store are tried again at every
// poll; meanwhile the replica grows stale.
func (r *Replica) Run(ctx context.Context) error {
	tick := time.NewTicker(r.opts.Poll)
	defer tick.Stop()
	failing := false
	for {
		err := r.step(ctx)
		if ctx.Err() != nil {
			return nil // the way to stop
		}
		if (err != nil) != failing { // once at each turn, not at each poll
			failing = err != nil
			if failing {
				r.opts.Log.LogAttrs(ctx, slog.LevelError, "subject state cannot be followed", slog.Any("error", err))
			} else {
				r.opts.Log.LogAttrs(ctx, slog.LevelInfo, "subject state is followed again")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.wake:
		case <-r.adoption:
			r.publish(func() { r.phase, r.states, r.at, r.pos = loading, nil, Link{}, Position{} })
		}
	}
}

// step brings the replica up to its store once.
func (r *Replica) step(ctx context.Context) error {
	r.mu.RLock()
	now, at := r.phase, r.at
	r.mu.RUnlock()
	var err error
	switch now {
	case loading:
		if at, err = r.load(ctx); err == nil {
			err = r.follow(ctx, at) // what was appended while it loaded
		}
	case following:
		err = r.follow(ctx, at)
	case rolledBack:
		return ErrRollback
	}
	if errors.Is(err, ErrRollback) {
		r.publish(func() { r.phase = rolledBack })
	}
	return err
}

// load reads the current view into a new map and then makes it the replica.
func (r *Replica) load(ctx context.Context) (Link, error) {
	seen := r.sinceBorn()
	r.loaded.Store(0)
	states := make(map[rules.Key]*rules.State)
	at, err := r.store.Current(ctx, func(key rules.Key, events []rules.Event) error {
		states[key] = rules.Fold(events)
		r.loaded.Add(1)
		return nil
	})
	if err != nil {
		return Link{}, err
	}
	r.publish(func() {
		if r.phase == rolledBack { // found by Check meanwhile
			return
		}
		r.phase, r.states, r.at, r.pos = following, states, at, at.Position(r.store.ID())
		r.contact.Store(int64(seen))
	})
	return at, nil
}

// follow takes over what was appended after at.
func (r *Replica) follow(ctx context.Context, at Link) error {
	for {
		seen := r.sinceBorn()
		head, err := r.store.Head(ctx)
		switch {
		case err != nil:
			return err
		case head.Seq < at.Seq, head.Seq == at.Seq && head.Hash != at.Hash:
			return ErrRollback
		case head.Seq == at.Seq:
			r.contact.Store(int64(seen))
			return nil
		}
		if at, err = r.take(ctx, at); err != nil {
			return err
		}
		if at.Seq >= head.Seq { // as current as the store was then, though it may have moved on
			r.contact.Store(int64(seen))
		}
	}
}

// take takes over one step of changes and returns how far it came.
func (r *Replica) take(ctx context.Context, at Link) (Link, error) {
	changes, err := r.store.Changes(ctx, at.Seq, DefaultFollow)
	if err != nil {
		return at, err
	}
	if len(changes) == 0 {
		return at, ErrStoreCorrupt // its head says that there are some
	}
	to := at
	var keys []rules.Key
	for i := range changes {
		if !to.follows(&changes[i]) {
			return at, ErrRollback
		}
		to = Link{Seq: changes[i].Seq, Hash: changes[i].Hash}
		keys = append(keys, changes[i].Key)
	}
	states, err := fold(ctx, r.store.Live, keys, to.Seq)
	if err != nil {
		return at, err
	}
	r.publish(func() {
		if r.phase != following {
			return
		}
		maps.Copy(r.states, states)
		r.at, r.pos = to, to.Position(r.store.ID())
	})
	return to, nil
}

// lookup is [Store.Live] or [Store.Events].
type lookup func(ctx context.Context, keys []rules.Key, upTo rules.Seq) ([]Change, error)

// fold computes the states of some subjects as of a sequence.
func fold(ctx context.Context, find lookup, keys []rules.Key, upTo rules.Seq) (map[rules.Key]*rules.State, error) {
	slices.SortFunc(keys, func(a, b rules.Key) int { return slices.Compare(a[:], b[:]) })
	keys = slices.Compact(keys)
	changes, err := find(ctx, keys, upTo)
	if err != nil {
		return nil, err
	}
	events := make(map[rules.Key][]rules.Event, len(keys))
	for i := range changes {
		events[changes[i].Key] = append(events[changes[i].Key], changes[i].Event)
	}
	states := make(map[rules.Key]*rules.State, len(keys))
	for key, list := range events {
		states[key] = rules.Fold(list)
	}
	return states, nil
}

// WaitFor returns when the replica has reached a sequence: the error of ctx, or
// [ErrRollback].
func (r *Replica) WaitFor(ctx context.Context, seq rules.Seq) error {
	for {
		r.mu.RLock()
		now, at, moved := r.phase, r.at.Seq, r.moved
		r.mu.RUnlock()
		switch {
		case now == rolledBack:
			return ErrRollback
		case now == following && at >= seq:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}
