package redact

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/cpu"
)

func init() { marksText = cpu.X86.HasAVX2 }

// TestMarkText compares what is told of UTF-8 with the standard library: every sequence of
// one to three bytes and the edges of those of four, at each place around the end of half
// a block and of a block, between ASCII and other characters, and random ones.
func TestMarkText(t *testing.T) {
	t.Parallel()
	if !cpu.X86.HasAVX2 {
		t.Skip("this machine has no AVX2")
	}
	check := func(b []byte) {
		t.Helper()
		marks := make([]byte, marksFor(len(b)))
		if got, want := markText(marks, b), utf8.Valid(b); got != want {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	}
	edges := []byte{0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff}
	for _, around := range []string{"x", "é", "日", "😀"} {
		for at := 26; at < 66; at++ {
			n := len(around)
			before, after := strings.Repeat(around, (at+n-1)/n)[:at/n*n]+strings.Repeat("x", at%n), strings.Repeat(around, 70/n)
			for _, c := range edges {
				check([]byte(before + string([]byte{c}) + after))
				check([]byte(before + string([]byte{c})))
				for _, d := range edges {
					check([]byte(before + string([]byte{c, d}) + after))
					check([]byte(before + string([]byte{c, d})))
				}
			}
		}
	}
	for _, at := range []int{0, 30, 62, 63} {
		before := strings.Repeat("x", at)
		for c := range 256 {
			for d := range 256 {
				check([]byte(before + string([]byte{byte(c), byte(d)})))
				check([]byte(before + string([]byte{byte(c), byte(d)}) + "x"))
				for _, e := range edges {
					if c < 0xe0 {
						break
					}
					check([]byte(before + string([]byte{byte(c), byte(d), e}) + "x"))
					if c >= 0xf0 {
						check([]byte(before + string([]byte{byte(c), byte(d), e, 0x80}) + "x"))
						check([]byte(before + string([]byte{byte(c), byte(d), e, 0xbf})))
						check([]byte(before + string([]byte{byte(c), byte(d), 0x80, e}) + "x"))
					}
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	text := []byte(strings.Repeat("aé日本語x😀\U0010ffff\ufffd-", 20))
	for range 20_000 {
		from := r.IntN(len(text) - 200)
		b := append([]byte(nil), text[from:from+r.IntN(200)]...)
		for range r.IntN(3) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = edges[r.IntN(len(edges))]
			}
		}
		check(b)
	}
}
