// Package storetest holds the suite that every [subject.Store] passes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// Fingerprint is that of the suite's stores.
const Fingerprint = "00112233445566778899aabbccddeeff"

// Damage is something that befalls a closed store.
type Damage int

// The damages.
const (
	PayloadChanged Damage = iota // one event says something else
	EventRemoved                 // one event from the middle is gone
	LastRemoved                  // the newest event is gone
	CurrentChanged               // the current view has lost a subject
	SchemaNext                   // of the version after ours, which we can use
	SchemaNewer                  // of a version that we cannot use
	Emptied                      // nothing is left of what it holds
)

// Place is where one store can be. It is empty at first.
type Place struct {
	Create       func(ctx context.Context, fingerprint string) (subject.Store, error)
	Open         func(ctx context.Context, fingerprint string) (subject.Store, error)
	OpenReadOnly func(ctx context.Context, fingerprint string) (subject.Store, error)
	Damage       func(t testing.TB, d Damage)
}

// Run runs the suite. newPlace returns a place of its own for each test.
func Run(t *testing.T, newPlace func(testing.TB) Place) { //nolint:thelper // it is the test
	for name, test := range map[string]func(*testing.T, Place){
		"append":     testAppend,
		"atomic":     testAtomic,
		"idempotent": testIdempotent,
		"reopen":     testReopen,
		"concurrent": testConcurrent,
		"processes":  testTwoHandles,
		"places":     testPlaces,
		"schema":     testSchema,
		"damage":     testDamage,
		"read-only":  testReadOnly,
		"cancelled":  testCancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newPlace(t))
		})
	}
}

// Key returns the n-th subject key of the suite.
func Key(n int) rules.Key { return rules.Key{0: 'k', 14: byte(n >> 8 & 0xff), 15: byte(n & 0xff)} }

// Event returns an event of a subject, told apart by n.
func Event(key rules.Key, n int) subject.Keyed {
	e := rules.Event{
		Kind: rules.EventRestriction, State: rules.StateActive,
		Time:  time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC),
		Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}
	if n%2 == 1 {
		e.State = rules.StateLifted
	}
	return subject.Keyed{Key: key, Event: e, Provenance: subject.Provenance{Writer: "suite"}}
}

