package redact

import (
	"bytes"
	"strconv"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Found says what stands at a place of a body.
type Found uint8

// What may stand there.
const (
	FoundRule       Found = iota // a value that a rule covers
	FoundKey                     // a key that is data; where the subject that decides it is none, of whom it stands in
	FoundUnexpected              // a container where a rule stands, or a scalar where only members or elements are named
	FoundUnmapped                // a value that no rule names
	FoundEmpty                   // an object or array with nothing in it
	FoundSubject                 // a subject begins here; it has no Value, and what stands at its place comes next
)

// Place is one value of a body, as [Document.Survey] comes by it. It is valid until
// the function that was given it returns.
type Place struct {
	Found   Found
	Subject int // index of the subject that the place belongs to, -1 outside every subject
	Other   int // index of the other person that the field here is about, -1 for none
	Field   int // number of the field whose rule stands here, or -1
	// Defect: the value has half of a surrogate pair, so that its rule does not let
	// it leave.
	Defect bool
	// Map: the value is a member of a map whose keys are data, and so is the last
	// step of its path.
	Map   bool
	Value []byte // as it stands in the body; of FoundKey the key, with its quotes

	steps []trailStep
}

// trailStep is one step on the way to a place.
type trailStep struct {
	key   []byte // raw, with its quotes; nil: an element
	index int    // of an element
	data  bool   // the key is data
}

// Depth is how many steps lead to the place. What stands below a key has the depth of
// the key or a greater one.
func (p *Place) Depth() int { return len(p.steps) }

// AppendPointer appends the place as an RFC 6901 pointer. It holds keys of the body.
func (p *Place) AppendPointer(dst []byte) []byte {
	for _, s := range p.steps {
		dst = append(dst, '/')
		if s.key == nil {
			dst = strconv.AppendInt(dst, int64(s.index), 10)
			continue
		}
		for _, c := range keyText(s.key) {
			switch c {
			case '~':
				dst = append(dst, "~0"...)
			case '/':
				dst = append(dst, "~1"...)
			default:
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// AppendPath appends the place as a policy writes it: data[].address.city. Keys that
// are data are {}, of FoundKey {key}. Other keys are the body's own.
func (p *Place) AppendPath(dst []byte) []byte { return p.appendPath(dst, len(p.steps)) }

// AppendParent appends the path of the object or array that the place is in. Every
// key in it is one that the policy names.
func (p *Place) AppendParent(dst []byte) []byte { return p.appendPath(dst, max(len(p.steps)-1, 0)) }

// Name returns the text of the key that the value stands under; nil for an element,
// for the document itself, and for a key that is data.
func (p *Place) Name() []byte {
	if n := len(p.steps); n > 0 && p.steps[n-1].key != nil && !p.steps[n-1].data {
		return keyText(p.steps[n-1].key)
	}
	return nil
}

func (p *Place) appendPath(dst []byte, n int) []byte {
	start := len(dst)
	for i, s := range p.steps[:n] {
		switch {
		case s.key == nil:
			dst = append(dst, "[]"...)
			continue
		case s.data && p.Found == FoundKey && i == len(p.steps)-1:
			dst = append(dst, "{key}"...)
			continue
		case s.data:
			dst = append(dst, "{}"...)
			continue
		}
		if len(dst) > start {
			dst = append(dst, '.')
		}
		dst = appendName(dst, keyText(s.key))
	}
	return dst
}

// appendName appends a key as it stands in a path.
func appendName(dst, key []byte) []byte {
	if special := len(key) == 0 || key[0] == '@' || bytes.ContainsAny(key, ".[]{}\" "); special {
		return strconv.AppendQuote(dst, string(key))
	}
	return append(dst, key...)
}

// keyText is the unescaped text of a raw key.
func keyText(raw []byte) []byte {
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return unescape(nil, text)
}

// Survey walks an open body along its shape and tells visit of every value in it, in
// the order of the body: of each that a rule covers, and of each that none does, as a
// whole. It also tells where subjects begin, by the numbers that [Document.Subjects]
// has for them. It decides nothing, and costs about as much as Open. Without an open
// document it visits nothing.
func (d *Document) Survey(visit func(*Place)) {
	if !d.open {
		return
	}
	v := survey{d: d, visit: visit}
	v.value(d.scan.space(0), d.layout.root(), nobody)
}

// General returns the coarser form of a value that stands in a body, as a JSON string;
// false for one that the generaliser does not understand, for null and for the empty
// string, which leave no trace. at is the instant of the decision.
func General(g *rules.Generaliser, value []byte, at time.Time) ([]byte, bool) {
	var s Scalar
	switch s.Type = typeOf(value[0]); s.Type {
	case String:
		s.Text = keyText(value)
	case Number, Bool:
		s.Text = value
	case Absent, Null, Defect:
	}
	if len(s.Text) == 0 {
		return nil, false
	}
	return appendGeneral(nil, g, s, at)
}

// survey is one walk over a body that was checked before, so that nothing in it fails.
type survey struct {
	d        *Document
	visit    func(*Place)
	steps    []trailStep
	subjects int // that have begun
}

func (v *survey) tell(found Found, field, subject, from, to int) {
	s := &v.d.scan
	p := Place{Found: found, Field: field, Subject: subject, Other: v.d.aboutOther(field, subject), Defect: s.lone, Value: s.b[from:to], steps: v.steps}
	if n := len(v.steps); n > 0 {
		p.Map = v.steps[n-1].data
	}
	v.visit(&p)
}

// whole tells of the value at i as one.
func (v *survey) whole(found Found, field, subject, i int) int {
	s := &v.d.scan
	s.lone = false
	end := s.skip(i, 0)
	v.tell(found, field, subject, i, end)
	return end
}

// value walks the value at i, which stands at place p within subject in.
func (v *survey) value(i, p, in int) int {
	if p == nowhere {
		return v.whole(FoundUnmapped, -1, in, i)
	}
	pl := &v.d.layout.places[p]
	if pl.subject >= 0 {
		if !pl.begins(v.d.scan.b[i]) {
			return v.whole(FoundUnexpected, -1, in, i)
		}
		in = v.begin(i)
	}
	return v.content(i, pl, in)
}

// begin tells of a subject: they are numbered in the order in which they begin.
func (v *survey) begin(i int) int {
	for v.d.layout.shape.Subjects[v.d.subjects[v.subjects].Kind].About {
		v.subjects++ // it has no object, and so begins nowhere
	}
	v.subjects++
	v.tell(FoundSubject, -1, v.subjects-1, i, i)
	return v.subjects - 1
}

func (v *survey) content(i int, pl *place, in int) int {
	s := &v.d.scan
	c := s.b[i]
	container := c == '{' || c == '['
	switch {
	case pl.field >= 0 && container && !pl.subtree:
		return v.whole(FoundUnexpected, pl.field, in, i)
	case pl.field >= 0:
		return v.whole(FoundRule, pl.field, in, i)
	case !pl.named() && pl.elem < 0: // it decides at most
		return v.whole(FoundUnmapped, -1, in, i)
	case container && s.empty(i):
		return v.whole(FoundEmpty, -1, in, i)
	case c == '{' && pl.named():
		return v.object(i, pl, in)
	case c == '[' && pl.elem >= 0:
		return v.array(i, pl, in)
	}
	return v.whole(FoundUnexpected, -1, in, i)
}

// empty reports whether the container at i has nothing in it.
func (s *scanner) empty(i int) bool {
	c := s.b[s.space(i+1)]
	return c == '}' || c == ']'
}

func (v *survey) object(i int, pl *place, in int) int {
	s := &v.d.scan
	i = s.space(i + 1)
	for {
		at, child := v.d.key(i, pl)
		key := s.b[at.from:at.to]
		i = s.colon(at.to)
		v.steps = append(v.steps, trailStep{key: key, data: pl.any >= 0 && (child == pl.any || child == nowhere)})
		switch {
		case child != nowhere && child == pl.any:
			i = v.member(at, i, child, in)
		default:
			i = v.value(i, child, in)
		}
		v.steps = v.steps[:len(v.steps)-1]
		if i = s.space(i); s.b[i] == '}' {
			return i + 1
		}
		i = s.space(i + 1)
	}
}

// member walks a member of a map whose keys are data: first the key, which the subject
// decides that begins there, if it is its own.
func (v *survey) member(key span, i, p, in int) int {
	pl := &v.d.layout.places[p]
	own, begins := v.d.layout.owns(pl, pl.key), pl.begins(v.d.scan.b[i])
	keyOf := in
	if begins {
		in = v.begin(i)
		if own {
			keyOf = in
		}
	}
	v.d.scan.lone = false
	v.tell(FoundKey, pl.key, keyOf, key.from, key.to)
	if begins || pl.subject < 0 {
		return v.content(i, pl, in)
	}
	return v.whole(FoundUnexpected, -1, in, i)
}

func (v *survey) array(i int, pl *place, in int) int {
	s := &v.d.scan
	i = s.space(i + 1)
	for n := 0; ; n++ {
		v.steps = append(v.steps, trailStep{index: n})
		i = v.value(i, pl.elem, in)
		v.steps = v.steps[:len(v.steps)-1]
		if i = s.space(i); s.b[i] == ']' {
			return i + 1
		}
		i = s.space(i + 1)
	}
}
