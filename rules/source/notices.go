package source

import (
	"fmt"
	"slices"
	"strings"

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
	v.sketch.needs("id")
}

func (d *decoder) documents(v value) {
	v.each(func(key rules.Name, v value) {
		if slices.ContainsFunc(d.bundle.Documents, func(other rules.Document) bool { return other.ID == key.Value }) {
			d.problem(key.Pos, rules.ErrDuplicate, fmt.Sprintf("document %q is defined twice", key.Value), "list its versions in one place")
			return
		}
		one := rules.Document{ID: key.Value, Pos: key.Pos}
		var versions []rules.Document
		known := documentVersion(&one)
		known["notice"] = func(v value) { one.Notice = oneOf(v, rules.ParseNotice, "appi", "eea_uk", "california") }
		known["versions"] = func(v value) {
			v.list(func(v value) {
				doc := rules.Document{ID: key.Value, Pos: v.pos}
				v.mapping(documentVersion(&doc))
				v.sketch.needs("version", "effective_from")
				versions = append(versions, doc)
			})
		}
		v.mapping(known)
		if len(versions) == 0 {
			versions = []rules.Document{one}
		} else if one.Version != "" || !one.EffectiveFrom.IsZero() || one.Material {
			d.problem(key.Pos, rules.ErrConflict, fmt.Sprintf("document %q has a version beside its versions", key.Value), "put it into the list")
		}
		for _, doc := range versions {
			if doc.Version == "" || doc.EffectiveFrom.IsZero() {
				d.problem(doc.Pos, rules.ErrMissing, fmt.Sprintf("document %q needs version and effective_from", key.Value), "")
			}
			doc.Notice = one.Notice
			d.bundle.Documents = append(d.bundle.Documents, doc)
		}
	})
}

func documentVersion(doc *rules.Document) keys {
	return keys{
		"version":         func(v value) { doc.Version = v.word().Value },
		"effective_from":  func(v value) { doc.EffectiveFrom = v.date() },
		"material_change": func(v value) { doc.Material = v.boolean() },
	}
}

func (d *decoder) choices(v value) {
	c := &d.bundle.Choices
	d.once(v, d.choicesPos)
	d.choicesPos = v.pos
	v.mapping(keys{
		"under13_scope": func(v value) {
			c.Under13California = oneOf(v, whether("california", "everywhere"), "everywhere", "california")
		},
		"undeclared_disclosures": func(v value) {
			c.ReportUndeclared = oneOf(v, whether("report", "enforce"), "enforce", "report")
		},
		"sale_share":              func(v value) { c.SaleShare = oneOf(v, whether("enabled", "disabled"), "disabled", "enabled") },
		"digital_consent_age_eea": func(v value) { c.DigitalAgeEEA = v.between(13, 16, "from 13 to 16") },
		"digital_consent_age_uk":  func(v value) { c.DigitalAgeUK = v.between(13, 16, "from 13 to 16") },
		"min_cell":                func(v value) { c.MinCell = v.between(2, 0, "at least 2: a cell of one is one person") },
	})
}

// once refuses a section that stood in another file already: what it leaves out
// would be there or not by the order of the files.
func (d *decoder) once(v value, before rules.Pos) {
	if before.File != "" {
		d.problem(v.pos, rules.ErrDuplicate, fmt.Sprintf("%s stands in %s already", v.what, before.File), "keep it in one file")
	}
}

// whether reads the first word as true and the second as false.
func whether(yes, no string) func(string) (bool, bool) {
	return func(s string) (bool, bool) { return s == yes, s == yes || s == no }
}

func (d *decoder) geography(v value) {
	g := &d.bundle.Geography
	d.once(v, g.Pos)
	g.Pos = v.pos
	v.mapping(keys{
		"as_of":           func(v value) { g.AsOf = v.date() },
		"eea":             func(v value) { g.EEA = v.countries() },
		"uk":              func(v value) { g.UK = v.countries() },
		"adequate_eea":    func(v value) { g.AdequateEEA = v.countries() },
		"adequate_uk":     func(v value) { g.AdequateUK = v.countries() },
		"appi_designated": func(v value) { g.Designated = v.countries() },
		"sources":         func(v value) { g.Sources = v.words() },
	})
	v.sketch.needs("as_of", "eea", "uk")
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
		"only": func(v value) {
			d.eachRecipientCategory(v, func(c rules.RecipientCategory, v value) {
				d.bundle.Disclosure.Only = append(d.bundle.Disclosure.Only, rules.CategoryPurposes{Category: c, Purposes: v.words()})
			})
		},
	})
}

