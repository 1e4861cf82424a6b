package exchange

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// DefaultRefusalRecords is how many refusals of a recipient, before the upstream was
// asked, have a record of their own in a minute. Those beyond are counted in one record for the minute: a recipient that
// is refused in a loop must not fill the disk.
const DefaultRefusalRecords = 100

// refusalInterval is what DefaultRefusalRecords counts over.
const refusalInterval = time.Minute

// Refusals counts refusals that are only summarised: those before authentication, and
// those of a recipient beyond [DefaultRefusalRecords]. The zero value is ready.
type Refusals struct {
	mu       sync.Mutex
	counts   map[string]*summary // by recipient; empty: nobody
	recorded map[string]*spell   // by recipient; a policy bounds those
}

// summary is what was counted of a recipient.
type summary struct {
	since  time.Time
	counts map[string]int64 // by reason
}

// spell is an interval in which refusals were recorded.
type spell struct {
	begun   time.Time
	records int
}

// Count adds one refusal of a caller without a credential.
func (r *Refusals) Count(reason rules.Reason, now time.Time) { r.CountOf("", reason, now) }

// CountOf adds one refusal of a recipient.
func (r *Refusals) CountOf(recipient string, reason rules.Reason, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(recipient, now).counts[reason.String()]++
}

// of must be called with mu held.
func (r *Refusals) of(recipient string, since time.Time) *summary {
	s := r.counts[recipient]
	if s == nil {
		if r.counts == nil {
			r.counts = make(map[string]*summary)
		}
		s = &summary{since: since, counts: make(map[string]int64)}
		r.counts[recipient] = s
	}
	return s
}

// admit reports whether a refusal of a recipient has a record of its own.
func (r *Refusals) admit(recipient string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.recorded[recipient]
	if w == nil {
		if r.recorded == nil {
			r.recorded = make(map[string]*spell)
		}
		w = &spell{begun: now}
		r.recorded[recipient] = w
	}
	// A clock that went back must not silence anything.
	if passed := now.Sub(w.begun); passed < 0 || passed >= refusalInterval {
		*w = spell{begun: now}
	}
	w.records++
	return w.records <= DefaultRefusalRecords
}

// Flush records the counts since the last one, if there are any, a record for each
// recipient. What could not be recorded is kept and counted on.
func (r *Refusals) Flush(ctx context.Context, log ledger.Log, now time.Time) error {
	r.mu.Lock()
	counts := r.counts
	r.counts = nil
	r.mu.Unlock()
	var errs []error
	for _, recipient := range slices.Sorted(maps.Keys(counts)) {
		s := counts[recipient]
		// The record is the log's from now on; s is not added to any more.
		record := &ledger.Summary{From: s.since, To: now, Recipient: recipient, Reasons: s.counts}
		if _, err := log.Append(ctx, &ledger.Record{Kind: ledger.KindSummary, Time: now, Summary: record}); err != nil {
			errs = append(errs, err)
			r.putBack(recipient, s)
		}
	}
	return errors.Join(errs...)
}

func (r *Refusals) putBack(recipient string, s *summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.of(recipient, s.since)
	have.since = s.since
	for reason, n := range s.counts {
		have.counts[reason] += n
	}
}
