package rules

import (
	"fmt"
	"maps"
	"slices"
)

func (c *compiler) recipient(d *RecipientDef) {
	r := &Recipient{Def: d, ID: d.Name.Value, needs: make(map[string]*Grant)}
	if c.p.recipients[r.ID] != nil {
		c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("recipient %q is defined twice", r.ID), "")
	}
	c.p.recipients[r.ID] = r
	for _, u := range d.Users {
		if other := c.p.users[u.Value]; other != nil {
			c.problem(u.Pos, ErrConflict, fmt.Sprintf("user %q is recipient %q already", u.Value, other.ID), "one credential is one recipient")
		}
		c.p.users[u.Value] = r
	}
	for i := range d.Certificates {
		c.certificate(r, &d.Certificates[i])
	}
	for what, missing := range map[string]bool{"legal_name": d.LegalName == "", "kind": d.Kind == 0, "country": d.Country.Value == "", "match": len(d.Users)+len(d.Certificates) == 0} {
		if missing {
			c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("recipient %q needs %s", r.ID, what), "")
		}
	}
	c.country(d.Country)
	for _, n := range d.Onward {
		c.country(n)
	}
	if _, word := ParseRecipientCategory(r.ID); word {
		c.problem(d.Name.Pos, ErrConflict, fmt.Sprintf("%q is a recipient category: a consent could not tell which of the two it names", r.ID), "another id")
	}
	if d.Kind == Internal && d.LegalName != c.b.Controller.LegalName && c.b.Controller.LegalName != "" {
		c.problem(d.Name.Pos, ErrConflict, fmt.Sprintf("recipient %q is internal, but another legal entity than the controller", r.ID),
			"a company of the same group is third_party or joint_use")
	}
	if d.Kind.contracted() && (d.Terms.Ref == "" || d.Terms.AcceptedAt.IsZero()) {
		c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("recipient %q has not accepted the handling terms (K2)", r.ID), "handling_terms: {ref: ..., accepted_at: ...}")
	}
	if e := d.Evaluation; e != nil && !e.Until.After(e.At) {
		c.problem(e.Pos, ErrConflict, fmt.Sprintf("the evaluation of %q ends before it begins", r.ID), "")
	}
	c.contract(r, d.Contract)
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
	for i := range d.Purposes {
		c.grant(r, &d.Purposes[i])
	}
}

// grant compiles one purpose of a contract.
func (c *compiler) grant(r *Recipient, d *ContractPurposeDef) {
	p := c.p.purposes[d.Purpose.Value]
	if p == nil {
		c.problem(d.Purpose.Pos, ErrDangling, fmt.Sprintf("no purpose %q", d.Purpose.Value), DidYouMean(d.Purpose.Value, slices.Collect(maps.Keys(c.p.purposes))))
		return
	}
	g := &Grant{Purpose: p, needs: make(map[string]Need, len(d.Needs)), RefRequired: d.RefRequired, LinkGroup: d.LinkGroup}
	if d.RefPattern.Value != "" {
		g.refPattern = c.pattern(d.RefPattern)
	}
	for _, n := range d.Needs {
		attrs := c.category(n.Category)
		if attrs != nil && attrs.Credential && n.Need != NeedNone {
			c.problem(n.Category.Pos, ErrConflict, fmt.Sprintf("%q is a credential: it is disclosed to nobody", n.Category.Value), "")
		}
		g.needs[n.Category.Value] = n.Need
	}
	r.needs[p.Name] = g
}