func (d *decoder) categories(v value) {
	v.sketch.names(dottedForm)
	v.each(func(key rules.Name, v value) {
		c := rules.CategoryDef{Name: key, IdentifierUnsaid: true, CCPA: make(map[rules.SubjectCategory]rules.CCPAClass)}
		v.mapping(keys{
			"identifier": func(v value) {
				c.Identifier, c.IdentifierUnsaid = oneOf(v, rules.ParseIdentifierClass, "direct", "quasi", "attribute"), false
			},
			"special":    func(v value) { c.Special = v.boolean() },
			"spi":        func(v value) { c.SPI = v.boolean() },
			"credential": func(v value) { c.Credential = v.boolean() },
			"in_copies": func(v value) {
				c.NotInCopies = oneOf(v, whether("not_in_california", "yes"), "yes", "not_in_california")
			},
			"entropy":    func(v value) { c.Entropy = oneOf(v, rules.ParseEntropy, "low", "high") },
			"generalise": func(v value) { c.Generaliser = v.generaliser() },
			"purposes":   func(v value) { c.Purposes = v.someWords() },
			"eea_uk":     func(v value) { c.EEAUK = listOf(v, subjectCategory, subjectWords...) },
			"ccpa": func(v value) {
				d.eachGroup(v, func(s rules.SubjectCategory, _ rules.Name, v value) {
					c.CCPA[s] = oneOf(v, rules.ParseCCPAClass, ccpaWords...)
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

// eachGroup visits the members of a mapping whose keys are subject categories.
func (d *decoder) eachGroup(v value, visit func(s rules.SubjectCategory, key rules.Name, v value)) {
	refuse := func(k rules.Name) {
		d.problem(k.Pos, rules.ErrBadValue, fmt.Sprintf("%q is not a subject category", k.Value), rules.DidYouMean(k.Value, subjectWords))
	}
	v.eachOf(subjectWords, refuse, func(k rules.Name, v value) {
		s, _ := subjectCategory(k.Value)
		visit(s, k, v)
	})
}

// eachRecipientCategory visits the members of a mapping whose keys are recipient
// categories.
func (d *decoder) eachRecipientCategory(v value, visit func(c rules.RecipientCategory, v value)) {
	refuse := func(k rules.Name) {
		d.problem(k.Pos, rules.ErrBadValue, fmt.Sprintf("%q is not a recipient category: it is one of %s", k.Value, strings.Join(recipientWords, ", ")),
			rules.DidYouMean(k.Value, recipientWords))
	}
	v.eachOf(recipientWords, refuse, func(k rules.Name, v value) {
		c, _ := rules.ParseRecipientCategory(k.Value)
		visit(c, v)
	})
}

func (d *decoder) purposes(v value) {
	v.sketch.names(dottedForm)
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
			"appi":             func(v value) { p.APPI, p.SinceAPPI = d.listedFor(v) },
			"retention":        func(v value) { p.Retention = v.period() },
			"eea_uk":           func(v value) { p.Rows = d.rows(v) },
			"california":       func(v value) { d.california(v, &p) },
		})
		d.bundle.Purposes = append(d.bundle.Purposes, p)
	})
}

func (d *decoder) rows(v value) []rules.RowDef {
	var rows []rules.RowDef
	d.eachGroup(v, func(s rules.SubjectCategory, key rules.Name, v value) {
		v = v.as("row")
		row := rules.RowDef{Subject: s, Pos: key.Pos}
		v.mapping(keys{
			"row":        func(v value) { row.Row = v.word().Value },
			"bases":      func(v value) { row.Bases = listOf(v, rules.ParseBasis, basisWords...) },
			"pin":        func(v value) { row.Pin = oneOf(v, rules.ParseBasis, basisWords...) },
			"pins":       func(v value) { row.Pins = d.pins(v) },
			"since":      func(v value) { row.Since = v.word() },
			"assessment": func(v value) { row.Assessment = v.text() },
		})
		v.sketch.needs("bases")
		if len(row.Bases) == 0 {
			d.problem(key.Pos, rules.ErrMissing, "a row needs its bases", "bases: [contract], or legitimate_interest, or consent")
		}
		rows = append(rows, row)
	})
	return rows
}

// listedFor reads the groups for which a notice lists a purpose: a list, or a mapping
// that also says since which version.
func (d *decoder) listedFor(v value) (groups []rules.SubjectCategory, since rules.Name) {
	list := func(v value) { groups = listOf(v, subjectCategory, subjectWords...) }
	v.either(v.isMapping(), func(v value) {
		v.mapping(keys{
			"subjects": list,
			"since":    func(v value) { since = v.word() },
		})
	}, list)
	return groups, since
}

// pins reads the pinned bases of single categories of recipients.
func (d *decoder) pins(v value) map[rules.RecipientCategory]rules.Basis {
	pins := make(map[rules.RecipientCategory]rules.Basis)
	d.eachRecipientCategory(v, func(c rules.RecipientCategory, v value) {
		pins[c] = oneOf(v, rules.ParseBasis, basisWords...)
	})
	return pins
}

func (d *decoder) california(v value, p *rules.PurposeDef) {
	v.mapping(keys{
		"subjects": func(v value) { p.CCPA = listOf(v, subjectCategory, subjectWords...) },
		"since":    func(v value) { p.SinceCCPA = v.word() },
		"m7027": func(v value) {
			v.list(func(v value) { p.M7027 = append(p.M7027, v.between(1, 8, "items 1 to 8")) })
		},
		"cells": func(v value) {
			d.eachGroup(v, func(s rules.SubjectCategory, _ rules.Name, v value) {
				p.Cells[s] = listOf(v, rules.ParseCCPAClass, ccpaWords...)
			})
		},
	})
}
