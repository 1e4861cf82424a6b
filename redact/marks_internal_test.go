package redact

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"
)

// marked says by the definition which places of b are marked. What is not ASCII is if
// text is false.
func marked(b []byte, text bool) []int {
	var at []int
	for i, c := range b {
		if c == '"' || c == '\\' || c < ' ' || c >= 0x80 && !text {
			at = append(at, i)
		}
	}
	return at
}

// marksText says that this machine knows text that is UTF-8.
var marksText bool

// TestMarks compares the marks of all implementations with their definition: each byte
// alone at each place of a block, and random ones of every length around two blocks.
func TestMarks(t *testing.T) {
	t.Parallel()
	check := func(b []byte) {
		t.Helper()
		marks := make([]byte, marksFor(len(b)))
		markEach(marks, b)
		if whole := len(b) / block; whole > 0 {
			generic := make([]byte, whole*blockMarks)
			markGeneric(generic, b[:whole*block])
			if !slices.Equal(generic, marks[:whole*blockMarks]) {
				t.Fatalf("%q: %x, generic %x", b, marks[:whole*blockMarks], generic)
			}
		}
		compare(t, b, marks, false)
		markAll(marks, b)
		compare(t, b, marks, marksText && utf8.Valid(b))
	}
	for c := range 256 {
		for i := range block {
			b := bytes.Repeat([]byte{'x'}, block+1)
			b[i] = byte(c)
			check(b)
		}
		check(bytes.Repeat([]byte{byte(c)}, block)) // no carry from one byte to the next
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3 * block {
		for range 50 {
			b := make([]byte, n)
			for i := range b {
				const edges = "\"\\ x~\x1f\x80\x7f\x00\xff!#[]"
				if b[i] = edges[r.IntN(len(edges))]; r.IntN(2) == 0 {
					b[i] = byte(r.IntN(256) & 0xff)
				}
			}
			check(b)
		}
	}
}

// compare compares marks with their definition.
func compare(t *testing.T, b []byte, marks []byte, text bool) {
	t.Helper()
	s := scanner{b: b, marks: marks}
	i := 0
	for _, want := range append(marked(b, text), len(b)) {
		for ; i <= want; i++ {
			if got := s.mark(i); got != want {
				t.Fatalf("%q: the mark after %d is at %d, want %d", b, i, got, want)
			}
		}
	}
}
