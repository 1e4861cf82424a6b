package exchange

import (
	"reflect"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// buffers are what a request holds of the memory budget. What it leaves in them it
// never sees again: they are used for other requests.
type buffers struct {
	memory *Memory
	body   []byte // a page; nil before the upstream is asked
	out    []byte // a page; nil before something is emitted
	work   *work  // nil once the answer is on its way
}

// work is what is found in a body and decided about it.
type work struct {
	doc     redact.Document
	keys    []rules.Key
	states  []*rules.State
	people  []person
	actions []*rules.Actions
	tallies []tally

	charged int64
}

// size is the number of bytes that the work holds.
func (w *work) size() int64 { return int64(w.doc.Size()) + personSize*int64(cap(w.people)) }

// personSize is what one subject takes in people, keys, states and actions.
var personSize = int64(reflect.TypeFor[person]().Size() + reflect.TypeFor[rules.Key]().Size() +
	reflect.TypeFor[*rules.State]().Size() + reflect.TypeFor[*rules.Actions]().Size())

// forget lets go of everything that the work knows of a body.
func (w *work) forget() {
	w.doc.Reset()
	clear(w.states)
	clear(w.people)
	clear(w.actions)
	clear(w.tallies)
	w.tallies = w.tallies[:0]
}

var _ redact.Budget = (*buffers)(nil)

func newBuffers(m *Memory) *buffers { return &buffers{memory: m, work: m.work()} }

// settle charges what the work has come to. It reports false when the budget has
// no room for it; then it is given up with the request.
func (b *buffers) settle() bool {
	size := b.work.size()
	if size == b.work.charged {
		return true
	}
	if size > b.work.charged && !b.memory.take(size-b.work.charged) {
		return false
	}
	if size < b.work.charged {
		b.memory.give(b.work.charged - size)
	}
	b.work.charged = size
	return true
}

// Take charges what the work is about to grow by. It implements [redact.Budget].
func (b *buffers) Take(n int) bool {
	if !b.memory.take(int64(n)) {
		return false
	}
	b.work.charged += int64(n)
	return true
}

// begin gets a page for the beginning of a body.
func (b *buffers) begin() bool {
	b.body = b.memory.page(minPage)
	return b.body != nil
}

// reserve gets a page for what is going to be emitted.
func (b *buffers) reserve(n int) bool {
	b.memory.putPage(b.out)
	b.out = b.memory.page(n)
	return b.out != nil
}

// emitted takes over what was appended to the reserved page. It may have grown
// out of it: tokens are longer than what they stand for.
func (b *buffers) emitted(out []byte) bool {
	grown := int64(cap(out) - cap(b.out))
	if grown != 0 && !b.memory.take(grown) {
		return false
	}
	b.out = out
	return true
}

// fit moves what was emitted to a page of its size if its page is mostly empty: that
// has the size of the body, and most of a body may be withheld. Where there is no
// room for another page it stays.
func (b *buffers) fit() {
	if cap(b.out) == minPage || len(b.out) > cap(b.out)/4 {
		return
	}
	page := b.memory.page(len(b.out))
	if page == nil {
		return
	}
	page = append(page, b.out...)
	b.memory.putPage(b.out)
	b.out = page
}

// inspected gives back everything but what is about to leave.
func (b *buffers) inspected() {
	b.memory.putPage(b.body)
	b.body = nil
	if b.work != nil {
		b.memory.putWork(b.work)
		b.work = nil
	}
}

// release gives everything back.
func (b *buffers) release() {
	b.inspected()
	b.memory.putPage(b.out)
	b.out = nil
}

// abandon gives the charge back and leaves the memory to whoever may still hold
// on to it.
func (b *buffers) abandon() {
	held := int64(cap(b.body)) + int64(cap(b.out))
	if b.work != nil {
		held += b.work.charged
	}
	if held == 0 {
		return
	}
	b.memory.give(held)
	*b = buffers{memory: b.memory}
}
