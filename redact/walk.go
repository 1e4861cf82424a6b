package redact

import "github.com/modicum-dev/modicum/rules"

// The walk goes through the part of the body that the shape names; all else is
// left to the scanner's skip. What is open lies in Document.frames and not on the
// goroutine's stack: its depth is bounded by the policy and not by the body, and
// between two members the walk is nothing but these frames and a place in the body.

// frame is an object or array that the walk has entered and not left.
type frame struct {
	place int32 // where it stands
	in    int32 // the subject that it belongs to
	first int32 // its items on the tape: wrappers from here on, itself the last one
	item  int32
	key   int32 // number of the known key that was read last
	met   int32 // how many of Document.met came before it
	seen  rules.Roles
	holds holds
	begun bool // something of it was read
	drop  bool // its items go with it: nothing of it could leave
}

// holds is what is in a frame.
type holds uint8

const (
	holdsMembers  holds = iota
	holdsEntries        // members whose keys are data
	holdsElements       // of an array
)

// nobody is the subject of what stands outside every subject.
const nobody = -1

// walk reads until everything is left that was entered.
func (d *Document) walk(i int) int {
	for i >= 0 && len(d.frames) > 0 {
		f := &d.frames[len(d.frames)-1]
		pl := &d.layout.places[f.place]
		switch f.holds {
		case holdsMembers:
			i = d.members(i)
		case holdsEntries:
			i = d.entries(i, f, pl)
		case holdsElements:
			i = d.elements(i, f, &d.layout.places[pl.elem])
		}
	}
	return i
}

// enter begins the object or array at i, of which something is named.
func (d *Document) enter(i int, pl *place, in, first int, drop bool, key span) int {
	if d.lacksRoom() {
		d.grow()
		return d.enter(i, pl, in, first, drop, key)
	}
	n := len(d.frames)
	if n >= d.scan.depth {
		return d.scan.fail(TooDeep, i)
	}
	holds := pl.object
	o := opObject
	if d.scan.b[i] == '[' {
		o, holds = opArray, holdsElements
	}
	item := len(d.tape)
	d.freeSlot().setFrame(o, key, pl.at)
	// The fields one by one, for the reason that slot gives.
	d.frames = d.frames[:n+1]
	f := &d.frames[n]
	f.place, f.in, f.first, f.item = int32(pl.at), int32(in), int32(first), int32(item) //nolint:gosec // MaxSize bounds them
	f.key, f.met, f.seen = 0, int32(len(d.met)), 0                                      //nolint:gosec // as above
	f.holds, f.begun, f.drop = holds, false, drop
	return i + 1
}

// enterObject is enter at a place of formObject, of what is begun at once. It returns
// nil where that would be too deep.
func (d *Document) enterObject(p, in int32, key span) *frame {
	if d.lacksRoom() {
		d.grow()
		return d.enterObject(p, in, key)
	}
	n := len(d.frames)
	if n >= d.scan.depth {
		return nil
	}
	item := len(d.tape)
	d.freeSlot().setFrame(opObject, key, int(p))
	d.frames = d.frames[:n+1]
	f := &d.frames[n]
	f.place, f.in, f.first, f.item = p, in, int32(item), int32(item) //nolint:gosec // MaxSize bounds them
	f.key, f.met, f.seen = 0, int32(len(d.met)), 0                   //nolint:gosec // as above
	f.holds, f.begun, f.drop = holdsMembers, true, false
	return f
}

// leave ends the innermost object or array before i.
func (d *Document) leave(i int) int {
	n := len(d.frames) - 1
	f := &d.frames[n]
	d.frames = d.frames[:n]
	d.met = d.met[:f.met]
	if f.drop {
		d.tape = d.tape[:f.first]
		return i
	}
	for t := f.first; t <= f.item; t++ {
		d.close(int(t))
	}
	return i
}

// separator reads what stands before the next member or element of the innermost object
// or array, of which something was read if it has begun. At its end, where it is left,
// there is none; then and on failure more is false.
func (d *Document) separator(i int, begun bool, end byte) (next int, more bool) {
	s := &d.scan
	at := s.space(i)
	switch {
	case at >= len(s.b):
		return s.fail(Truncated, at), false
	case s.b[at] == end:
		return d.leave(at + 1), false
	case !begun:
		return at, true
	case s.b[at] == ',':
		return at + 1, true
	}
	return s.fail(Unexpected, at), false
}

