package subject

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Verify walks a store's whole chain and compares its current view with the
// events: [ErrStoreCorrupt]. It returns the position that it has verified, and
// reads everything, so it is for commands and the background.
func Verify(ctx context.Context, store Store) (Position, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return Position{}, err
	}
	at := Link{Hash: Genesis(store.ID(), store.Fingerprint())}
	for at.Seq < head.Seq {
		changes, err := store.Changes(ctx, at.Seq, DefaultFollow)
		if err != nil {
			return Position{}, err
		}
		if len(changes) == 0 {
			return Position{}, fmt.Errorf("events are missing after sequence %d: %w", at.Seq, ErrStoreCorrupt)
		}
		for i := range changes {
			if !at.follows(&changes[i]) {
				return Position{}, fmt.Errorf("chain is broken after sequence %d: %w", at.Seq, ErrStoreCorrupt)
			}
			at = Link{Seq: changes[i].Seq, Hash: changes[i].Hash}
		}
	}
	if err := verifyCurrent(ctx, store); err != nil {
		return Position{}, err
	}
	return at.Position(store.ID()), nil
}

// verifyCurrent compares the states of the current view with those of the
// events. Both are read as of the view's sequence.
func verifyCurrent(ctx context.Context, store Store) error {
	states := make(map[rules.Key]*rules.State)
	at, err := store.Current(ctx, func(key rules.Key, events []rules.Event) error {
		states[key] = rules.Fold(events)
		return nil
	})
	if err != nil {
		return err
	}
	keys := make([]rules.Key, 0, len(states))
	for key := range states {
		keys = append(keys, key)
	}
	found := 0
	for part := range slices.Chunk(keys, DefaultFollow) {
		folded, err := fold(ctx, store.Events, part, at.Seq)
		if err != nil {
			return err
		}
		for key, want := range folded {
			if !sameState(want, states[key]) {
				return fmt.Errorf("current view differs from the events: %w", ErrStoreCorrupt)
			}
		}
		found += len(folded)
	}
	if found != len(states) {
		return fmt.Errorf("current view has subjects without events: %w", ErrStoreCorrupt)
	}
	return nil
}

// sameState compares two states up to the order of rights over purposes and of
// legal orders, which says nothing.
func sameState(a, b *rules.State) bool {
	return reflect.DeepEqual(ordered(a), ordered(b))
}

func ordered(s *rules.State) *rules.State {
	if s == nil {
		return nil
	}
	c := *s
	for _, list := range []*[]rules.PurposeStanding{&c.Retention, &c.LIObjections, &c.CeaseUse, &c.CeaseProvision} {
		*list = slices.Clone(*list)
		slices.SortFunc(*list, func(a, b rules.PurposeStanding) int { return strings.Compare(a.Purpose, b.Purpose) })
	}
	c.Orders = slices.Clone(c.Orders)
	slices.SortFunc(c.Orders, func(a, b rules.OrderStanding) int { return strings.Compare(a.Order, b.Order) })
	return &c
}

// StateAt returns the state of a subject as it was known at a time: what had
// been recorded by then, however it is dated. It answers "why was this disclosed
// last March".
func StateAt(ctx context.Context, store Store, key rules.Key, at time.Time) (*rules.State, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := store.Events(ctx, []rules.Key{key}, head.Seq)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(c Change) bool { return c.Recorded.After(at) })
	return rules.Fold(events(changes)), nil
}

// StateAtSeq returns the state of a subject as of a sequence, which is what a
// ledger record names: [ErrSequence].
func StateAtSeq(ctx context.Context, store Store, key rules.Key, seq rules.Seq) (*rules.State, error) {
	if _, err := store.HeadAt(ctx, seq); err != nil {
		return nil, err
	}
	states, err := fold(ctx, store.Events, []rules.Key{key}, seq)
	if err != nil {
		return nil, err
	}
	return states[key], nil
}

func events(changes []Change) []rules.Event {
	list := make([]rules.Event, len(changes))
	for i := range changes {
		list[i] = changes[i].Event
	}
	return list
}
