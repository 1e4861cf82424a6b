package subject_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/storetest"
)

// plainDigest stands in for a keyed digest.
type plainDigest struct{}

func (plainDigest) Key(p *rules.Population, id string) rules.Key {
	sum := sha256.Sum256([]byte(p.Name + "\x00" + id))
	return rules.Key(sum[:16])
}

var populations = subject.Populations{
	"customer": {Name: "customer", Type: rules.IDInteger, StripZeros: true},
	"staff":    {Name: "staff", Type: rules.IDInteger, Number: 1},
}

// desk is a writer with its store and replica.
type desk struct {
	*subject.Writer
	store   subject.Store
	replica *subject.Replica
}

func newDesk(tb testing.TB) *desk {
	tb.Helper()
	store := newStore(tb)
	r := run(tb, store, subject.Options{})
	ready(tb, r, 0)
	return &desk{subject.NewWriter(subject.WriterOptions{
		Store: store, Digester: plainDigest{}, Populations: populations, Replica: r, Name: "suite",
	}), store, r}
}

func (d *desk) state(tb testing.TB, id string) *rules.State {
	tb.Helper()
	key, err := d.Key("customer", id)
	if err != nil {
		tb.Fatal(err)
	}
	into := make([]*rules.State, 1)
	if _, err := d.replica.Read([]rules.Key{key}, into); err != nil {
		tb.Fatal(err)
	}
	return into[0]
}

func restriction(id string, state rules.EventState, at time.Time) subject.Envelope {
	return subject.Envelope{Population: "customer", ID: id, Event: rules.Event{
		Kind: rules.EventRestriction, State: state, Time: at, Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}}
}

// Acknowledged means that the next read obeys, whoever reads.
func TestRecordIsVisible(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	start := time.Now().Add(-time.Hour)
	for i := range 50 {
		state := rules.StateActive
		if i%2 == 1 {
			state = rules.StateLifted
		}
		pos, err := d.Record(t.Context(), []subject.Envelope{restriction("0017", state, start.Add(time.Duration(i)*time.Second))})
		if err != nil {
			t.Fatal(err)
		}
		if s := d.state(t, "17"); s.Restriction.State != state || s.Restriction.Seq != pos.Seq {
			t.Fatalf("after event %d the restriction is %+v", i, s.Restriction)
		}
	}
	staff, err := d.Key("staff", "17")
	if err != nil {
		t.Fatal(err)
	}
	into := make([]*rules.State, 1)
	if _, err := d.replica.Read([]rules.Key{staff}, into); err != nil || into[0] != nil {
		t.Errorf("staff 17 has the state of customer 17: %v", err)
	}
}

func TestRecordRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := restriction("1", rules.StateActive, day0)
	future := time.Now().Add(time.Hour)
	gateway := good
	gateway.Event.Actor.Type = rules.ActorGateway
	optIn := restriction("1", rules.StateActive, future)
	optIn.Event.Kind = rules.EventMinorOptIn
	adult := restriction("1", rules.StateNone, future)
	adult.Event.Kind, adult.Event.Age = rules.EventAge, rules.AgeFact{Band: rules.Adult}
	achieved := restriction("1", rules.StateAchieved, future)
	achieved.Event.Kind = rules.EventRetention
	order := restriction("1", rules.StateActive, day0)
	order.Event.Kind, order.Event.Order = rules.EventLegalOrder, "order-1"
	claimed := order
	claimed.Event.Actor = rules.Actor{Type: rules.ActorOperator}
	for name, c := range map[string]struct {
		bad  subject.Envelope
		want string
	}{
		"future achievement":    {achieved, "event_time: a purpose is achieved"},
		"order of the person":   {order, "actor: must be a verified operator"},
		"order of an unchecked": {claimed, "actor: must be a verified operator"},
		"unknown population":    {subject.Envelope{Population: "SECRET-4711", ID: "1", Event: good.Event}, "population: is not declared"},
		"foreign id":            {restriction("SECRET-4711", rules.StateActive, day0), "id: has not the form"},
		"gateway's own":         {gateway, "actor.type"},
		"future lift":           {restriction("1", rules.StateLifted, future), "event_time"},
		"future opt-in":         {optIn, "event_time"},
		"future adult":          {adult, "event_time"},
	} {
		_, err := d.Record(t.Context(), []subject.Envelope{good, c.bad})
		bad, ok := errors.AsType[*subject.BatchError](err)
		if !ok || bad.Index != 1 || !errors.Is(err, subject.ErrEvent) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s of event 2", name, err, c.want)
		}
		if strings.Contains(err.Error(), secretID) {
			t.Errorf("%s: the error shows the id: %v", name, err)
		}
	}
	if _, err := d.Record(t.Context(), []subject.Envelope{restriction("1", rules.StateLifted, future)}); !errors.Is(err, subject.ErrFutureGrant) {
		t.Errorf("a future lift: %v, want ErrFutureGrant", err)
	}
	if _, err := d.Record(t.Context(), nil); !errors.Is(err, subject.ErrBatchSize) {
		t.Errorf("no events: %v", err)
	}
	if head, err := d.store.Head(t.Context()); err != nil || head.Seq != 0 {
		t.Errorf("%d events after refusals alone, %v", head.Seq, err)
	}
	// What restricts holds whenever it is dated.
	if _, err := d.Record(t.Context(), []subject.Envelope{restriction("1", rules.StateActive, future)}); err != nil {
		t.Error(err)
	}
	if s := d.state(t, "1"); !s.Restriction.Active() {
		t.Error("a restriction dated in the future waits")
	}
}

