package source

import (
	"fmt"

	"github.com/modicum-dev/modicum/rules"
)

var (
	subjectWords   = []string{"customer", "business_partner", "staff", "employee_family", "visitor"}
	recipientWords = []string{"it_infra", "crm", "hosting_security", "payment", "analytics_module", "adtech", "other"}
	ccpaWords      = []string{"identifiers", "commercial", "professional", "internet_activity"}
	basisWords     = []string{"contract", "legitimate_interest", "consent"}
)

func (d *decoder) controller(v value) {
	c := &d.bundle.Controller
	d.once(v, c.Pos)
	c.Pos = v.pos
	v.mapping(keys{
		"id":         func(v value) { c.ID = v.word().Value },
		"legal_name": func(v value) { c.LegalName = v.text() },
		"country":    func(v value) { c.Country = v.text() },
		"contact":    func(v value) { c.Contact = v.text() },
	})
}

func (d *decoder) documents(v value) {
	v.each(func(key rules.Name, v value) {
		doc := rules.Document{ID: key.Value, Pos: key.Pos}
		v.mapping(keys{
			"version":        func(v value) { doc.Version = v.word().Value },
			"effective_from": func(v value) { doc.EffectiveFrom = v.date() },
		})
		if doc.Version == "" || doc.EffectiveFrom.IsZero() {
			d.problem(key.Pos, rules.ErrMissing, fmt.Sprintf("document %q needs version and effective_from", key.Value), "")
		}
		d.bundle.Documents = append(d.bundle.Documents, doc)
	})
}

func (d *decoder) choices(v value) {
	c := &d.bundle.Choices
	d.once(v, d.choicesPos)
	d.choicesPos = v.pos
	v.mapping(keys{
		"under13_scope": func(v value) {
			c.Under13California = oneOf(v, either("california", "everywhere"), "everywhere", "california")
		},
		"undeclared_disclosures": func(v value) {
			c.ReportUndeclared = oneOf(v, either("report", "enforce"), "enforce", "report")
		},
		"sale_share":              func(v value) { c.SaleShare = oneOf(v, either("enabled", "disabled"), "disabled", "enabled") },
		"digital_consent_age_eea": func(v value) { c.DigitalAgeEEA = d.digitalAge(v) },
		"digital_consent_age_uk":  func(v value) { c.DigitalAgeUK = d.digitalAge(v) },
	})
}

// once refuses a section that stood in another file already: what it leaves out
// would be there or not by the order of the files.
func (d *decoder) once(v value, before rules.Pos) {
	if before.File != "" {
		d.problem(v.pos, rules.ErrDuplicate, fmt.Sprintf("%s stands in %s already", v.what, before.File), "keep it in one file")
	}
}

// either reads the first word as true and the second as false.
func either(yes, no string) func(string) (bool, bool) {
	return func(s string) (bool, bool) { return s == yes, s == yes || s == no }
}

func (d *decoder) digitalAge(v value) int {
	i, ok := v.integer()
	if ok && (i < 13 || i > 16) {
		v.bad("from 13 to 16")
	}
	return i
}

func (d *decoder) geography(v value) {
	g := &d.bundle.Geography
	d.once(v, g.Pos)
	g.Pos = v.pos
	v.mapping(keys{
		"as_of":           func(v value) { g.AsOf = v.date() },
		"eea":             func(v value) { g.EEA = v.words() },
		"uk":              func(v value) { g.UK = v.words() },
		"adequate_eea":    func(v value) { g.AdequateEEA = v.words() },
		"adequate_uk":     func(v value) { g.AdequateUK = v.words() },
		"appi_designated": func(v value) { g.Designated = v.words() },
	})
}

func (d *decoder) disclosures(v value) {
	d.once(v, d.disclosuresPos)
	d.disclosuresPos = v.pos
	v.mapping(keys{
		"eea_uk": func(v value) {
			d.bundle.Disclosure.EEAUK = listOf(v, rules.ParseRecipientCategory, recipientWords...)
		},
		"california": func(v value) {
			d.bundle.Disclosure.California = listOf(v, rules.ParseRecipientCategory, recipientWords...)
		},
	})
}

