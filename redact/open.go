package redact

import (
	"bytes"

	"github.com/modicum-dev/modicum/rules"
)

// nobody is the subject of what stands outside every subject.
const nobody = -1

// The methods here walk the part of the body that the shape names; all else is
// left to the scanner's skip. They recurse once for each step of a policy
// path, so the depth of the goroutine's stack is bounded by the policy and not
// by the body.

// value reads the value at i, which stands at place p within subject in and
// inside depth containers.
func (d *Document) value(i, p, in, depth int, key span) int {
	if p == nowhere {
		return d.scan.skip(i, depth)
	}
	pl := &d.layout.places[p]
	if pl.subject < 0 {
		return d.content(i, pl, in, depth, key)
	}
	if !d.begins(pl, d.scan.b[i]) {
		return d.misplaced(i, d.scan.skip(i, depth), pl)
	}
	t, in := d.subject(pl, in)
	if in < 0 {
		return d.scan.fail(TooManySubjects, i)
	}
	if i = d.content(i, pl, in, depth, key); i < 0 {
		return i
	}
	d.close(t)
	return i
}

// begins reports whether the value at pl that starts with c is a subject. If it
// is none although one should stand there, nothing of it is named: it neither
// leaves nor decides.
func (d *Document) begins(pl *place, c byte) bool {
	if pl.subject < 0 {
		return false
	}
	return pl.field >= 0 || c == '{' && pl.named() || c == '[' && pl.elem >= 0
}

// named reports whether the shape names members of an object at p.
func (p *place) named() bool { return p.any >= 0 || len(p.members) > 0 }

// subject begins a subject within another one. It returns its item and index,
// which is negative beyond the limit.
func (d *Document) subject(pl *place, in int) (t, index int) {
	if len(d.subjects) >= d.most {
		return 0, -1
	}
	index = len(d.subjects)
	d.subjects = append(d.subjects, Subject{Kind: pl.subject, Parent: in})
	return d.pushSubject(index), index
}

// content reads a value whose subject is known.
func (d *Document) content(i int, pl *place, in, depth int, key span) int {
	switch c := d.scan.b[i]; {
	case c == '{' && pl.field < 0 && pl.named():
		d.spoil(in, pl.roles, rules.TypeUnexpected) // a deciding value should stand here
		d.blocks(i, pl, in, true)
		return d.object(i, pl, in, depth, key)
	case c == '[' && pl.field < 0 && pl.elem >= 0:
		d.spoil(in, pl.roles, rules.TypeUnexpected)
		d.spoil(in, pl.below, rules.MemberUnreachable)
		d.blocks(i, pl, in, false)
		return d.array(i, pl, in, depth, key)
	case c == '{' || c == '[':
		d.spoil(in, pl.roles, rules.TypeUnexpected)
		d.spoil(in, pl.below, rules.MemberUnreachable)
		d.blocks(i, pl, in, false)
		return d.container(i, pl, depth, key)
	}
	return d.leaf(i, pl, in, key)
}

// object reads an object of which members are named.
func (d *Document) object(i int, pl *place, in, depth int, key span) int {
	s := &d.scan
	if depth >= s.depth {
		return s.fail(TooDeep, i)
	}
	t := d.pushFrame(opObject, key)
	d.tape[t].ref = pl.number
	if i = s.space(i + 1); i < len(s.b) && s.b[i] == '}' {
		d.close(t)
		return i + 1
	}
	var seen rules.Roles
	mark := len(d.met)
	for n := 0; ; n++ {
		end, child := d.key(i, pl, n)
		if end < 0 {
			return end
		}
		k := span{i, end}
		if i = s.colon(end); i < 0 {
			return i
		}
		switch child {
		case nowhere:
			if pl.any >= 0 && s.lone {
				d.halfKey(pl, k)
			}
			i = s.skip(i, depth+1)
		case pl.any:
			i = d.member(i, child, in, depth+1, k)
		default:
			if c := &d.layout.places[child]; c.subject < 0 {
				// Of two parents of a deciding member each reader picks its own.
				d.spoil(in, seen&(c.roles|c.below), rules.DuplicateMember)
				seen |= c.roles | c.below
				if c.others != nil {
					d.again(k.from, mark, child, in)
				}
			}
			i = d.value(i, child, in, depth+1, k)
		}
		if i < 0 {
			return i
		}
		if i = s.space(i); i >= len(s.b) {
			return s.fail(Truncated, i)
		}
		if s.b[i] == '}' {
			d.close(t)
			d.met = d.met[:mark]
			return i + 1
		}
		if s.b[i] != ',' {
			return s.fail(Unexpected, i)
		}
		i = s.space(i + 1)
	}
}

