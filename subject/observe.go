package subject

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultObserveTimeout bounds the write of observations that several requests
// wait for together. Beyond it all of them fail.
const DefaultObserveTimeout = 10 * time.Second

// Observation is what a gateway has seen of a subject in a body: a coarse age
// ([rules.RememberedAge]), a location, or both. Zero values are none.
type Observation struct {
	Key      rules.Key
	Age      rules.AgeFact
	Location rules.Location
	Time     time.Time
}

// Observe remembers what was observed, as far as it adds to what is known, and
// returns when it is durable and the replica has it. An age adds when it makes
// the subject younger at some time to come; an adult's never does. A location
// adds when it is not among those known; of regions only those of the United
// States are kept, since no other decides anything. Concurrent calls share a
// transaction, and one observation is written once.
func (w *Writer) Observe(ctx context.Context, seen []Observation) error {
	news, err := w.news(ctx, seen)
	if err != nil || len(news) == 0 {
		return err
	}
	w.mu.Lock()
	if w.next == nil {
		w.next = &flight{has: make(map[Observation]bool), done: make(chan struct{})}
	}
	f := w.next
	for _, o := range news {
		once := o
		once.Time = time.Time{}
		if !f.has[once] {
			f.has[once] = true
			f.observations = append(f.observations, o)
		}
	}
	lead := !w.leading
	w.leading = true
	w.mu.Unlock()
	if lead {
		go w.fly(context.WithoutCancel(ctx)) // the others wait for it too
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-f.done:
		return f.err
	}
}

// flight is a set of observations that are written together.
type flight struct {
	observations []Observation
	has          map[Observation]bool
	done         chan struct{}
	err          error
}

// fly writes one flight after the other until none has gathered.
func (w *Writer) fly(ctx context.Context) {
	for {
		w.mu.Lock()
		f := w.next
		w.next = nil
		w.leading = f != nil
		w.mu.Unlock()
		if f == nil {
			return
		}
		f.err = w.write(ctx, f.observations)
		close(f.done)
	}
}

func (w *Writer) write(ctx context.Context, seen []Observation) error {
	ctx, cancel := context.WithTimeout(ctx, DefaultObserveTimeout)
	defer cancel()
	for part := range slices.Chunk(seen, DefaultMaxBatch/2) { // each has two events at most
		news, err := w.news(ctx, part) // the flight before may have written them
		if err != nil {
			return err
		}
		if len(news) == 0 {
			continue
		}
		if _, err := w.append(ctx, Batch{Events: w.observed(news)}); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) observed(news []Observation) []Keyed {
	var events []Keyed
	add := func(o *Observation, e rules.Event) {
		e.Time, e.Actor = o.Time.UTC(), rules.Actor{Type: rules.ActorGateway}
		events = append(events, Keyed{Key: o.Key, Event: e, Provenance: Provenance{Writer: w.opts.Name}})
	}
	for i := range news {
		o := &news[i]
		if o.Age.Band != rules.AgeUnknown {
			add(o, rules.Event{Kind: rules.EventAge, Age: o.Age})
		}
		if o.Location.Country != "" {
			add(o, rules.Event{Kind: rules.EventLocation, Location: o.Location})
		}
	}
	return events
}

// news returns the observations that add to the known state, reduced to what
// adds.
func (w *Writer) news(ctx context.Context, seen []Observation) ([]Observation, error) {
	keys := make([]rules.Key, len(seen))
	for i := range seen {
		keys[i] = seen[i].Key
	}
	states, err := w.known(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("observing: %w", err)
	}
	var news []Observation
	for i := range seen {
		o := seen[i]
		if o.Time.IsZero() {
			o.Time = w.opts.Clock()
		}
		if !addsAge(states[i], o.Age, o.Time) {
			o.Age = rules.AgeFact{}
		}
		o.Location = coarse(o.Location)
		if !addsLocation(states[i], o.Location) {
			o.Location = rules.Location{}
		}
		if o.Age != (rules.AgeFact{}) || o.Location != (rules.Location{}) {
			news = append(news, o)
		}
	}
	return news, nil
}

// known returns the present states, from the replica if there is one.
func (w *Writer) known(ctx context.Context, keys []rules.Key) ([]*rules.State, error) {
	states := make([]*rules.State, len(keys))
	if w.opts.Replica != nil {
		_, err := w.opts.Replica.Read(keys, states)
		return states, err
	}
	head, err := w.opts.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	folded, err := fold(ctx, w.opts.Store.Live, slices.Clone(keys), head.Seq)
	for i, key := range keys {
		states[i] = folded[key]
	}
	return states, err
}

// addsAge reports whether a fact makes a subject younger than known, now or at
// any later time. Bands change at few instants; it compares at each.
func addsAge(s *rules.State, f rules.AgeFact, now time.Time) bool {
	if f.Band == rules.AgeUnknown || f.Band == rules.Adult {
		return false
	}
	if s == nil {
		return true
	}
	instants := []time.Time{now}
	for _, fact := range append(slices.Clone(s.Ages), f) {
		if !fact.Until.IsZero() {
			instants = append(instants, fact.Until, fact.Until.AddDate(2, 0, 0), fact.Until.AddDate(3, 0, 0), fact.Until.AddDate(5, 0, 0))
		}
	}
	for _, t := range instants {
		if t.Before(now) {
			continue
		}
		was, is := s.AgeAt(t), f.At(t)
		if is != rules.AgeUnknown && is != rules.Adult && (was == rules.AgeUnknown || is < was) {
			return true
		}
	}
	return false
}

func addsLocation(s *rules.State, l rules.Location) bool {
	if l.Country == "" {
		return false
	}
	return s == nil || !slices.Contains(s.Locations, l)
}

// coarse drops what decides nothing, and what is no country code: a subject
// whose location is not understood is withheld, and nothing is learnt from it.
func coarse(l rules.Location) rules.Location {
	if len(l.Country) != 2 || l.Country[0] < 'A' || l.Country[0] > 'Z' || l.Country[1] < 'A' || l.Country[1] > 'Z' {
		return rules.Location{}
	}
	if l.Country != "US" {
		l.Region = ""
	}
	if len(l.Region) > 2 {
		return rules.Location{}
	}
	return l
}
