package exchange

import (
	"math/bits"
	"sync"
)

// DefaultMaxMemory is how many bytes all answers that are being inspected or sent
// may take together. Beyond it a request is refused with 503 and Retry-After
// before its upstream is asked, or as soon as its answer turns out to need more.
const DefaultMaxMemory = 256 << 20

// minMemory is how many bodies of the greatest size a budget must hold: what came
// from upstream, what was found in it, and what leaves, with room to grow.
const minMemory = 4

// MinMemory returns the least budget that a body of maxBody bytes fits into.
func MinMemory(maxBody int) int64 { return minMemory * int64(maxBody) }

// Memory is the budget of everything that answers are held in, for all gateways
// of a process. What waits in it to be used again is part of the budget and is
// given up when the room is needed. The zero value has the default limit and is
// ready.
//
// What a request holds besides (its headers, the record of its subjects) is
// proportional to that and not counted.
type Memory struct {
	mu    sync.Mutex
	limit int64 // zero: DefaultMaxMemory
	used  int64 // by requests, and idle
	idle  int64
	pages [pageClasses][][]byte
	works []*work
}

// Pages have the sizes of powers of two, from 4 KiB to 4 MiB, so that a short
// answer never holds the memory of a long one. Larger ones are made as they are
// needed and not kept.
const (
	minPage     = 4 << 10
	pageClasses = 11
	// maxWork is the size beyond which a work is not kept.
	maxWork = 4 << 20
	// idleShare of the limit may wait to be used again.
	idleShare = 4
)

// SetLimit sets how many bytes may be held. Nobody loses what they hold.
func (m *Memory) SetLimit(limit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = limit
}

// Held returns how many bytes requests hold at present, and the limit.
func (m *Memory) Held() (held, limit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used - m.idle, m.max()
}

func (m *Memory) max() int64 {
	if m.limit > 0 {
		return m.limit
	}
	return DefaultMaxMemory
}

// take charges n bytes. What is idle makes room.
func (m *Memory) take(n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.charge(n)
}

// charge is take with mu held.
func (m *Memory) charge(n int64) bool {
	if m.used+n > m.max() && m.idle > 0 {
		m.used, m.idle = m.used-m.idle, 0
		m.pages, m.works = [pageClasses][][]byte{}, nil
	}
	if m.used+n > m.max() {
		return false
	}
	m.used += n
	return true
}

// give takes a charge back.
func (m *Memory) give(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= n
}

// page returns an empty slice with room for n bytes; nil if there is none.
func (m *Memory) page(n int) []byte {
	class := pageClass(n)
	m.mu.Lock()
	if class < pageClasses {
		if page := pop(&m.pages[class]); page != nil {
			m.idle -= int64(cap(page))
			m.mu.Unlock()
			return page
		}
		n = minPage << class
	}
	ok := m.charge(int64(n))
	m.mu.Unlock()
	if !ok {
		return nil
	}
	return make([]byte, 0, n)
}

// grow moves b to a page with room for n bytes more, and for no more than most
// bytes unless it must; nil if there is none, and then b is as it was.
func (m *Memory) grow(b []byte, n, most int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	bigger := m.page(max(len(b)+n, min(2*cap(b), most)))
	if bigger == nil {
		return nil
	}
	bigger = append(bigger, b...)
	m.putPage(b)
	return bigger
}

// putPage gives a page back. Nobody may use it any more.
func (m *Memory) putPage(page []byte) {
	if cap(page) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	class := pageClass(cap(page))
	// One that append has made has a size of its own.
	if class < pageClasses && cap(page) == minPage<<class && m.keep(int64(cap(page))) {
		m.pages[class] = append(m.pages[class], page[:0])
		return
	}
	m.used -= int64(cap(page))
}

// work returns what a document is opened with, charged with its present size.
func (m *Memory) work() *work {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := pop(&m.works); w != nil {
		m.idle -= w.charged
		return w
	}
	return new(work)
}

// putWork gives a work back. One that has grown beyond its charge, as that of a
// body that was refused may have, is not kept: nobody has paid for it, and whoever
// got it next would have to.
func (m *Memory) putWork(w *work) {
	w.forget()
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.charged == w.size() && w.charged <= maxWork && m.keep(w.charged) {
		m.works = append(m.works, w)
		return
	}
	m.used -= w.charged
}

// keep reports whether n bytes in use may become idle, and if so makes them.
func (m *Memory) keep(n int64) bool {
	if m.idle+n > m.max()/idleShare || m.used > m.max() {
		return false
	}
	m.idle += n
	return true
}

// pageClass returns the class of a page with room for n bytes.
func pageClass(n int) int {
	if n <= minPage {
		return 0
	}
	return bits.Len(uint(n-1)) - bits.Len(uint(minPage-1))
}

// pop takes the last element of a stack: the one used most recently.
func pop[T any](stack *[]T) (last T) {
	n := len(*stack)
	if n == 0 {
		return last
	}
	var none T
	last, (*stack)[n-1] = (*stack)[n-1], none
	*stack = (*stack)[:n-1]
	return last
}
