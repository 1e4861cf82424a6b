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
	array bool
	begun bool // something of it was read
	drop  bool // its items go with it: nothing of it could leave
}

// nobody is the subject of what stands outside every subject.
const nobody = -1

// walk reads until everything is left that was entered.
func (d *Document) walk(i int) int {
	for i >= 0 && len(d.frames) > 0 {
		f := &d.frames[len(d.frames)-1]
		pl := &d.layout.places[f.place]
		switch {
		case f.array:
			i = d.elements(i, f, &d.layout.places[pl.elem])
		case pl.any >= 0:
			i = d.entries(i, f, pl)
		default:
			i = d.members(i, f, pl)
		}
	}
	return i
}

// enter begins the object or array at i, of which something is named.
func (d *Document) enter(i, p, in, first int, drop bool, key span) int {
	if len(d.frames) >= d.scan.depth {
		return d.scan.fail(TooDeep, i)
	}
	array := d.scan.b[i] == '['
	o := opObject
	if array {
		o = opArray
	}
	t, it := d.slot()
	it.setFrame(o, key)
	it.ref = int32(p) //nolint:gosec // places are fewer than rules
	// The fields one by one, for the reason that slot gives.
	n := len(d.frames)
	if n == cap(d.frames) {
		d.frames = append(d.frames, frame{})
	}
	d.frames = d.frames[:n+1]
	f := &d.frames[n]
	f.place, f.in, f.first, f.item = int32(p), int32(in), int32(first), int32(t) //nolint:gosec // MaxSize bounds them
	f.key, f.met, f.seen = 0, int32(len(d.met)), 0                               //nolint:gosec // as above
	f.array, f.begun, f.drop = array, false, drop
	return i + 1
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

// separator reads what stands before the next member or element of f. At the end
// of f, which it leaves, there is none; then and on failure more is false.
func (d *Document) separator(i int, f *frame, end byte) (next int, more bool) {
	s := &d.scan
	at := s.space(i)
	switch {
	case at >= len(s.b):
		return s.fail(Truncated, at), false
	case s.b[at] == end:
		return d.leave(at + 1), false
	case !f.begun:
		f.begun = true
		return i, true // whitespace before a key is compared with the key
	case s.b[at] == ',':
		return at + 1, true
	}
	return s.fail(Unexpected, at), false
}

// members goes on with an object of which members are named, until it ends or a
// member is entered.
func (d *Document) members(i int, f *frame, pl *place) int {
	s := &d.scan
	b := s.b
	in, n := int(f.in), int(f.key)
	known := pl.keys.known
	for {
		// Here the object has begun or a value has ended.
		switch {
		case i < len(b) && b[i] == ',' && f.begun: // mostly
			i++
		case i < len(b) && b[i] == '}':
			return d.leave(i + 1)
		case i < len(b) && b[i] == '"' && !f.begun:
			f.begun = true
		default:
			next, more := d.separator(i, f, '}')
			if !more {
				return next
			}
			i = next
		}
		var key span
		var p int
		if n++; n >= len(known) || !known[n].begins(b, i) || !known[n].goesOn(b, i) {
			if i, n, key, p = d.member(i, pl, n-1); i < 0 {
				return i
			}
			known = pl.keys.known
		} else {
			k := &known[n]
			key = span{i + int(k.from), i + int(k.to)}
			if i += int(k.n); i >= len(b) || b[i] <= ' ' {
				if i = s.space(i); i >= len(b) {
					return s.fail(Truncated, len(b))
				}
			}
			p = int(k.place)
		}
		if p == nowhere {
			if i = d.unmapped(i); i < 0 {
				return i
			}
			continue
		}
		c := &d.layout.places[p]
		switch c.form {
		case formPlain:
			if b[i] == '"' {
				if end := s.mark(i + 1); end < len(b) && b[end] == '"' { // mostly
					end++
					t := len(d.tape)
					if t == cap(d.tape) {
						t = d.grow()
					}
					d.tape = d.tape[:t+1]
					d.tape[t].setLeaf(opScalar, c.field, String, false, key, span{i, end})
					i = end
					continue
				}
			} else if digit(b[i]) {
				end := s.number(i)
				if end < 0 {
					return end
				}
				_, it := d.slot()
				it.setLeaf(opScalar, c.field, Number, false, key, span{i, end})
				i = end
				continue
			}
			i = d.plain(i, c.field, key)
		case formHolder:
			if deciding := c.below; deciding != 0 {
				d.spoil(in, f.seen&deciding, rules.DuplicateMember)
				f.seen |= deciding
			}
			f.key = int32(n) //nolint:gosec // maxKnown bounds it
			if c.walked(b[i]) {
				if b[i] == '[' {
					d.spoil(in, c.below, rules.MemberUnreachable)
				}
				return d.enter(i, p, in, len(d.tape), false, key)
			}
			i = d.content(i, p, in, len(d.tape), false, key)
		case formDeciding:
			if deciding := c.roles; f.seen&deciding == 0 && b[i] != '{' && b[i] != '[' {
				f.seen |= deciding
				i = d.leaf(i, c, in, key)
			} else {
				i = d.decisive(i, p, f, in, key)
			}
		default:
			f.key = int32(n) //nolint:gosec // maxKnown bounds it
			depth := len(d.frames)
			if i = d.decisive(i, p, f, in, key); len(d.frames) != depth {
				return i
			}
		}
		if i < 0 {
			return i
		}
	}
}

// member reads the key at i, which is not the one that was seen after known key n. It
// returns where the value begins, or -1, the number to go on from, the key, and the
// place of the member.
func (d *Document) member(i int, pl *place, n int) (value, known int, key span, p int) {
	s := &d.scan
	b := s.b
	keys := &pl.keys
	from := s.space(i)
	if from >= len(b) || b[from] != '"' {
		return s.unexpected(from), 0, span{}, nowhere
	}
	s.escaped, s.lone = false, false
	to := s.text(from)
	if to < 0 {
		return to, 0, span{}, nowhere
	}
	if to+1 < len(b) && b[to] == ':' && b[to+1] > ' ' { // mostly
		value = to + 1
	} else if value = s.colon(to); value < 0 {
		return value, 0, span{}, nowhere
	}
	known = keys.find(b[from:to])
	if known == 0 {
		if p = d.resolve(b[from:to], pl); p != nowhere && d.layout.places[p].silent {
			p = nowhere
		}
		if d.learned < maxLearned {
			if known = keys.learn(b[i:value], from-i, to-i, p); known > 0 {
				d.learned++
				d.layout.learned++
			}
		}
	} else {
		k := &keys.known[known]
		p = int(k.place)
		bare := from == i && k.from == 0 && value == to+1 && int(k.n) == value-i // nothing stands around the key, and never did
		if !bare && string(k.lit) != string(b[i:value]) && value-i <= maxKeyLen {
			k.set(b[i:value], from-i, to-i)
		}
	}
	if known == 0 {
		return value, n, span{from, to}, p
	}
	return value, known, span{from, to}, p
}

// resolve returns the place of a member by its raw key, which was read last.
func (d *Document) resolve(raw []byte, pl *place) int {
	s := &d.scan
	if s.lone {
		return nowhere // no two readers agree what it says
	}
	child := nowhere
	room := len(d.text)
	text := raw[1 : len(raw)-1]
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
	return child
}

// entries goes on with an object whose keys are data, until it ends or a member is
// entered.
func (d *Document) entries(i int, f *frame, pl *place) int {
	s := &d.scan
	in, depth := int(f.in), len(d.frames)
	for {
		next, more := d.separator(i, f, '}')
		if !more {
			return next
		}
		key, p := d.key(s.space(next), pl)
		if key.to < 0 {
			return key.to
		}
		value := s.colon(key.to)
		switch {
		case value < 0:
			return value
		case p == nowhere && d.scan.lone:
			d.halfKey(pl, key)
			i = d.scan.skip(value, depth)
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

// elements goes on with an array whose elements stand at el, until it ends or an
// element is entered.
func (d *Document) elements(i int, f *frame, el *place) int {
	s := &d.scan
	in := int(f.in)
	b := s.b
	for {
		switch {
		case i+1 < len(b) && b[i] == ',' && b[i+1] > ' ' && f.begun: // mostly
			i++
		case i < len(b) && b[i] == ']':
			return d.leave(i + 1)
		default:
			next, more := d.separator(i, f, ']')
			if !more {
				return next
			}
			if i = s.space(next); i >= len(b) {
				return s.fail(Truncated, i)
			}
		}
		switch {
		case el.silent:
			i = d.unmapped(i)
		case el.form == formPlain && d.wanted(el.field):
			if b[i] == '"' {
				if end := s.mark(i + 1); end < len(b) && b[end] == '"' { // mostly
					_, it := d.slot()
					it.setLeaf(opScalar, el.field, String, false, span{}, span{i, end + 1})
					i = end + 1
					continue
				}
			} else if digit(b[i]) || b[i] == '-' {
				end := s.number(i)
				if end < 0 {
					return end
				}
				_, it := d.slot()
				it.setLeaf(opScalar, el.field, Number, false, span{}, span{i, end})
				i = end
				continue
			}
			i = d.plain(i, el.field, span{})
		case el.form == formHolder && el.walked(s.b[i]):
			return d.enter(i, el.at, in, len(d.tape), false, span{})
		default:
			depth := len(d.frames)
			if i = d.value(i, el.at, in, span{}); len(d.frames) != depth {
				return i
			}
		}
		if i < 0 {
			return i
		}
	}
}