func create(t *testing.T, p Place) subject.Store {
	t.Helper()
	s, err := p.Create(t.Context(), Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func add(t *testing.T, s subject.Store, events ...subject.Keyed) subject.Position {
	t.Helper()
	pos, err := s.Append(t.Context(), subject.Batch{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

func verify(t *testing.T, s subject.Store, want rules.Seq) {
	t.Helper()
	pos, err := subject.Verify(t.Context(), s)
	if err != nil || pos.Seq != want {
		t.Errorf("verified up to %d: %v, want %d", pos.Seq, err, want)
	}
}

func testAppend(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	if s.ID() == "" || s.Fingerprint() != Fingerprint {
		t.Errorf("identity %q, fingerprint %q", s.ID(), s.Fingerprint())
	}
	head, err := s.Head(t.Context())
	if err != nil || head != (subject.Link{Hash: subject.Genesis(s.ID(), Fingerprint)}) {
		t.Errorf("head of an empty store: %+v, %v", head, err)
	}
	before := time.Now().Add(-time.Second)
	for i := range 30 {
		pos := add(t, s, Event(Key(i%3), 3*i), Event(Key(i%5), 3*i+1), Event(Key(7), 3*i+2))
		if pos.Seq != rules.Seq(3*i+3) || pos.Store != s.ID() {
			t.Fatalf("position %+v after batch %d", pos, i)
		}
		head, err := s.Head(t.Context())
		if err != nil || head.Position(s.ID()) != pos {
			t.Fatalf("head %+v, %v, want %+v", head, err, pos)
		}
	}
	verify(t, s, 90)

	var all []subject.Change
	for len(all) < 90 {
		part, err := s.Changes(t.Context(), rules.Seq(len(all)), 7)
		if err != nil || len(part) == 0 || len(part) > 7 {
			t.Fatalf("changes after %d: %d, %v", len(all), len(part), err)
		}
		all = append(all, part...)
	}
	for i, c := range all {
		want := Event(c.Key, i)
		if c.Seq != rules.Seq(i+1) || !c.Time.Equal(want.Time) || c.State != want.State || c.Writer != "suite" || c.Actor != want.Actor {
			t.Fatalf("change %d is %+v", i, c)
		}
		if c.Recorded.Before(before) || c.Recorded.After(time.Now().Add(time.Second)) {
			t.Fatalf("recorded %v", c.Recorded)
		}
		at, err := s.HeadAt(t.Context(), c.Seq)
		if err != nil || at != (subject.Link{Seq: c.Seq, Hash: c.Hash}) {
			t.Fatalf("head at %d: %+v, %v", c.Seq, at, err)
		}
	}
	if rest, err := s.Changes(t.Context(), 90, 7); err != nil || len(rest) != 0 {
		t.Errorf("changes after the last: %d, %v", len(rest), err)
	}
	if zero, err := s.HeadAt(t.Context(), 0); err != nil || zero.Hash != subject.Genesis(s.ID(), Fingerprint) {
		t.Errorf("head at 0: %v", err)
	}
	for _, beyond := range []rules.Seq{91, 1 << 63} {
		if _, err := s.HeadAt(t.Context(), beyond); !errors.Is(err, subject.ErrSequence) {
			t.Errorf("head at %d: %v, want ErrSequence", beyond, err)
		}
	}
	own, err := s.Events(t.Context(), []rules.Key{Key(7), Key(99), Key(4)}, 45)
	if err != nil || len(own) != 15+3 {
		t.Fatalf("events of two subjects up to 45: %d, %v", len(own), err)
	}
	// From the current view or not, live events say the same.
	for _, upTo := range []rules.Seq{0, 1, 45, 89, 90} {
		all, errAll := s.Events(t.Context(), []rules.Key{Key(0)}, upTo)
		live, errLive := s.Live(t.Context(), []rules.Key{Key(0)}, upTo)
		if errAll != nil || errLive != nil || !reflect.DeepEqual(rules.Fold(only(all)), rules.Fold(only(live))) {
			t.Errorf("live events up to %d: %v, %v", upTo, errAll, errLive)
		}
	}
	subjects := 0
	at, err := s.Current(t.Context(), func(_ rules.Key, live []rules.Event) error {
		subjects++
		for _, e := range live {
			if e.Seq == 0 || e.Recorded.IsZero() {
				t.Errorf("live event without sequence or recorded time: %+v", e)
			}
		}
		return nil
	})
	if err != nil || at.Seq != 90 || subjects != 6 {
		t.Errorf("current view at %d has %d subjects: %v", at.Seq, subjects, err)
	}
	stop := errors.New("stop")
	if _, err := s.Current(t.Context(), func(rules.Key, []rules.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of yield: %v", err)
	}
}

func only(changes []subject.Change) []rules.Event {
	var events []rules.Event
	for i := range changes {
		events = append(events, changes[i].Event)
	}
	return events
}

func testAtomic(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	for _, n := range []int{0, subject.DefaultMaxBatch + 1} {
		if _, err := s.Append(t.Context(), subject.Batch{Events: make([]subject.Keyed, n)}); !errors.Is(err, subject.ErrBatchSize) {
			t.Errorf("%d events: %v, want ErrBatchSize", n, err)
		}
	}
	var batch []subject.Keyed
	for i := range 500 {
		batch = append(batch, Event(Key(i), i))
	}
	// Wherever it is interrupted, a batch is there or is not.
	for delay := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(delay)*500*time.Microsecond)
		_, _ = s.Append(ctx, subject.Batch{Events: batch})
		cancel()
		head, err := s.Head(t.Context())
		if err != nil || head.Seq%500 != 0 {
			t.Fatalf("half a batch: head %d, %v", head.Seq, err)
		}
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify(t, s, head.Seq)
}

func testIdempotent(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	batch := subject.Batch{ID: "import-7/1", Events: []subject.Keyed{Event(Key(1), 0), Event(Key(2), 2)}}
	first, err := s.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, Event(Key(3), 4))
	again, err := s.Append(t.Context(), batch)
	if err != nil || again != first {
		t.Errorf("the batch again: %+v, %v, want %+v", again, err, first)
	}
	other := batch
	other.Events = batch.Events[:1]
	if _, err := s.Append(t.Context(), other); !errors.Is(err, subject.ErrBatchReused) {
		t.Errorf("its id with other events: %v, want ErrBatchReused", err)
	}
	verify(t, s, 3)
}

func testReopen(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	pos := add(t, s, Event(Key(1), 0), Event(Key(1), 1))
	id := s.ID()
	for range 3 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if s, err = p.Open(t.Context(), Fingerprint); err != nil {
			t.Fatal(err)
		}
		head, err := s.Head(t.Context())
		if err != nil || head.Position(s.ID()) != pos || s.ID() != id {
			t.Fatalf("reopened at %+v, %v, want %+v", head, err, pos)
		}
		pos = add(t, s, Event(Key(2), 2))
	}
	verify(t, s, 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func testConcurrent(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	const writers, batches = 8, 12
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				events := []subject.Keyed{Event(Key(w), b), Event(Key(100), w*batches+b)}
				if _, err := s.Append(t.Context(), subject.Batch{Events: events}); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	// A follower that always asks from where it is sees each event once.
	seen := rules.Seq(0)
	for seen < 2*writers*batches && !t.Failed() {
		changes, err := s.Changes(t.Context(), seen, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.Seq != seen+1 {
				t.Fatalf("sequence %d after %d", c.Seq, seen)
			}
			seen = c.Seq
		}
	}
	wg.Wait()
	verify(t, s, 2*writers*batches)
}

// Two gateways overlap during an upgrade: both write, both see both.
func testTwoHandles(t *testing.T, p Place) {
	t.Helper()
	a := create(t, p)
	b, err := p.Open(t.Context(), Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	var wg sync.WaitGroup
	for n, s := range []subject.Store{a, b} {
		wg.Go(func() {
			for i := range 25 {
				if _, err := s.Append(t.Context(), subject.Batch{Events: []subject.Keyed{Event(Key(n), i)}}); err != nil {
					t.Errorf("handle %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	verify(t, a, 50)
	verify(t, b, 50)
}

func testPlaces(t *testing.T, p Place) {
	t.Helper()
	if _, err := p.Open(t.Context(), Fingerprint); !errors.Is(err, subject.ErrStoreMissing) {
		t.Fatalf("opening nothing: %v, want ErrStoreMissing", err)
	}
	if _, err := p.Open(t.Context(), Fingerprint); !errors.Is(err, subject.ErrStoreMissing) {
		t.Fatalf("opening nothing made something: %v", err)
	}
	s := create(t, p)
	if _, err := p.Create(t.Context(), Fingerprint); err == nil {
		t.Error("a store was created over an open one")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Create(t.Context(), Fingerprint); !errors.Is(err, subject.ErrStoreExists) {
		t.Errorf("creating over a store: %v, want ErrStoreExists", err)
	}
	if _, err := p.Open(t.Context(), "ffffffffffffffffffffffffffffffff"); !errors.Is(err, subject.ErrFingerprint) {
		t.Errorf("another digest key: %v, want ErrFingerprint", err)
	}
}

func testSchema(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	add(t, s, Event(Key(1), 0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p.Damage(t, SchemaNext)
	next, err := p.Open(t.Context(), Fingerprint)
	if err != nil {
		t.Fatalf("the next schema: %v", err)
	}
	add(t, next, Event(Key(1), 1))
	verify(t, next, 2)
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	p.Damage(t, SchemaNewer)
	for _, open := range []func(context.Context, string) (subject.Store, error){p.Open, p.OpenReadOnly} {
		if _, err := open(t.Context(), Fingerprint); !errors.Is(err, subject.ErrStoreNewer) {
			t.Errorf("a newer schema: %v, want ErrStoreNewer", err)
		}
	}
}

// Damage is found when the store is opened or when it is verified, and what was
// cut off by who knows the position.
func testDamage(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	var pos subject.Position
	for i := range 10 {
		pos = add(t, s, Event(Key(i), 2*i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check := func(d Damage) error {
		p.Damage(t, d)
		s, err := p.Open(t.Context(), Fingerprint)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		if _, err := subject.Verify(t.Context(), s); err != nil {
			return err
		}
		return subject.NewReplica(s, subject.Options{}).Check(t.Context(), pos)
	}
	for _, c := range []struct {
		damage Damage
		want   error
	}{{LastRemoved, subject.ErrRollback}, {CurrentChanged, subject.ErrStoreCorrupt}, {PayloadChanged, subject.ErrStoreCorrupt}, {EventRemoved, subject.ErrStoreCorrupt}, {Emptied, subject.ErrStoreCorrupt}} {
		if err := check(c.damage); !errors.Is(err, c.want) {
			t.Errorf("damage %d: %v, want %v", c.damage, err, c.want)
		}
	}
}

func testReadOnly(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	add(t, s, Event(Key(1), 0))
	r, err := p.OpenReadOnly(t.Context(), Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := r.Append(t.Context(), subject.Batch{Events: []subject.Keyed{Event(Key(1), 1)}}); !errors.Is(err, subject.ErrReadOnly) {
		t.Errorf("appending: %v, want ErrReadOnly", err)
	}
	add(t, s, Event(Key(1), 2))
	verify(t, r, 2)
}

func testCancelled(t *testing.T, p Place) {
	t.Helper()
	s := create(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errAppend := s.Append(ctx, subject.Batch{Events: []subject.Keyed{Event(Key(1), 0)}})
	_, errHead := s.Head(ctx)
	_, errChanges := s.Changes(ctx, 0, 1)
	_, errCurrent := s.Current(ctx, func(rules.Key, []rules.Event) error { return nil })
	for i, err := range []error{errAppend, errHead, errChanges, errCurrent} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v, want context.Canceled", i, err)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head.Seq != 0 {
		t.Errorf("head %v, %v after a cancelled append", head.Seq, err)
	}
}

var _ fmt.Stringer = Damage(0)

// String names the damage.
func (d Damage) String() string {
	return [...]string{"payload changed", "event removed", "last removed", "current changed", "next schema", "newer schema", "emptied"}[d]
}
