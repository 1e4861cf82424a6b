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
		c.user(r, u)
	}
	for i := range d.Certificates {
		c.certificate(r, &d.Certificates[i])
	}
	for i := range d.Persons {
		c.personsOf(r, &d.Persons[i])
	}
	for what, missing := range map[string]bool{"legal_name": d.LegalName == "", "kind": d.Kind == 0, "country": d.Country.Value == "" && d.Kind != DataSubject, "match": len(d.Users)+len(d.Certificates)+len(d.Persons) == 0} {
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
	c.safeguards(d)
	c.contract(r, d.Contract)
	c.withoutContract(r, d)
}

// purposeNames resolves purposes; nil stays nil.
func (c *compiler) purposeNames(names []Name) []string {
	var out []string
	for _, n := range names {
		if c.purpose(n) != nil {
			out = append(out, n.Value)
		}
	}
	return out
}

func (c *compiler) purpose(n Name) *Purpose {
	p := c.p.purposes[n.Value]
	if p == nil {
		c.problem(n.Pos, ErrDangling, fmt.Sprintf("no purpose %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.purposes))))
	}
	return p
}
