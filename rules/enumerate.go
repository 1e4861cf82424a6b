package rules

import (
	"math/bits"
	"slices"
)

// question decides about a situation, and says what of it was looked at.
type question func(*situation) (answer, reads)

// answer is what a question comes to.
type answer struct {
	Form
	rule Rule // that gave it; questions that are compared leave it out
}

// question asks the conditions of one field; forms are those of its needs.
func (c *conditions) question(forms *forms, ruled bool) question {
	return func(s *situation) (answer, reads) {
		in := c.with(s)
		v := in.outcome()
		a := answer{Form: forms.of(v)}
		if ruled {
			a.rule = v.rule
		}
		return a, in.seen
	}
}

// nothing is the question about a field that a policy does not have.
func nothing(*situation) (answer, reads) { return answer{}, 0 }

// leaf is a set of situations that all have the same answers.
type leaf struct {
	domains domains
	answers [2]answer
}

// enumerate splits all situations of a universe into sets of equal answers to both
// questions, and returns those that are wanted. It is exact: it asks about one situation
// of a set, and splits the set by whatever the answers have looked at, until nothing
// that they have looked at differs within it. Every situation that can be is in exactly
// one set; a set may have others that cannot.
func (m *atlas) enumerate(questions [2]question, wanted func([2]answer) bool) (leaves []leaf) {
	var visit func(*domains)
	visit = func(d *domains) {
		if !m.possible(d) {
			return
		}
		var answers [2]answer
		for side, q := range questions {
			s := m.situation(d, side)
			var seen reads
			answers[side], seen = q(&s)
			if a, parts := m.undecided(d, side, seen); parts != nil {
				next := *d
				for _, part := range parts {
					if next[a] = d[a].and(part); !next[a].empty() {
						visit(&next)
					}
				}
				return
			}
		}
		if wanted(answers) {
			leaves = append(leaves, leaf{domains: *d, answers: answers})
		}
	}
	visit(&m.all)
	return leaves
}

// situation is the first one of a set, as a side reads it.
func (m *atlas) situation(d *domains, side int) (s situation) {
	for a := range m.universe {
		Aspect(a).put(&s, m.universe[a][d[a].first()].sides[side])
	}
	return s
}

// undecided finds an aspect of which something that was looked at differs within a set,
// with the values that look the same.
func (m *atlas) undecided(d *domains, side int, seen reads) (Aspect, []domain) {
	for ; seen != 0; seen &= seen - 1 {
		n := bits.TrailingZeros64(uint64(seen))
		parts := m.cuts[side][n]
		if len(parts) < 2 {
			continue
		}
		if a := suppliers[n]; !slices.ContainsFunc(parts, d[a].within) {
			return a, parts
		}
	}
	return 0, nil
}

// merge unites leaves of equal answers that differ in one aspect alone, until none do.
func merge(leaves []leaf) []leaf {
	for changed := true; changed; {
		changed = false
		for a := range aspects {
			n := len(leaves)
			leaves = mergeBy(leaves, a)
			changed = changed || len(leaves) < n
		}
	}
	return leaves
}

func mergeBy(leaves []leaf, a int) []leaf {
	place := make(map[leaf]int, len(leaves))
	out := leaves[:0]
	for _, l := range leaves {
		key := l
		key.domains[a] = domain{}
		if i, ok := place[key]; ok {
			out[i].domains[a] = out[i].domains[a].union(l.domains[a])
			continue
		}
		place[key] = len(out)
		out = append(out, l)
	}
	return out
}
