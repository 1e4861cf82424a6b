package exchange

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxCounted is how many subjects a [Counter] remembers for all recipients and
// purposes together, at about 60 bytes each. A limit that would need more counts as
// used up: nothing is released that could not be counted.
const DefaultMaxCounted = 1 << 20

// leastAnswered is how many requests of an hour must be known before the part of them
// that found nothing says anything.
const leastAnswered = 20

// Counter counts in memory, and begins anew with its process. The zero value is ready.
//
// Its windows slide by parts, and the part that has begun counts as a whole one: of
// an hour by 5 minutes, so that what was read counts for 60 to 65 minutes. A window is
// never shorter than the contract has it.
type Counter struct {
	Max int // subjects that are remembered; zero: DefaultMaxCounted

	mu      sync.Mutex
	uses    map[useKey]*usage // their number is bounded by the policies
	counted int               // subjects, of all uses
	swept   int64             // tick in which all uses were last looked through
}

type useKey struct{ recipient, purpose string }

// tick is the finest part of a window.
const tick = 5 * time.Minute

// window is a time over which distinct subjects are counted.
type window struct {
	part  int64 // in ticks
	parts int64 // beside the one that has begun
}

const (
	hourly = iota
	daily
	monthly
	windowCount
)

// windows are the windows of the limits. A month has 31 days.
var windows = [windowCount]window{
	hourly:  {part: 1, parts: 12},
	daily:   {part: 12, parts: 24},
	monthly: {part: 12 * 24, parts: 31},
}

// first returns the first part that counts at a tick.
func (w window) first(now int64) int64 { return now/w.part - w.parts }

// leaves returns how long it takes until a part counts no more.
func (w window) leaves(part int64, now time.Time) time.Duration {
	return time.Unix((part+w.parts+1)*w.part*int64(tick/time.Second), 0).Sub(now)
}

func ticks(t time.Time) int64 { return t.Unix() / int64(tick/time.Second) }

func limits(l *rules.Limits) [windowCount]int {
	return [windowCount]int{hourly: l.SubjectsPerHour, daily: l.SubjectsPerDay, monthly: l.SubjectsPerMonth}
}

// usage is what is known of one recipient and purpose.
type usage struct {
	longest window // that is limited
	latest  int64  // tick
	seen    map[rules.Key]reading
	reads   [windowCount]map[int64]int // subjects by the part in which they were last read
	asked   map[int64]answers          // by tick
}

// reading is when a subject was last read.
type reading struct {
	last, before int64 // ticks; before is what last was when it was first reserved
	held         int32 // answers that have reserved it and are not settled
	read         bool  // one of those was released
}

type answers struct{ all, missing int }

var _ Volumes = (*Counter)(nil)

// Full implements [Volumes].
func (c *Counter) Full(u Use, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.usage(u)
	c.slide(s, ticks(now))
	wait := s.missing(u.Limits.NotFoundPercent, now)
	for w, limit := range limits(u.Limits) {
		wait = max(wait, s.wait(w, limit, 1, now))
	}
	return wait
}

// Reserve implements [Volumes].
func (c *Counter) Reserve(u Use, subjects []rules.Key, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.usage(u)
	c.slide(s, ticks(now))
	at := s.latest
	fresh, unknown := s.fresh(subjects)
	var wait time.Duration
	for w, limit := range limits(u.Limits) {
		wait = max(wait, s.wait(w, limit, fresh[w], now))
	}
	if wait > 0 {
		return wait
	}
	if !c.room(unknown, s.latest) {
		return tick
	}
	for _, k := range subjects {
		r, known := s.seen[k]
		if r.held == 0 {
			r.before, r.read = r.last, false
		}
		if known {
			s.count(r.last, -1)
		}
		r.last, r.held = at, r.held+1
		s.count(at, 1)
		s.seen[k] = r
	}
	return 0
}

// Settle implements [Volumes].
func (c *Counter) Settle(u Use, subjects []rules.Key, read bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.usage(u)
	for _, k := range subjects {
		r, known := s.seen[k]
		if !known || r.held == 0 {
			continue
		}
		r.held--
		r.read = r.read || read
		if r.held == 0 && !r.read { // it was as before
			s.count(r.last, -1)
			if r.last = r.before; r.last == 0 {
				delete(s.seen, k)
				c.counted--
				continue
			}
			s.count(r.last, 1)
		}
		s.seen[k] = r
	}
}

// Answered implements [Volumes].
func (c *Counter) Answered(u Use, found bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.usage(u)
	c.slide(s, ticks(now))
	a := s.asked[s.latest]
	a.all++
	if !found {
		a.missing++
	}
	s.asked[s.latest] = a
}