// members goes on with the innermost object, of which members are named, and with those
// of the same kind that it comes to inside or around it.
func (d *Document) members(i int) int {
	s := &d.scan
	b := s.b
objects:
	for i >= 0 && len(d.frames) > 0 {
		f := &d.frames[len(d.frames)-1]
		if f.holds != holdsMembers {
			break
		}
		pl := &d.layout.places[f.place]
		n := int(f.key)
		var brace uint64
		if !f.begun {
			f.begun, brace = true, inBrace
			i-- // a literal begins with what stands before its key
		}
		for i >= 0 {
			// Here the object begins or a value has ended.
			known := pl.keys.known
			var k *knownKey
			at := i
			if n++; n < len(known) && known[n].begins(b, i, brace) {
				if k = &known[n]; k.n > 16 && !pl.keys.goesOn(n, b, i) {
					k = nil
				}
			}
			if k != nil { // mostly
				i += int(k.n)
			} else if brace == 0 && i < len(b) && b[i] == '}' {
				i = d.leave(i + 1)
				continue objects
			} else if i, n, k = d.member(i, n-1, pl, brace); k == nil {
				continue objects
			}
			brace = 0
			if uint(i) >= uint(len(b)) {
				return s.fail(Truncated, len(b))
			}
			c := b[i]
			if k.form <= formPlain { // mostly
				end := 0
				if c == '"' {
					if end = s.mark(i + 1); uint(end) < uint(len(b)) && b[end] == '"' {
						end++
					} else {
						end = 0
					}
				} else if digit(c) {
					if end = s.alike(i); end < 0 {
						return end
					}
				}
				if end > 0 {
					if k.form == formPlain {
						if d.lacksRoom() {
							d.grow()
						}
						d.freeSlot().setLeaf(opScalar, int(k.ref), k.span(at), span{i, end})
					}
					i = end
					continue
				}
			}
			if c <= ' ' {
				if i = s.space(i); i >= len(b) {
					return s.fail(Truncated, len(b))
				}
				c = b[i]
			}
			switch k.form {
			case formNone:
				i = s.skip(i, len(d.frames))
			case formPlain:
				i = d.plain(i, int(k.ref), true, k.span(at))
			case formObject:
				f.key = int32(n) //nolint:gosec // maxKnown bounds it
				if c != '{' {
					i = d.content(i, int(k.ref), int(f.in), len(d.tape), false, k.span(at))
					continue
				}
				if f = d.enterObject(k.ref, f.in, k.span(at)); f == nil {
					return s.fail(TooDeep, i)
				}
				pl, n, brace = &d.layout.places[k.ref], 0, inBrace
			case formHolder, formDeciding, formOther:
				f.key = int32(n) //nolint:gosec // maxKnown bounds it
				depth := len(d.frames)
				if i = d.formed(i, f, k, k.span(at)); len(d.frames) != depth {
					continue objects
				}
			}
		}
	}
	return i
}

// formed reads the value of a member that decides something, or that holds members or
// elements, which it enters.
func (d *Document) formed(i int, f *frame, k *knownKey, key span) int {
	p, in := int(k.ref), int(f.in)
	c := &d.layout.places[p]
	first := d.scan.b[i]
	switch k.form {
	case formHolder:
		if deciding := c.below; deciding != 0 {
			d.spoil(in, f.seen&deciding, rules.DuplicateMember)
			f.seen |= deciding
		}
		if !c.walked(first) {
			return d.content(i, p, in, len(d.tape), false, key)
		}
		if first == '[' {
			d.spoil(in, c.below, rules.MemberUnreachable)
		}
		return d.enter(i, c, in, len(d.tape), false, key)
	case formDeciding:
		if deciding := c.roles; f.seen&deciding == 0 && first != '{' && first != '[' {
			f.seen |= deciding
			return d.deciding(i, c, in, key)
		}
	case formNone, formPlain, formObject, formOther:
	}
	return d.decisive(i, p, f, in, key)
}

// deciding reads a scalar at a place that only decides about the subject around it.
func (d *Document) deciding(i int, c *place, in int, key span) int {
	s := &d.scan
	if in < 0 || c.field < 0 || s.b[i] != '"' {
		return d.leaf(i, c, in, key)
	}
	end := s.mark(i + 1)
	if end >= len(s.b) || s.b[end] != '"' {
		return d.leaf(i, c, in, key)
	}
	d.subjects[in].decide(c.roles, Scalar{Type: String, Text: s.b[i+1 : end : end]})
	if c.wanted {
		d.slot().setLeaf(opScalar, c.field, key, span{i, end + 1})
	}
	return end + 1
}

