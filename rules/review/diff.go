package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Diff is what a change of a policy changes.
type Diff struct {
	Before, After string // hashes of the bundles
	At            time.Time
	// Answers are the changes of outcomes, exact: the weaker first.
	Answers []Change
	// Guards are the changes of what stands before and around an outcome: who may
	// call, what a request must say, how much may be read, what is not personal, and how
	// what is withheld looks. They
	// are compared by what the policies say.
	Guards []Guard
}

// Change is one change of an outcome for one data category, wherever it occurs.
type Change struct {
	Weaker     bool // the vendor sees something that it did not see
	Category   string
	Was        string // the category before, where the fields have another one now
	Before     rules.Form
	After      rules.Form
	Situations []rules.Situation
	Cells      []Cell
}

// Cell is who asks for what, where and when.
type Cell struct {
	Recipient, Purpose, Order string
	Places                    []rules.Place
	When                      []rules.Interval
}

// Weaker reports whether anything is weaker than before.
func (d *Diff) Weaker() bool {
	return slices.ContainsFunc(d.Answers, func(a Change) bool { return a.Weaker }) ||
		slices.ContainsFunc(d.Guards, func(g Guard) bool { return g.Weaker })
}

// Empty reports whether nothing has changed.
func (d *Diff) Empty() bool { return len(d.Answers) == 0 && len(d.Guards) == 0 }

// Compare finds what another policy answers differently, now and on every later date.
func Compare(before, after *rules.Policy, now time.Time) *Diff {
	d := &Diff{Before: before.Bundle.Hash, After: after.Bundle.Hash, At: now}
	g := grouping{answers: make(map[string]*change)}
	rules.Compare(before, after, now, g.add)
	d.Answers = g.result()
	d.Guards = guards(before, after, now)
	return d
}

// grouping unites the differences that are the same change.
type grouping struct {
	answers map[string]*change
	order   []*change
}

type change struct {
	Change
	cells map[string]*Cell
	order []*Cell
}

func (g *grouping) add(d *rules.Difference) {
	places := fmt.Sprint(d.Places)
	for _, c := range d.Changes {
		key := fmt.Sprint(d.Before, d.After, c.Before, c.After, c.Situations)
		a := g.answers[key]
		if a == nil {
			a = &change{cells: make(map[string]*Cell), Change: Change{
				Weaker: c.Weaker, Category: cmp.Or(d.After, d.Before), Before: c.Before, After: c.After, Situations: c.Situations,
			}}
			if d.Before != "" && d.Before != d.After && d.After != "" {
				a.Was = d.Before
			}
			g.answers[key] = a
			g.order = append(g.order, a)
		}
		key = fmt.Sprint(d.Recipient, "\n", d.Purpose, "\n", d.Order, "\n", places)
		cell := a.cells[key]
		if cell == nil {
			cell = &Cell{Recipient: d.Recipient, Purpose: d.Purpose, Order: d.Order, Places: d.Places}
			a.cells[key] = cell
			a.order = append(a.order, cell)
		}
		cell.When = append(cell.When, d.When...)
	}
}

func (g *grouping) result() []Change {
	out := make([]Change, len(g.order))
	for i, a := range g.order {
		for _, c := range a.order {
			c.When = joined(c.When)
			a.Cells = append(a.Cells, *c)
		}
		out[i] = a.Change
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		if a.Weaker != b.Weaker {
			return cmp.Compare(severity(b.Weaker), severity(a.Weaker))
		}
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.Cells[0].Recipient, b.Cells[0].Recipient))
	})
	return out
}

func severity(weaker bool) int {
	if weaker {
		return 1
	}
	return 0
}

// joined unites intervals that follow each other.
func joined(list []rules.Interval) []rules.Interval {
	slices.SortFunc(list, func(a, b rules.Interval) int { return a.From.Compare(b.From) })
	out := list[:1]
	for _, i := range list[1:] {
		if last := &out[len(out)-1]; last.Until.Equal(i.From) {
			last.Until = i.Until
			continue
		}
		out = append(out, i)
	}
	return out
}
