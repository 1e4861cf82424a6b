package redact

// op is what one item of the tape stands for.
type op uint8

const (
	opScalar    op = iota // a scalar with a rule
	opEscaped             // the same: a string that has escapes
	opObject              // an object of which members are named
	opArray               // an array of which elements are named
	opSubtree             // a container whose rule covers all of it
	opMisplaced           // a value that its rule does not cover
	opHalf                // a value with half a surrogate pair
	opKey                 // a key that is data; wraps the value of its member
	opOwnKey              // the same: it belongs to the subject that stands under it
	opSubject             // wraps the value that is a subject
)

// item is one place of the body that may leave. Items stand in the order of
// the body; what an item holds or wraps follows it.
type item struct {
	// The raw key; empty in an array, where the value begins, and empty below a key that
	// is data, in front of a subject and at the root.
	keyFrom, keyTo uint32
	from, to       uint32 // the raw value of a leaf; of all others to is the number of the item after what they hold
	ref            int32  // number of the field; of opSubject the index of the subject, of opObject and opArray the number of the place
	op             op
}

// span is a piece of the body.
type span struct{ from, to int }

// slot appends an item and returns it. Whoever calls sets the fields there one by one:
// copying a finished item in would wait for them to be written first, and that would be
// the slowest step of the walk.
func (d *Document) slot() *item {
	if d.lacksRoom() {
		d.grow()
	}
	return d.freeSlot()
}

// lacksRoom reports whether the tape has to grow for one item more.
func (d *Document) lacksRoom() bool { return len(d.tape) == cap(d.tape) }

// freeSlot is slot where there is room.
func (d *Document) freeSlot() *item {
	d.tape = d.tape[:len(d.tape)+1]
	return &d.tape[len(d.tape)-1]
}

// leastTape is what a tape begins with. Nobody is asked for that.
const leastTape = 64

// grow makes room on the tape. Without a budget for it the document is lost, and what is
// left of the walk writes its items over the last one.
func (d *Document) grow() {
	n := len(d.tape)
	more := n/4 + leastTape
	if d.full || n > 0 && d.budget != nil && !d.budget.Take(more*itemSize) {
		d.full = true
		d.tape = d.tape[:n-1]
		return
	}
	bigger := make([]item, n, n+more)
	copy(bigger, d.tape)
	d.tape = bigger
}

// pushSubject appends the wrapper of a subject.
func (d *Document) pushSubject(index int) { d.slot().setFrame(opSubject, span{}, index) }

// pushKey appends the wrapper of a member whose key is data.
func (d *Document) pushKey(f int, own bool, key span) {
	o := opKey
	if own {
		o = opOwnKey
	}
	d.slot().setFrame(o, key, f)
}

// setFrame makes it something that holds or wraps others.
func (it *item) setFrame(o op, key span, ref int) {
	it.keyFrom, it.keyTo = place32(key.from), place32(key.to)
	it.from, it.to, it.ref, it.op = 0, 0, int32(ref), o //nolint:gosec // fields, places and subjects have small numbers
}

// pushLeaf appends a value on which a rule stands.
func (d *Document) pushLeaf(o op, f int, key, value span) { d.slot().setLeaf(o, f, key, value) }

// setLeaf makes it a value on which a rule stands.
func (it *item) setLeaf(o op, f int, key, value span) {
	it.keyFrom, it.keyTo = place32(key.from), place32(key.to)
	it.from, it.to = place32(value.from), place32(value.to)
	it.ref, it.op = int32(f), o //nolint:gosec // field numbers are small
}

// close ends the item at t after everything pushed since.
func (d *Document) close(t int) { d.tape[t].to = place32(len(d.tape)) }

// place32 shortens a place in the body, or on the tape, which has at most
// one item for each byte of the body.
func place32(i int) uint32 { return uint32(i) } //nolint:gosec // MaxSize bounds it
