package exchange

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever requests do, the budget knows what they hold, what is idle is a part
// of it, and neither goes beyond its limit.
func TestMemoryAccounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(minPage, 4<<20).Draw(t, "limit")
		m := new(Memory)
		m.SetLimit(limit)
		var pages [][]byte
		var works []*work
		some := func() int { return rapid.IntRange(0, len(pages)-1).Draw(t, "which") }
		remove := func(i int) []byte {
			p := pages[i]
			pages[i] = pages[len(pages)-1]
			pages = pages[:len(pages)-1]
			return p
		}
		t.Repeat(map[string]func(*rapid.T){
			"page": func(t *rapid.T) {
				n := rapid.IntRange(1, 3<<20).Draw(t, "bytes")
				if p := m.page(n); p != nil {
					if cap(p) < n || len(p) != 0 {
						t.Fatalf("a page of %d for %d bytes", cap(p), n)
					}
					pages = append(pages, p)
				}
			},
			"grow": func(t *rapid.T) {
				if len(pages) == 0 {
					t.Skip("nothing to grow")
				}
				i, n := some(), rapid.IntRange(1, 1<<20).Draw(t, "bytes")
				if p := m.grow(pages[i], n, 2<<20); p != nil {
					if cap(p)-len(p) < n {
						t.Fatalf("no room for %d in %d", n, cap(p))
					}
					pages[i] = append(p, make([]byte, n)...)
				}
			},
			"put": func(t *rapid.T) {
				if len(pages) == 0 {
					t.Skip("nothing to put")
				}
				m.putPage(remove(some()))
			},
			"work": func(t *rapid.T) {
				b := newBuffers(m)
				b.work.people = append(b.work.people[:0], make([]person, rapid.IntRange(0, 4000).Draw(t, "people"))...)
				if b.settle() {
					works = append(works, b.work)
				} else {
					b.abandon()
				}
			},
			"put work": func(t *rapid.T) {
				if len(works) == 0 {
					t.Skip("nothing to put")
				}
				m.putWork(works[0])
				works = works[1:]
			},
			"": func(t *rapid.T) {
				var held int64
				for _, p := range pages {
					held += int64(cap(p))
				}
				for _, w := range works {
					held += w.charged
				}
				if m.used-m.idle != held {
					t.Fatalf("%d held, accounted as %d", held, m.used-m.idle)
				}
				if m.used > limit || m.idle > limit/idleShare {
					t.Fatalf("%d used and %d idle of %d", m.used, m.idle, limit)
				}
			},
		})
	})
}
