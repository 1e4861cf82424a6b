package redact

import (
	"encoding/binary"
	"unicode/utf8"
)

// word returns the eight bytes at i, the first of them the lowest.
func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// text checks the string whose opening quote stands at i and returns the place
// after its closing quote. It sets escaped and lone, and never clears them.
func (s *scanner) text(i int) int {
	if i = s.mark(i + 1); i < len(s.b) && s.b[i] == '"' {
		return i + 1
	}
	return s.rest(i)
}

// rest checks what is left of a string from i on, where something may stand that
// is not plain.
func (s *scanner) rest(i int) int {
	b := s.b
	for {
		if i >= len(b) {
			return s.fail(Truncated, len(b))
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i); i < 0 {
				return i
			}
		case c < ' ':
			return s.fail(ControlCharacter, i)
		default:
			if i = multibytes(b, i); i < len(b) && b[i] >= utf8.RuneSelf {
				return s.fail(InvalidUTF8, i)
			}
		}
		i = s.mark(i)
	}
}

// multibytes returns the place after the characters outside ASCII that begin at i, or
// that of the first one that is none.
func multibytes(b []byte, i int) int {
	const (
		most     = 0xC0C0F0 // of three bytes: what tells their kind
		threes   = 0x8080E0 // 1110xxxx 10xxxxxx 10xxxxxx
		overlong = 0xE0
		halves   = 0xED // surrogates, and more that are not
	)
	for {
		for i >= 0 && i <= len(b)-4 && binary.LittleEndian.Uint32(b[i:])&most == threes && b[i] != overlong && b[i] != halves {
			i += 3
		}
		if i >= len(b) || b[i] < utf8.RuneSelf {
			return i
		}
		n := multibyte(b[i:])
		if n == 0 {
			return i
		}
		i += n
	}
}

// multibyte returns the length of the UTF-8 sequence of two to four bytes that b
// begins with, 0 if there is none: the well-formed sequences of table 3-7 of the
// Unicode standard.
func multibyte(b []byte) int {
	const (
		continuation = 0x80 // 10xxxxxx
		mask         = 0xC0
	)
	if len(b) < 2 {
		return 0
	}
	low, high := byte(0x80), byte(0xBF) // of the second byte
	n := 3
	switch c := b[0]; {
	case c < 0xC2:
		return 0
	case c < 0xE0:
		n = 2
	case c == 0xE0:
		low = 0xA0
	case c == 0xED:
		high = 0x9F
	case c < 0xF0:
	case c == 0xF0:
		n, low = 4, 0x90
	case c < 0xF4:
		n = 4
	case c == 0xF4:
		n, high = 4, 0x8F
	default:
		return 0
	}
	if len(b) < n || b[1] < low || b[1] > high || n > 2 && b[2]&mask != continuation || n > 3 && b[3]&mask != continuation {
		return 0
	}
	return n
}

// escape checks the escape whose backslash stands at i.
func (s *scanner) escape(i int) int {
	b := s.b
	s.escaped = true
	if i+1 >= len(b) {
		return s.fail(Truncated, len(b))
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return s.fail(InvalidEscape, i)
	}
	u, n := hex4(b[i+2:])
	if n < 4 {
		if i+2+n == len(b) {
			return s.fail(Truncated, len(b))
		}
		return s.fail(InvalidEscape, i)
	}
	switch {
	case u < surrogateMin || u >= surrogateEnd:
	case u >= surrogateLow || !lowSurrogate(b[i+6:]):
		// The grammar allows half a pair; no two readers agree what it means.
		s.lone = true
	default:
		return i + 12
	}
	return i + 6
}

const (
	surrogateMin = 0xD800
	surrogateLow = 0xDC00
	surrogateEnd = 0xE000
)

// lowSurrogate reports whether b begins with the second half of a pair.
func lowSurrogate(b []byte) bool {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return false
	}
	u, n := hex4(b[2:])
	return n == 4 && u >= surrogateLow && u < surrogateEnd
}

// hex4 reads up to four hexadecimal digits and says how many there are.
func hex4(b []byte) (u rune, n int) {
	for n < 4 && n < len(b) {
		c := b[n]
		switch {
		case digit(c):
			c -= '0'
		case c|0x20-'a' < 6:
			c = c | 0x20 - 'a' + 10
		default:
			return u, n
		}
		u = u<<4 | rune(c)
		n++
	}
	return u, n
}

// unescape appends the text of a string without its quotes, which was checked
// and has no lone surrogate.
func unescape(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			dst = append(dst, b[i])
			i++
			continue
		}
		switch c := b[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			u, _ := hex4(b[i+2:])
			if u >= surrogateMin && u < surrogateLow {
				low, _ := hex4(b[i+8:])
				u = (u-surrogateMin)<<10 + (low - surrogateLow) + 0x10000
				i += 6
			}
			dst = utf8.AppendRune(dst, u)
			i += 4
		default: // quote, backslash, slash
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}
