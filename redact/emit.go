package redact

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Tokens replaces values by pseudonyms. It is called in the order of the body, perhaps
// more than once, and also for values of a subject that turns out not to be released
// because everything else of it is withheld.
type Tokens interface {
	// AppendToken appends the JSON value that replaces value, of the subject that the
	// value is about: of a field about another person that one; for a key of a
	// map a JSON string. It must not change dst otherwise, and must not keep
	// value. False withholds the value. It is never asked for null, for the
	// empty string, or for a value with a defect.
	AppendToken(dst []byte, subject, field int, need rules.Need, value Scalar) ([]byte, bool)
}

// Terms are what an Emit goes by besides the decisions.
type Terms struct {
	Tokens Tokens // nil withholds what would be a pseudonym
	// At is the instant of the decision: ages are as of it. With the zero time
	// nobody is born yet.
	At time.Time
	// MinCell is how many subjects of the answer must share a combination of the
	// values that are marked [rules.Action.Cell] (M2); below 1 it means
	// [rules.DefaultMinCell].
	MinCell int
	// Keys says by index who the subjects are: those of one kind with equal keys are
	// one person, who makes no cell larger than once. Nil: all are different.
	Keys []rules.Key
	// Complete fills each object with the mapped members that did not leave, in the
	// order of their keys and behind those that did, whether or not upstream has them.
	// What is filled in is no disclosure: nothing reports it.
	Complete bool
}

// outcome is what became of one subject.
type outcome struct {
	released bool
	marked   bool // bits is in use
	small    bool // what is marked as a cell is withheld
	bits     int  // where its set begins in Document.bits
	defects  int
}

// Emit appends to dst what may leave of the body. actions[i] decides
// Subjects()[i]; nil withholds it. What actions mark as a cell is withheld of the
// subjects that are too few to share it; see [Document.Small]. When the whole body is
// about one subject and that is withheld, nothing is appended.
//
// Emit may be called again, with other actions, until the next Open. An error
// is [ErrUse] or [ErrRoom]; dst is then returned as it was.
func (d *Document) Emit(dst []byte, actions []*rules.Actions, terms Terms) ([]byte, error) {
	if !d.open {
		return dst, fmt.Errorf("%w: no open document", ErrUse)
	}
	if len(actions) != len(d.subjects) {
		return dst, fmt.Errorf("%w: %d actions for %d subjects", ErrUse, len(actions), len(d.subjects))
	}
	if terms.Keys != nil && len(terms.Keys) != len(d.subjects) {
		return dst, fmt.Errorf("%w: %d keys for %d subjects", ErrUse, len(terms.Keys), len(d.subjects))
	}
	if terms.MinCell < 1 {
		terms.MinCell = rules.DefaultMinCell
	}
	d.outcomes = slices.Grow(d.outcomes[:0], len(d.subjects))[:len(d.subjects)]
	clear(d.outcomes)
	start := len(dst)
	for round := 1; ; round++ {
		out, err := d.emit(dst, actions, terms)
		if err != nil {
			clear(d.outcomes)
			return dst, err
		}
		if !d.suppress(out, &terms, round == maxRounds) {
			return out, nil
		}
		dst = out[:start]
	}
}

// emit is one run. What is known to be a small cell is withheld.
func (d *Document) emit(dst []byte, actions []*rules.Actions, terms Terms) ([]byte, error) {
	d.bits, d.cells, d.stray = d.bits[:0], d.cells[:0], 0
	d.faults.reset()
	for i := range d.outcomes {
		d.outcomes[i] = outcome{small: d.outcomes[i].small}
	}
	e := emission{d: d, dst: dst, start: len(dst), actions: actions, terms: terms, subject: nobody, kind: nobody}
	if terms.Complete {
		e.complete = d.layout.completion()
	}
	e.items(0, len(d.tape))
	switch {
	case e.failed:
		return dst, fmt.Errorf("%w: a token is not JSON", ErrUse)
	case e.full:
		return dst, ErrRoom
	}
	return e.dst, nil
}

// Released reports whether subject i is in the answer of the last Emit:
// something personal that it decides left.
func (d *Document) Released(i int) bool {
	return i >= 0 && i < len(d.outcomes) && d.outcomes[i].released
}

// Emitted returns the fields of subject i that left by the last Emit, public
// ones included; none if it was not released.
func (d *Document) Emitted(i int) rules.FieldSet {
	if !d.Released(i) {
		return nil
	}
	from := d.outcomes[i].bits
	return rules.FieldSet(d.bits[from : from+d.words()])
}

