package source

import (
	"fmt"
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

func (d *decoder) recipients(v value) {
	v.each(func(key rules.Name, v value) {
		r := rules.RecipientDef{Name: key}
		var contract, grant value
		v.mapping(keys{
			"legal_name":     func(v value) { r.LegalName = v.text() },
			"address":        func(v value) { r.Address = v.text() },
			"representative": func(v value) { r.Representative = v.text() },
			"kind": func(v value) {
				r.Kind = oneOf(v, rules.ParseRecipientKind, "internal", "processor", "third_party", "joint_use", "data_subject", "authority")
			},
			"category":         func(v value) { r.Category = oneOf(v, rules.ParseRecipientCategory, recipientWords...) },
			"country":          func(v value) { r.Country = v.country() },
			"onward_countries": func(v value) { r.Onward = v.countries() },
			"match": func(v value) {
				v.mapping(keys{
					"user":        func(v value) { r.Users = append(r.Users, d.user(v)) },
					"users":       func(v value) { v.list(func(v value) { r.Users = append(r.Users, d.user(v)) }) },
					"certificate": func(v value) { r.Certificates = append(r.Certificates, d.certificate(v)) },
					"certificates": func(v value) {
						v.list(func(v value) { r.Certificates = append(r.Certificates, d.certificate(v)) })
					},
					"persons": func(v value) { r.Persons = append(r.Persons, d.persons(v)) },
				})
			},
			"handling_terms": func(v value) {
				v.mapping(keys{
					"ref":         func(v value) { r.Terms.Ref = v.text() },
					"accepted_at": func(v value) { r.Terms.AcceptedAt = v.date() },
				})
			},
			"evaluation":       func(v value) { r.Evaluation = d.evaluation(v) },
			"safeguards":       func(v value) { r.Safeguards = d.safeguards(v) },
			"consideration":    func(v value) { r.Consideration = v.boolean() },
			"joint_use_notice": func(v value) { r.JointUseNotice = v.boolean() },
			"suspended":        func(v value) { r.Suspended = v.boolean() },
			"shape":            func(v value) { r.Complete = oneOf(v, whether("complete", "omit"), "omit", "complete") },
			"contract":         func(v value) { r.Contract, contract = d.contract(v), v },
			"grant":            func(v value) { r.Contract, grant = d.contract(v), v },
		})
		v.sketch.needs("legal_name", "kind")
		d.contractOrGrant(&r, contract, grant)
		d.bundle.Recipients = append(d.bundle.Recipients, r)
	})
}

// user reads a name, or a name with the purposes that the credential is narrowed to.
func (d *decoder) user(v value) (u rules.UserDef) {
	v = v.as("user")
	v.either(v.isMapping(), func(v value) {
		u.Name.Pos = v.pos
		named := false
		v.mapping(keys{
			"name":     func(v value) { u.Name, named = v.word(), true },
			"purposes": func(v value) { u.Purposes = v.someWords() },
		})
		v.sketch.needs("name")
		if !named {
			d.problem(v.pos, rules.ErrMissing, "a user needs its name", "{name: ..., purposes: [...]}")
		}
	}, func(v value) { u.Name = v.word() })
	return u
}

func (d *decoder) certificate(v value) rules.CertificateDef {
	c := rules.CertificateDef{Pos: v.pos}
	v = v.as("certificate")
	v.mapping(keys{
		"ca":       func(v value) { c.CA = v.word() },
		"dns":      func(v value) { c.DNS = v.wordOrWords() },
		"uri":      func(v value) { c.URIs = v.wordOrWords() },
		"purposes": func(v value) { c.Purposes = v.someWords() },
	})
	v.sketch.needs("ca")
	return c
}

func (d *decoder) persons(v value) rules.PersonsDef {
	p := rules.PersonsDef{Pos: v.pos}
	v.mapping(keys{
		"population": func(v value) { p.Population = v.word() },
		"prefix":     func(v value) { p.Prefix = v.word() },
	})
	v.sketch.needs("population", "prefix")
	return p
}

// contractOrGrant refuses the one that the recipient's kind does not have.
func (d *decoder) contractOrGrant(r *rules.RecipientDef, contract, grant value) {
	switch {
	case contract.d != nil && r.Kind == rules.Internal:
		d.problem(contract.pos, rules.ErrConflict, fmt.Sprintf("recipient %q is internal and has a contract", r.Name.Value), "write grant")
	case grant.d != nil && r.Kind != rules.Internal:
		d.problem(grant.pos, rules.ErrConflict, fmt.Sprintf("recipient %q has a grant and is not internal", r.Name.Value), "write contract")
	}
}

func (d *decoder) evaluation(v value) *rules.EvaluationDef {
	e := &rules.EvaluationDef{Pos: v.pos}
	var at, until bool
	v.mapping(keys{
		"ref":         func(v value) { e.Ref = v.text() },
		"standard":    func(v value) { e.Standard = v.text() },
		"by":          func(v value) { e.By = v.text() },
		"result":      func(v value) { e.Passed = oneOf(v, whether("passed", "failed"), "passed", "failed") },
		"at":          func(v value) { at, e.At = true, v.date() },
		"valid_until": func(v value) { until, e.Until = true, v.end() },
	})
	v.sketch.needs("at", "valid_until")
	if !at || !until {
		d.problem(v.pos, rules.ErrMissing, "an evaluation needs at and valid_until", "")
	}
	if e.At.IsZero() || e.Until.IsZero() {
		return nil // said already; a date that was not understood is no end before a beginning
	}
	return e
}

func (d *decoder) safeguards(v value) []rules.SafeguardDef {
	types := map[string][]string{
		"appi": {"equivalent_system"},
		"eea":  {"scc", "bcr", "dpf"},
		"uk":   {"idta", "addendum", "bcr", "dpf_extension"},
	}
	regimes := []string{"appi", "eea", "uk"}
	refuse := func(key rules.Name) {
		d.problem(key.Pos, rules.ErrUnknownKey, fmt.Sprintf("no regime %q has safeguards", key.Value), rules.DidYouMean(key.Value, regimes))
	}
	var out []rules.SafeguardDef
	v.eachOf(regimes, refuse, func(key rules.Name, v value) {
		known := types[key.Value]
		s := rules.SafeguardDef{Regime: key.Value, Pos: key.Pos}
		v.mapping(keys{
			"type": func(v value) {
				s.Type = oneOf(v, func(t string) (string, bool) { return t, slices.Contains(known, t) }, known...)
			},
			"ref":          func(v value) { s.Ref = v.text() },
			"tia_ref":      func(v value) { s.TIARef = v.text() },
			"countries":    func(v value) { s.Countries = v.someCountries() },
			"covers":       func(v value) { s.Covers = dataKinds(v) },
			"signed_at":    func(v value) { s.SignedAt = v.date() },
			"valid_until":  func(v value) { s.ValidUntil = v.end() },
			"last_checked": func(v value) { s.LastChecked = v.date() },
			"check_every":  func(v value) { s.CheckEvery = v.period() },
		})
		v.sketch.needs("type", "ref")
		if !s.LastChecked.IsZero() && s.CheckEvery == nil {
			s.CheckEvery = &rules.Period{Years: 1}
		}
		if s.Type == "" || s.Ref == "" {
			d.problem(key.Pos, rules.ErrMissing, "a safeguard needs type and ref", "")
		}
		out = append(out, s)
	})
	return out
}

// dataKinds reads the kinds of data that a certification covers.
func dataKinds(v value) rules.DataKinds {
	var set rules.DataKinds
	for _, k := range listOf(v, func(s string) (rules.DataKinds, bool) {
		k := map[string]rules.DataKinds{"hr": rules.DataHR, "non_hr": rules.DataNonHR}[s]
		return k, k != 0
	}, "hr", "non_hr") {
		set |= k
	}
	return set
}

// contractTerms reads purposes that several contracts share.
func (d *decoder) contractTerms(v value) {
	v.each(func(key rules.Name, v value) {
		t := rules.ContractTermsDef{Name: key}
		v.mapping(keys{"purposes": func(v value) { t.Purposes = d.contractPurposes(v) }})
		d.bundle.Contracts = append(d.bundle.Contracts, t)
	})
}

func (d *decoder) contractPurposes(v value) []rules.ContractPurposeDef {
	var out []rules.ContractPurposeDef
	v.each(func(key rules.Name, v value) { out = append(out, d.contractPurpose(key, v)) })
	return out
}

func (d *decoder) contract(v value) *rules.ContractDef {
	c := &rules.ContractDef{Pos: v.pos}
	v = v.as("contract")
	v.mapping(keys{
		"ref":         func(v value) { c.Ref = v.text() },
		"valid_from":  func(v value) { c.From = v.date() },
		"valid_until": func(v value) { c.Until = v.end() },
		"ccpa_terms":  func(v value) { c.CCPATerms = v.boolean() },
		"automated_decision": func(v value) {
			yes := v.boolean()
			v.sketch.only(false)
			if yes {
				d.problem(v.pos, rules.ErrConflict, "the notices promise that no decision is based solely on automated processing (E3.ADM)", "write automated_decision: false")
				return
			}
			c.NoAutomatedDecision = true
		},
		"uses":     func(v value) { c.Uses = v.wordOrWords() },
		"purposes": func(v value) { c.Purposes = d.contractPurposes(v) },
	})
	v.sketch.needs("valid_from")
	return c
}

func (d *decoder) contractPurpose(key rules.Name, v value) rules.ContractPurposeDef {
	p := rules.ContractPurposeDef{Purpose: key}
	v = v.as("contract_purpose")
	v.mapping(keys{
		"needs": func(v value) {
			v.sketch.names(dottedForm)
			v.each(func(key rules.Name, v value) {
				p.Needs = append(p.Needs, v.need(key))
			})
		},
		"ref": func(v value) {
			v.mapping(keys{
				"required": func(v value) { p.RefRequired = v.boolean() },
				"pattern":  func(v value) { p.RefPattern = v.word() },
			})
		},
		"link_group": func(v value) { p.LinkGroup = v.word().Value },
		"limits":     func(v value) { p.Limits = d.limits(v) },
	})
	return p
}

// need reads a cell of the need matrix: a need, or the form of a generaliser.
func (v value) need(category rules.Name) rules.NeedDef {
	n := rules.NeedDef{Category: category}
	s, ok := v.scalar()
	v.sketch.generaliser("clear", "pseudonym", "none")
	if !ok {
		return n
	}
	if n.Need, ok = rules.ParseNeed(s); ok && n.Need != rules.NeedGeneralised {
		return n
	}
	if n.Generaliser = v.generaliserOf(s, needWords); n.Generaliser == nil {
		return rules.NeedDef{Category: category}
	}
	n.Need = rules.NeedGeneralised
	return n
}

// needWords are what a need may be.
var needWords = append([]string{"clear", "pseudonym", "none"}, rules.GeneraliserForms...)

func (d *decoder) limits(v value) *rules.Limits {
	l := &rules.Limits{}
	count := func(to *int) func(value) {
		return func(v value) { *to = v.between(1, 0, "at least 1") }
	}
	v.mapping(keys{
		"subjects_per_response": count(&l.SubjectsPerResponse),
		"subjects_per_hour":     count(&l.SubjectsPerHour),
		"subjects_per_day":      count(&l.SubjectsPerDay),
		"subjects_per_month":    count(&l.SubjectsPerMonth),
		"not_found_percent": func(v value) {
			count(&l.NotFoundPercent)(v)
			v.sketch.integer(1, 100)
			if l.NotFoundPercent > 100 {
				v.bad("from 1 to 100")
			}
		},
		"lists": func(v value) { l.NoLists = !v.boolean() },
	})
	return l
}