// key reads the n-th key of an object and returns the place of its member.
func (d *Document) key(i int, pl *place, n int) (next, child int) {
	s := &d.scan
	if n < len(pl.guesses) {
		// The guess was checked when it was learnt, and a string ends at its
		// first bare quote: no second look is needed.
		if g := &pl.guesses[n]; len(g.raw) > 0 && bytes.HasPrefix(s.b[i:], g.raw) {
			return i + len(g.raw), g.place
		}
	}
	if i >= len(s.b) || s.b[i] != '"' {
		return s.unexpected(i), nowhere
	}
	s.escaped, s.lone = false, false
	next = s.text(i)
	if next < 0 {
		return next, nowhere
	}
	child = nowhere
	if !s.lone {
		text := s.b[i+1 : next-1]
		room := len(d.text)
		if s.escaped {
			d.text = unescape(d.text, text)
			text = d.text[room:]
		}
		if at, ok := pl.members[string(text)]; ok {
			child = at
		} else if pl.any >= 0 && d.layout.places[pl.any].key >= 0 {
			child = pl.any
		}
		clear(d.text[room:]) // a key may be data
		d.text = d.text[:room]
	}
	if pl.any < 0 {
		pl.learn(n, s.b[i:next], child)
	}
	return next, child
}

// member reads a member of a map whose keys are data. The key is wrapped around
// the value on the tape: outside the subject that begins there, or inside it
// when that subject decides its own key.
func (d *Document) member(i, p, in, depth int, key span) int {
	s := &d.scan
	pl := &d.layout.places[p]
	escaped := bytes.IndexByte(s.b[key.from:key.to], '\\') >= 0
	own := d.layout.owns(pl, pl.key)

	first := len(d.tape)
	if !own {
		d.pushKey(pl.key, own, escaped, key)
	}
	begins := d.begins(pl, s.b[i])
	if begins {
		if _, in = d.subject(pl, in); in < 0 {
			return s.fail(TooManySubjects, i)
		}
		if d.layout.shape.Subjects[pl.subject].ID == rules.IDKey {
			d.subjects[in].decide(rules.RoleID, Scalar{Type: String, Text: d.unquote(key.from, key.to, escaped)})
		}
		if own {
			d.pushKey(pl.key, own, escaped, key)
		}
	}
	wrapped, from := len(d.tape), i
	if begins || pl.subject < 0 {
		i = d.content(i, pl, in, depth, span{})
	} else {
		i = d.misplaced(i, s.skip(i, depth), pl)
	}
	if i < 0 {
		return i
	}
	switch {
	case !d.wanted(pl.key):
		d.tape = d.tape[:first] // without its key nothing of the member leaves
		return i
	case own && !begins:
		d.tape = d.tape[:first]
		return d.misplaced(from, i, pl)
	}
	// The wrappers hold one value each: the next wrapper, or the content.
	for t := first; t < wrapped; t++ {
		d.close(t)
	}
	return i
}

// array reads an array of which elements are named.
func (d *Document) array(i int, pl *place, in, depth int, key span) int {
	s := &d.scan
	if depth >= s.depth {
		return s.fail(TooDeep, i)
	}
	t := d.pushFrame(opArray, key)
	d.tape[t].ref = pl.number
	if i = s.space(i + 1); i < len(s.b) && s.b[i] == ']' {
		d.close(t)
		return i + 1
	}
	for {
		if i >= len(s.b) {
			return s.fail(Truncated, i)
		}
		if i = d.value(i, pl.elem, in, depth+1, span{}); i < 0 {
			return i
		}
		if i = s.space(i); i >= len(s.b) {
			return s.fail(Truncated, i)
		}
		if s.b[i] == ']' {
			d.close(t)
			return i + 1
		}
		if s.b[i] != ',' {
			return s.fail(Unexpected, i)
		}
		i = s.space(i + 1)
	}
}

// container reads an object or array of which nothing is named: covered by the
// rule of its place if that covers subtrees, else withheld.
func (d *Document) container(i int, pl *place, depth int, key span) int {
	s := &d.scan
	from := i
	s.lone = false
	if i = s.skip(i, depth); i < 0 || pl.field >= 0 && !d.wanted(pl.field) {
		return i
	}
	o, typ := opDefect, Defect
	switch {
	case pl.field < 0:
		return d.misplaced(from, i, pl)
	case pl.subtree && s.lone:
		typ = String
	case pl.subtree:
		o = opSubtree
	}
	d.pushLeaf(o, pl.field, typ, false, key, span{from, i})
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
	if !d.wanted(pl.field) {
		return i
	}
	o := opScalar
	if typ == Defect {
		o, typ = opDefect, String
	}
	d.pushLeaf(o, pl.field, typ, escaped, key, span{from, i})
	return i
}

// wanted reports whether field f may be needed by Emit.
func (d *Document) wanted(f int) bool {
	if d.all || d.want.Has(f) {
		return true
	}
	return f >= 0 && f < len(d.layout.fields) && d.layout.fields[f].kind < 0
}

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
