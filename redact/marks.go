package redact

import (
	"encoding/binary"
	"math/bits"
)

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

	blockMarks = block / 8 // bytes of marks for them
)

// marksFor is how many bytes of marks a body of n bytes needs: one bit a byte in whole
// blocks, one more for its end, and a word that mark may read beyond that.
func marksFor(n int) int { return (n/block + 2) * blockMarks }

// markEach fills marks, of which there are marksFor(len(b)). The end of b is marked
// too, and what is beyond it.
func markEach(marks, b []byte) {
	whole := len(b) / block
	markBlocks(marks[:whole*blockMarks], b[:whole*block])
	var last [2 * block]byte // zeros are marked
	copy(last[:], b[whole*block:])
	markBlocks(marks[whole*blockMarks:], last[:])
}

// markGeneric marks whole blocks, eight bytes at a time, on any machine.
func markGeneric(marks, b []byte) {
	const low7 = ^uint64(highs)
	for i := range len(marks) / blockMarks {
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
		binary.LittleEndian.PutUint64(marks[i*blockMarks:], m)
	}
}

// mark returns the place of the first marked byte at or after i, which is at most
// the end. It looks at the 57 bytes from i on at least, wherever i lies in its block:
// that a string goes on in the next block is nothing that a processor could foresee.
func (s *scanner) mark(i int) int {
	if at := int(uint(i) / 8); at <= len(s.marks)-8 {
		if w := word(s.marks, at) >> (uint(i) % 8); w != 0 {
			return i + bits.TrailingZeros64(w)
		}
	}
	return s.farMark(i)
}

// farMark is mark for what is further away.
func (s *scanner) farMark(i int) int {
	for at := int(uint(i)/8) + 8; at <= len(s.marks)-8; at += 8 {
		if w := word(s.marks, at); w != 0 {
			return at*8 + bits.TrailingZeros64(w)
		}
	}
	return len(s.b)
}
