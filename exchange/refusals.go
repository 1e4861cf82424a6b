package exchange

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// Refusals counts refusals before authentication, which are only summarised: a
// record for each would let anybody fill the disk. The zero value is ready.
type Refusals struct {
	mu     sync.Mutex
	since  time.Time
	counts map[string]int64
}

// Count adds one refusal.
func (r *Refusals) Count(reason rules.Reason, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts, r.since = make(map[string]int64), now
	}
	r.counts[reason.String()]++
}

// Flush records the counts since the last one, if there are any. What could not
// be recorded is kept and counted on.
func (r *Refusals) Flush(ctx context.Context, log ledger.Log, now time.Time) error {
	r.mu.Lock()
	counts, since := r.counts, r.since
	r.counts = nil
	r.mu.Unlock()
	if counts == nil {
		return nil
	}
	// The record is the log's from now on.
	summary := &ledger.Summary{From: since, To: now, Reasons: maps.Clone(counts)}
	_, err := log.Append(ctx, &ledger.Record{Kind: ledger.KindSummary, Time: now, Summary: summary})
	if err == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts != nil {
		for reason, n := range r.counts {
			counts[reason] += n
		}
	}
	r.counts, r.since = maps.Clone(counts), since
	return err
}
