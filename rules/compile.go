package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Compile checks a bundle as a whole and resolves its names. With any problem
// the policy is nil. Problems are complete and sorted by position.
func Compile(b *Bundle) (*Policy, Problems) {
	c := &compiler{b: b, p: &Policy{Bundle: b, purposes: make(map[string]*Purpose), populations: make(map[string]*Population),
		categories: make(map[string]*CategoryAttrs), recipients: make(map[string]*Recipient), users: make(map[string]*Recipient), apis: make(map[string]*api)}}
	c.geography()
	c.categoryDefs()
	c.populationDefs()
	c.purposeDefs()
	for i := range b.Recipients {
		c.recipient(&b.Recipients[i])
	}
	for i := range b.APIs {
		c.api(&b.APIs[i])
	}
	c.required()
	if len(c.problems) > 0 {
		return nil, c.problems.Sort()
	}
	return c.p, nil
}

type compiler struct {
	b        *Bundle
	p        *Policy
	problems Problems
}

func (c *compiler) problem(pos Pos, kind error, detail, suggestion string) {
	c.problems = append(c.problems, &Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion})
}

func (c *compiler) required() {
	file := Pos{File: "policy", Line: 1, Column: 1}
	if len(c.b.APIs) > 0 && len(c.b.APIs[0].Resources) > 0 {
		file = c.b.APIs[0].Resources[0].Name.Pos
		file.Line, file.Column = 1, 1
	}
	for what, missing := range map[string]bool{
		"controller": c.b.Controller.ID == "", "documents": len(c.b.Documents) == 0,
		"geography": c.b.Geography.Pos.File == "", "purposes": len(c.b.Purposes) == 0,
		"recipients": len(c.b.Recipients) == 0, "api": len(c.b.APIs) == 0,
	} {
		if missing {
			c.problem(file, ErrMissing, fmt.Sprintf("the policy has no %q in any of its files", what), "")
		}
	}
}

func (c *compiler) geography() {
	g := &c.b.Geography
	r := &c.p.regions
	set := func(names []Name) map[string]bool {
		m := make(map[string]bool, len(names))
		for _, n := range names {
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
		c.p.categories[a.Name] = a
	}
}

// category returns the attributes of a category or of its nearest declared
// ancestor.
func (c *compiler) category(n Name) *CategoryAttrs {
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

func (c *compiler) populationDefs() {
	for i, d := range c.b.Population {
		if c.p.populations[d.Name.Value] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("population %q is defined twice", d.Name.Value), "")
		}
		c.p.populations[d.Name.Value] = &Population{Name: d.Name.Value, Type: d.Type, FoldCase: d.FoldCase, StripZeros: d.StripZeros, Number: i}
	}
}

