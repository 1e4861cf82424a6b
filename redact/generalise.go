package redact

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/rules"
)

// appendGeneral appends the JSON string that stands for v by a generaliser. False: the
// value is of another type, or not understood. Of the values that it understands those
// that it makes equal give the same bytes, and none but a day gives its own text.
func appendGeneral(dst []byte, g *rules.Generaliser, v Scalar, at time.Time) ([]byte, bool) {
	if g == nil {
		return dst, false
	}
	mark := len(dst)
	dst = append(dst, '"')
	var ok bool
	switch v.Type {
	case String:
		dst, ok = appendOfText(dst, g, v.Text, at)
	case Number:
		dst, ok = appendOfNumber(dst, g, v.Text)
	case Absent, Null, Bool, Defect:
	}
	if !ok {
		return dst[:mark], false
	}
	return append(dst, '"'), true
}

// appendOfText appends what is inside the quotes for a string.
func appendOfText(dst []byte, g *rules.Generaliser, text []byte, at time.Time) ([]byte, bool) {
	switch g.Kind {
	case rules.GeneraliseYear:
		_, ok := parseDate(text)
		return appendStart(dst, text, len("2006"), ok)
	case rules.GeneraliseDay:
		_, ok := parseDate(text)
		return appendStart(dst, text, len(time.DateOnly), ok)
	case rules.GeneraliseAgeBand:
		born, ok := parseDate(text)
		if !ok {
			return dst, false
		}
		return appendAgeBand(dst, born.ageAt(at))
	case rules.GeneraliseRegion:
		region := regionOf(text)
		return append(dst, region...), region != ""
	case rules.GeneraliseDomain:
		return appendDomain(dst, text)
	case rules.GeneraliseTruncateIP:
		return appendNetwork(dst, text)
	case rules.GeneralisePrefix, rules.GeneraliseLast:
		return appendPart(dst, g, text)
	case rules.GeneraliseBand:
	}
	return dst, false
}

// appendOfNumber appends what is inside the quotes for a number.
func appendOfNumber(dst []byte, g *rules.Generaliser, text []byte) ([]byte, bool) {
	switch g.Kind {
	case rules.GeneraliseBand:
		return appendBand(dst, g.Edges, text)
	case rules.GeneraliseAgeBand:
		if len(text) > len("150") {
			return dst, false
		}
		if age, ok := decimal(text); ok {
			return appendAgeBand(dst, age)
		}
	case rules.GeneralisePrefix, rules.GeneraliseLast:
		for _, c := range text {
			if !digit(c) {
				return dst, false
			}
		}
		return appendPart(dst, g, text)
	case rules.GeneraliseYear, rules.GeneraliseDay, rules.GeneraliseRegion, rules.GeneraliseDomain, rules.GeneraliseTruncateIP:
	}
	return dst, false
}

func appendStart(dst, text []byte, n int, ok bool) ([]byte, bool) {
	if !ok {
		return dst, false
	}
	return append(dst, text[:n]...), true
}

// maxAge is beyond the age that anybody has reached: what is older is a date that means
// something else, such as 0001-01-01.
const maxAge = 150

// ageBands are the bands of ages, each from its least age. The bounds of 13, 16 and 18
// are those that the law has.
var ageBands = [...]struct {
	from int
	name string
}{
	{65, "65+"}, {55, "55-64"}, {45, "45-54"}, {35, "35-44"}, {25, "25-34"}, {18, "18-24"}, {16, "16-17"}, {13, "13-15"}, {0, "0-12"},
}

func appendAgeBand(dst []byte, age int) ([]byte, bool) {
	if age > maxAge {
		return dst, false
	}
	for i := range ageBands {
		if age >= ageBands[i].from {
			return append(dst, ageBands[i].name...), true
		}
	}
	return dst, false // not born yet
}

// appendPart appends the first or the last characters of a longer text. A text of no
// more characters would be disclosed whole, and so would one that is longer by space,
// marks or punctuation alone.
func appendPart(dst []byte, g *rules.Generaliser, text []byte) ([]byte, bool) {
	if g.N < 1 {
		return dst, false
	}
	first := g.Kind == rules.GeneralisePrefix
	at := 0
	if !first {
		at = len(text)
	}
	for range g.N {
		if first {
			_, n := utf8.DecodeRune(text[at:])
			at += n
		} else {
			_, n := utf8.DecodeLastRune(text[:at])
			at -= n
		}
	}
	switch {
	case first && says(text[at:]):
		return appendEscaped(dst, text[:at]), true
	case !first && says(text[:at]):
		return appendEscaped(dst, text[at:]), true
	}
	return dst, false
}

// says reports whether what is kept back says anything: a letter, number or symbol.
func says(text []byte) bool {
	return bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) })
}

// appendEscaped appends text as it stands inside quotes, in one spelling: nothing is
// escaped that need not be.
func appendEscaped(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendBand appends the two edges that a number lies between.
func appendBand(dst []byte, edges []float64, text []byte) ([]byte, bool) {
	if len(edges) == 0 {
		return dst, false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return dst, false // greater than any edge can be
	}
	above := 0
	for above < len(edges) && f >= edges[above] {
		above++
	}
	switch above {
	case 0:
		return appendEdge(append(dst, '<'), edges[0]), true
	case len(edges):
		return appendEdge(append(dst, ">="...), edges[above-1]), true
	}
	dst = appendEdge(dst, edges[above-1])
	return appendEdge(append(dst, "-<"...), edges[above]), true
}

// appendEdge writes an edge without an exponent, unless it would be long.
func appendEdge(dst []byte, edge float64) []byte {
	format := byte('f')
	if size := math.Abs(edge); size >= 1e15 || size > 0 && size < 1e-6 {
		format = 'g'
	}
	return strconv.AppendFloat(dst, edge, format, -1, 64)
}
