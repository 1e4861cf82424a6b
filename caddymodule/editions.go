package caddymodule

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// editions gives the edition in effect and makes the next one when a date
// changes an answer. It implements exchange.Editions.
type editions struct {
	policy  *rules.Policy
	mu      sync.Mutex
	current atomic.Pointer[rules.Edition]
}

// Edition returns the edition as of now.
func (e *editions) Edition(now time.Time) *rules.Edition {
	if ed := e.current.Load(); ed != nil && ed.Holds(now) {
		return ed
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if ed := e.current.Load(); ed != nil && ed.Holds(now) {
		return ed
	}
	ed := e.policy.At(now)
	e.current.Store(ed)
	return ed
}
