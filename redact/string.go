package redact

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of w that are not plain text of a string: quote,
// backslash, control characters and whatever is not ASCII. The lowest mark is
// always right; above it there may be wrong ones, as a borrow runs upwards.
func special(w uint64) uint64 {
	quote := w ^ lows*'"'
	slash := w ^ lows*'\\'
	return ((quote-lows)&^quote | (slash-lows)&^slash | (w-lows*0x20)&^w | w) & highs
}

// text checks the string whose opening quote stands at i and returns the place
// after its closing quote. It sets escaped and lone, and never clears them.
func (s *scanner) text(i int) int {
	b := s.b
	i++
	for {
		for i+8 <= len(b) {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
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
		case c < 0x20:
			return s.fail(ControlCharacter, i)
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return s.fail(InvalidUTF8, i)
			}
			i += n
		}
	}
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
