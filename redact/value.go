package redact

import (
	"bytes"

	"github.com/modicum-dev/modicum/rules"
)

// The methods here read one value. Of an object or array of which something is
// named they read the opening bracket alone and enter it; the walk goes on in there.

// plain reads a value that decides nothing and on which a rule stands, by which it may
// leave if it is wanted.
func (d *Document) plain(i, field int, wanted bool, key span) int {
	s := &d.scan
	from := i
	switch c := s.b[i]; {
	case c == '{' || c == '[':
		return d.covered(i, field, key)
	case digit(c):
		if i = s.number(i); i >= 0 && wanted {
			d.slot().setLeaf(opScalar, field, key, span{from, i})
		}
		return i
	case c == '"':
		if end := s.mark(i + 1); uint(end) < uint(len(s.b)) && s.b[end] == '"' {
			if wanted {
				d.slot().setLeaf(opScalar, field, key, span{from, end + 1})
			}
			return end + 1
		}
	}
	s.escaped, s.lone = false, false
	if i = s.scalar(i); i >= 0 && wanted {
		d.pushScalar(field, key, span{from, i})
	}
	return i
}

// pushScalar appends the scalar that was read last and on which a rule stands.
func (d *Document) pushScalar(field int, key, value span) {
	o := opScalar
	switch {
	case d.scan.lone:
		o = opHalf
	case d.scan.escaped:
		o = opEscaped
	}
	d.pushLeaf(o, field, key, value)
}

// decisive reads a member that may decide something, or hold what does.
func (d *Document) decisive(i, p int, f *frame, in int, key span) int {
	if p == nowhere {
		return d.scan.skip(i, len(d.frames))
	}
	if c := &d.layout.places[p]; c.subject < 0 {
		// Of two parents of a deciding member each reader picks its own.
		d.spoil(in, f.seen&(c.roles|c.below), rules.DuplicateMember)
		f.seen |= c.roles | c.below
		if c.others != nil {
			d.again(key.from, int(f.met), p, in)
		}
	}
	return d.value(i, p, in, key)
}

// value reads the value at i, which stands at place p within subject in.
func (d *Document) value(i, p, in int, key span) int {
	if p == nowhere {
		return d.scan.skip(i, len(d.frames))
	}
	pl := &d.layout.places[p]
	first := len(d.tape)
	if pl.subject >= 0 {
		if !pl.begins(d.scan.b[i]) {
			return d.misplaced(i, d.scan.skip(i, len(d.frames)), pl)
		}
		if in = d.subject(pl, in); in < 0 {
			return d.scan.fail(TooManySubjects, i)
		}
	}
	return d.content(i, p, in, first, false, key)
}

// subject begins a subject within another one and returns its index, which is
// negative beyond the limit.
func (d *Document) subject(pl *place, in int) int {
	if len(d.subjects) >= d.most {
		return -1
	}
	index := len(d.subjects)
	d.subjects = append(d.subjects, Subject{Kind: pl.subject, Parent: in})
	d.pushSubject(index)
	return index
}

// content reads a value whose subject is known. The items of the tape from first on
// are wrapped around it; with drop it goes, and they go with it.
func (d *Document) content(i, p, in, first int, drop bool, key span) int {
	pl := &d.layout.places[p]
	c := d.scan.b[i]
	wrapped := len(d.tape)
	switch c {
	case '{':
		d.spoil(in, pl.roles, rules.TypeUnexpected) // a deciding value should stand here
		d.blocks(i, pl, in, pl.walked(c))
		if pl.walked(c) {
			return d.enter(i, pl, in, first, drop, key)
		}
		d.spoil(in, pl.below, rules.MemberUnreachable)
		i = d.container(i, pl, key)
	case '[':
		d.spoil(in, pl.roles, rules.TypeUnexpected)
		d.spoil(in, pl.below, rules.MemberUnreachable)
		d.blocks(i, pl, in, false)
		if pl.walked(c) {
			return d.enter(i, pl, in, first, drop, key)
		}
		i = d.container(i, pl, key)
	default:
		i = d.leaf(i, pl, in, key)
	}
	if i < 0 {
		return i
	}
	if drop {
		d.tape = d.tape[:first]
		return i
	}
	for t := first; t < wrapped; t++ {
		d.close(t)
	}
	return i
}

// container reads an object or array of which nothing is named at pl.
func (d *Document) container(i int, pl *place, key span) int {
	if pl.field < 0 {
		return d.misplaced(i, d.scan.skip(i, len(d.frames)), pl)
	}
	return d.covered(i, pl.field, key)
}

