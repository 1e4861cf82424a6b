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

// either reads the first word as true and the second as false.
func either(yes, no string) func(string) (bool, bool) {
	return func(s string) (bool, bool) { return s == yes, s == yes || s == no }
}

func (d *decoder) digitalAge(v value) int {
	i := v.integer()
	if i < 13 || i > 16 {
		d.problem(v.pos, rules.ErrBadValue, v.what+" must be from 13 to 16", "")
	}
	return i
}

func (d *decoder) geography(v value) {
	g := &d.bundle.Geography
	g.Pos = v.pos
	v.mapping(keys{
		"as_of":           func(v value) { g.AsOf = v.date() },
		"eea":             func(v value) { g.EEA = d.countries(v) },
		"uk":              func(v value) { g.UK = d.countries(v) },
		"adequate_eea":    func(v value) { g.AdequateEEA = d.countries(v) },
		"adequate_uk":     func(v value) { g.AdequateUK = d.countries(v) },
		"appi_designated": func(v value) { g.Designated = d.countries(v) },
	})
}

func (d *decoder) countries(v value) []rules.Name {
	var out []rules.Name
	v.list(func(v value) { out = append(out, d.country(v)) })
	return out
}

func (d *decoder) country(v value) rules.Name {
	w := v.word()
	c := w.Value
	if len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z' {
		d.problem(v.pos, rules.ErrBadValue, fmt.Sprintf("%q is not an ISO 3166-1 country code", c), "two capital letters; quote \"NO\"")
	}
	return w
}

func (d *decoder) disclosures(v value) {
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
			"eea_uk":     func(v value) { c.EEAUK = listOf(v, rules.ParseSubjectCategory, subjectWords...) },
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

// subjectKey reads a key that is a subject category.
func (d *decoder) subjectKey(k rules.Name) (rules.SubjectCategory, bool) {
	s, ok := rules.ParseSubjectCategory(k.Value)
	if !ok || s == rules.CategoryUnknown {
		d.problem(k.Pos, rules.ErrBadValue, fmt.Sprintf("%q is not a subject category", k.Value), rules.DidYouMean(k.Value, subjectWords))
		return 0, false
	}
	return s, true
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
			"appi":             func(v value) { p.APPI = listOf(v, rules.ParseSubjectCategory, subjectWords...) },
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
		"subjects": func(v value) { p.CCPA = listOf(v, rules.ParseSubjectCategory, subjectWords...) },
		"m7027": func(v value) {
			v.list(func(v value) {
				i := v.integer()
				if i < 1 || i > 8 {
					d.problem(v.pos, rules.ErrBadValue, "m7027 lists items 1 to 8", "")
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
