package exchange_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
)

// midnight is the beginning of a day, at which every part of every window begins.
var midnight = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func keyOf(n int) (k rules.Key) {
	binary.BigEndian.PutUint64(k[:], uint64(n)) //nolint:gosec // small
	return k
}

func keysOf(from, n int) []rules.Key {
	var out []rules.Key
	for i := range n {
		out = append(out, keyOf(from+i))
	}
	return out
}

// counts is a counter with one use.
type counts struct {
	exchange.Counter
	use exchange.Use
}

func newCounts(l rules.Limits) *counts {
	return &counts{use: exchange.Use{Recipient: "r", Purpose: "p", Limits: &l}}
}

// read reserves and releases.
func (c *counts) read(at time.Time, keys ...rules.Key) time.Duration {
	wait := c.Reserve(c.use, keys, at)
	if wait == 0 {
		c.Settle(c.use, keys, true)
	}
	return wait
}

// Each window has room for as many different subjects as its limit says, for all of an
// answer or for none, and again when it has passed.
func TestWindowsSlide(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits rules.Limits
		after  time.Duration // counts until then
	}{
		"hour":  {rules.Limits{SubjectsPerHour: 10}, 65 * time.Minute},
		"day":   {rules.Limits{SubjectsPerDay: 10}, 25 * time.Hour},
		"month": {rules.Limits{SubjectsPerMonth: 10}, 32 * 24 * time.Hour},
		"all":   {rules.Limits{SubjectsPerHour: 10, SubjectsPerDay: 10, SubjectsPerMonth: 10}, 32 * 24 * time.Hour},
	} {
		v := newCounts(c.limits)
		if wait := v.read(midnight, keysOf(0, 8)...); wait != 0 || v.Full(v.use, midnight) != 0 {
			t.Errorf("%s: eight of ten: %v", name, wait)
		}
		if wait := v.read(midnight, keysOf(8, 3)...); wait != c.after {
			t.Errorf("%s: three more wait %v, want %v", name, wait, c.after)
		}
		if wait := v.read(midnight, keysOf(8, 2)...); wait != 0 {
			t.Errorf("%s: two more: %v", name, wait)
		}
		if wait := v.Full(v.use, midnight); wait != c.after {
			t.Errorf("%s: full for %v", name, wait)
		}
		if wait := v.read(midnight, keysOf(0, 10)...); wait != 0 {
			t.Errorf("%s: the same ten again: %v", name, wait)
		}
		if wait := v.read(midnight.Add(c.after-time.Second), keyOf(99)); wait != time.Second {
			t.Errorf("%s: a second before: %v", name, wait)
		}
		if wait := v.read(midnight.Add(c.after), keysOf(100, 10)...); wait != 0 {
			t.Errorf("%s: when it has passed: %v", name, wait)
		}
	}
}

// Who reads somebody again has read that person now.
func TestReadingAgainCountsFromThen(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 1})
	if v.read(midnight, keyOf(1)) != 0 || v.read(midnight.Add(30*time.Minute), keyOf(1)) != 0 {
		t.Fatal("one subject is too many")
	}
	if wait := v.read(midnight.Add(70*time.Minute), keyOf(2)); wait != 25*time.Minute {
		t.Errorf("wait %v", wait)
	}
}

