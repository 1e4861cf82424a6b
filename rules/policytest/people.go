package policytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// ErrPerson is returned for an event about somebody whom the policy has no form for.
var ErrPerson = errors.New("no person of the policy")

// People is what is known of people when an answer is tried.
type People struct {
	// Events are those of single people.
	Events []subject.Envelope
	// Everybody are events of each person of an answer.
	Everybody []rules.Event
	// Store is the state that a gateway has, which is only read; nil: nothing else
	// is known.
	Store Store
}

// Store is a store of subject state.
type Store interface {
	// Key digests a canonical id as the store does.
	Key(p *rules.Population, id string) rules.Key
	// Events returns everything that happened to some people, each one's in the order
	// of the store.
	Events(ctx context.Context, keys []rules.Key) ([]subject.Change, error)
}

// known is what is known of people, by key. It implements [exchange.States].
type known struct {
	at        time.Time
	events    map[rules.Key][]rules.Event
	everybody []rules.Event
	store     Store
	err       error // why the store could not be read: a caller is not told
}

var _ exchange.States = (*known)(nil)

// states resolves what is known of people by the keys of a desk.
func (p *People) states(policy *rules.Policy, keys exchange.Keys, at time.Time) (*known, error) {
	out := &known{at: at, events: make(map[rules.Key][]rules.Event), everybody: p.Everybody, store: p.Store}
	for i := range p.Events {
		e := &p.Events[i]
		population := policy.Populations()[e.Population]
		if population == nil {
			return nil, fmt.Errorf("event %d: %w: the policy has no population of that name", i+1, ErrPerson)
		}
		id, err := population.Canonical(e.ID, false)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w: the id has not the form of population %q", i+1, ErrPerson, population.Name)
		}
		key := keys.Subject(population, id)
		out.events[key] = append(out.events[key], e.Event)
	}
	return out, nil
}

// Ready implements [exchange.States].
func (*known) Ready() error { return nil }

// Read implements [exchange.States]. What the store has comes first, as far as it was
// recorded by the instant that is asked for. Everything else was recorded when it
// happened, or is known by then.
func (k *known) Read(keys []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	stored := make(map[rules.Key][]rules.Event)
	if k.store != nil {
		changes, err := k.store.Events(context.Background(), distinct(keys))
		if err != nil {
			k.err = err
			return ledger.Snapshot{}, err
		}
		for i := range changes {
			if c := &changes[i]; !c.Recorded.After(k.at) {
				stored[c.Key] = append(stored[c.Key], c.Event)
			}
		}
	}
	for i, key := range keys {
		into[i] = nil
		if key == (rules.Key{}) { // who could not be resolved
			continue
		}
		events := stored[key]
		for _, more := range [][]rules.Event{k.events[key], k.everybody} {
			for _, e := range more {
				e.Recorded = e.Time
				if k.at.Before(e.Recorded) {
					e.Recorded = k.at
				}
				events = append(events, e)
			}
		}
		if len(events) == 0 {
			continue
		}
		for n := range events {
			events[n].Seq = rules.Seq(n) + 1
		}
		into[i] = rules.Fold(events)
	}
	return ledger.Snapshot{Store: "try", Head: "00000000000000000000000000000000"}, nil
}

func distinct(keys []rules.Key) []rules.Key {
	seen := make(map[rules.Key]bool, len(keys))
	var out []rules.Key
	for _, k := range keys {
		if k != (rules.Key{}) && !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// Observe implements [exchange.States]. Nothing is remembered.
func (*known) Observe(context.Context, []exchange.Observation) error { return nil }

// storeKeys are the keys of a desk, but for those of people, which are the store's.
type storeKeys struct {
	*desk
	store Store
}

// Subject implements [exchange.Keys].
func (k storeKeys) Subject(p *rules.Population, id string) rules.Key { return k.store.Key(p, id) }