func (d *decoder) categories(v value) {
	v.each(func(key rules.Name, v value) {
		c := rules.CategoryDef{Name: key, CCPA: make(map[rules.SubjectCategory]rules.CCPAClass)}
		v.mapping(keys{
			"identifier": func(v value) {
				c.Identifier = oneOf(v, rules.ParseIdentifierClass, "direct", "quasi", "attribute")
			},
			"special":    func(v value) { c.Special = v.boolean() },
			"spi":        func(v value) { c.SPI = v.boolean() },
			"credential": func(v value) { c.Credential = v.boolean() },
			"eea_uk":     func(v value) { c.EEAUK = listOf(v, subjectCategory, subjectWords...) },
			"ccpa": func(v value) {
				v.each(func(k rules.Name, v value) {
					if s, ok := d.subjectKey(k); ok {
						c.CCPA[s] = oneOf(v, rules.ParseCCPAClass, ccpaWords...)
					}
				})
			},
		})
		d.bundle.Categories = append(d.bundle.Categories, c)
	})
}

// subjectCategory is a subject category that a policy may name: none is meant for
// people of whom nothing is known.
func subjectCategory(s string) (rules.SubjectCategory, bool) {
	c, ok := rules.ParseSubjectCategory(s)
	return c, ok && c != rules.CategoryUnknown
}

// subjectKey reads a key that is a subject category.
func (d *decoder) subjectKey(k rules.Name) (rules.SubjectCategory, bool) {
	s, ok := subjectCategory(k.Value)
	if !ok {
		d.problem(k.Pos, rules.ErrBadValue, fmt.Sprintf("%q is not a subject category", k.Value), rules.DidYouMean(k.Value, subjectWords))
	}
	return s, ok
}

func (d *decoder) purposes(v value) {
	v.each(func(key rules.Name, v value) {
		p := rules.PurposeDef{Name: key, Cells: make(map[rules.SubjectCategory][]rules.CCPAClass)}
		v.mapping(keys{
			"dpv": func(v value) { p.DPV = v.text() },
			"legal": func(v value) {
				p.Legal = oneOf(v, rules.ParseLegalPurpose, "obligation", "claims", "rights_fulfil")
			},
			"direct_marketing": func(v value) { p.DirectMarketing = v.boolean() },
			"profiling":        func(v value) { p.Profiling = v.boolean() },
			"ad_share":         func(v value) { p.AdShare = v.boolean() },
			"statistical":      func(v value) { p.Statistical = v.boolean() },
			"health":           func(v value) { p.Health = v.boolean() },
			"appi":             func(v value) { p.APPI = listOf(v, subjectCategory, subjectWords...) },
			"eea_uk":           func(v value) { p.Rows = d.rows(v) },
			"california":       func(v value) { d.california(v, &p) },
		})
		d.bundle.Purposes = append(d.bundle.Purposes, p)
	})
}

func (d *decoder) rows(v value) []rules.RowDef {
	var rows []rules.RowDef
	v.each(func(key rules.Name, v value) {
		s, ok := d.subjectKey(key)
		if !ok {
			return
		}
		row := rules.RowDef{Subject: s, Pos: key.Pos}
		v.mapping(keys{
			"row":   func(v value) { row.Row = v.word().Value },
			"bases": func(v value) { row.Bases = listOf(v, rules.ParseBasis, basisWords...) },
			"pin":   func(v value) { row.Pin = oneOf(v, rules.ParseBasis, basisWords...) },
		})
		if len(row.Bases) == 0 {
			d.problem(key.Pos, rules.ErrMissing, "a row needs its bases", "")
		}
		rows = append(rows, row)
	})
	return rows
}

func (d *decoder) california(v value, p *rules.PurposeDef) {
	v.mapping(keys{
		"subjects": func(v value) { p.CCPA = listOf(v, subjectCategory, subjectWords...) },
		"m7027": func(v value) {
			v.list(func(v value) {
				i, ok := v.integer()
				if ok && (i < 1 || i > 8) {
					v.bad("items 1 to 8")
				}
				p.M7027 = append(p.M7027, i)
			})
		},
		"cells": func(v value) {
			v.each(func(key rules.Name, v value) {
				if s, ok := d.subjectKey(key); ok {
					p.Cells[s] = listOf(v, rules.ParseCCPAClass, ccpaWords...)
				}
			})
		},
	})
}
