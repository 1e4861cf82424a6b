package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// withoutContract gives the kinds that have none what takes its place: a person its
// own data, an authority what its order lists (2.3).
func (c *compiler) withoutContract(r *Recipient, d *RecipientDef) {
	if d.Kind != DataSubject && d.Kind != Authority {
		return
	}
	if d.Contract != nil {
		c.problem(d.Contract.Pos, ErrConflict, fmt.Sprintf("recipient %q is of the kind %s, which has no contract", r.ID, d.Kind), "its purposes and needs come from its kind")
	}
	for _, p := range c.p.purposes {
		if d.Kind == DataSubject && p.Legal == LegalRights || d.Kind == Authority && (p.Legal == LegalObligation || p.Legal == LegalClaims) {
			r.needs[p.Name] = &Grant{Purpose: p, everything: true}
		}
	}
}

func (c *compiler) contract(r *Recipient, d *ContractDef) {
	if d == nil {
		return
	}
	switch {
	case d.From.IsZero():
		c.problem(d.Pos, ErrMissing, fmt.Sprintf("the contract of %q needs valid_from", r.ID), "")
	case ended(d.Until, d.From):
		c.problem(d.Pos, ErrConflict, fmt.Sprintf("the contract of %q ends before it begins", r.ID), "")
	}
	for _, n := range d.Uses {
		t := c.terms[n.Value]
		if t == nil {
			c.problem(n.Pos, ErrDangling, fmt.Sprintf("no contract terms %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.terms))))
			continue
		}
		for _, g := range t.grants {
			c.give(r, n.Pos, g)
		}
		for i := range t.def.Purposes {
			c.promised(r, &t.def.Purposes[i], n.Pos)
		}
	}
	for i := range d.Purposes {
		if g := c.grant(&d.Purposes[i]); g != nil {
			c.give(r, d.Purposes[i].Purpose.Pos, g)
		}
		c.promised(r, &d.Purposes[i], d.Purposes[i].Purpose.Pos)
	}
}

func (c *compiler) give(r *Recipient, pos Pos, g *Grant) {
	if r.needs[g.Purpose.Name] != nil {
		c.problem(pos, ErrDuplicate, fmt.Sprintf("the contract of %q names purpose %q twice", r.ID, g.Purpose.Name), "terms that it uses hold it already")
		return
	}
	r.needs[g.Purpose.Name] = g
}

// terms is contract terms, compiled once for all that use them.
type terms struct {
	def    *ContractTermsDef
	grants []*Grant
}

func (c *compiler) contractTerms() {
	for i := range c.b.Contracts {
		d := &c.b.Contracts[i]
		t := &terms{def: d}
		if c.terms[d.Name.Value] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("contract terms %q are defined twice", d.Name.Value), "")
		}
		c.terms[d.Name.Value] = t
		for p := range d.Purposes {
			if g := c.grant(&d.Purposes[p]); g != nil {
				t.grants = append(t.grants, g)
			}
		}
	}
}

// grant compiles one purpose of a contract.
func (c *compiler) grant(d *ContractPurposeDef) *Grant {
	p := c.purpose(d.Purpose)
	if p == nil {
		return nil
	}
	g := &Grant{Purpose: p, needs: make(map[string]cell, len(d.Needs)), RefRequired: d.RefRequired, LinkGroup: d.LinkGroup, Limits: d.Limits}
	if d.RefPattern.Value != "" {
		g.refPattern = c.pattern(d.RefPattern)
	}
	for i := range d.Needs {
		n := &d.Needs[i]
		if attrs := c.category(n.Category); attrs != nil {
			c.need(p, n, attrs, "")
		}
		g.needs[n.Category.Value] = cell{n.Need, n.Generaliser}
	}
	c.covered(p, d)
	return g
}

// covered checks the declared categories that no need names and that the need of an
// ancestor covers: what is wrong with a pseudonym of a birth date is wrong with one
// of everything about a person.
func (c *compiler) covered(p *Purpose, d *ContractPurposeDef) {
	needs := make(map[string]*NeedDef, len(d.Needs))
	for i := range d.Needs {
		needs[d.Needs[i].Category.Value] = &d.Needs[i]
	}
	for i := range c.b.Categories {
		name := c.b.Categories[i].Name.Value
		nearest := name
		for nearest != "" && needs[nearest] == nil {
			nearest = parent(nearest)
		}
		if n := needs[nearest]; n != nil && nearest != name {
			c.need(p, n, c.p.categories[name], name)
		}
	}
}

// need checks one cell of the need matrix, for its category or for a descendant of
// it that the cell covers. A credential below one is withheld, whatever it says.
func (c *compiler) need(p *Purpose, n *NeedDef, attrs *CategoryAttrs, covered string) {
	what, own := strconv.Quote(n.Category.Value), covered == ""
	hint := func(s string) string { return s }
	if !own {
		what = fmt.Sprintf("%q, which the need of %s covers,", covered, what)
		hint = func(string) string { return fmt.Sprintf("give %s a need of its own, or none", covered) }
	}
	switch {
	case n.Need == NeedNone:
	case attrs.Credential && own:
		c.problem(n.Category.Pos, ErrConflict, what+" is a credential: it is disclosed to nobody", "")
	case attrs.Credential:
	case len(attrs.Purposes) > 0 && !slices.Contains(attrs.Purposes, p.Name):
		c.problem(n.Category.Pos, ErrConflict, fmt.Sprintf("%s is for %s only, not for %q", what, strings.Join(attrs.Purposes, ", "), p.Name),
			hint("the category's purposes say so"))
	case n.Need == NeedPseudonym && attrs.Entropy == EntropyLow:
		c.problem(n.Category.Pos, ErrConflict, fmt.Sprintf("the values of %s can be guessed: a pseudonym of them hides nothing", what),
			hint("generalise them: "+strings.Join(GeneraliserForms, ", ")))
	case n.Generaliser != nil && !n.Generaliser.suits(attrs.Identifier):
		c.problem(n.Category.Pos, ErrConflict, fmt.Sprintf("%s of the identifier %s may be the identifier itself", n.Generaliser, what),
			hint("a coarser one: year, age_band"))
	}
}
