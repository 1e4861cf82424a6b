package redact

import "math/bits"

// alike checks the number that starts at i, as the value of a member, and returns the
// place after it. The numbers of one key mostly have the same form, which a processor
// foresees: so the branches here cost nothing, and whoever reads on need not wait.
func (s *scanner) alike(i int) int {
	if i < 0 || i > len(s.b)-8 {
		return s.anyNumber(i)
	}
	// Most have no sign and no exponent, and end within eight bytes.
	w := word(s.b, i)
	n := bits.TrailingZeros64(noDigit(w)) >> 3 & 7
	if n == 0 || n > 1 && w&0xFF == '0' {
		return s.number(i)
	}
	w >>= 8 * n
	if w&0xFF == '.' {
		w >>= 8
		fraction := bits.TrailingZeros64(noDigit(w)) >> 3 & 7
		if n += 1 + fraction; fraction == 0 || n >= 8 {
			return s.number(i)
		}
		w >>= 8 * fraction
	}
	if w&0xFF|0x20 == 'e' {
		return s.number(i)
	}
	return i + n
}

// number checks the number that starts at i and returns the place after it.
//
// Numbers in a row differ in length and kind, so that a processor mispredicts most
// branches that depend on them. This takes none for a number without sign and exponent
// that ends within 16 bytes.
func (s *scanner) number(i int) int {
	b := s.b
	if i < 0 || i > len(b)-17 {
		return s.anyNumber(i)
	}
	others := notDigits(word(b, i)) | notDigits(word(b, i+8))<<8 | 1<<16 // one bit a byte
	whole := bits.TrailingZeros64(others)
	dot := 0
	if b[i+whole] == '.' {
		dot = 1
	}
	fraction := bits.TrailingZeros64(others >> (uint(whole) + 1)) // if there is a dot
	end := whole + (1+fraction)&-dot
	if whole == 0 || whole > 1 && b[i] == '0' || fraction < dot || end > 15 || b[i+end]|0x20 == 'e' {
		return s.anyNumber(i)
	}
	return i + end
}

// notDigits tells of eight bytes which are no digits, the first in the lowest bit.
func notDigits(w uint64) uint64 { return (noDigit(w) >> 7 * gather) >> 56 }

// noDigit sets the highest bit of each byte that is no digit, and of no other.
func noDigit(w uint64) uint64 {
	// Of a digit the low half is below ten, and the high half is 3.
	d := w ^ lows*'0'
	return ((d + lows*(0x7F-9)) | d) & highs
}

// anyNumber is number for all of them.
func (s *scanner) anyNumber(i int) int {
	b := s.b
	start := i
	if b[i] == '-' {
		i++
	}
	if n := leading(b, i); n == 1 || n > 1 && b[i] != '0' { // mostly
		i += n
	} else if i = s.whole(i, start); i < 0 {
		return i
	}
	if uint(i) < uint(len(b)) && b[i] == '.' {
		i++
		if n := leading(b, i); n > 0 {
			i += n
		} else if i = s.someDigits(i, start); i < 0 {
			return i
		}
	}
	if uint(i) < uint(len(b)) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return s.someDigits(i, start)
	}
	return i
}

// whole checks the part at i before a fraction.
func (s *scanner) whole(i, start int) int {
	b := s.b
	if i >= len(b) || b[i] != '0' {
		return s.someDigits(i, start)
	}
	if i++; i < len(b) && digit(b[i]) {
		return s.fail(InvalidNumber, start)
	}
	return i
}

// leading counts the digits that stand at i, if they are fewer than eight and the
// body does not end soon; else 0.
func leading(b []byte, i int) int {
	if i < 0 || i > len(b)-8 {
		return 0
	}
	return bits.TrailingZeros64(noDigit(word(b, i))) >> 3 & 7
}

// someDigits needs at least one digit at i.
func (s *scanner) someDigits(i, start int) int {
	if i >= len(s.b) {
		return s.fail(Truncated, i)
	}
	if !digit(s.b[i]) {
		return s.fail(InvalidNumber, start)
	}
	return digits(s.b, i)
}

// digits returns the place of the first byte at or after i that is no digit.
func digits(b []byte, i int) int {
	for i >= 0 && i <= len(b)-8 {
		if m := noDigit(word(b, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && digit(b[i]) {
		i++
	}
	return i
}

func digit(c byte) bool { return c-'0' < 10 }
