package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// user enters a name that Caddy's authentication gives.
func (c *compiler) user(r *Recipient, u UserDef) {
	if u.Name.Value == "" {
		return // a problem already
	}
	if other := c.p.users[u.Name.Value].recipient; other != nil {
		c.problem(u.Name.Pos, ErrConflict, fmt.Sprintf("user %q is recipient %q already", u.Name.Value, other.ID), "one credential is one recipient")
	}
	c.p.users[u.Name.Value] = credential{recipient: r, purposes: c.purposeNames(u.Purposes)}
}

// personsOf enters a form of user names that are data subjects.
func (c *compiler) personsOf(r *Recipient, d *PersonsDef) {
	if r.Def.Kind != DataSubject {
		c.problem(d.Pos, ErrConflict, fmt.Sprintf("recipient %q matches persons and is not a data_subject", r.ID), "kind: data_subject")
	}
	switch {
	case d.Prefix.Value == "":
		c.problem(d.Pos, ErrMissing, "persons need the prefix of their user names", `prefix: "customer:"`)
		return
	case d.Population.Value == "":
		c.problem(d.Pos, ErrMissing, "persons need their population", "population: one that populations declares")
		return
	}
	c.p.persons = append(c.p.persons, persons{recipient: r, population: c.population(d.Population), prefix: d.Prefix.Value})
}

// personsPrefixes refuses user names that could be two persons, or a person and a
// recipient.
func (c *compiler) personsPrefixes() {
	for i := range c.b.Recipients {
		d := &c.b.Recipients[i]
		for _, p := range d.Persons {
			for _, other := range c.p.persons {
				if other.prefix != p.Prefix.Value && strings.HasPrefix(other.prefix, p.Prefix.Value) {
					c.problem(p.Prefix.Pos, ErrConflict, fmt.Sprintf("a user name that begins with %q could be two persons", other.prefix), "no prefix may begin with another")
				}
			}
			for user := range c.p.users {
				if p.Prefix.Value != "" && strings.HasPrefix(user, p.Prefix.Value) {
					c.problem(p.Prefix.Pos, ErrConflict, fmt.Sprintf("user %q is a recipient, and would be a person too", user), "choose another prefix")
				}
			}
		}
	}
	seen := make(map[string]bool)
	for i := range c.b.Recipients {
		for _, p := range c.b.Recipients[i].Persons {
			if seen[p.Prefix.Value] && p.Prefix.Value != "" {
				c.problem(p.Prefix.Pos, ErrDuplicate, fmt.Sprintf("prefix %q stands twice", p.Prefix.Value), "")
			}
			seen[p.Prefix.Value] = true
		}
	}
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

func (c *compiler) safeguards(d *RecipientDef) {
	for i := range d.Safeguards {
		s := &d.Safeguards[i]
		for _, n := range s.Countries {
			c.country(n)
			if KnownCountry(n.Value) && n.Value != d.Country.Value && !slices.ContainsFunc(d.Onward, func(o Name) bool { return o.Value == n.Value }) {
				c.problem(n.Pos, ErrConflict, fmt.Sprintf("%q is no country of %q: neither its own nor an onward one", n.Value, d.Name.Value), "")
			}
		}
		framework := s.Type == safeguardDPF || s.Type == safeguardDPFExtension
		switch {
		case framework && s.Covers == 0:
			c.problem(s.Pos, ErrMissing, "a data privacy framework certification needs covers", "covers: [hr, non_hr], or one of them")
		case !framework && s.Covers != 0:
			c.problem(s.Pos, ErrConflict, fmt.Sprintf("%s covers all data", s.Type), "covers belongs to dpf and dpf_extension")
		case s.Type == safeguardDPFExtension && !slices.ContainsFunc(d.Safeguards, func(o SafeguardDef) bool { return o.Type == safeguardDPF }):
			c.problem(s.Pos, ErrConflict, "an extension needs the certification that it extends", "eea: {type: dpf, ...}")
		case s.Type == safeguardEquivalent && s.LastChecked.IsZero():
			c.problem(s.Pos, ErrMissing, "an equivalent system needs last_checked: it is checked periodically (APPI enforcement rules, Rule 18)", "last_checked: 2026-10-01")
		case !s.ValidUntil.IsZero() && !s.ValidUntil.After(s.SignedAt):
			c.problem(s.Pos, ErrConflict, "the safeguard ends before it is signed", "")
		}
	}
}

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
		for ancestor := name; needs[name] == nil; {
			cut := strings.LastIndexByte(ancestor, '.')
			if cut < 0 {
				break
			}
			ancestor = ancestor[:cut]
			if n := needs[ancestor]; n != nil {
				c.need(p, n, c.p.categories[name], name)
				break
			}
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
