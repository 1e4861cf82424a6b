package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

func (c *compiler) documents() {
	seen := make(map[string]bool)
	for _, d := range c.b.Documents {
		if seen[d.ID] {
			c.problem(d.Pos, ErrDuplicate, fmt.Sprintf("document %q is defined twice", d.ID), "")
		}
		seen[d.ID] = true
	}
}

// country reports a code that is no country's: nobody would ever be found there.
func (c *compiler) country(n Name) {
	if n.Value == "" || KnownCountry(n.Value) {
		return
	}
	hint := "ISO 3166-1: two capital letters; quote \"NO\""
	if n.Value == "UK" {
		hint = `the code of the United Kingdom is GB`
	}
	c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not the code of a country", n.Value), hint)
}

func (c *compiler) geography() {
	g := &c.b.Geography
	r := &c.p.regions
	set := func(names []Name) map[string]bool {
		m := make(map[string]bool, len(names))
		for _, n := range names {
			c.country(n)
			if m[n.Value] {
				c.problem(n.Pos, ErrDuplicate, fmt.Sprintf("country %q is listed twice", n.Value), "")
			}
			m[n.Value] = true
		}
		return m
	}
	r.EEA, r.UK = set(g.EEA), set(g.UK)
	r.Adequate.EEA, r.Adequate.UK, r.Adequate.APPI = set(g.AdequateEEA), set(g.AdequateUK), set(g.Designated)
	if g.Pos.File != "" && (g.AsOf.IsZero() || len(g.EEA) == 0 || len(g.UK) == 0) {
		c.problem(g.Pos, ErrMissing, "geography needs as_of, eea and uk", "an empty list would take a person's protection away")
	}
	r.protect()
	for _, n := range g.UK {
		if r.EEA[n.Value] {
			c.problem(n.Pos, ErrConflict, fmt.Sprintf("%q is listed as EEA and as UK", n.Value), "")
		}
	}
}

func (c *compiler) categoryDefs() {
	for _, d := range c.b.Categories {
		a := &CategoryAttrs{
			Name: d.Name.Value, Identifier: d.Identifier, Special: d.Special, SPI: d.SPI, Credential: d.Credential,
			CCPA: d.CCPA, DeclaredG: make(map[SubjectCategory]bool), DeclaredC: make(map[SubjectCategory]bool),
		}
		for _, s := range d.EEAUK {
			a.DeclaredG[s] = true
		}
		for s := range d.CCPA {
			a.DeclaredC[s] = true
		}
		if c.p.categories[a.Name] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("category %q is defined twice", a.Name), "")
		}
		if !dottedName.MatchString(a.Name) {
			c.problem(d.Name.Pos, ErrBadValue, fmt.Sprintf("%q is not a data category", a.Name), "lower-case words joined by dots: user.contact.email")
		}
		c.p.categories[a.Name] = a
	}
}

// category returns the attributes of a category or of its nearest declared
// ancestor.
func (c *compiler) category(n Name) *CategoryAttrs {
	if !dottedName.MatchString(n.Value) {
		c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not a data category", n.Value), "lower-case words joined by dots: user.contact.email")
		return nil
	}
	for name := n.Value; name != ""; {
		if a := c.p.categories[name]; a != nil {
			return a
		}
		cut := strings.LastIndexByte(name, '.')
		if cut < 0 {
			break
		}
		name = name[:cut]
	}
	c.problem(n.Pos, ErrDangling, fmt.Sprintf("neither category %q nor an ancestor of it is declared", n.Value),
		DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.categories))))
	return nil
}

func (c *compiler) purposeDefs() {
	for i := range c.b.Purposes {
		d := &c.b.Purposes[i]
		if c.p.purposes[d.Name.Value] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("purpose %q is defined twice", d.Name.Value), "")
			continue
		}
		if !dottedName.MatchString(d.Name.Value) {
			c.problem(d.Name.Pos, ErrBadValue, fmt.Sprintf("%q is not a purpose id", d.Name.Value), "lower-case words joined by dots: support.provide")
		}
		p := &Purpose{
			Name: d.Name.Value, DPV: d.DPV, Legal: d.Legal, DM: d.DirectMarketing, Profiling: d.Profiling, AdShare: d.AdShare,
			Stat: d.Statistical, Health: d.Health, M7027: len(d.M7027) > 0,
		}
		for _, s := range d.APPI {
			p.scopeJ[s] = true
		}
		for _, s := range d.CCPA {
			p.scopeC[s] = true
		}
		for s, classes := range d.Cells {
			for _, k := range classes {
				p.cells[s][k] = true
			}
			if !p.scopeC[s] {
				c.problem(d.Name.Pos, ErrConflict, fmt.Sprintf("purpose %q declares California disclosures for %s, but is not in the notice for them", p.Name, s), "")
			}
		}
		for _, r := range d.Rows {
			row := &p.rows[r.Subject]
			if row.exists {
				c.problem(r.Pos, ErrDuplicate, fmt.Sprintf("two rows of %q for %s", p.Name, r.Subject), "")
			}
			row.exists, row.bases, row.pin = true, r.Bases, r.Pin
			if r.Pin != BasisNone && !slices.Contains(r.Bases, r.Pin) {
				c.problem(r.Pos, ErrConflict, "the pinned basis is not one that the row lists", "")
			}
		}
		c.p.purposes[p.Name] = p
	}
}

var dottedName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
