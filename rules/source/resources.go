package source

import (
	"fmt"
	"maps"

	"github.com/modicum-dev/modicum/rules"
)

func (d *decoder) populations(v value) {
	v.each(func(key rules.Name, v value) {
		p := rules.PopulationDef{Name: key}
		v.mapping(keys{
			"id":            func(v value) { p.Type = oneOf(v, rules.ParseIDType, "integer", "uuid", "string") },
			"case":          func(v value) { p.FoldCase = oneOf(v, whether("fold", "exact"), "exact", "fold") },
			"leading_zeros": func(v value) { p.StripZeros = oneOf(v, whether("strip", "refuse"), "refuse", "strip") },
			"collected_under": func(v value) {
				v.each(func(key rules.Name, v value) {
					p.Told = append(p.Told, rules.ToldDef{Document: key, Version: v.word()})
				})
			},
		})
		v.sketch.needs("id")
		if p.Type == 0 {
			d.problem(key.Pos, rules.ErrMissing, fmt.Sprintf("population %q needs the type of its ids", key.Value), "id: integer, uuid or string")
		}
		if p.FoldCase && p.Type != rules.IDString || p.StripZeros && p.Type != rules.IDInteger {
			d.problem(key.Pos, rules.ErrConflict, "case belongs to string ids, leading_zeros to integer ids", "")
		}
		d.bundle.Population = append(d.bundle.Population, p)
	})
}

func (d *decoder) unseen(v value) rules.Unseen {
	if oneOf(v, whether("allow", "withhold"), "allow", "withhold") {
		return rules.UnseenAllow
	}
	return rules.UnseenWithhold
}

func (d *decoder) shapes(v value) []rules.ShapeDef {
	var out []rules.ShapeDef
	v.each(func(key rules.Name, v value) {
		s := rules.ShapeDef{Name: key}
		v.mapping(keys{
			"subject": func(v value) { s.Subject = d.subject(v) },
			"fields": func(v value) {
				v.each(func(key rules.Name, v value) { s.Fields = append(s.Fields, d.field(key, v)) })
			},
		})
		out = append(out, s)
	})
	return out
}

func (d *decoder) subject(v value) *rules.SubjectDef {
	s := &rules.SubjectDef{Pos: v.pos}
	v = v.as("subject")
	v.mapping(keys{
		"population": func(v value) { s.Population = v.word() },
		"category":   func(v value) { s.Category = oneOf(v, subjectCategory, subjectWords...) },
		"id": func(v value) {
			v.mapping(keys{
				"at":     func(v value) { s.At = v.word() },
				"key":    func(v value) { s.Key = v.boolean() },
				"param":  func(v value) { s.Param = v.word() },
				"query":  func(v value) { s.Query = v.word() },
				"caller": func(v value) { s.Caller = v.boolean() },
			})
		},
		"country":   func(v value) { s.Country = v.word() },
		"region":    func(v value) { s.Region = v.word() },
		"residence": func(v value) { s.Residence = v.word() },
		"born":      func(v value) { s.Born = v.word() },
		"facts": func(v value) {
			s.FromState = oneOf(v, func(s string) (bool, bool) { return true, s == "state" }, "state")
		},
	})
	v.sketch.needs("population", "category")
	return s
}

// field reads `public`, or the mapping of a personal field.
func (d *decoder) field(key rules.Name, v value) rules.FieldDef {
	f := rules.FieldDef{Path: key}
	v.either(v.isString(), func(v value) { f.Public = d.public(v) }, func(v value) {
		v.mapping(keys{
			"public":   func(v value) { f.Public = v.boolean() },
			"category": func(v value) { f.Category = v.word() },
			"subtree":  func(v value) { f.Subtree = v.boolean() },
			"link":     func(v value) { f.Link = v.word().Value },
			"token": func(v value) {
				f.Token = oneOf(v, tokenShape, "opaque", "email", "uuid")
			},
			"source": func(v value) {
				f.Source = oneOf(v, sourceTag, "direct", "observed", "third_party", "technology_partner")
			},
			"about": func(v value) { f.About = d.subject(v) },
		})
	})
	return f
}

func (d *decoder) public(v value) bool {
	return oneOf(v, func(s string) (bool, bool) { return true, s == "public" }, "public")
}

func tokenShape(s string) (rules.TokenShape, bool) {
	t, ok := map[string]rules.TokenShape{"opaque": rules.TokenOpaque, "email": rules.TokenEmail, "uuid": rules.TokenUUID}[s]
	return t, ok
}

func sourceTag(s string) (string, bool) {
	switch s {
	case "direct", "observed", "third_party", "technology_partner":
		return s, true
	}
	return "", false
}

func (d *decoder) resources(v value) []rules.ResourceDef {
	var out []rules.ResourceDef
	v.each(func(key rules.Name, v value) {
		r := rules.ResourceDef{Name: key}
		v.mapping(keys{
			"route": func(v value) {
				r.Route = v.word()
				v.sketch.form(routeForm)
			},
			"params":          func(v value) { r.Params = d.params(v) },
			"query":           func(v value) { r.Query = d.query(v) },
			"unseen_subject":  func(v value) { r.Unseen = d.unseen(v) },
			"consumer_facing": func(v value) { r.ConsumerFacing = v.boolean() },
			"purposes":        func(v value) { r.Purposes = v.someWords() },
			"subject":         func(v value) { r.Subject = d.subject(v) },
			"subjects": func(v value) {
				r.NoSubjects = oneOf(v, func(s string) (bool, bool) { return true, s == "none" }, "none")
			},
			"body": func(v value) {
				v.each(func(key rules.Name, v value) {
					w := v.word()
					b := rules.BodyDef{Path: key, Shape: w}
					if w.Value == "public" {
						b.Public = true
					}
					r.Body = append(r.Body, b)
				})
			},
		})
		v.sketch.needs("route", "body")
		out = append(out, r)
	})
	return out
}

// forms are the types of parameters, by the patterns that they stand for.
var forms = map[string]string{
	"any":     `[^\x00-\x1f\x7f]{0,256}`,
	"integer": `[0-9]{1,18}`,
	"uuid":    `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`,
	"word":    `[A-Za-z0-9._-]{1,128}`,
}

// form reads what a parameter may be: a type, or a pattern.
func (d *decoder) form(v value, more keys) rules.Name {
	var pattern rules.Name
	v.either(v.isString(), func(v value) {
		t := oneOf(v, func(s string) (string, bool) { p, ok := forms[s]; return p, ok }, "any", "integer", "uuid", "word")
		pattern = rules.Name{Value: t, Pos: v.pos}
	}, func(v value) {
		known := keys{"pattern": func(v value) { pattern = v.word() }}
		maps.Copy(known, more)
		v.mapping(known)
	})
	return pattern
}

func (d *decoder) query(v value) []rules.QueryDef {
	var out []rules.QueryDef
	v.each(func(key rules.Name, v value) {
		out = append(out, rules.QueryDef{Name: key, Pattern: d.form(v, nil)})
	})
	return out
}

// params reads the forms of path parameters, which may be a population's ids.
func (d *decoder) params(v value) []rules.ParamDef {
	var out []rules.ParamDef
	v.each(func(key rules.Name, v value) {
		p := rules.ParamDef{Name: key}
		p.Pattern = d.form(v, keys{"population": func(v value) { p.Population = v.word() }})
		if (p.Pattern.Value == "") == (p.Population.Value == "") {
			d.problem(key.Pos, rules.ErrMissing, fmt.Sprintf("parameter %q needs a type, a pattern or a population", key.Value), "")
		}
		out = append(out, p)
	})
	return out
}
