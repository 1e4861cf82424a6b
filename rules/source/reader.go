package source

import (
	"encoding/json"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/modicum-dev/modicum/rules"
)

// Reader reads another file that belongs to a policy, such as its tests, as
// strictly as the policy itself: with the same refusals and the same messages.
type Reader struct {
	d    *decoder
	file value
}

// Open parses a file. What is wrong with it is in Problems, and then Mapping
// visits nothing.
func Open(name string, b []byte) *Reader {
	d := new(decoder)
	body := d.open(name, b)
	return newReader(value{d: d, node: body, pos: d.pos(body)})
}

func newReader(file value) *Reader { return &Reader{file.d, file} }

// Members maps what a mapping may hold to what reads it.
type Members map[string]func(Value)

func (m Members) keys() keys {
	k := make(keys, len(m))
	for name, read := range m {
		k[name] = func(v value) { read(Value{v}) }
	}
	return k
}

// Mapping reads the whole file as a mapping with a closed set of members.
func (r *Reader) Mapping(what string, known Members) {
	file := r.file
	file.what = what
	file.mapping(known.keys())
}

// Problem adds one.
func (r *Reader) Problem(pos rules.Pos, kind error, detail, suggestion string) {
	r.d.problem(pos, kind, detail, suggestion)
}

// Problems returns everything that is wrong so far, in order.
func (r *Reader) Problems() rules.Problems { return r.d.problems.Sort() }

// Value is a node of the file with its place. Its methods note a problem at that
// place where the node is not what they read.
type Value struct{ v value }

// Pos returns where it stands.
func (v Value) Pos() rules.Pos { return v.v.pos }

// Bad notes that the value must be something else: "a date".
func (v Value) Bad(want string) { v.v.bad(want) }

// Mapping reads a mapping with a closed set of members.
func (v Value) Mapping(known Members) { v.v.mapping(known.keys()) }

// Each visits the members of a mapping in their order.
func (v Value) Each(visit func(key rules.Name, v Value)) {
	v.v.each(func(key rules.Name, e value) { visit(key, Value{e}) })
}

// List visits the elements of a list.
func (v Value) List(visit func(Value)) { v.v.list(func(e value) { visit(Value{e}) }) }

// Word reads a text that is not empty.
func (v Value) Word() rules.Name { return v.v.word() }

// WordOrWords reads a list of words, or one in place of a list of one.
func (v Value) WordOrWords() []rules.Name { return v.v.wordOrWords() }

// Boolean reads true or false.
func (v Value) Boolean() bool { return v.v.boolean() }

// Integer reads a whole number that is not negative.
func (v Value) Integer() (int, bool) { return v.v.integer() }

// Date reads a day, which stands for its first moment in UTC, or an instant.
func (v Value) Date() time.Time { return v.v.date() }

// As names a form that stands in several places, where a schema is drawn.
func (v Value) As(name string) Value { return Value{v.v.as(name)} }

// Any draws, where a schema is drawn, that the value may be anything. It reads nothing.
func (v Value) Any() { v.v.sketch.anything() }

// Kind says what a value is.
type Kind uint8

// The kinds.
const (
	KindScalar Kind = iota
	KindBoolean
	KindList
	KindMapping
)

// Kind returns what the value is.
func (v Value) Kind() Kind {
	switch v.v.node.(type) {
	case *ast.BoolNode:
		return KindBoolean
	case *ast.SequenceNode:
		return KindList
	case ast.MapNode:
		return KindMapping
	}
	return KindScalar
}

// JSON returns the value as JSON: members in their order, numbers as they are
// written. It is nil, and the problem is noted, for what JSON cannot say.
func (v Value) JSON() json.RawMessage {
	v.v.sketch.anything()
	if v.v.sketch != nil {
		return nil
	}
	problems := len(v.v.d.problems)
	b := v.v.appendJSON(nil)
	if len(v.v.d.problems) > problems {
		return nil
	}
	return b
}

func (v value) appendJSON(dst []byte) []byte {
	comma := func() {
		if last := dst[len(dst)-1]; last != '[' && last != '{' {
			dst = append(dst, ',')
		}
	}
	switch n := v.node.(type) {
	case *ast.NullNode:
		return append(dst, "null"...)
	case ast.MapNode:
		dst = append(dst, '{')
		v.each(func(key rules.Name, e value) {
			comma()
			dst = append(appendText(dst, key.Value), ':')
			dst = e.appendJSON(dst)
		})
		return append(dst, '}')
	case *ast.SequenceNode:
		dst = append(dst, '[')
		v.list(func(e value) {
			comma()
			dst = e.appendJSON(dst)
		})
		return append(dst, ']')
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		text := n.GetToken().Value
		if !json.Valid([]byte(text)) {
			v.d.problem(v.pos, rules.ErrBadValue, text+" is no number of JSON", "put it in quotes if it is a text")
		}
		return append(dst, text...)
	}
	s, _ := v.scalar()
	return appendText(dst, s)
}

func appendText(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string is always JSON
		return append(dst, `""`...)
	}
	return append(dst, b...)
}