// Defects counts the values of subject i that the actions of the last Emit
// would have let leave, and that were withheld for a defect of their own; see
// [Document.Faults] for which and why. Index -1 counts those outside every subject.
func (d *Document) Defects(i int) int {
	switch {
	case i == nobody:
		return d.stray
	case i >= 0 && i < len(d.outcomes):
		return d.outcomes[i].defects
	}
	return 0
}

// words is the room of one field set.
func (d *Document) words() int { return (len(d.layout.fields) + 63) / 64 }

// emission is one run over the tape.
type emission struct {
	d       *Document
	dst     []byte
	start   int
	actions []*rules.Actions
	terms   Terms
	failed  bool // a token broke its contract
	full    bool // the budget had no room

	complete *completion // nil without Terms.Complete

	// Of the nearest enclosing subject:
	subject  int
	kind     int
	current  *rules.Actions
	fields   []rules.Action // of current
	bits     int            // where the set of what left begins in Document.bits
	personal bool           // something personal that items has written
}

// items writes the items from t up to end.
func (e *emission) items(t, end int) {
	d := e.d
	tape, defs := d.tape[:end], d.layout.fields
	for uint(t) < uint(len(tape)) {
		it := &tape[t]
		f := int(it.ref)
		switch {
		case it.op == opArray || it.op == opObject && e.complete == nil:
			e.container(t, it)
			t = int(it.to)
			continue
		case it.op > opEscaped || uint(f) >= uint(len(e.fields)) || uint(f) >= uint(len(defs)):
			t = e.item(t)
			continue
		}
		t++
		a, def := &e.fields[f], &defs[f]
		switch {
		case a.Verb == rules.Withhold: // whoever it is about
		case a.Verb == rules.Allow && !a.Cell && def.kind == e.kind && def.about == 0:
			e.copied(it)
			d.bits[e.bits+int(uint(f)/64)] |= 1 << (uint(f) % 64)
			if !def.public {
				e.personal = true
			}
		default:
			e.scalar(it)
		}
	}
}

// copied writes a value as upstream sent it, with its key and the comma that it needs:
// in one piece if upstream wrote them so.
func (e *emission) copied(it *item) {
	b := e.d.scan.b
	from, to := int(it.keyFrom), int(it.to)
	switch {
	case it.from-it.keyTo > 1: // there is whitespace about the colon
		e.begin(it)
		from = int(it.from)
	case !e.follows():
	case from > 0 && from <= len(b) && b[from-1] == ',':
		from--
	default:
		e.dst = append(e.dst, ',')
	}
	e.dst = append(e.dst, b[from:to]...)
}

// item writes the item at t and returns the number of the next one. Whoever
// needs to know whether something was written compares the length of dst.
func (e *emission) item(t int) int {
	it := &e.d.tape[t]
	switch it.op {
	case opObject:
		if e.complete != nil {
			e.whole(t, it)
			break
		}
		e.container(t, it)
	case opArray:
		e.container(t, it)
	case opKey, opOwnKey:
		e.key(t, it)
	case opSubject:
		e.person(t, it)
	case opScalar, opEscaped:
		e.scalar(it)
		return t + 1
	case opSubtree:
		e.subtree(it)
		return t + 1
	case opMisplaced, opHalf:
		e.unusable(it)
		return t + 1
	}
	return int(it.to)
}

// container writes an object or array. Inside a subject it leaves no trace
// when nothing in it leaves.
func (e *emission) container(t int, it *item) {
	brackets := "[]"
	if it.op == opObject {
		brackets = "{}"
	}
	mark := len(e.dst)
	e.begin(it)
	e.dst = append(e.dst, brackets[0])
	inner := len(e.dst)
	e.items(t+1, int(it.to))
	if len(e.dst) == inner && e.subject != nobody {
		e.dst = e.dst[:mark]
		return
	}
	e.dst = append(e.dst, brackets[1])
}

// person writes a subject, or takes back what was written of it when nothing
// personal of its own was among it.
func (e *emission) person(t int, it *item) {
	index := int(it.ref)
	current := e.actions[index]
	if current == nil || current.Nothing {
		return
	}
	subject, kind, actions, bits, personal := e.subject, e.kind, e.current, e.bits, e.personal
	e.subject, e.kind, e.current = index, e.d.subjects[index].Kind, current
	e.fields, e.bits, e.personal = current.Fields, e.d.set(index), false
	mark := len(e.dst)
	e.items(t+1, int(it.to))
	o := &e.d.outcomes[index]
	o.released = o.released || e.personal
	e.subject, e.kind, e.current, e.bits, e.personal = subject, kind, actions, bits, personal
	if e.fields = nil; actions != nil {
		e.fields = actions.Fields
	}
	if o.released {
		return
	}
	e.dst = e.dst[:mark]
	// Subjects are numbered as they begin, so those inside it come next.
	for i := index; i < len(e.d.subjects) && (i == index || e.d.subjects[i].Parent >= index); i++ {
		e.d.outcomes[i].released = false
		e.d.outcomes[i].marked = false
	}
}

