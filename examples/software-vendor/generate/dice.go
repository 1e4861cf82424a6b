package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// dice is the only source of variety. Go fixes what PCG yields for a seed but
// not what the helpers built on it (IntN, Shuffle, ...) make of it, so the
// arithmetic is done here: the committed files must come out the same under
// every toolchain.
type dice struct{ pcg *rand.PCG }

// newDice seeds by population, so that a change to one population's data does
// not stir the others.
func newDice(population string) *dice {
	var seed uint64
	for _, c := range []byte(population) {
		seed = seed*131 + uint64(c)
	}
	return &dice{rand.NewPCG(20261123, seed)}
}

// n returns a number in [0, limit). The modulo bias is of no account here.
func (d *dice) n(limit int) int {
	return int(d.pcg.Uint64() % uint64(limit))
}

// between returns a number in [low, high].
func (d *dice) between(low, high int) int { return low + d.n(high-low+1) }

// one returns one of the choices.
func one[T any](d *dice, choices []T) T { return choices[d.n(len(choices))] }

// some returns up to limit choices, in their order, without repeats.
func some(d *dice, choices []string, limit int) []string {
	var out []string
	for i, c := range choices {
		left := len(choices) - i
		if want := limit - len(out); want > 0 && d.n(left) < want {
			out = append(out, c)
		}
	}
	return out
}

// shuffle orders the values anew.
func shuffle[T any](d *dice, values []T) {
	for i := len(values) - 1; i > 0; i-- {
		j := d.n(i + 1)
		values[i], values[j] = values[j], values[i]
	}
}

// date returns a day of the years given. Days end at 28: every month has one.
func (d *dice) date(from, to int) string {
	return fmt.Sprintf("%04d-%02d-%02d", d.between(from, to), d.between(1, 12), d.between(1, 28))
}

// lately returns a day of 2026 that has passed: nobody has logged in tomorrow.
func (d *dice) lately() string {
	return fmt.Sprintf("2026-%02d-%02d", d.between(1, 10), d.between(1, 28))
}

// clock returns a time of day with an offset, in RFC 3339.
func (d *dice) clock(offset string) string {
	return fmt.Sprintf("T%02d:%02d:%02d%s", d.n(24), d.n(60), d.n(60), offset)
}

// code returns an opaque identifier; it is not derived from what it names.
func (d *dice) code(alphabet string, length int) string {
	var b strings.Builder
	for range length {
		b.WriteByte(alphabet[d.n(len(alphabet))])
	}
	return b.String()
}

// uuid returns a version 4 UUID.
func (d *dice) uuid() string {
	a, b := d.pcg.Uint64(), d.pcg.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
