package exchange

import (
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// buffers are reused between requests. What a request leaves in them it never
// sees again: each use begins by cutting them to no length.
type buffers struct {
	doc     redact.Document
	body    []byte
	out     []byte
	keys    []rules.Key
	states  []*rules.State
	people  []person
	actions []*rules.Actions
}

// maxPooled and maxPooledPeople bound what pooled buffers keep: one large answer
// must not hold its memory for ever.
const (
	maxPooled       = 1 << 20 // bytes of a body
	maxPooledPeople = 1 << 12
)

func (g *Gateway) takeBuffers() *buffers {
	if b, ok := g.pool.Get().(*buffers); ok {
		return b
	}
	return new(buffers)
}

func (g *Gateway) putBuffers(b *buffers) {
	if cap(b.body) > maxPooled || cap(b.out) > maxPooled || cap(b.people) > maxPooledPeople {
		return
	}
	b.doc.Reset()
	clear(b.states)
	clear(b.people)
	clear(b.actions)
	g.pool.Put(b)
}
