package exchange_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// states fakes the replica.
type states struct {
	trace *trace

	mu                       sync.Mutex
	of                       map[rules.Key]*rules.State
	notReady, unreadable, ro error
	observed                 []exchange.Observation
}

func (s *states) Ready() error { return s.notReady }

var snapshot = ledger.Snapshot{Store: "store-1", Seq: 42, Head: "00112233445566778899aabbccddeeff"}

func (s *states) Read(subjects []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unreadable != nil {
		return ledger.Snapshot{}, s.unreadable
	}
	for i, k := range subjects {
		into[i] = s.of[k]
	}
	return snapshot, nil
}

// Observe remembers as the real one does: the next Read shows it.
func (s *states) Observe(_ context.Context, seen []exchange.Observation) error {
	s.trace.add("observe")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ro != nil {
		return s.ro
	}
	for _, o := range seen {
		s.observed = append(s.observed, o)
		next := new(rules.State)
		if known := s.of[o.Key]; known != nil {
			*next = *known
		}
		if o.Age != (rules.AgeFact{}) {
			next.Ages = append(slices.Clone(next.Ages), o.Age)
		}
		if o.Location != (rules.Location{}) {
			next.Locations = append(slices.Clone(next.Locations), o.Location)
		}
		s.of[o.Key] = next
	}
	return nil
}

// log fakes the ledger. It holds records to their format as the real one does.
type log struct {
	trace *trace

	mu       sync.Mutex
	notReady error
	fail     func(*ledger.Record) error
	hold     chan struct{} // an append waits for it
	records  []*ledger.Record
	lines    []string
}

func (l *log) Ready() error { return l.notReady }

func (l *log) Append(ctx context.Context, r *ledger.Record) (ledger.Receipt, error) {
	l.trace.add("append called")
	body, err := ledger.AppendBody(nil, r)
	if err != nil {
		return ledger.Receipt{}, err
	}
	if l.hold != nil {
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(r); err != nil {
			return ledger.Receipt{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return ledger.Receipt{}, err
	}
	kept := *r
	if r.Disclosure != nil { // the record is the caller's again when this returns
		d := *r.Disclosure
		kept.Disclosure = &d
	}
	l.records, l.lines = append(l.records, &kept), append(l.lines, string(body))
	for _, f := range r.Uses {
		l.lines = append(l.lines, string(f.JSON))
	}
	l.trace.add("append returned")
	return ledger.Receipt{}, nil
}

func (l *log) Close(context.Context) error { return nil }

// only returns the one record, which must be of a kind.
func (l *log) only(t *testing.T, kind ledger.Kind) *ledger.Record {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.records) != 1 || l.records[0].Kind != kind {
		t.Fatalf("records are %v, want one %s", kinds(l.records), kind)
	}
	return l.records[0]
}

func kinds(records []*ledger.Record) []ledger.Kind {
	var out []ledger.Kind
	for _, r := range records {
		out = append(out, r.Kind)
	}
	return out
}

// text is everything that was written, for a search for canaries.
func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

type keys struct {
	set    *pseudonym.Keyset
	digest *pseudonym.Digester
	noRefs error
}

func (k *keys) Subject(p *rules.Population, id string) rules.Key { return k.digest.Key(p, id) }

func (k *keys) Refs(now time.Time) (*pseudonym.Refs, error) {
	if k.noRefs != nil {
		return nil, k.noRefs
	}
	return k.set.Refs(pseudonym.Period(now))
}

func (k *keys) Domain(recipient, group string) *pseudonym.Domain {
	return k.set.Domain(recipient, group)
}

type editions struct{ edition *rules.Edition }

func (e *editions) Edition(time.Time) *rules.Edition { return e.edition }