// member reads the key after the separator at i, which is not the one that was seen
// after known key n. It returns where the value begins, the number to go on from, and
// what is known of the key: nil at the end of the object and on failure.
func (d *Document) member(at, n int, pl *place, brace uint64) (value, known int, k *knownKey) {
	s := &d.scan
	b := s.b
	keys := &pl.keys
	from := at + 1
	if uint(from) >= uint(len(b)) || b[from] != '"' || uint64(b[at])^brace != ',' {
		if brace == 0 {
			from = at
		}
		var more bool
		if from, more = d.separator(from, brace == 0, '}'); !more {
			return from, 0, nil
		}
		if from = s.space(from); from >= len(b) || b[from] != '"' {
			return s.unexpected(from), 0, nil
		}
	}
	s.escaped, s.lone = false, false
	to := s.text(from)
	if to < 0 {
		return to, 0, nil
	}
	if known = keys.jump(b, at, from, to, brace); known > 0 { // mostly
		// Not by the length alone: so what comes next need not wait for k.
		if k = &keys.known[known]; at+int(k.n) == to+1 {
			return to + 1, known, k
		}
		return at + int(k.n), known, k
	}
	if to+1 < len(b) && b[to] == ':' && b[to+1] > ' ' { // mostly
		value = to + 1
	} else if value = s.colon(to); value < 0 {
		return value, 0, nil
	}
	if known = keys.find(b, from, to); known > 0 {
		k = &keys.known[known]
		if value-at <= maxKeyLen {
			keys.set(known, b[at:value], from-at, to-at)
		}
		if int(k.from) == from-at {
			return value, known, k
		}
		n, d.unknown = known, *k // with more whitespace than a literal has room for
	} else {
		d.unknown = d.layout.member(d.resolve(b[from:to], pl))
	}
	d.unknown.from, d.unknown.to = int32(from-at), int32(to-at) //nolint:gosec // MaxSize bounds them
	if known == 0 && d.learned < maxLearned {
		if known = keys.learn(b[at:value], from-at, to-at, d.unknown); known > 0 {
			d.learned++
			d.layout.learned++
			n = known
		}
	}
	return value, n, &d.unknown
}

// resolve returns the place of a member by its raw key, which was read last.
func (d *Document) resolve(raw []byte, pl *place) int {
	s := &d.scan
	switch {
	case s.lone:
		return nowhere // no two readers agree what it says
	case len(pl.members) == 0:
		return d.layout.entry(pl)
	}
	room := len(d.text)
	text := raw[1 : len(raw)-1]
	if s.escaped {
		d.text = unescape(d.text, text)
		text = d.text[room:]
	}
	child, named := pl.members[string(text)]
	if !named {
		child = d.layout.entry(pl)
	}
	clear(d.text[room:]) // a key may be data
	d.text = d.text[:room]
	return child
}

// entries goes on with an object whose keys are data, until it ends or a member is
// entered.
func (d *Document) entries(i int, f *frame, pl *place) int {
	s := &d.scan
	b := s.b
	in, depth := int(f.in), len(d.frames)
	member := &d.layout.places[pl.any]
	for {
		if i < 0 || i > len(b)-2 || b[i] != ',' || b[i+1] != '"' || !f.begun {
			next, more := d.separator(i, f.begun, '}')
			if !more {
				return next
			}
			f.begun = true
			i = s.space(next)
		} else { // mostly
			i++
		}
		key, p := d.key(i, pl)
		if key.to < 0 {
			return key.to
		}
		value := s.colon(key.to)
		switch {
		case value < 0:
			return value
		case p == nowhere && s.lone:
			d.halfKey(pl, key)
			i = s.skip(value, depth)
		case p == pl.any && p != nowhere && member.form == formPlain:
			i = d.pair(value, member, key)
		case p == pl.any && p != nowhere:
			i = d.entry(value, p, in, key)
		default:
			i = d.decisive(value, p, f, in, key)
		}
		if i < 0 || len(d.frames) != depth {
			return i
		}
	}
}

// key reads the key at i and returns the place of its member. Its end is negative
// on failure.
func (d *Document) key(i int, pl *place) (key span, child int) {
	s := &d.scan
	if i >= len(s.b) || s.b[i] != '"' {
		return span{i, s.unexpected(i)}, nowhere
	}
	s.escaped, s.lone = false, false
	end := s.text(i)
	if end < 0 {
		return span{i, end}, nowhere
	}
	return span{i, end}, d.resolve(s.b[i:end], pl)
}

// elements goes on with an array whose elements stand at el, until it ends or something
// else than an object is entered.
func (d *Document) elements(i int, f *frame, el *place) int {
	s := &d.scan
	b := s.b
	in, depth := int(f.in), len(d.frames)
	begun := f.begun
	f.begun = true
	for {
		switch {
		case begun && i >= 0 && i < len(b)-1 && b[i] == ',' && b[i+1] > ' ': // mostly
			i++
		case i < len(b) && b[i] == ']':
			return d.leave(i + 1)
		default:
			next, more := d.separator(i, begun, ']')
			if !more {
				return next
			}
			if i = s.space(next); i >= len(b) {
				return s.fail(Truncated, i)
			}
		}
		begun = true
		switch {
		case el.form == formNone:
			i = s.skip(i, depth)
		case el.form == formPlain:
			i = d.plain(i, el.field, true, span{i, i})
		case (el.form == formHolder || el.form == formObject) && el.walked(b[i]):
			i = d.enter(i, el, in, len(d.tape), false, span{i, i})
		default:
			i = d.value(i, el.at, in, span{i, i})
		}
		if len(d.frames) != depth {
			i = d.members(i)
		}
		if i < 0 || len(d.frames) != depth {
			return i
		}
	}
}
