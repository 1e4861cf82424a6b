package subject_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/sqlite"
	"github.com/modicum-dev/modicum/subject/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newStore returns an empty store in a file of its own.
func newStore(tb testing.TB) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Create(tb.Context(), filepath.Join(tb.TempDir(), "state.db"), storetest.Fingerprint)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// run starts a replica and ends it with the test.
func run(tb testing.TB, store subject.Store, opts subject.Options) *subject.Replica {
	tb.Helper()
	r := subject.NewReplica(store, opts)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	return r
}

func ready(tb testing.TB, r *subject.Replica, seq rules.Seq) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	if err := r.WaitFor(ctx, seq); err != nil {
		tb.Fatal(err)
	}
}

func appendTo(tb testing.TB, s subject.Store, events ...subject.Keyed) subject.Position {
	tb.Helper()
	pos, err := s.Append(tb.Context(), subject.Batch{Events: events})
	if err != nil {
		tb.Fatal(err)
	}
	return pos
}

func TestReplicaLoads(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	pos := appendTo(t, store, storetest.Event(storetest.Key(1), 0), storetest.Event(storetest.Key(2), 0))
	idle := subject.NewReplica(store, subject.Options{})
	keys, into := []rules.Key{storetest.Key(2), storetest.Key(9), storetest.Key(1)}, make([]*rules.State, 3)
	if _, err := idle.Read(keys, into); !errors.Is(err, subject.ErrLoading) {
		t.Errorf("before it loaded: %v, want ErrLoading", err)
	}
	r := run(t, store, subject.Options{})
	ready(t, r, 2)
	got, err := r.Read(keys, into)
	if err != nil || got != pos {
		t.Fatalf("read at %+v, %v, want %+v", got, err, pos)
	}
	if into[0] == nil || into[1] != nil || into[2] == nil || into[0].Restriction.State != rules.StateActive {
		t.Errorf("states %+v", into)
	}
	if _, err := r.Read(keys, into[:2]); err == nil {
		t.Error("read into too little room")
	}
	if s := r.Status(); s.Err != nil || s.Subjects != 2 || s.Position != pos {
		t.Errorf("status %+v", s)
	}
}

// Whatever is appended by whom, in whatever batches and at whatever pace, a
// replica that followed and one that loaded afterwards have what a replay gives.
func TestReplicaEqualsStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var n atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, fmt.Sprint(n.Add(1)))
		store, err := sqlite.Create(t.Context(), path, storetest.Fingerprint)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		other, err := sqlite.Open(t.Context(), path, storetest.Fingerprint)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		follower, stop := follow(store)
		defer stop()

		var last rules.Seq
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			var batch subject.Batch
			for range rapid.IntRange(1, 5).Draw(rt, "size") {
				batch.Events = append(batch.Events, subject.Keyed{Key: storetest.Key(rapid.IntRange(0, 2).Draw(rt, "subject")), Event: genEvent(rt)})
			}
			by := subject.Store(store)
			if rapid.Bool().Draw(rt, "other") {
				by = other
			}
			pos, err := by.Append(t.Context(), batch)
			if err != nil {
				rt.Fatal(err)
			}
			if last = pos.Seq; rapid.Bool().Draw(rt, "wait") {
				compare(t.Context(), rt, follower, store, last)
			}
		}
		compare(t.Context(), rt, follower, store, last)
		late, stopLate := follow(other)
		defer stopLate()
		compare(t.Context(), rt, late, store, last)
		if _, err := subject.Verify(t.Context(), store); err != nil {
			rt.Fatal(err)
		}
	})
}

func follow(store subject.Store) (*subject.Replica, func()) {
	r := subject.NewReplica(store, subject.Options{Poll: time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.Run(ctx) })
	return r, func() { cancel(); wg.Wait() }
}

func compare(ctx context.Context, t *rapid.T, r *subject.Replica, store subject.Store, seq rules.Seq) {
	if err := r.WaitFor(ctx, seq); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		into := make([]*rules.State, 1)
		pos, err := r.Read([]rules.Key{storetest.Key(i)}, into)
		if err != nil {
			t.Fatal(err)
		}
		want, err := subject.StateAtSeq(ctx, store, storetest.Key(i), pos.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain(into[0]), plain(want)) {
			t.Fatalf("subject %d at %d:\n%+v, want\n%+v", i, pos.Seq, into[0], want)
		}
	}
}

// A batch is read at one sequence: two subjects that change together are never
// seen apart.
func TestReadIsConsistent(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	appendTo(t, store, storetest.Event(storetest.Key(1), 0), storetest.Event(storetest.Key(2), 0))
	r := run(t, store, subject.Options{Poll: time.Millisecond})
	ready(t, r, 2)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			into := make([]*rules.State, 2)
			for {
				select {
				case <-stop:
					return
				default:
				}
				pos, err := r.Read([]rules.Key{storetest.Key(1), storetest.Key(2)}, into)
				if err != nil {
					t.Error(err)
					return
				}
				if into[0].Restriction.State != into[1].Restriction.State || into[1].Restriction.Seq > pos.Seq {
					t.Errorf("states of different sequences at %d", pos.Seq)
					return
				}
			}
		})
	}
	for i := 1; i < 60; i++ {
		appendTo(t, store, storetest.Event(storetest.Key(1), i), storetest.Event(storetest.Key(2), i))
	}
	ready(t, r, 120)
	close(stop)
	wg.Wait()
}

