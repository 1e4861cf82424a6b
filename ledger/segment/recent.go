package segment

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/modicum-dev/modicum/ledger"
)

// DefaultRecent is how many bytes of lines to keep for a follower in the process
// that writes the log: most of a second of a busy gateway. With what was decoded
// they take about three times that. A follower that is further behind reads the
// files.
const DefaultRecent = 4 << 20

// recent is the newest durable entries of a log, without a gap, in a ring by
// sequence. The committer alone adds.
type recent struct {
	max int // bytes of lines; 0 keeps nothing

	mu          sync.Mutex
	slots       []recentEntry // see slot
	first, next uint64        // the sequences that are kept: from first to before next
	size        int           // bytes of lines
}

type recentEntry struct {
	ledger.Entry
	segment uint64 // the first record of its segment
}

const firstSlots = 256

// kept returns r with texts of its own. Those of a record can be parts of larger
// ones, such as a header of the request, which must not be kept with it: then the
// bytes of the lines would bound nothing.
func kept(r *ledger.Record) *ledger.Record {
	own := new(struct {
		ledger.Record
		disclosure ledger.Disclosure
	})
	own.Record, own.Uses = *r, nil
	if r.Disclosure == nil {
		return &own.Record
	}
	d := &own.disclosure
	*d, own.Disclosure = *r.Disclosure, d
	texts := [...]*string{
		&d.ID, &d.Recipient, &d.Auth.Method, &d.Auth.Client, &d.Purpose, &d.Ref, &d.Policy, &d.State.Store, &d.State.Head,
		&d.Resource.API, &d.Resource.Name, &d.Resource.Route, &d.Resource.Method, (*string)(&d.Outcome), &d.Reason, &d.Cause,
		&d.RefPeriod, &d.Order, &d.Trace, &d.Of, &d.RecipientFact, &d.PolicyFact,
	}
	size := 0
	for _, t := range texts {
		size += len(*t)
	}
	var all strings.Builder
	all.Grow(size)
	for _, t := range texts {
		all.WriteString(*t)
	}
	rest := all.String()
	for _, t := range texts {
		*t, rest = rest[:len(*t)], rest[len(*t):]
	}
	d.Auth.Actors = slices.Clone(d.Auth.Actors)
	for i, actor := range d.Auth.Actors {
		d.Auth.Actors[i] = strings.Clone(actor)
	}
	d.Counts.DefectsBy, d.Counts.UnresolvedBy = ownNames(d.Counts.DefectsBy), ownNames(d.Counts.UnresolvedBy)
	return &own.Record
}

func ownNames(by map[string]int) map[string]int {
	if by == nil {
		return nil
	}
	own := make(map[string]int, len(by))
	for name, n := range by {
		own[strings.Clone(name)] = n
	}
	return own
}

// add keeps a batch that became durable, whose lines are in buf, each with its
// newline. What is older goes where there is no room; a batch that has none at
// all is not kept.
func (r *recent) add(batch []recentEntry, buf []byte) {
	if r.max == 0 || len(batch) == 0 {
		return
	}
	begin := batch[0].Seq
	r.mu.Lock()
	defer r.mu.Unlock()
	fits := len(buf) <= r.max
	for r.first < r.next && (!fits || r.size+len(buf) > r.max) {
		r.drop()
	}
	if r.first == r.next {
		r.first, r.next = begin, begin
	}
	if !fits {
		return
	}
	// One copy for all. Entries go in order, so the lines that are gone are
	// kept no longer than the rest of their batch.
	lines := bytes.Clone(buf)
	for _, e := range batch {
		n := len(e.Line)
		e.Line, lines = lines[:n:n], lines[n+1:]
		if r.next-r.first == uint64(len(r.slots)) {
			r.grow()
		}
		*r.slot(r.next) = e
		r.next++
		r.size += n
	}
}

func (r *recent) slot(seq uint64) *recentEntry { return &r.slots[seq%uint64(len(r.slots))] }

func (r *recent) drop() {
	s := r.slot(r.first)
	r.size -= len(s.Line)
	*s = recentEntry{}
	r.first++
}

func (r *recent) grow() {
	old := r.slots
	r.slots = make([]recentEntry, max(firstSlots, 2*len(old)))
	for seq := r.first; seq < r.next; seq++ {
		*r.slot(seq) = old[seq%uint64(len(old))]
	}
}

func (r *recent) get(seq uint64) (recentEntry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq < r.first || seq >= r.next {
		return recentEntry{}, false
	}
	return *r.slot(seq), true
}

// Recent implements [ledger.Recent].
func (l *Log) Recent(seq uint64) (e ledger.Entry, segment uint64, ok bool) {
	r, ok := l.recent.get(seq)
	return r.Entry, r.segment, ok
}