// scalar writes a value with a rule.
func (e *emission) scalar(it *item) {
	f := int(it.ref)
	switch a := e.action(f); a.Verb {
	case rules.Allow:
		e.copied(it)
		e.left(f)
	case rules.Transform:
		mark := len(e.dst)
		e.begin(it)
		if !e.replacement(it, a) {
			e.dst = e.dst[:mark]
			return
		}
		e.left(f)
	case rules.Withhold:
	}
}

// replacement writes what stands for a value.
func (e *emission) replacement(it *item, a rules.Action) bool {
	at := span{int(it.from), int(it.to)}
	if a.Need != rules.NeedGeneralised {
		_, ok := e.token(it, at, a.Need)
		return ok
	}
	from := len(e.dst)
	if !e.general(it, at, a.Generaliser) {
		return false
	}
	if a.Cell {
		f := int(it.ref)
		e.cell(e.subject, f, from)
		if other := e.personOf(f); other != e.subject {
			e.cell(other, f, from) // it is part of what is known of either
		}
	}
	return true
}

// general writes a value in its coarser form. Null and the empty string have none, as
// they have no token; any other value without one has a defect.
func (e *emission) general(it *item, at span, g *rules.Generaliser) bool {
	d := e.d
	room := len(d.text)
	value := e.value(it, at)
	if len(value.Text) == 0 {
		return false
	}
	var ok bool
	if e.dst, ok = appendGeneral(e.dst, g, value, e.terms.At); !ok {
		e.defect(int(it.ref), rules.ValueDefect)
	}
	clear(d.text[room:])
	d.text = d.text[:room]
	return ok
}

// subtree writes a container without its insignificant whitespace. Nothing replaces
// it: a pseudonym or a coarser form stands for one value.
func (e *emission) subtree(it *item) {
	f := int(it.ref)
	switch e.action(f).Verb {
	case rules.Allow:
		e.begin(it)
		e.dst = appendCompact(e.dst, e.d.scan.b[it.from:it.to])
		e.left(f)
	case rules.Transform:
		e.defect(f, rules.TypeUnexpected)
	case rules.Withhold:
	}
}

// key writes a member whose key is data: both leave or neither.
func (e *emission) key(t int, it *item) {
	f := int(it.ref)
	mark := len(e.dst)
	switch a := e.action(f); a.Verb {
	case rules.Allow:
		e.comma()
		e.dst = append(e.dst, e.d.scan.b[it.keyFrom:it.keyTo]...)
	case rules.Transform:
		if a.Need == rules.NeedGeneralised {
			return // two keys could become one
		}
		e.comma()
		if typ, ok := e.token(it, span{int(it.keyFrom), int(it.keyTo)}, a.Need); !ok || typ != String {
			e.failed = e.failed || ok
			e.dst = e.dst[:mark]
			return
		}
	case rules.Withhold:
	}
	if len(e.dst) == mark {
		return
	}
	e.dst = append(e.dst, ':')
	inner := len(e.dst)
	e.items(t+1, int(it.to))
	if len(e.dst) == inner {
		e.frame(t)
	}
	if len(e.dst) == inner {
		e.dst = e.dst[:mark]
		return
	}
	e.left(f)
}

// frame returns the empty container that stands for a subject of which only
// the key at t may be seen: that is something of the person, as an id in its
// object would be. Under any other key nothing means nothing.
func (d *Document) frame(t int) string {
	if key := &d.tape[t]; key.op != opOwnKey || t+1 >= int(key.to) {
		return ""
	}
	switch d.tape[t+1].op {
	case opObject:
		return "{}"
	case opArray:
		return "[]"
	case opScalar, opEscaped, opSubtree, opMisplaced, opHalf, opKey, opOwnKey, opSubject:
	}
	return ""
}

// begin writes the comma and the key that a value needs.
func (e *emission) begin(it *item) {
	e.comma()
	if it.keyFrom < it.keyTo {
		e.dst = append(e.dst, e.d.scan.b[it.keyFrom:it.keyTo]...)
		e.dst = append(e.dst, ':')
	}
}

