package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding/json would write every record alike: sorted maps, one spelling of
// each string, no number that a float64 cannot hold. Upstreams are not like
// that, and a gateway that passes values on byte for byte must be shown the
// difference. Hence a writer of its own.

// A value is a raw scalar, an object or an array.
type value interface{ write(w *writer, depth int) }

type (
	raw    string   // a scalar, spelled as it will stand in the file
	object []member // members in the order written
	array  []value
)

// member is one member of an object; the key is a raw JSON string.
type member struct {
	key raw
	val value
}

const null = raw("null")

func number(n int) raw { return raw(strconv.Itoa(n)) }

func boolean(b bool) raw { return raw(strconv.FormatBool(b)) }

// spelling is how one record spells its strings.
type spelling int

const (
	plain   spelling = iota // only what must be escaped
	ascii                   // every character beyond ASCII as \uXXXX
	solidus                 // a slash as \/
	initial                 // the first character as \uXXXX
)

func (s spelling) text(text string) raw {
	// A canary must be found by a plain search.
	if s == initial && strings.Contains(text, "canary-") {
		s = plain
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ', s == ascii && c >= utf8.RuneSelf, s == initial && i == 0:
			b.WriteString(escape(c))
		case s == solidus && c == '/':
			b.WriteString(`\/`)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return raw(b.String())
}

// escape spells one character as \uXXXX, as a surrogate pair where it takes one.
func escape(c rune) string {
	if high, low := utf16.EncodeRune(c); high != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04X`, c)
}

func (s spelling) texts(texts ...string) array {
	out := make(array, 0, len(texts))
	for _, t := range texts {
		out = append(out, s.text(t))
	}
	return out
}

// maybe is null for an empty text.
func (s spelling) maybe(text string) raw {
	if text == "" {
		return null
	}
	return s.text(text)
}

// m makes a member whose key needs no escape.
func m(key string, val value) member { return member{plain.text(key), val} }

// layout is how one record lays out its white space.
type layout struct {
	indent string // "" for a record on one line
	colon  string
	comma  string // on one line only
	pad    string // inside braces, on one line only
}

var (
	compact = layout{colon: ":", comma: ","}
	spaced  = layout{colon: " : ", comma: ", ", pad: " "}
	pretty  = layout{indent: "  ", colon: ": "}
	tabbed  = layout{indent: "\t", colon: ": "}
)

type writer struct {
	strings.Builder
	layout
}

// render writes a value. Depth shifts the lines of a record that stands inside
// a list; the first line is not shifted.
func render(v value, l layout, depth int) string {
	w := &writer{layout: l}
	v.write(w, depth)
	return w.String()
}

func (r raw) write(w *writer, _ int) { w.WriteString(string(r)) }

func (o object) write(w *writer, depth int) {
	w.enclose('{', '}', len(o), depth, func(i int) {
		w.WriteString(string(o[i].key) + w.colon)
		o[i].val.write(w, depth+1)
	})
}

func (a array) write(w *writer, depth int) {
	// Short lists of scalars stay on one line, as a person would write them.
	if w.indent != "" && a.flat() {
		one := &writer{layout: layout{comma: ", "}}
		a.write(one, 0)
		w.WriteString(one.String())
		return
	}
	w.enclose('[', ']', len(a), depth, func(i int) { a[i].write(w, depth+1) })
}

func (a array) flat() bool {
	for _, v := range a {
		if _, ok := v.(raw); !ok {
			return false
		}
	}
	return true
}

func (w *writer) enclose(opening, closing byte, count, depth int, item func(int)) {
	w.WriteByte(opening)
	for i := range count {
		switch {
		case w.indent != "":
			if i > 0 {
				w.WriteByte(',')
			}
			w.WriteString("\n" + strings.Repeat(w.indent, depth+1))
		case i > 0:
			w.WriteString(w.comma)
		default:
			w.WriteString(w.pad)
		}
		item(i)
	}
	if count > 0 {
		if w.indent != "" {
			w.WriteString("\n" + strings.Repeat(w.indent, depth))
		} else {
			w.WriteString(w.pad)
		}
	}
	w.WriteByte(closing)
}
