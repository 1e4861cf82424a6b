package exchange_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// Counts become one record; what could not be recorded is counted on.
func TestRefusalsFlush(t *testing.T) {
	t.Parallel()
	var r exchange.Refusals
	sink := &log{trace: new(trace)}
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	flush := func(after time.Duration) error { return r.Flush(t.Context(), sink, begin.Add(after)) }
	if err := flush(0); err != nil || len(sink.records) != 0 {
		t.Fatalf("nothing was counted, and %d records are kept (%v)", len(sink.records), err)
	}
	r.Count(rules.RecipientUnauthenticated, begin.Add(time.Second))
	sink.fail = func(*ledger.Record) error {
		r.Count(rules.RouteUnmapped, begin.Add(2*time.Second)) // meanwhile
		return ledger.ErrUnavailable
	}
	if err := flush(3 * time.Second); err == nil {
		t.Fatal("no error")
	}
	sink.fail = nil
	r.Count(rules.RecipientUnauthenticated, begin.Add(4*time.Second))
	if err := flush(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	s := sink.only(t, ledger.KindSummary).Summary
	want := map[string]int64{"recipient_unauthenticated": 2, "route_unmapped": 1}
	if !maps.Equal(s.Reasons, want) || !s.From.Equal(begin.Add(time.Second)) || !s.To.Equal(begin.Add(5*time.Second)) {
		t.Errorf("%+v", s)
	}
	if err := flush(6 * time.Second); err != nil || len(sink.records) != 1 {
		t.Errorf("counted twice: %v", err)
	}
}

func TestRefusalsAreAllCounted(t *testing.T) {
	t.Parallel()
	var r exchange.Refusals
	sink := &log{trace: new(trace)}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				r.Count(rules.RecipientUnauthenticated, time.Time{})
				if i%10 == 0 {
					if err := r.Flush(t.Context(), sink, time.Time{}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := r.Flush(t.Context(), sink, time.Time{}); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, rec := range sink.records {
		sum += rec.Summary.Reasons["recipient_unauthenticated"]
	}
	if sum != 800 {
		t.Errorf("%d on record, want 800", sum)
	}
}
