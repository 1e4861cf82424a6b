package redact

// op is what one item of the tape stands for.
type op uint8

const (
	opObject  op = iota // an object of which members are named
	opArray             // an array of which elements are named
	opScalar            // a scalar with a rule
	opSubtree           // a container whose rule covers all of it
	opDefect            // a value that its rule does not cover
	opKey               // a key that is data; wraps the value of its member
	opSubject           // wraps the value that is a subject
)

// item is one place of the body that may leave. Items stand in the order of
// the body; what an item holds or wraps follows it.
type item struct {
	keyFrom, keyTo uint32 // the raw key; empty in an array, below opKey and at the root
	from, to       uint32 // the raw value of a leaf; of all others to is the number of the item after what they hold
	ref            int32  // number of the field; of opSubject the index of the subject, of opObject and opArray the number of the place
	op             op
	typ            ScalarType // of the value; of opKey that of the key
	escaped        bool       // the text has escapes
	own            bool       // opKey: the key belongs to the subject that stands under it
}

// span is a piece of the body.
type span struct{ from, to int }

// slot appends an item and returns its number and its place. Whoever calls sets
// the fields there one by one: copying a finished item in would wait for them
// to be written first, and that would be the slowest step of the walk.
func (d *Document) slot() (int, *item) {
	t := len(d.tape)
	if t == cap(d.tape) {
		t = d.grow()
	}
	d.tape = d.tape[:t+1]
	return t, &d.tape[t]
}

// leastTape is what a tape begins with. Nobody is asked for that.
const leastTape = 64

// grow makes room on the tape and returns the number of the next item. Without a
// budget for it the document is lost, and what is left of the walk writes its
// items over the last one.
func (d *Document) grow() int {
	n := len(d.tape)
	more := n/4 + leastTape
	if d.full || n > 0 && d.budget != nil && !d.budget.Take(more*itemSize) {
		d.full = true
		return n - 1
	}
	bigger := make([]item, n, n+more)
	copy(bigger, d.tape)
	d.tape = bigger
	return n
}

// pushFrame appends an object or array whose content follows.
func (d *Document) pushFrame(o op, key span) int {
	t, it := d.slot()
	it.setFrame(o, key)
	return t
}

func (it *item) setFrame(o op, key span) {
	it.keyFrom, it.keyTo = place32(key.from), place32(key.to)
	it.from, it.to, it.ref = 0, 0, 0
	it.op, it.typ, it.escaped, it.own = o, Absent, false, false
}

// pushSubject appends the wrapper of a subject.
func (d *Document) pushSubject(index int) int {
	t := d.pushFrame(opSubject, span{})
	d.tape[t].ref = int32(index) //nolint:gosec // MaxSize bounds the number of subjects
	return t
}

// pushKey appends the wrapper of a member whose key is data.
func (d *Document) pushKey(f int, own, escaped bool, key span) {
	it := &d.tape[d.pushFrame(opKey, key)]
	it.ref, it.own = int32(f), own //nolint:gosec // field numbers are small
	it.typ, it.escaped = String, escaped
}

// pushLeaf appends a value on which a rule stands.
func (d *Document) pushLeaf(o op, f int, typ ScalarType, escaped bool, key, value span) {
	_, it := d.slot()
	it.setLeaf(o, f, typ, escaped, key, value)
}

func (it *item) setLeaf(o op, f int, typ ScalarType, escaped bool, key, value span) {
	it.keyFrom, it.keyTo = place32(key.from), place32(key.to)
	it.from, it.to = place32(value.from), place32(value.to)
	it.ref = int32(f) //nolint:gosec // field numbers are small
	it.op, it.typ, it.escaped, it.own = o, typ, escaped, false
}

// close ends the item at t after everything pushed since.
func (d *Document) close(t int) { d.tape[t].to = place32(len(d.tape)) }

// place32 shortens a place in the body, or on the tape, which has at most
// one item for each byte of the body.
func place32(i int) uint32 { return uint32(i) } //nolint:gosec // MaxSize bounds it
