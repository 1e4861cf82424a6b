package redact

import (
	"bytes"

	"github.com/modicum-dev/modicum/rules"
)

// Document is one body while it is minimised. The zero value is ready; after
// the first few bodies it works without allocating. A Document is not safe for
// concurrent use, and what its methods return is valid until the next Open or
// Reset.
type Document struct {
	scan     scanner
	layout   *layout
	layouts  []*layout
	learned  int // keys of all layouts
	most     int // limit of subjects
	budget   Budget
	full     bool  // the budget had no room
	crowded  int   // 1 + where another person was found beyond the limit of subjects
	met      []int // places of members that say something of other persons, by object
	frames   []frame
	unknown  knownKey // the member that was read last, if its key was not known
	tape     []item
	subjects []Subject
	text     []byte // unescaped strings; grows only, as subjects point into it
	open     bool

	outcomes []outcome // by subject, of the last Emit
	stray    int       // defects outside every subject
	faults   faultList // of the last Emit
	opened   uint64    // how many bodies were opened
	bits     []uint64  // the sets of all outcomes
	token    scanner   // of tokens
	cells    []cell    // what the last Emit wrote of values that are marked as cells
	combos   []combination
	present  []uint64 // the members that left of the objects that Emit is in
}

// Open checks the whole body and finds what Emit may need of it. want holds
// the fields that could leave for any subject; nil means all. Public fields
// outside every subject are always kept. The body must not change until the
// last Emit is done.
//
// An error is a [*SyntaxError]; the document is then empty, and nothing of the
// body may be used.
func (d *Document) Open(shape *rules.Shape, want rules.FieldSet, body []byte, lim Limits) error {
	d.Reset()
	d.opened++
	d.use(shape, want)
	if cap(d.frames) < d.layout.deepest {
		d.frames = make([]frame, 0, d.layout.deepest)
	}
	lim = lim.orDefault()
	d.most, d.budget = lim.Subjects, lim.Budget
	d.scan.b, d.scan.depth = body, lim.Depth
	if d.document() < 0 {
		err := &SyntaxError{Offset: d.scan.offset, Kind: d.scan.kind}
		d.Reset()
		return err
	}
	d.open = true
	return nil
}

// Reset forgets the body and what was read from it, but keeps the room. A
// Document that waits in a pool should not hold on to personal data.
func (d *Document) Reset() {
	d.open, d.full, d.crowded = false, false, 0
	d.met = d.met[:0]
	d.budget = nil
	d.scan.b = nil
	d.frames = d.frames[:0]
	d.tape = d.tape[:0]
	clear(d.subjects)
	d.subjects = d.subjects[:0]
	clear(d.text)
	d.text = d.text[:0]
	d.outcomes = d.outcomes[:0]
	d.stray = 0
	d.faults.reset()
	d.cells = d.cells[:0]
	clear(d.combos) // hashes of data
	d.combos = d.combos[:0]
}

// Size returns how many bytes the document holds besides the body, idle room
// included, and the keys of bodies that it has learned. What it makes of shapes is not
// counted: it is bounded by the policy.
func (d *Document) Size() int {
	return cap(d.tape)*itemSize + cap(d.subjects)*subjectSize + cap(d.text) + cap(d.outcomes)*outcomeSize + cap(d.bits)*8 + cap(d.scan.marks) + cap(d.token.marks) +
		cap(d.cells)*cellSize + cap(d.combos)*combinationSize + d.faults.size() + cap(d.present)*8 + cap(d.met)*8 + d.learned*learnedSize
}

// The sizes of what a Document holds many of, in bytes on a 64-bit machine. They
// are written down, and a test compares them, because the package imports nothing
// that looks into memory.
const (
	itemSize    = 24
	subjectSize = 184
	outcomeSize = 24

	cellSize        = 16
	combinationSize = 24
	faultSize       = 40

	knownSize   = 64
	learnedSize = 2*(knownSize+24) + maxKeyLen + 16 // of a key at most: growing lists, its text, slots
)

// Subjects returns the subjects in the order in which they begin. A subject
// stands before those inside it, and before the other persons that single fields in
// its object are about.
func (d *Document) Subjects() []Subject { return d.subjects }

// mark marks the body, if the budget has room for that.
func (d *Document) mark() bool {
	n := marksFor(len(d.scan.b))
	if more := n - cap(d.scan.marks); more > 0 {
		if d.budget != nil && !d.budget.Take(more) {
			return false
		}
		d.scan.marks = make([]byte, n)
	}
	d.scan.marks = d.scan.marks[:n]
	markAll(d.scan.marks, d.scan.b)
	return true
}

// document checks the body from end to end.
func (d *Document) document() int {
	s := &d.scan
	switch {
	case len(s.b) > MaxSize:
		return s.fail(TooLong, MaxSize)
	case bytes.HasPrefix(s.b, []byte("\ufeff")):
		return s.fail(ByteOrderMark, 0)
	case !d.mark():
		return s.fail(NoRoom, 0)
	}
	i := s.space(0)
	if i == len(s.b) {
		return s.fail(Empty, i)
	}
	if i = d.walk(d.value(i, d.layout.root(), nobody, span{i, i})); i < 0 {
		return i
	}
	if i = s.space(i); i < len(s.b) {
		return s.fail(Trailing, i)
	}
	if d.full {
		return s.fail(NoRoom, i)
	}
	if d.crowded > 0 {
		return s.fail(TooManySubjects, d.crowded-1)
	}
	return i
}