// covered reads an object or array where a rule stands. It may leave if the rule covers
// subtrees.
func (d *Document) covered(i, field int, key span) int {
	s := &d.scan
	from := i
	s.lone = false
	if i = s.skip(i, len(d.frames)); i < 0 || !d.wanted(field) {
		return i
	}
	switch {
	case !d.layout.fields[field].subtree:
		d.pushLeaf(opMisplaced, field, key, span{from, i})
	case s.lone:
		d.pushLeaf(opHalf, field, key, span{from, i})
	default:
		d.pushLeaf(opSubtree, field, key, span{from, i})
	}
	return i
}

// leaf reads a scalar: what it decides, and whether its rule may let it leave.
func (d *Document) leaf(i int, pl *place, in int, key span) int {
	s := &d.scan
	from := i
	s.escaped, s.lone = false, false
	if i = s.scalar(i); i < 0 {
		return i
	}
	typ := Defect
	if !s.lone {
		typ = typeOf(s.b[from])
	}
	escaped := s.escaped
	if pl.roles != 0 && in >= 0 {
		d.subjects[in].decide(pl.roles, d.scalar(typ, span{from, i}, escaped))
	}
	if typ != Null {
		d.spoil(in, pl.below, rules.MemberUnreachable) // they should stand in an object here
	}
	if pl.others != nil {
		d.tells(pl, in, typ, span{from, i}, escaped)
	}
	if pl.field < 0 {
		return d.misplaced(from, i, pl)
	}
	if pl.wanted {
		d.pushScalar(pl.field, key, span{from, i})
	}
	return i
}

// pair is entry for a value on which a rule stands and that decides nothing and begins no
// subject.
func (d *Document) pair(i int, pl *place, key span) int {
	if !pl.keyWanted {
		return d.scan.skip(i, len(d.frames))
	}
	d.pushKey(pl.key, false, key)
	t := len(d.tape) - 1
	if i = d.plain(i, pl.field, pl.wanted, span{i, i}); i >= 0 {
		d.close(t)
	}
	return i
}

// entry reads a member of a map whose keys are data. The key is wrapped around
// the value on the tape: outside the subject that begins there, or inside it
// when that subject decides its own key.
func (d *Document) entry(i, p, in int, key span) int {
	s := &d.scan
	pl := &d.layout.places[p]
	escaped := bytes.IndexByte(s.b[key.from:key.to], '\\') >= 0
	own := d.layout.owns(pl, pl.key)

	first := len(d.tape)
	if !own {
		d.pushKey(pl.key, own, key)
	}
	begins := pl.begins(s.b[i])
	if begins {
		if in = d.subject(pl, in); in < 0 {
			return s.fail(TooManySubjects, i)
		}
		if d.layout.shape.Subjects[pl.subject].ID == rules.IDKey {
			d.subjects[in].decide(rules.RoleID, Scalar{Type: String, Text: d.unquote(key.from, key.to, escaped)})
		}
		if own {
			d.pushKey(pl.key, own, key)
		}
	}
	drop := !pl.keyWanted // without its key nothing of the member leaves
	if begins || pl.subject < 0 && !own {
		return d.content(i, p, in, first, drop, span{})
	}
	from, wrapped := i, len(d.tape)
	if i = s.skip(i, len(d.frames)); i < 0 {
		return i
	}
	if drop {
		d.tape = d.tape[:first]
		return i
	}
	if own { // nobody's, as nobody begins here
		d.tape = d.tape[:first]
		return d.misplaced(from, i, pl)
	}
	d.misplaced(from, i, pl)
	for t := first; t < wrapped; t++ {
		d.close(t)
	}
	return i
}

// wanted reports whether field f may be needed by Emit.
func (d *Document) wanted(f int) bool { return d.layout.wanted(f) }

func (d *Document) spoil(in int, roles rules.Roles, why rules.Reason) {
	if in >= 0 && roles != 0 {
		d.subjects[in].spoil(roles, why)
	}
}

// scalar returns the value at v, whose string, if it is one, is kept in
// d.text when it has escapes.
func (d *Document) scalar(typ ScalarType, v span, escaped bool) Scalar {
	switch typ {
	case String:
		return Scalar{Type: String, Text: d.unquote(v.from, v.to, escaped)}
	case Number, Bool:
		return Scalar{Type: typ, Text: d.scan.b[v.from:v.to:v.to]}
	case Defect: // of a scalar there is no other
		return Scalar{Type: typ, Fault: rules.LoneSurrogate}
	case Absent, Null:
	}
	return Scalar{Type: typ}
}

// unquote returns the text of a string.
func (d *Document) unquote(from, to int, escaped bool) []byte {
	raw := d.scan.b[from+1 : to-1 : to-1]
	if !escaped {
		return raw
	}
	room := len(d.text)
	d.text = unescape(d.text, raw)
	return d.text[room:len(d.text):len(d.text)]
}

// typeOf returns the type of the scalar that begins with c.
func typeOf(c byte) ScalarType {
	switch c {
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}