func TestStale(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	clock := func() time.Time { return day0.Add(time.Duration(now.Load())) }
	store := &gate{Store: newStore(t)}
	r := run(t, store, subject.Options{Clock: clock, Poll: time.Millisecond})
	ready(t, r, 0)
	now.Add(int64(2 * time.Second))
	eventually(t, func() bool { return r.Status().Age == 0 }) // it has looked since
	store.shut(errors.New("cut off"))
	now.Add(int64(subject.DefaultMaxStaleness))
	if err := r.Ready(); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	now.Add(1)
	if _, err := r.Read(nil, nil); !errors.Is(err, subject.ErrStale) {
		t.Errorf("beyond it: %v, want ErrStale", err)
	}
	store.shut(nil)
	eventually(t, func() bool { return r.Ready() == nil })
	now.Add(int64(time.Hour))
	eventually(t, func() bool { return r.Ready() == nil }) // an idle store is not a stale one
}

// gate is a store that can be cut off.
type gate struct {
	subject.Store
	err atomic.Pointer[error]
}

func (g *gate) shut(err error) { g.err.Store(&err) }

func (g *gate) Head(ctx context.Context) (subject.Link, error) {
	if err := g.err.Load(); err != nil && *err != nil {
		return subject.Link{}, *err
	}
	return g.Store.Head(ctx)
}

func eventually(tb testing.TB, cond func() bool) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("it did not come about")
		}
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, older := filepath.Join(dir, "state.db"), filepath.Join(dir, "older.db")
	store, err := sqlite.Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	first := appendTo(t, store, storetest.Event(storetest.Key(1), 0))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(older, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if store, err = sqlite.Open(t.Context(), path, storetest.Fingerprint); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	second := appendTo(t, store, storetest.Event(storetest.Key(1), 2))
	copied, err := sqlite.Open(t.Context(), older, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = copied.Close() }()
	forked := second
	forked.Head[3] ^= 1

	for name, c := range map[string]struct {
		store  subject.Store
		ledger subject.Position
		want   error
	}{
		"the store itself":           {store, second, nil},
		"a store that went on":       {store, first, nil},
		"a ledger that names none":   {store, subject.Position{}, nil},
		"an older copy":              {copied, second, subject.ErrRollback},
		"another history":            {store, forked, subject.ErrRollback},
		"a new and empty store":      {newStore(t), second, subject.ErrRollback},
		"another store, sequence 0":  {newStore(t), subject.Position{Store: second.Store}, subject.ErrRollback},
		"a ledger with no store, 17": {store, subject.Position{Seq: 17}, subject.ErrRollback},
	} {
		r := run(t, c.store, subject.Options{Poll: time.Millisecond})
		ready(t, r, 0)
		if err := r.Check(t.Context(), c.ledger); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err := r.Ready(); !errors.Is(err, c.want) {
			t.Errorf("%s: ready %v, want %v", name, err, c.want)
		}
		if c.want == nil {
			continue
		}
		if _, err := r.Read([]rules.Key{storetest.Key(1)}, make([]*rules.State, 1)); !errors.Is(err, subject.ErrRollback) {
			t.Errorf("%s: read %v, want ErrRollback", name, err)
		}
		if err := r.WaitFor(t.Context(), 99); !errors.Is(err, subject.ErrRollback) {
			t.Errorf("%s: waiting %v, want ErrRollback", name, err)
		}
		if pos, err := r.Adopt(t.Context()); err != nil || pos.Store != c.store.ID() {
			t.Errorf("%s: adopted at %+v, %v", name, pos, err)
		}
		if err := r.Ready(); err != nil {
			t.Errorf("%s: after adoption %v", name, err)
		}
	}
}

// A check that finds a rollback before or while the replica loads holds too.
func TestRollbackBeforeLoading(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	r := subject.NewReplica(store, subject.Options{})
	if err := r.Check(t.Context(), subject.Position{Store: "another", Seq: 1}); !errors.Is(err, subject.ErrRollback) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(); !errors.Is(err, subject.ErrRollback) {
		t.Errorf("after Run: %v, want ErrRollback", err)
	}
}

// A store that loses events under a running replica, or has others, is refused.
func TestRollbackWhileFollowing(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(subject.Link) subject.Link{
		"shorter": func(l subject.Link) subject.Link { l.Seq--; return l },
		"other":   func(l subject.Link) subject.Link { l.Hash[0] ^= 1; return l },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner := newStore(t)
			appendTo(t, inner, storetest.Event(storetest.Key(1), 0))
			store := &bent{Store: inner}
			r := run(t, store, subject.Options{Poll: time.Millisecond})
			ready(t, r, 1)
			store.bend.Store(&wrong)
			eventually(t, func() bool { return errors.Is(r.Ready(), subject.ErrRollback) })
		})
	}
}

// bent is a store that says something else about its head.
type bent struct {
	subject.Store
	bend atomic.Pointer[func(subject.Link) subject.Link]
}

func (b *bent) Head(ctx context.Context) (subject.Link, error) {
	at, err := b.Store.Head(ctx)
	if f := b.bend.Load(); f != nil {
		at = (*f)(at)
	}
	return at, err
}

func TestPositionText(t *testing.T) {
	t.Parallel()
	p := subject.Position{Store: "s", Seq: 7, Head: [16]byte{1, 2, 255}}
	if got, err := subject.ParsePosition("s", 7, p.HeadHex()); err != nil || got != p {
		t.Errorf("%+v, %v", got, err)
	}
	for _, head := range []string{"", "01", p.HeadHex() + "00", "zz" + p.HeadHex()[2:], p.HeadHex()[1:]} {
		if _, err := subject.ParsePosition("s", 7, head); err == nil {
			t.Errorf("%q is taken for a head", head)
		}
	}
}
