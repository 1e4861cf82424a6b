package caddymodule

import (
	"sync"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
)

// early counts what is refused before the stores are open: Caddy starts its apps
// in no particular order, so callers may come first. The zero value is ready.
type early struct {
	mu     sync.Mutex
	since  time.Time
	counts map[rules.Reason]int
	into   *exchange.Refusals // nil until there is one
}

// count adds one refusal.
func (e *early) count(reason rules.Reason, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.into != nil {
		e.into.Count(reason, now)
		return
	}
	if e.counts == nil {
		e.counts, e.since = make(map[rules.Reason]int), now
	}
	e.counts[reason]++
}

// pass hands everything that was counted, and will be, to the refusals that the
// ledger summarises.
func (e *early) pass(to *exchange.Refusals) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.into = to
	for reason, n := range e.counts {
		for range n {
			to.Count(reason, e.since)
		}
	}
	e.counts = nil
}
