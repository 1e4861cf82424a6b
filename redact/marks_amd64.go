package redact

import (
	"unicode/utf8"

	"golang.org/x/sys/cpu"
)

// markAll fills marks, of which there are marksFor(len(b)).
func markAll(marks, b []byte) {
	if cpu.X86.HasAVX2 && markText(marks, b) {
		return
	}
	markEach(marks, b)
}

// markText is markAll for text that is UTF-8, and marks nothing of it that is not ASCII.
// Of other bytes it says false.
func markText(marks, b []byte) bool {
	whole := len(b) / block
	end := whole * block
	if whole > 0 && !markUTF8(&marks[0], &b[0], whole) {
		return false
	}
	// A character that the last whole block does not end is checked with the rest.
	start := end
	for start > max(0, end-utf8.UTFMax) && !utf8.RuneStart(b[start-1]) {
		start--
	}
	if start > 0 && b[start-1] >= utf8.RuneSelf {
		start--
	}
	if !utf8.Valid(b[start:]) {
		return false
	}
	var last [2 * block]byte // zeros are marked
	copy(last[:], b[end:])
	markUTF8(&marks[whole*blockMarks], &last[0], 2) // it may begin within a character
	return true
}

// markBlocks marks whole blocks.
func markBlocks(marks, b []byte) {
	if len(marks) > 0 {
		markSSE2(&marks[0], &b[0], len(marks)/blockMarks)
	}
}

// markSSE2 marks the given number of blocks, at least one. It needs nothing that not
// every amd64 has.
//
//go:noescape
func markSSE2(marks, b *byte, blocks int)

// markUTF8 marks the given number of blocks, at least one, except for what is not ASCII.
// It reports whether that is UTF-8, apart from a last character that does not end: by
// looking up what a lead and what follows it may be, as Keiser and Lemire describe
// ("Validating UTF-8 In Less Than One Instruction Per Byte", 2021). It needs AVX2.
//
//go:noescape
func markUTF8(marks, b *byte, blocks int) bool
