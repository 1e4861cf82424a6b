package page

import (
	_ "embed" // the clause table
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// table is the clauses that a decision enforces, a line each: the id, what it says, and
// how it is served, between tabs. It is taken from docs/clauses.md, and a test holds the
// two together.
//
//go:embed clauses.tsv
var table string

// clauses tells of every enforced clause which rules and which lines of the policy
// serve it.
func (b *builder) clauses() (out []Clause) {
	served := make(map[string][]ClauseRule)
	for _, r := range order {
		for _, id := range review.Clauses(r) {
			served[id] = append(served[id], ClauseRule{does(r), r, review.Says(r, true)})
		}
	}
	for l := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		c := Clause{ID: cells[0], Says: cells[1], How: strings.ReplaceAll(cells[2], "`", ""), Rules: served[cells[0]]}
		c.Rows = b.serving(c.ID, cells[2])
		out = append(out, c)
	}
	return out
}

func does(r rules.Rule) string {
	switch {
	case slices.Contains([]rules.Rule{rules.A6, rules.A7, rules.A13, rules.G12, rules.U11, rules.M4}, r):
		return "allows"
	case r == rules.M2 || r == rules.M3:
		return "minimises"
	}
	return "withholds"
}

var quoted = regexp.MustCompile("`([a-z_.0-9]+)`")

