package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// A combination is all values of one subject that are marked as cells, as they would
// leave: generalised, by the number of their field, several of one field in the order
// of the body, and absent where they are absent. Under a statistical purpose it may
// leave only if enough subjects of the same kind in the answer share it (M2).
//
// Only what is really in the answer counts, and of a person who is in it several times
// no more than once. A subject that is not in it makes no cell
// larger, and one of whom no such value leaves has no combination: there is nothing to
// withhold. So the combinations are counted over what an Emit has written, and what is
// too small is withheld by another run.
//
// Among subjects of one kind that ends with the second run: a small combination goes
// with everybody who shares it, and what is only withheld joins no other one. But
// a subject may be in the answer for these values alone, and take those inside it with
// it when it goes. Then the combinations of those that are left are counted again.

// maxRounds is how often that is done. Each round reaches one step further into kinds
// that stand inside each other, of which policies have two or three. Beyond it no cell
// leaves at all.
const maxRounds = 8

// cell is one value that was written.
type cell struct {
	subject, field int32
	from, to       uint32 // in what Emit returns
}

// combination is the cells of one subject.
type combination struct {
	hash        uint64
	subject     int32
	first, last int32 // of Document.cells
}

// Small reports whether the last Emit withheld what is marked as a cell of subject i,
// because too few subjects share it.
func (d *Document) Small(i int) bool { return i >= 0 && i < len(d.outcomes) && d.outcomes[i].small }

// cell notes a value of a subject that was written from a place on. Once there is no room the
// document cannot be emitted.
func (e *emission) cell(subject, f, from int) {
	d := e.d
	if len(d.cells) == cap(d.cells) && !d.growCells() {
		e.full = true
		return
	}
	d.cells = append(d.cells, cell{
		subject: int32(subject), field: int32(f), //nolint:gosec // MaxSize bounds the number of subjects; field numbers are small
		from: place32(from), to: place32(len(e.dst)),
	})
}

// growCells makes room for more cells, if the budget has it.
func (d *Document) growCells() bool {
	n := len(d.cells)
	more := n/4 + leastCells
	if n > 0 && d.budget != nil && !d.budget.Take(more*cellSize) {
		return false
	}
	bigger := make([]cell, n, n+more)
	copy(bigger, d.cells)
	d.cells = bigger
	return true
}

// leastCells is what the list of cells begins with. Nobody is asked for that.
const leastCells = 64

// suppress marks the subjects whose combination too few people share, or all that have
// one, and reports whether there are any. out is what the run has written.
func (d *Document) suppress(out []byte, terms *Terms, all bool) bool {
	if len(d.cells) == 0 {
		return false
	}
	d.combine(out)
	slices.SortFunc(d.combos, func(a, b combination) int {
		return cmp.Or(d.compare(out, &a, &b), terms.comparePeople(a.subject, b.subject))
	})
	found := false
	for i := 0; i < len(d.combos); {
		people, end := 1, i+1
		for ; end < len(d.combos) && d.compare(out, &d.combos[i], &d.combos[end]) == 0; end++ {
			if terms.comparePeople(d.combos[end-1].subject, d.combos[end].subject) != 0 {
				people++
			}
		}
		if all || people < terms.MinCell {
			found = true
			for _, c := range d.combos[i:end] {
				d.outcomes[c.subject].small = true
			}
		}
		i = end
	}
	return found
}

// comparePeople orders subjects so that those who are one person are equal.
func (t *Terms) comparePeople(a, b int32) int {
	if t.Keys == nil {
		return cmp.Compare(a, b)
	}
	return bytes.Compare(t.Keys[a][:], t.Keys[b][:])
}

// combine lists the combinations of the answer.
func (d *Document) combine(out []byte) {
	slices.SortFunc(d.cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.field, b.field), cmp.Compare(a.from, b.from))
	})
	d.combos = slices.Grow(d.combos[:0], min(len(d.cells), len(d.subjects)))
	for i := 0; i < len(d.cells); {
		c := combination{hash: hashSeed, subject: d.cells[i].subject, first: int32(i)}
		released := d.outcomes[c.subject].released // else it was taken back
		for ; i < len(d.cells) && d.cells[i].subject == c.subject; i++ {
			if released {
				c.hash = hash(c.hash, d.cells[i].field, d.written(out, i))
			}
		}
		c.last = int32(i)
		if released {
			d.combos = append(d.combos, c)
		}
	}
}

func (d *Document) written(out []byte, i int) []byte { return out[d.cells[i].from:d.cells[i].to] }

// compare orders combinations. It is exact: the hashes only save looking. Those of
// different kinds differ, also where a field is about persons of two.
func (d *Document) compare(out []byte, a, b *combination) int {
	if order := cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.last-a.first, b.last-b.first),
		cmp.Compare(d.subjects[a.subject].Kind, d.subjects[b.subject].Kind)); order != 0 {
		return order
	}
	for i := range int(a.last - a.first) {
		x, y := int(a.first)+i, int(b.first)+i
		if order := cmp.Or(cmp.Compare(d.cells[x].field, d.cells[y].field), bytes.Compare(d.written(out, x), d.written(out, y))); order != 0 {
			return order
		}
	}
	return 0
}

// FNV-1a, which needs no key: nothing but time depends on it.
const (
	hashSeed  = 14695981039346656037
	hashPrime = 1099511628211
)

func hash(h uint64, field int32, value []byte) uint64 {
	h = (h ^ uint64(field)) * hashPrime //nolint:gosec // a field number
	for _, c := range value {
		h = (h ^ uint64(c)) * hashPrime
	}
	return h
}