// usage returns what is known of a use.
func (c *Counter) usage(u Use) *usage {
	k := useKey{u.Recipient, u.Purpose}
	s := c.uses[k]
	if s == nil {
		s = &usage{seen: make(map[rules.Key]reading), asked: make(map[int64]answers)}
		for w := range s.reads {
			s.reads[w] = make(map[int64]int)
		}
		if c.uses == nil {
			c.uses = make(map[useKey]*usage)
		}
		c.uses[k] = s
	}
	s.longest = windows[hourly]
	for w, limit := range limits(u.Limits) {
		if limit > 0 {
			s.longest = windows[w]
		}
	}
	return s
}

// room takes room for n subjects more. What is in no window any more makes room, of
// uses that nobody has asked for since, too.
func (c *Counter) room(n int, at int64) bool {
	most := DefaultMaxCounted
	if c.Max > 0 {
		most = c.Max
	}
	if c.counted+n > most && c.swept != at {
		c.swept = at
		for _, s := range c.uses {
			c.forget(s, at)
		}
	}
	if c.counted+n > most {
		return false
	}
	c.counted += n
	return true
}

// slide moves the windows on. What is in none any more is looked for once in a part of
// the longest one that is limited, so that it costs little.
func (c *Counter) slide(s *usage, at int64) {
	before := s.latest
	// A request that began before another one is no clock that went back.
	if at == before || at == before-1 {
		return
	}
	s.latest = at
	if at < before {
		c.back(s, at)
	}
	first := windows[hourly].first(at)
	maps.DeleteFunc(s.asked, func(part int64, _ answers) bool { return part < first })
	if at/s.longest.part != before/s.longest.part {
		c.forget(s, at)
	}
}

// back is for a clock that went back. What lies ahead counts from now on: it is neither
// forgotten nor does it count until the clock is there again.
func (c *Counter) back(s *usage, at int64) {
	for k, r := range s.seen {
		if r.last > at {
			s.count(r.last, -1)
			s.count(at, 1)
			r.last, r.before = at, min(r.before, at)
			s.seen[k] = r
		}
	}
	for part, a := range s.asked {
		if part > at {
			delete(s.asked, part)
			now := s.asked[at]
			s.asked[at] = answers{now.all + a.all, now.missing + a.missing}
		}
	}
}

// forget drops the subjects that are in no window any more.
func (c *Counter) forget(s *usage, at int64) {
	for k, r := range s.seen {
		if r.held == 0 && r.last/s.longest.part < s.longest.first(at) {
			s.count(r.last, -1)
			delete(s.seen, k)
			c.counted--
		}
	}
}

// count adds to the parts of all windows that a tick is in.
func (s *usage) count(at int64, n int) {
	for w := range s.reads {
		part := at / windows[w].part
		if s.reads[w][part] += n; s.reads[w][part] == 0 {
			delete(s.reads[w], part)
		}
	}
}

// fresh returns how many distinct subjects each window does not count yet, and how many
// are not remembered at all.
func (s *usage) fresh(subjects []rules.Key) (fresh [windowCount]int, unknown int) {
	twice := make(map[rules.Key]struct{}, len(subjects))
	for _, k := range subjects {
		if _, ok := twice[k]; ok {
			continue
		}
		twice[k] = struct{}{}
		r, known := s.seen[k]
		if !known {
			unknown++
		}
		for w := range fresh {
			if !known || r.last/windows[w].part < windows[w].first(s.latest) {
				fresh[w]++
			}
		}
	}
	return fresh, unknown
}

// wait returns how long it takes until a window has room for more subjects; zero: it
// has. Where it never will, that is the length of the window.
func (s *usage) wait(w, limit, more int, now time.Time) time.Duration {
	if limit == 0 || more == 0 {
		return 0
	}
	first, total := windows[w].first(s.latest), 0
	for part, n := range s.reads[w] {
		if part >= first {
			total += n
		}
	}
	if total+more <= limit {
		return 0
	}
	for _, part := range slices.Sorted(maps.Keys(s.reads[w])) {
		if part < first {
			continue
		}
		if total -= s.reads[w][part]; total+more <= limit {
			return windows[w].leaves(part, now)
		}
	}
	return windows[w].leaves(s.latest/windows[w].part, now)
}

// missing returns how long it takes until few enough of the hour's requests have found
// nothing; zero: they are.
func (s *usage) missing(percent int, now time.Time) time.Duration {
	if percent == 0 {
		return 0
	}
	var sum answers
	for _, a := range s.asked {
		sum.all, sum.missing = sum.all+a.all, sum.missing+a.missing
	}
	tooMany := func() bool { return sum.all >= leastAnswered && sum.missing*100 > percent*sum.all }
	var wait time.Duration
	for _, part := range slices.Sorted(maps.Keys(s.asked)) {
		if !tooMany() {
			break
		}
		a := s.asked[part]
		sum.all, sum.missing = sum.all-a.all, sum.missing-a.missing
		wait = windows[hourly].leaves(part, now)
	}
	return wait
}
