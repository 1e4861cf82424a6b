package exchange

import (
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Volumes counts what recipients read, for the limits of their contracts that one
// request cannot decide (R7b): distinct subjects in an hour, a day and a month, and the
// part of an hour's requests that found nothing. [Counter] counts in one process.
// Implementations are called by many goroutines at once.
//
// A limit is checked before anything is released, and a subject counts only when it
// was: Reserve takes the room of an answer, and Settle says what became of it.
type Volumes interface {
	// Full returns for how long a limit leaves room for nobody, or too much was not
	// found. Zero: ask on.
	Full(u Use, now time.Time) time.Duration
	// Reserve takes room for the subjects of one answer, for all or for none. It
	// returns zero if it did, else how long it takes until there may be room; then
	// nothing is to be settled. A subject may stand there twice.
	Reserve(u Use, subjects []rules.Key, now time.Time) time.Duration
	// Settle ends a reservation: its subjects were read, or not.
	Settle(u Use, subjects []rules.Key, read bool)
	// Answered counts one request of which the caller learns whether there is what
	// it asked for.
	Answered(u Use, found bool, now time.Time)
}

// Use is what is limited: a purpose of a recipient's contract.
type Use struct {
	Recipient, Purpose string
	Limits             *rules.Limits
}

// counted reports whether any limit needs counting.
func (u *Use) counted() bool {
	return u.readsCounted() || u.Limits != nil && u.Limits.NotFoundPercent > 0
}

func (u *Use) readsCounted() bool {
	return u.Limits != nil && (u.Limits.SubjectsPerHour > 0 || u.Limits.SubjectsPerDay > 0 || u.Limits.SubjectsPerMonth > 0)
}

func (g *Gateway) volumes() Volumes {
	if g.Volumes != nil {
		return g.Volumes
	}
	return &g.counter
}

// use is what the request counts as.
func (q *request) use() Use {
	return Use{Recipient: q.plan.Recipient().Name.Value, Purpose: q.plan.Purpose().Name, Limits: q.plan.Limits()}
}

// full refuses a request before the upstream is asked, while a limit is used up.
func (q *request) full() rules.Reason {
	u := q.use()
	if !u.counted() {
		return rules.ReasonNone
	}
	q.retry = q.g.volumes().Full(u, q.g.Clock())
	return exceeded(q.retry)
}

// reserve takes the room that the subjects of the answer need. A limit for one answer
// has no time after which it would not hold.
func (q *request) reserve() rules.Reason {
	l := q.plan.Limits()
	if l == nil {
		return rules.ReasonNone
	}
	for i := range q.people {
		if q.buffers.work.doc.Released(i) {
			q.read = append(q.read, q.people[i].key)
		}
	}
	if most := l.SubjectsPerResponse; most > 0 && len(q.read) > most && distinct(q.read) > most {
		return rules.VolumeExceeded
	}
	u := q.use()
	if !u.readsCounted() || len(q.read) == 0 {
		return rules.ReasonNone
	}
	q.retry = q.g.volumes().Reserve(u, q.read, q.g.Clock())
	q.reserved = q.retry == 0
	return exceeded(q.retry)
}

// settle ends the reservation, if there is one.
func (q *request) settle(read bool) {
	if q.reserved {
		q.reserved = false
		q.g.volumes().Settle(q.use(), q.read, read)
	}
}

// answered counts a request by what its caller learns.
func (q *request) answered(reason rules.Reason) {
	if q.plan == nil || !q.asked || reason != rules.ReasonNone && reason != rules.NotFound {
		return
	}
	if u := q.use(); u.Limits != nil && u.Limits.NotFoundPercent > 0 {
		q.g.volumes().Answered(u, reason == rules.ReasonNone, q.g.Clock())
	}
}

func exceeded(wait time.Duration) rules.Reason {
	if wait > 0 {
		return rules.VolumeExceeded
	}
	return rules.ReasonNone
}

func distinct(keys []rules.Key) int {
	seen := make(map[rules.Key]struct{}, len(keys))
	for _, k := range keys {
		seen[k] = struct{}{}
	}
	return len(seen)
}
