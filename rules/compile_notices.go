package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// documents gathers the versions of each document. They stand in the order in which
// they take effect.
func (c *compiler) documents() {
	lines := make(map[string]*noticeLine)
	for _, d := range c.b.Documents {
		line := lines[d.ID]
		if line == nil {
			line = &noticeLine{document: d.ID}
			lines[d.ID] = line
			c.p.lines = append(c.p.lines, line)
			c.notice(d, line)
		}
		if _, known := line.number(d.Version); known && d.Version != "" {
			c.problem(d.Pos, ErrDuplicate, fmt.Sprintf("version %q of document %q is defined twice", d.Version, d.ID), "")
		}
		if n := len(line.versions); n > 0 && !d.EffectiveFrom.IsZero() && !d.EffectiveFrom.After(line.versions[n-1].EffectiveFrom) {
			c.problem(d.Pos, ErrConflict, fmt.Sprintf("version %q of document %q takes effect no later than the one before", d.Version, d.ID), "list the oldest version first")
		}
		line.versions = append(line.versions, d)
		c.p.material = c.p.material || d.Material
	}
}

// notice makes a document one of the notices that the rules read.
func (c *compiler) notice(d Document, line *noticeLine) {
	if d.Notice == 0 {
		return
	}
	if other := c.p.notices[d.Notice]; other != nil {
		c.problem(d.Pos, ErrDuplicate, fmt.Sprintf("documents %q and %q are both the notice %s", other.document, d.ID, d.Notice), "")
		return
	}
	c.p.notices[d.Notice] = line
}

// since returns the number of the version of a notice that first lists a purpose.
func (c *compiler) since(n Notice, version Name) int {
	if version.Value == "" {
		return 0
	}
	line := c.p.notices[n]
	if line == nil {
		c.problem(version.Pos, ErrDangling, fmt.Sprintf("no document is the notice %s", n), fmt.Sprintf("say so at its document: notice: %s", n))
		return 0
	}
	number, ok := line.number(version.Value)
	if !ok {
		var versions []string
		for _, d := range line.versions {
			versions = append(versions, d.Version)
		}
		c.problem(version.Pos, ErrDangling, fmt.Sprintf("document %q has no version %q", line.document, version.Value), DidYouMean(version.Value, versions))
	}
	return number
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
			NotInCopies: d.NotInCopies, Entropy: d.Entropy, Generaliser: d.Generaliser,
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
	said := make(map[string]bool) // the categories that say how they point at a person
	for i := range c.b.Categories {
		said[c.b.Categories[i].Name.Value] = !c.b.Categories[i].IdentifierUnsaid
	}
	for _, a := range c.p.categories {
		c.restrict(a, said)
	}
	for i := range c.b.Categories {
		name := c.b.Categories[i].Name
		if a := c.p.categories[name.Value]; a.Generaliser != nil && !a.Generaliser.suits(a.Identifier) {
			c.problem(name.Pos, ErrConflict, fmt.Sprintf("%s of the identifier %q may be the identifier itself", a.Generaliser, a.Name), "a coarser one: year, age_band")
		}
	}
}

// restrict gives a category what restricts those that it is within: what is special
// stays so, however finely it is divided, and so does what identifies, unless the
// division says otherwise.
func (c *compiler) restrict(a *CategoryAttrs, said map[string]bool) {
	classed := said[a.Name]
	for name := parent(a.Name); name != ""; name = parent(name) {
		if outer := c.p.categories[name]; outer != nil {
			if !classed && said[name] {
				a.Identifier, classed = outer.Identifier, true
			}
			a.Special, a.SPI, a.Credential = a.Special || outer.Special, a.SPI || outer.SPI, a.Credential || outer.Credential
			a.NotInCopies = a.NotInCopies || outer.NotInCopies
			if a.Entropy == EntropyUnsaid {
				a.Entropy = outer.Entropy
			}
		}
	}
}

// category returns the attributes of a category or of its nearest declared
// ancestor.
func (c *compiler) category(n Name) *CategoryAttrs {
	if !dottedName.MatchString(n.Value) {
		c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not a data category", n.Value), "lower-case words joined by dots: user.contact.email")
		return nil
	}
	if a := c.p.attributes(n.Value); a != nil {
		return a
	}
	c.problem(n.Pos, ErrDangling, fmt.Sprintf("neither category %q nor an ancestor of it is declared", n.Value),
		c.suggestCategory(n.Value))
	return nil
}

// suggestCategory looks for what a misspelt category means. The slip may be in an
// ancestor of it: below a declared category any name is good.
func (c *compiler) suggestCategory(name string) string {
	declared := slices.Collect(maps.Keys(c.p.categories))
	for cut := len(name); cut > 0 && (cut == len(name) || strings.Contains(name[:cut], ".")); cut = strings.LastIndexByte(name[:cut], '.') {
		if n := Nearest(name[:cut], declared); n != "" {
			return fmt.Sprintf("did you mean %q?", n+name[cut:])
		}
	}
	return ""
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
		if p.Legal != LegalNone && (p.DM || p.Profiling || p.AdShare) {
			c.problem(d.Name.Pos, ErrConflict, fmt.Sprintf("purpose %q is a legal one and marketing too: an order would lift the objection", p.Name), "two purposes")
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
			*row = noticeRow{exists: true, bases: r.Bases, pin: r.Pin, pins: r.Pins, since: c.since(NoticeEEAUK, r.Since)}
			for _, pin := range append(slices.Collect(maps.Values(r.Pins)), r.Pin) {
				if pin != BasisNone && !slices.Contains(r.Bases, pin) {
					c.problem(r.Pos, ErrConflict, "the pinned basis is not one that the row lists", "")
				}
			}
			p.late = p.late || row.since > 0
		}
		p.sinceJ, p.sinceC = c.since(NoticeAPPI, d.SinceAPPI), c.since(NoticeCalifornia, d.SinceCCPA)
		p.late = p.late || p.sinceJ > 0 || p.sinceC > 0
		if d.Retention != nil {
			p.retention = *d.Retention
		}
		c.p.purposes[p.Name] = p
	}
}

var dottedName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