// What was reserved and not released is as if it had never been asked for, also when
// another answer with the same subjects was released meanwhile.
func TestOnlyReleasedCounts(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerDay: 2})
	for range 3 {
		if v.Reserve(v.use, keysOf(1, 2), midnight) != 0 {
			t.Fatal("no room")
		}
		if v.Full(v.use, midnight) == 0 {
			t.Error("what is reserved may be reserved twice")
		}
		v.Settle(v.use, keysOf(1, 2), false)
	}
	v.read(midnight, keyOf(1))
	later := midnight.Add(10 * time.Hour)
	if v.Reserve(v.use, keysOf(1, 2), later) != 0 || v.Reserve(v.use, keysOf(1, 1), later) != 0 {
		t.Fatal("no room")
	}
	v.Settle(v.use, keysOf(1, 2), false)
	if v.read(later, keyOf(3)) != 0 {
		t.Error("a subject that was not released counts")
	}
	v.Settle(v.use, keysOf(1, 1), true)
	if wait := v.read(midnight.Add(26*time.Hour), keysOf(4, 2)...); wait != 9*time.Hour {
		t.Errorf("the release at ten counts for %v more", wait)
	}
	// The other way round it is the same.
	w := newCounts(rules.Limits{SubjectsPerHour: 1})
	for range 2 {
		if w.Reserve(w.use, keysOf(1, 1), midnight) != 0 {
			t.Fatal("no room")
		}
	}
	w.Settle(w.use, keysOf(1, 1), true)
	w.Settle(w.use, keysOf(1, 1), false)
	if w.Full(w.use, midnight) == 0 {
		t.Error("what was released does not count, as another answer was not")
	}
	v.Settle(v.use, keysOf(7, 1), true) // of nothing that was reserved
	if v.Full(v.use, midnight.Add(26*time.Hour)) == 0 {
		t.Error("two subjects are read, and there is room")
	}
}

// More than a limit at once will never have room.
func TestMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 2})
	if wait := v.read(midnight, keysOf(1, 3)...); wait != 65*time.Minute || v.read(midnight, keysOf(1, 2)...) != 0 {
		t.Errorf("wait %v", wait)
	}
	if wait := v.read(midnight, append(keysOf(1, 2), keysOf(1, 2)...)...); wait != 0 {
		t.Errorf("each of two subjects twice: %v", wait)
	}
}

// Recipients and purposes do not use up each other's limits.
func TestUsesAreApart(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 1})
	v.read(midnight, keyOf(1))
	for _, other := range []exchange.Use{{Recipient: "r", Purpose: "q", Limits: v.use.Limits}, {Recipient: "rp", Purpose: "", Limits: v.use.Limits}} {
		if v.Full(other, midnight) != 0 || v.Reserve(other, keysOf(2, 1), midnight) != 0 {
			t.Errorf("%+v is full", other)
		}
	}
}

// The part that found nothing is judged from the twentieth request of the hour on.
func TestNotFoundRate(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{NotFoundPercent: 50})
	answer := func(at time.Time, found bool, n int) {
		for range n {
			v.Answered(v.use, found, at)
		}
	}
	answer(midnight, false, 19)
	if wait := v.Full(v.use, midnight); wait != 0 {
		t.Errorf("19 requests wait %v", wait)
	}
	answer(midnight, true, 1)
	if wait := v.Full(v.use, midnight); wait != 65*time.Minute {
		t.Errorf("19 of 20 not found: %v", wait)
	}
	answer(midnight.Add(30*time.Minute), true, 18)
	if wait := v.Full(v.use, midnight.Add(30*time.Minute)); wait != 0 {
		t.Errorf("19 of 38 are half of them: %v", wait)
	}
	answer(midnight.Add(30*time.Minute), false, 1)
	if wait := v.Full(v.use, midnight.Add(30*time.Minute)); wait != 35*time.Minute {
		t.Errorf("20 of 39 not found: %v", wait)
	}
	if wait := v.Full(v.use, midnight.Add(65*time.Minute)); wait != 0 {
		t.Errorf("an hour later: %v", wait)
	}
}

// Memory is bounded: what could not be counted is not released, until something has left
// its window, of whatever recipient.
func TestCounterIsBounded(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 1000})
	v.Max = 100
	other := exchange.Use{Recipient: "other", Purpose: "p", Limits: v.use.Limits}
	if v.Reserve(other, keysOf(0, 60), midnight) != 0 {
		t.Fatal("no room")
	}
	v.Settle(other, keysOf(0, 60), true)
	for range 3 {
		if v.Reserve(v.use, keysOf(200, 40), midnight) != 0 {
			t.Error("what was not released takes room")
		}
		v.Settle(v.use, keysOf(200, 40), false)
	}
	for range 2 {
		if v.read(midnight, keysOf(0, 40)...) != 0 {
			t.Error("40 of 100 have no room beside 60")
		}
	}
	if v.read(midnight, keyOf(99)) == 0 {
		t.Error("there is room for 101 of 100")
	}
	if v.read(midnight.Add(65*time.Minute), keysOf(100, 100)...) != 0 {
		t.Error("what has left its window takes room")
	}
}