func (c *compiler) population(n Name) *Population {
	if p := c.p.populations[n.Value]; p != nil {
		return p
	}
	c.problem(n.Pos, ErrDangling, fmt.Sprintf("no population %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.populations))))
	return &Population{Name: n.Value, Type: IDString}
}

func (c *compiler) purposeDefs() {
	for i := range c.b.Purposes {
		d := &c.b.Purposes[i]
		if c.p.purposes[d.Name.Value] != nil {
			c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("purpose %q is defined twice", d.Name.Value), "")
			continue
		}
		if !purposeName.MatchString(d.Name.Value) {
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

var purposeName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

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
	for what, missing := range map[string]bool{"legal_name": d.LegalName == "", "kind": d.Kind == 0, "country": d.Country.Value == "", "match": len(d.Users) == 0} {
		if missing {
			c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("recipient %q needs %s", r.ID, what), "")
		}
	}
	contracted := d.Kind == Processor || d.Kind == ThirdParty || d.Kind == JointUse
	if contracted && (d.Terms.Ref == "" || d.Terms.AcceptedAt.IsZero()) {
		c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("recipient %q has not accepted the handling terms (K2)", r.ID), "handling_terms: {ref: ..., accepted_at: ...}")
	}
	if d.Contract != nil {
		if d.Contract.From.IsZero() {
			c.problem(d.Contract.Pos, ErrMissing, fmt.Sprintf("the contract of %q needs valid_from", r.ID), "")
		}
		for i := range d.Contract.Purposes {
			c.grant(r, &d.Contract.Purposes[i])
		}
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
		re, err := regexp.Compile("^(?:" + d.RefPattern.Value + ")$")
		if err != nil {
			c.problem(d.RefPattern.Pos, ErrBadValue, "not a regular expression", "")
		}
		g.refPattern = re
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

func (c *compiler) api(d *APIDef) {
	a := c.p.apis[d.Name.Value]
	if a == nil {
		a = &api{name: d.Name.Value}
		c.p.apis[a.name] = a
	} else {
		c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("api %q is defined in two files", a.name), "keep the shapes and resources of one api in one file")
	}
	seen := make(map[string]Pos)
	for _, s := range d.Shapes {
		if _, ok := seen[s.Name.Value]; ok {
			c.problem(s.Name.Pos, ErrDuplicate, fmt.Sprintf("shape %q is defined twice", s.Name.Value), "")
		}
		seen[s.Name.Value] = s.Name.Pos
	}
	for i := range d.Resources {
		c.resource(a, d, &d.Resources[i])
	}
}

func (c *compiler) resource(a *api, d *APIDef, def *ResourceDef) {
	pattern, err := parsePattern(def.Route.Value)
	if err != nil {
		c.problem(def.Route.Pos, ErrBadValue, fmt.Sprintf("route of %q: %v", def.Name.Value, err), "for example: GET /v1/customers/{id}")
		return
	}
	res := &Resource{API: a.name, Name: def.Name.Value, Route: def.Route.Value, Method: pattern.method, number: len(a.resources), params: pattern.params()}
	res.Shape = c.buildShape(d, def, res.params)
	if res.unseen = def.Unseen; res.unseen == UnseenUnset {
		res.unseen = d.Unseen
	}
	if res.unseen == UnseenUnset && !def.NoSubjects {
		c.problem(def.Name.Pos, ErrMissing, fmt.Sprintf("resource %q does not say what becomes of a subject without any event", def.Name.Value),
			"unseen_subject: allow or withhold, at the resource or at the top of the file")
	}
	for i := range res.Shape.Subjects {
		k := &res.Shape.Subjects[i]
		if k.ID == IDParam {
			res.paramPopulation(k.Param, k.Population)
		}
	}
	for _, q := range def.Query {
		re, err := regexp.Compile("^(?:" + q.Pattern.Value + ")$")
		if err != nil {
			c.problem(q.Pattern.Pos, ErrBadValue, "not a regular expression", "")
			continue
		}
		res.query = append(res.query, queryParam{name: q.Name.Value, pattern: re})
	}
	for _, n := range def.Purposes {
		if c.p.purposes[n.Value] == nil {
			c.problem(n.Pos, ErrDangling, fmt.Sprintf("no purpose %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.purposes))))
		}
		res.purposes = append(res.purposes, n.Value)
	}
	if other := a.router.add(pattern, res); other != nil {
		c.problem(def.Route.Pos, ErrDuplicate, fmt.Sprintf("resources %q and %q have the same route", other.Name, res.Name), "")
	}
	a.resources = append(a.resources, res)
}

// kindCategories lists the data categories of one kind's personal fields.
func kindCategories(s *Shape, kind int) []string {
	var out []string
	for i, f := range s.Fields {
		if s.Subjects[kind].Personal.Has(i) && !slices.Contains(out, f.Category) {
			out = append(out, f.Category)
		}
	}
	return out
}

// boundaries collects the dates on which an answer may change.
func (p *Policy) boundaries() []time.Time {
	var out []time.Time
	add := func(t time.Time) {
		if !t.IsZero() {
			out = append(out, t)
		}
	}
	for _, d := range p.Bundle.Documents {
		add(d.EffectiveFrom)
	}
	for i := range p.Bundle.Recipients {
		r := &p.Bundle.Recipients[i]
		add(r.Terms.AcceptedAt)
		if r.Evaluation != nil {
			add(r.Evaluation.At)
			add(r.Evaluation.Until)
		}
		if r.Contract != nil {
			add(r.Contract.From)
			add(r.Contract.Until)
		}
		for _, s := range r.Safeguards {
			add(s.ValidUntil)
		}
	}
	return out
}
