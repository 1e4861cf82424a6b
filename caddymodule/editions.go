package caddymodule

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// editions gives the edition in effect and makes the next one when a date
// changes an answer, or another policy takes its place. It implements
// exchange.Editions.
type editions struct {
	mu      sync.Mutex
	policy  *rules.Policy // guarded by mu
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

// Policy returns the policy in force.
func (e *editions) Policy() *rules.Policy {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.policy
}

// replace puts a policy in force. Requests go on with the edition that they began
// with.
func (e *editions) replace(policy *rules.Policy) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.policy = policy
	e.current.Store(nil)
}
