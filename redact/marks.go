package redact

import "math/bits"

// Before a body is walked, every byte of it that is not plain text of a string is
// marked in a bitmap: quotes, backslashes, control characters and whatever is not
// ASCII. So the end of a string is found without looking at what is in it. What is not
// ASCII need not be marked where the whole body is known to be UTF-8.

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
	// A product with it moves the lowest bits of eight bytes side by side into the highest
	// one.
	gather = 0x0102040810204080
	block  = 64 // bytes that one word of marks stands for
)

// marksFor is how many words of marks a body of n bytes needs: one bit a byte, and
// one more for its end.
func marksFor(n int) int { return n/block + 1 }

// markEach fills marks, of which there are marksFor(len(b)). The end of b is marked
// too, and what is beyond it.
func markEach(marks []uint64, b []byte) {
	whole := len(b) / block
	markBlocks(marks[:whole], b[:whole*block])
	var last [block]byte // zeros are marked
	copy(last[:], b[whole*block:])
	markBlocks(marks[whole:], last[:])
}

// markGeneric marks whole blocks, eight bytes at a time, on any machine.
func markGeneric(marks []uint64, b []byte) {
	const low7 = ^uint64(highs)
	for i := range marks {
		from := b[i*block : i*block+block]
		var m uint64
		for k := 0; k < block; k += 8 {
			w := word(from, k)
			quote, slash := (w^lows*'"')&low7, (w^lows*'\\')&low7
			// An addition sets the high bit of a byte that is neither of them and no
			// control character; no carry leaves the byte.
			text := (quote + low7) & (slash + low7) & (w&low7 + lows*(0x80-' '))
			high := (^text | w) & highs
			m |= (high >> 7 * gather) >> 56 << k
		}
		marks[i] = m
	}
}

// mark returns the place of the first marked byte at or after i, which is at most
// the end.
func (s *scanner) mark(i int) int {
	if w := s.marks[uint(i)/block] >> (uint(i) % block); w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	return s.farMark(i)
}

// farMark is mark for where there is none in the word of i.
func (s *scanner) farMark(i int) int {
	for n := i/block + 1; n < len(s.marks); n++ {
		if w := s.marks[n]; w != 0 {
			return n*block + bits.TrailingZeros64(w)
		}
	}
	return len(s.b)
}
