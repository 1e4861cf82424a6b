package redact

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/rules"
)

// Under [Terms.Complete] every mapped member stands in its object: those that leave
// where upstream has them, and behind them all others, filled, in the order of their
// keys. A member that does not leave is never filled where upstream has it: that would
// tell that it is there.
//
// What stands for a member depends on its place alone: null where a rule covers it, an
// empty array where elements are named, an empty object where the keys are data, and
// where members are named an object with all of them, filled. A place that is only read
// to decide is not mapped, and has no form.

// completion is what fills the objects of a layout.
type completion struct {
	objects []blank // by place
	ofPlace []int32 // number of the member that stands at a place, -1 for what is none
	ofField []int32 // number of the member that a field covers
}

// blank is the form of an object of which nothing leaves.
type blank struct {
	whole   string
	members []string // with their keys, by number: the parts of whole
}

// completion returns what fills the objects of the layout, made when it is first needed.
func (l *layout) completion() *completion {
	if l.complete != nil {
		return l.complete
	}
	c := &completion{
		objects: make([]blank, len(l.places)),
		ofPlace: slices.Repeat([]int32{-1}, len(l.places)),
		ofField: slices.Repeat([]int32{-1}, len(l.fields)),
	}
	if len(l.places) > 0 {
		c.add(l, l.root())
	}
	l.complete = c
	return c
}

// add learns the place p and all below it, and returns its form; empty where nothing is
// mapped.
func (c *completion) add(l *layout, p int) string {
	pl := &l.places[p]
	if pl.field >= 0 {
		return "null"
	}
	c.object(l, p)
	elem, data := "", false
	if pl.elem >= 0 {
		elem = c.add(l, pl.elem)
	}
	if pl.any >= 0 {
		c.add(l, pl.any)
		data = l.places[pl.any].key >= 0
	}
	switch {
	case len(c.objects[p].members) > 0 || data:
		return c.objects[p].whole
	case elem != "":
		return "[]"
	}
	return ""
}

// object learns the members that are named at the place p.
func (c *completion) object(l *layout, p int) {
	members := l.places[p].members
	whole := []byte{'{'}
	var ends []int
	for _, key := range slices.Sorted(maps.Keys(members)) {
		at := members[key]
		form := c.add(l, at)
		if form == "" || !utf8.ValidString(key) { // no document has such a key
			continue
		}
		number := int32(len(ends)) //nolint:gosec // bounded by the policy
		c.ofPlace[at] = number
		if f := l.places[at].field; f >= 0 && f < len(c.ofField) {
			c.ofField[f] = number
		}
		if len(ends) > 0 {
			whole = append(whole, ',')
		}
		whole = append(whole, '"')
		whole = appendEscaped(whole, []byte(key))
		whole = append(whole, `":`...)
		whole = append(whole, form...)
		ends = append(ends, len(whole))
	}
	b := blank{whole: string(append(whole, '}'))}
	from := 1
	for _, end := range ends {
		b.members = append(b.members, b.whole[from:end])
		from = end + 1
	}
	c.objects[p] = b
}

// member returns the number of the member that the item at t is, -1 for one whose key
// is data. Something of it was written.
func (c *completion) member(tape []item, t int) int32 {
	for tape[t].op == opSubject {
		t++ // to what it wraps
	}
	switch it := &tape[t]; it.op {
	case opObject, opArray:
		return c.ofPlace[it.ref]
	case opScalar, opEscaped, opSubtree:
		return c.ofField[it.ref]
	case opMisplaced, opHalf, opKey, opOwnKey, opSubject:
	}
	return -1
}

// whole writes an object with all its mapped members. Inside a subject it leaves no
// trace of its own when nothing in it leaves: then the object around it has its form.
func (e *emission) whole(t int, it *item) {
	d, form := e.d, &e.complete.objects[it.ref]
	mark := len(e.dst)
	e.begin(it)
	e.dst = append(e.dst, '{')
	inner := len(e.dst)
	// The sets of the objects that are being written lie behind each other.
	set, words := len(d.present), (len(form.members)+63)/64
	d.present = slices.Grow(d.present, words)[:set+words]
	clear(d.present[set:])
	for t++; t < int(it.to); {
		at, before := t, len(e.dst)
		if t = e.item(t); len(e.dst) == before {
			continue
		}
		if n := e.complete.member(d.tape, at); n >= 0 {
			rules.FieldSet(d.present[set:]).Add(int(n))
		}
	}
	if len(e.dst) > inner || e.subject == nobody {
		for n, text := range form.members {
			if !rules.FieldSet(d.present[set:]).Has(n) {
				e.comma()
				e.fill(text)
			}
		}
		e.dst = append(e.dst, '}')
	} else {
		e.dst = e.dst[:mark]
	}
	d.present = d.present[:set]
}

// frame writes what stands for a subject of which only the key at t may be seen.
func (e *emission) frame(t int) {
	form := e.d.frame(t)
	if e.complete == nil || form != "{}" {
		e.dst = append(e.dst, form...)
		return
	}
	e.fill(e.complete.objects[e.d.tape[t+1].ref].whole)
}

// fill appends what stands for members. A short body of many objects can need many
// times its size, so that the budget is asked before the room is made.
func (e *emission) fill(text string) {
	if free := cap(e.dst) - len(e.dst); free < len(text) {
		more := len(text) + len(e.dst)/4
		if e.full || e.d.budget != nil && !e.d.budget.Take(more) {
			e.full = true
			return
		}
		e.dst = slices.Grow(e.dst, more)
	}
	e.dst = append(e.dst, text...)
}
