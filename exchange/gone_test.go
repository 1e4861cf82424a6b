package exchange_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// leaving is a request whose caller goes away at one point of its way.
func (w *world) leaving(t *testing.T, prepare func(leave func())) *spy {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	prepare(leave)
	return w.serve(t, get("/v1/customers/17").WithContext(ctx))
}

// If the caller goes away before the release, nothing is released, and that is
// on record although its request is cancelled. Whoever still listens is not told
// that all is well.
func TestClientGone(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *world, leave func()){
		"before the upstream is asked": func(_ *world, leave func()) { leave() },
		"while the upstream answers": func(w *world, leave func()) {
			w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
				leave()
				<-r.Context().Done()
				return r.Context().Err()
			}
		},
		"as a proxy tells it": func(w *world, leave func()) {
			w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
				_ = answers(200, one)(rw, r)
				leave()
				panic(http.ErrAbortHandler)
			}
		},
		"after the answer": func(w *world, leave func()) {
			w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
				defer leave()
				return answers(200, one)(rw, r)
			}
		},
		"while the state is read": func(w *world, leave func()) {
			w.gateway.State = &leavingStates{states: w.states, onRead: leave}
		},
		"while observing": func(w *world, leave func()) {
			w.states.ro = context.Canceled
			w.gateway.State = &leavingStates{states: w.states, onObserve: leave}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upstream.answer = answers(200, one)
			s := w.leaving(t, func(leave func()) { prepare(w, leave) })
			if got := reason(t, s); got != "client_gone" || s.status != 499 {
				t.Errorf("%d %s", s.status, got)
			}
			noTrace(t, s)
			if d := w.ledger.only(t, ledger.KindRefused).Disclosure; d.Reason != "client_gone" || d.Status != 499 || len(d.Subjects) != 0 {
				t.Errorf("recorded as %+v", d)
			}
		})
	}
}

// leavingStates lets the caller leave in the middle.
type leavingStates struct {
	*states
	onRead, onObserve func()
}

func (s *leavingStates) Read(subjects []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	if s.onRead != nil {
		s.onRead()
	}
	return s.states.Read(subjects, into)
}

func (s *leavingStates) Observe(ctx context.Context, seen []exchange.Observation) error {
	if s.onObserve != nil {
		s.onObserve()
	}
	return s.states.Observe(ctx, seen)
}

var _ exchange.States = (*leavingStates)(nil)

// A caller that leaves while its record is written has a record all the same.
func TestClientGoneWhileRecording(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	ctx, leave := context.WithCancel(t.Context())
	w.ledger.fail = func(*ledger.Record) error { leave(); return nil }
	w.serve(t, get("/v1/customers/17").WithContext(ctx))
	w.ledger.only(t, ledger.KindReleased)
}

// A release that breaks off leaves a second record with the bytes that were
// handed over. It names the first, and has an id of its own.
func TestShortWriteIsAborted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	out := &spy{header: make(http.Header), trace: w.trace, short: 5, fail: errBroken}
	if err := w.gateway.Serve(out, get("/v1/customers/17"), "crm", caller, w.upstream.serve); err != nil {
		t.Fatal(err)
	}
	if len(w.ledger.records) != 2 || w.ledger.records[0].Kind != ledger.KindReleased || w.ledger.records[1].Kind != ledger.KindAborted {
		t.Fatalf("records %v", kinds(w.ledger.records))
	}
	first, second := w.ledger.records[0].Disclosure, w.ledger.records[1].Disclosure
	if second.Of != first.ID || second.ID == first.ID || len(second.ID) != 36 {
		t.Errorf("released %s, aborted %s of %s", first.ID, second.ID, second.Of)
	}
	if second.Bytes != 5 || !reflect.DeepEqual(second.Counts, first.Counts) || second.Recipient != first.Recipient || len(first.Subjects) != 1 {
		t.Errorf("released %+v, aborted %+v", first, second)
	}
	if out.sent.Get("Disclosure-Id") != first.ID {
		t.Error("the caller was told another id")
	}
}

// An abort that cannot be recorded is in the operator's log: the release before
// it counts in any case.
func TestAbortNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.ledger.fail = func(r *ledger.Record) error {
		if r.Kind == ledger.KindAborted {
			return ledger.ErrUnavailable
		}
		return nil
	}
	out := &spy{header: make(http.Header), trace: w.trace, fail: errBroken}
	if err := w.gateway.Serve(out, get("/v1/customers/17"), "crm", caller, w.upstream.serve); err != nil {
		t.Fatal(err)
	}
	w.ledger.only(t, ledger.KindReleased)
	if w.logged.String() == "" {
		t.Error("the log is silent")
	}
}