func TestRecordWithoutVisibility(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	idle := subject.NewReplica(store, subject.Options{})
	w := subject.NewWriter(subject.WriterOptions{Store: store, Digester: plainDigest{}, Populations: populations, Replica: idle})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	pos, err := w.Record(ctx, []subject.Envelope{restriction("1", rules.StateActive, day0)})
	if !errors.Is(err, subject.ErrNotYetVisible) || pos.Seq != 1 {
		t.Errorf("under a replica that does not run: %+v, %v", pos, err)
	}
	if err := idle.Check(t.Context(), subject.Position{Store: "x", Seq: 1}); !errors.Is(err, subject.ErrRollback) {
		t.Fatal(err)
	}
	if _, err := w.Record(t.Context(), []subject.Envelope{restriction("1", rules.StateActive, day0)}); !errors.Is(err, subject.ErrRollback) {
		t.Errorf("to a store in doubt: %v, want ErrRollback", err)
	}
	direct := subject.NewWriter(subject.WriterOptions{Store: store, Digester: plainDigest{}, Populations: populations})
	if pos, err := direct.Record(t.Context(), []subject.Envelope{restriction("1", rules.StateActive, day0)}); err != nil || pos.Seq != 2 {
		t.Errorf("without a replica: %+v, %v", pos, err)
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	key := storetest.Key(1)
	year := func(n int) time.Time { return day0.AddDate(n, 0, 0) }
	observe := func(o subject.Observation) rules.Seq {
		t.Helper()
		o.Key, o.Time = key, day0
		if err := d.Observe(t.Context(), []subject.Observation{o, o}); err != nil {
			t.Fatal(err)
		}
		head, err := d.store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return head.Seq
	}
	for i, c := range []struct {
		name string
		seen subject.Observation
		want rules.Seq
	}{
		{"nothing", subject.Observation{}, 0},
		{"an adult", subject.Observation{Age: rules.AgeFact{Band: rules.Adult}}, 0},
		{"a teenager", subject.Observation{Age: rules.AgeFact{Band: rules.Age13To15, Until: year(2)}}, 1},
		{"again", subject.Observation{Age: rules.AgeFact{Band: rules.Age13To15, Until: year(2)}}, 1},
		{"older", subject.Observation{Age: rules.AgeFact{Band: rules.Age16To17, Until: year(1)}}, 1},
		{"younger for longer", subject.Observation{Age: rules.AgeFact{Band: rules.Age13To15, Until: year(3)}}, 2},
		{"for shorter", subject.Observation{Age: rules.AgeFact{Band: rules.Age13To15, Until: year(1)}}, 2},
		{"a child", subject.Observation{Age: rules.AgeFact{Band: rules.Under13, Until: year(5)}}, 3},
		{"somewhere", subject.Observation{Location: rules.Location{Country: "DE", Region: "BY"}}, 4},
		{"elsewhere within", subject.Observation{Location: rules.Location{Country: "DE", Region: "HH"}}, 4},
		{"nowhere", subject.Observation{Location: rules.Location{Country: "Germany"}}, 4},
		{"two things", subject.Observation{Location: rules.Location{Country: "US", Region: "CA"}, Age: rules.AgeFact{Band: rules.Under13, Until: year(6)}}, 6},
	} {
		if got := observe(c.seen); got != c.want {
			t.Fatalf("%d, %s: %d events, want %d", i, c.name, got, c.want)
		}
	}
	into := make([]*rules.State, 1)
	if _, err := d.replica.Read([]rules.Key{key}, into); err != nil {
		t.Fatal(err)
	}
	if s := into[0]; s.Seen || s.AgeAt(year(5)) != rules.Under13 || len(s.Locations) != 2 || s.Locations[0].Region != "" {
		t.Errorf("state %+v", s)
	}
}

func TestObserveConcurrently(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fact := rules.AgeFact{Band: rules.Under13, Until: day0.AddDate(3, 0, 0)}
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := range 10 {
				if err := d.Observe(t.Context(), []subject.Observation{{Key: storetest.Key(i), Age: fact, Time: time.Now()}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if head, err := d.store.Head(t.Context()); err != nil || head.Seq != 10 {
		t.Errorf("%d events for ten facts, %v", head.Seq, err)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.Record(t.Context(), []subject.Envelope{restriction("17", rules.StateActive, day0)}); err != nil {
		t.Fatal(err)
	}
	between := time.Now()
	time.Sleep(2 * time.Millisecond)
	if _, err := d.Record(t.Context(), []subject.Envelope{restriction("17", rules.StateLifted, day0.AddDate(0, 0, 1))}); err != nil {
		t.Fatal(err)
	}
	now, err := d.Show(t.Context(), "customer", "17", time.Time{})
	if err != nil || len(now.Events) != 2 || len(now.Rights) != 1 || now.Rights[0].State != "lifted" || !now.Seen {
		t.Errorf("now %+v, %v", now, err)
	}
	then, err := d.Show(t.Context(), "customer", "17", between)
	if err != nil || len(then.Events) != 1 || len(then.Rights) != 1 || then.Rights[0].State != "active" {
		t.Errorf("then %+v, %v", then, err)
	}
	key, err := d.Key("customer", "17")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := subject.StateAt(t.Context(), d.store, key, between); err != nil || !s.Restriction.Active() {
		t.Errorf("state at %+v, %v", s, err)
	}
	if unseen, err := d.Show(t.Context(), "customer", "18", time.Time{}); err != nil || unseen.Seen || len(unseen.Events) != 0 || unseen.Age != "unknown" {
		t.Errorf("unseen %+v, %v", unseen, err)
	}
}