// comma separates from what stands before.
func (e *emission) comma() {
	if e.follows() {
		e.dst = append(e.dst, ',')
	}
}

// follows reports whether what is written next follows a member or element. A bracket or
// colon at the end of dst was put there by this run: values end with other bytes.
func (e *emission) follows() bool { return len(e.dst) > e.start && !opens(e.dst[len(e.dst)-1]) }

// opens reports whether no comma follows c.
func opens(c byte) bool { return c == '{' || c == '[' || c == ':' }

// action returns what the decision in force does with field f. Whatever is not
// decided for this very kind of subject is withheld.
func (e *emission) action(f int) rules.Action {
	if f < 0 || f >= len(e.d.layout.fields) {
		return rules.Action{}
	}
	def := e.d.layout.fields[f]
	switch {
	case e.subject == nobody:
		if def.kind < 0 && def.public {
			return rules.Action{Verb: rules.Allow}
		}
		return rules.Action{}
	case def.kind != e.kind || f >= len(e.current.Fields):
		return rules.Action{}
	}
	a := e.current.Fields[f]
	if a.Cell && e.d.outcomes[e.subject].small {
		return rules.Action{}
	}
	if def.about > 0 {
		return e.both(f, a)
	}
	return a
}

// token appends what replaces the text of an item, its value or its key, and
// returns the type of the token.
func (e *emission) token(it *item, at span, need rules.Need) (ScalarType, bool) {
	d := e.d
	if e.terms.Tokens == nil || typeOf(d.scan.b[at.from]) == Null {
		return Absent, false
	}
	room := len(d.text)
	value := e.value(it, at)
	if len(value.Text) == 0 {
		return Absent, false
	}
	mark := len(e.dst)
	out, ok := e.terms.Tokens.AppendToken(e.dst, e.personOf(int(it.ref)), int(it.ref), need, value)
	clear(d.text[room:])
	d.text = d.text[:room]
	if !ok {
		return Absent, false
	}
	if len(out) < mark {
		e.failed = true
		return Absent, false
	}
	e.dst = out
	if !d.isScalar(out[mark:]) {
		e.failed = true
		return Absent, false
	}
	return typeOf(out[mark]), true
}

// value returns what stands at a place of an item: its value or its key.
func (e *emission) value(it *item, at span) Scalar {
	b := e.d.scan.b
	escaped := it.op == opEscaped || it.op != opScalar && bytes.IndexByte(b[at.from:at.to], '\\') >= 0
	return e.d.scalar(typeOf(b[at.from]), at, escaped)
}

// isScalar reports whether a token is one JSON scalar.
func (d *Document) isScalar(token []byte) bool {
	s := &d.token
	s.b, s.marks = token, slices.Grow(s.marks[:0], marksFor(len(token)))[:marksFor(len(token))]
	markAll(s.marks, token)
	ok := len(token) > 0 && s.scalar(0) == len(token)
	s.b = nil
	return ok
}

// left notes that field f of the current subject is in the answer.
func (e *emission) left(f int) {
	if e.subject == nobody {
		return
	}
	e.d.left(e.subject, f)
	if other := e.personOf(f); other != e.subject {
		e.d.left(other, f)
	}
}

// left notes that field f of a subject is in the answer.
func (d *Document) left(subject, f int) {
	rules.FieldSet(d.bits[d.set(subject):]).Add(f)
	if !d.layout.fields[f].public {
		d.outcomes[subject].released = true
	}
}

// set returns where the set of what left of a subject begins in bits.
func (d *Document) set(subject int) int {
	o := &d.outcomes[subject]
	if !o.marked {
		o.marked, o.bits = true, len(d.bits)
		d.bits = slices.Grow(d.bits, d.words())[:len(d.bits)+d.words()]
		clear(d.bits[o.bits:])
	}
	return o.bits
}

// defect counts a value at a field or place that only its own defect withholds; see
// faultList.add.
func (e *emission) defect(at int, why rules.Reason) {
	e.d.faults.add(e.d.layout, at, why)
	if e.subject == nobody {
		e.d.stray++
		return
	}
	e.d.outcomes[e.subject].defects++
}

// appendCompact appends a checked value without its insignificant whitespace.
func appendCompact(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		switch b[i] {
		case ' ', '\n', '\r', '\t':
			i++
		case '"':
			from := i
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			i++
			dst = append(dst, b[from:i]...)
		default:
			dst = append(dst, b[i])
			i++
		}
	}
	return dst
}