// A clock that went back neither empties a window nor closes it until the clock is there
// again; a moment is no step back.
func TestClockThatWentBack(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 2, NotFoundPercent: 10})
	year := midnight.AddDate(1, 0, 0)
	v.read(year, keysOf(1, 2)...)
	for range 20 {
		v.Answered(v.use, false, year)
	}
	if v.Full(v.use, year.Add(-time.Second)) == 0 || v.Full(v.use, year) != 65*time.Minute {
		t.Error("a moment is a step back")
	}
	if v.Full(v.use, midnight) != 65*time.Minute {
		t.Error("the windows are empty")
	}
	if wait := v.Full(v.use, midnight.Add(65*time.Minute)); wait != 0 || v.read(midnight.Add(65*time.Minute), keysOf(3, 2)...) != 0 {
		t.Errorf("full for %v more", wait)
	}
}

// The counter says what a list of all that was read says.
func TestCounterAgainstAList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type read struct {
			key rules.Key
			at  time.Time
		}
		var log []read
		l := rules.Limits{SubjectsPerHour: rapid.IntRange(0, 6).Draw(t, "hour"), SubjectsPerDay: rapid.IntRange(0, 9).Draw(t, "day"), SubjectsPerMonth: rapid.IntRange(0, 12).Draw(t, "month")}
		v, now := newCounts(l), midnight
		exceeds := func(keys []rules.Key) bool {
			for limit, w := range map[*int]struct{ part, parts int64 }{&l.SubjectsPerHour: {300, 12}, &l.SubjectsPerDay: {3600, 24}, &l.SubjectsPerMonth: {86400, 31}} {
				seen := make(map[rules.Key]bool)
				for _, k := range keys {
					seen[k] = true
				}
				fresh := 0
				for _, r := range log {
					if r.at.Unix()/w.part >= now.Unix()/w.part-w.parts {
						seen[r.key] = false
					}
				}
				for _, f := range seen {
					if f {
						fresh++
					}
				}
				if *limit > 0 && fresh > 0 && len(seen) > *limit {
					return true
				}
			}
			return false
		}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 61, 301, 1800, 3600, 20000, 86400, 900000}).Draw(t, "later")) * time.Second)
			var keys []rules.Key
			for range rapid.IntRange(1, 4).Draw(t, "subjects") {
				keys = append(keys, keyOf(rapid.IntRange(0, 15).Draw(t, "subject")))
			}
			want := exceeds(keys)
			wait := v.Reserve(v.use, keys, now)
			if (wait > 0) != want {
				t.Fatalf("step %d: wait %v, the list says %v", step, wait, want)
			}
			if want {
				continue
			}
			released := rapid.Bool().Draw(t, "released")
			v.Settle(v.use, keys, released)
			if released {
				for _, k := range keys {
					log = append(log, read{k, now})
				}
			}
		}
	})
}

func TestCounterIsSafeForManyRequests(t *testing.T) {
	t.Parallel()
	v := newCounts(rules.Limits{SubjectsPerHour: 50})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var got []rules.Key
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				k := keyOf(worker*100 + i)
				if v.read(midnight, k) == 0 {
					mu.Lock()
					got = append(got, k)
					mu.Unlock()
				}
				v.Full(v.use, midnight)
				v.Answered(v.use, true, midnight)
			}
		})
	}
	wg.Wait()
	slices.SortFunc(got, func(a, b rules.Key) int { return slices.Compare(a[:], b[:]) })
	if n := len(slices.Compact(got)); n != 50 {
		t.Error(fmt.Sprint(n), "subjects were read of 50")
	}
}