// serving lists the lines of the policy that serve a clause.
func (b *builder) serving(id, how string) (rows []ClauseRow) {
	add := func(pos rules.Pos, text string, args ...any) {
		row := ClauseRow{fmt.Sprintf(text, args...), line(pos)}
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	bundle := b.policy.Bundle
	numbered := false // rows of the EEA/UK notice name their clause
	for i := range bundle.Purposes {
		p := &bundle.Purposes[i]
		for n := range p.Rows {
			if r := &p.Rows[n]; r.Row == id {
				numbered = true
				var bases []string
				for _, basis := range r.Bases {
					bases = append(bases, plain(basis.String()))
				}
				add(r.Pos, "%s for %s, on %s", p.Name.Value, groupWords[r.Subject], or(bases...))
			}
		}
	}
	if !numbered {
		for _, m := range quoted.FindAllStringSubmatch(how, -1) { // the purposes that the table names
			if p := b.purpose(m[1]); p.Name.Value != "" && strings.HasPrefix(id, "J") {
				add(p.Name.Pos, "purpose %s", p.Name.Value)
			}
		}
	}
	if serve := lines[id]; serve != nil {
		serve(b, add)
	}
	return rows
}

type adder func(pos rules.Pos, text string, args ...any)

// lines finds the lines that serve a clause otherwise than by a purpose's row.
var lines = map[string]func(*builder, adder){
	"K2":   func(b *builder, add adder) { b.each(func(d *rules.RecipientDef) { terms(d, add) }) },
	"K3":   documents,
	"K4":   thirdParties,
	"J5":   func(b *builder, add adder) { thirdParties(b, add); orders(b, add) },
	"J6.1": contracts,
	"J6.2": func(b *builder, add adder) { b.each(func(d *rules.RecipientDef) { evaluation(d, add) }) },
	"J6.3": contracts,
	"J6.4": contracts,
	"J7.2": safeguards("appi"),
	"J11":  documents,
	"E1.1": declared(rules.Customer),
	"E1.2": declared(rules.BusinessPartner),
	"E1.3": declared(rules.Staff),
	"E1.4": declared(rules.Visitor),
	"E3.0": func(b *builder, add adder) {
		for i := range b.policy.Bundle.Purposes {
			if p := &b.policy.Bundle.Purposes[i]; len(p.Rows) > 0 {
				add(p.Name.Pos, "purpose %s", p.Name.Value)
			}
		}
	},
	"E3.ADM": func(b *builder, add adder) {
		b.each(func(d *rules.RecipientDef) {
			if d.Contract != nil && d.Contract.NoAutomatedDecision {
				add(d.Contract.Pos, "the contract of %s", d.Name.Value)
			}
		})
	},
	"E4.1": func(b *builder, add adder) {
		for _, c := range b.policy.Bundle.Disclosure.EEAUK {
			add(rules.Pos{}, "declared recipients: %s", categoryWords[c])
		}
	},
	"E4.2": func(b *builder, add adder) {
		for _, o := range b.policy.Bundle.Disclosure.Only {
			var only []string
			for _, n := range o.Purposes {
				only = append(only, n.Value)
			}
			var at rules.Pos
			if len(o.Purposes) > 0 {
				at = o.Purposes[0].Pos
			}
			add(at, "%s: %s alone", categoryWords[o.Category], and(only...))
		}
	},
	"E5.1": func(b *builder, add adder) { safeguards("eea")(b, add); safeguards("uk")(b, add) },
	"E5.2": func(b *builder, add adder) { safeguards("eea")(b, add); safeguards("uk")(b, add) },
	"E6.1": func(b *builder, add adder) {
		for i := range b.policy.Bundle.Purposes {
			if p := &b.policy.Bundle.Purposes[i]; p.Retention != nil {
				add(p.Name.Pos, "%s: %s", p.Name.Value, periodWords(p.Retention))
			}
		}
	},
	"C1.1": class(rules.Customer),
	"C1.2": class(rules.BusinessPartner),
	"C1.3": class(rules.Staff),
	"C1.4": class(rules.Visitor),
	"C2.1-4": func(b *builder, add adder) {
		for i := range b.policy.Bundle.Purposes {
			p := &b.policy.Bundle.Purposes[i]
			var groups []string
			for _, g := range p.CCPA {
				groups = append(groups, groupWords[g])
			}
			if len(groups) > 0 {
				add(p.Name.Pos, "%s for %s", p.Name.Value, and(groups...))
			}
		}
	},
	"C3.1": cells(func(c rules.CCPAClass) bool { return c == rules.CCPAIdentifiers }),
	"C3.2": cells(func(c rules.CCPAClass) bool { return c == rules.CCPACommercial }),
	"C5": func(b *builder, add adder) {
		for i := range b.policy.Bundle.Categories {
			if c := &b.policy.Bundle.Categories[i]; c.SPI {
				add(c.Name.Pos, "sensitive: %s", c.Name.Value)
			}
		}
		for i := range b.policy.Bundle.Purposes {
			if p := &b.policy.Bundle.Purposes[i]; len(p.M7027) > 0 {
				add(p.Name.Pos, "%s serves a purpose of section 7027(m)", p.Name.Value)
			}
		}
	},
}

func (b *builder) each(visit func(*rules.RecipientDef)) {
	for i := range b.policy.Bundle.Recipients {
		visit(&b.policy.Bundle.Recipients[i])
	}
}

func terms(d *rules.RecipientDef, add adder) {
	if d.Terms.Ref != "" {
		add(d.Name.Pos, "%s accepted %s", d.Name.Value, d.Terms.Ref)
	}
}

func evaluation(d *rules.RecipientDef, add adder) {
	if d.Evaluation != nil {
		add(d.Evaluation.Pos, "the evaluation of %s", d.Name.Value)
	}
}

func documents(b *builder, add adder) {
	for _, d := range b.edition.Documents {
		add(d.Pos, "%s %s", d.ID, d.Version)
	}
}

func thirdParties(b *builder, add adder) {
	b.each(func(d *rules.RecipientDef) {
		if d.Kind == rules.ThirdParty {
			add(d.Name.Pos, "third party %s", d.Name.Value)
		}
	})
}

func orders(b *builder, add adder) {
	for i := range b.policy.Bundle.Orders {
		add(b.policy.Bundle.Orders[i].Name.Pos, "legal order %s", b.policy.Bundle.Orders[i].Name.Value)
	}
}

func contracts(b *builder, add adder) {
	b.each(func(d *rules.RecipientDef) {
		if d.Kind == rules.Processor && d.Contract != nil {
			add(d.Contract.Pos, "the contract of %s", d.Name.Value)
		}
	})
}

func safeguards(regime string) func(*builder, adder) {
	return func(b *builder, add adder) {
		b.each(func(d *rules.RecipientDef) {
			for i := range d.Safeguards {
				if s := &d.Safeguards[i]; s.Regime == regime {
					add(s.Pos, "%s of %s (%s)", plain(s.Type), d.Name.Value, regimeWords[regime])
				}
			}
		})
	}
}

// declared lists the categories that the EEA/UK notice declares for a group.
func declared(group rules.SubjectCategory) func(*builder, adder) {
	return func(b *builder, add adder) {
		for i := range b.policy.Bundle.Categories {
			if c := &b.policy.Bundle.Categories[i]; slices.Contains(c.EEAUK, group) {
				add(c.Name.Pos, "%s", c.Name.Value)
			}
		}
	}
}

// class lists the categories that the California notice declares for a group.
func class(group rules.SubjectCategory) func(*builder, adder) {
	return func(b *builder, add adder) {
		for i := range b.policy.Bundle.Categories {
			c := &b.policy.Bundle.Categories[i]
			if is := c.CCPA[group]; is != rules.CCPAUndeclared {
				add(c.Name.Pos, "%s (%s)", c.Name.Value, plain(is.String()))
			}
		}
	}
}

// cells lists the declared disclosures of a class in California.
func cells(is func(rules.CCPAClass) bool) func(*builder, adder) {
	return func(b *builder, add adder) {
		for i := range b.policy.Bundle.Purposes {
			p := &b.policy.Bundle.Purposes[i]
			for group := rules.CategoryUnknown; group <= rules.Visitor; group++ {
				if slices.ContainsFunc(p.Cells[group], is) {
					add(p.Name.Pos, "%s for %s", p.Name.Value, groupWords[group])
				}
			}
		}
	}
}
