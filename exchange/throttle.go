package exchange

import (
	"sync"
	"time"
)

// throttleInterval is how often the operator is told the same thing that goes
// wrong for every request, such as a full disk. All of them are counted and, where
// there is a ledger, on record.
const throttleInterval = time.Second

// throttle lets the first of many equal messages through, and then one in each
// interval. The zero value is ready.
type throttle struct {
	mu   sync.Mutex
	told map[string]*told // by message and by defect; a policy bounds those
}

type told struct {
	last    time.Time
	skipped int
}

// pass reports whether a message that stands for n events is to be told now, as it is
// once in an interval, and how many were not since the last one.
func (t *throttle) pass(message string, n int, interval time.Duration, now time.Time) (skipped int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.told[message]
	if m == nil {
		if t.told == nil {
			t.told = make(map[string]*told)
		}
		t.told[message] = &told{last: now}
		return 0, true
	}
	// A clock that went back must not silence anything.
	if passed := now.Sub(m.last); passed >= 0 && passed < interval {
		m.skipped += n
		return 0, false
	}
	skipped, m.skipped, m.last = m.skipped, 0, now
	return skipped, true
}
