package policytest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// Cover is what the tests of a run have exercised.
type Cover struct {
	Cells   []Cell  // of every contract and grant, by recipient, purpose, category
	Rules   []Count // of the decision tables, in their order
	Reasons []Count // that were seen, by code
}

// Cell is one cell of a need matrix that is not none.
type Cell struct {
	Recipient, Purpose, Category string
	Need                         string
	Decisions                    int // about a field that it speaks for
}

// Count is how many decisions showed a rule or a reason.
type Count struct {
	Name string
	Seen int
}

type cellKey struct{ recipient, purpose, category string }

// coverage collects.
type coverage struct {
	policy  *rules.Policy
	cells   map[cellKey]*Cell
	rules   map[string]int
	reasons map[string]int
}

func newCoverage(p *rules.Policy) *coverage {
	c := &coverage{policy: p, cells: make(map[cellKey]*Cell), rules: make(map[string]int), reasons: make(map[string]int)}
	terms := make(map[string][]rules.ContractPurposeDef)
	for _, t := range p.Bundle.Contracts {
		terms[t.Name.Value] = t.Purposes
	}
	for i := range p.Bundle.Recipients {
		d := &p.Bundle.Recipients[i]
		if d.Contract == nil {
			continue
		}
		for _, use := range d.Contract.Uses {
			c.contract(d.Name.Value, terms[use.Value])
		}
		c.contract(d.Name.Value, d.Contract.Purposes)
	}
	return c
}

func (c *coverage) contract(recipient string, purposes []rules.ContractPurposeDef) {
	for _, p := range purposes {
		for _, n := range p.Needs {
			need := n.Need.String()
			if n.Generaliser != nil {
				need = n.Generaliser.String()
			}
			c.cells[cellKey{recipient, p.Purpose.Value, n.Category.Value}] = &Cell{
				Recipient: recipient, Purpose: p.Purpose.Value, Category: n.Category.Value, Need: need,
			}
		}
	}
}

// cell notes a decision about a field: of the most specific cell for its category.
// It returns the need that the cell says, none where there is no cell.
func (c *coverage) cell(recipient, purpose, category string) string {
	for {
		if cell := c.cells[cellKey{recipient, purpose, category}]; cell != nil {
			cell.Decisions++
			return cell.Need
		}
		cut := strings.LastIndexByte(category, '.')
		if cut < 0 {
			return rules.NeedNone.String()
		}
		category = category[:cut]
	}
}

func (c *coverage) refused(reason rules.Reason) {
	c.reasons[reason.String()]++
	if rule := review.RequestRule(reason); rule != "" {
		c.rules[string(rule)]++
	}
}

// decided notes what was decided about a subject, by the trails of its fields.
func (c *coverage) decided(plan *rules.Plan, a *rules.Actions) {
	recipient, purpose := plan.Recipient().Name.Value, plan.Purpose().Name
	fields := plan.Resource().Shape.Fields
	gated := rules.Rule("") // one gate hides all fields, and counts once
	for i := range fields {
		f := &fields[i]
		if !f.Concerns(int(a.Class.Kind)) || f.Public {
			continue
		}
		c.cell(recipient, purpose, f.Category)
		trail := plan.Trail(a.Class, i)
		if a.Gate != rules.ReasonNone {
			gated = trail.Steps[0].Rule
			continue
		}
		for _, r := range a.Decisions[i].Reasons {
			c.reasons[r.String()]++
		}
		for r := range asked(trail) {
			c.rules[string(r)]++
		}
	}
	if gated != "" {
		c.reasons[a.Gate.String()]++
		c.rules[string(gated)]++
	}
}

// profile notes what a record says was decided about a class of subjects. The class itself
// is not at hand where a gateway decides: the rules are those that its reasons lead to.
func (c *coverage) profile(recipient string, p *ledger.ProfileFact) {
	var regimes rules.Regimes
	for _, n := range p.Regimes {
		if r, ok := rules.ParseRegime(n); ok {
			regimes |= r
		}
	}
	d := c.decision(recipient, p.Purpose, regimes&rules.AllRegimes)
	if p.Gate != "" {
		c.gate(p.Gate)
	}
	for _, f := range p.Fields {
		if f.Category == "" { // public
			continue
		}
		cell := c.cell(recipient, p.Purpose, f.Category)
		if p.Gate == "" {
			need := rules.NeedNone
			if f.Transform != "" {
				need = rules.NeedGeneralised
				if n, ok := rules.ParseNeed(f.Transform); ok {
					need = n
				}
			}
			d.field(cell, f.Reasons, f.Basis, need)
		}
	}
}

func (c *coverage) gate(reason string) {
	c.reasons[reason]++
	if r, ok := rules.ParseReason(reason); ok && subjectRules[r] != "" {
		c.rules[subjectRules[r]]++
	}
}

func (c *coverage) result() Cover {
	var out Cover
	for _, cell := range c.cells {
		if cell.Need != rules.NeedNone.String() {
			out.Cells = append(out.Cells, *cell)
		}
	}
	slices.SortFunc(out.Cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Category, b.Category))
	})
	for _, id := range tableRules {
		out.Rules = append(out.Rules, Count{id, c.rules[id]})
	}
	for _, code := range slices.Sorted(maps.Keys(c.reasons)) {
		out.Reasons = append(out.Reasons, Count{code, c.reasons[code]})
	}
	return out
}
