package rules

import "slices"

// Outcome is one thing that can become of a field, by the rule that decides it.
type Outcome struct {
	Form Form
	// Rule withholds, or is the one of minimisation. Where several withhold, it is
	// the first in the order gates, minimisation, APPI, GDPR, CCPA.
	Rule       Rule
	Situations []Situation // disjoint, and together every one with this outcome
}

// Outcomes lists everything that can become of a field of a person under the plan, over
// all states and requests. A public field has none. Of a field that is also about another
// person it is what the enclosing subject lets become of it.
func (p *Plan) Outcomes(field int) []Outcome {
	f, m := p.atlas(field, false)
	if m == nil {
		return nil
	}
	conditions, forms := p.conditions(p.resource.Shape.Subjects[f.Kind].Category).of(p, f), p.forms(f)
	questions := [2]question{conditions.question(&forms, true), nothing}
	var out []Outcome
	for _, l := range merge(m.enumerate(questions, func([2]answer) bool { return true })) {
		a := l.answers[0]
		n := slices.IndexFunc(out, func(o Outcome) bool { return o.Form == a.Form && o.Rule == a.rule })
		if n < 0 {
			n = len(out)
			out = append(out, Outcome{Form: a.Form, Rule: a.rule})
		}
		out[n].Situations = append(out[n].Situations, m.describe(&l.domains))
	}
	return out
}

// atlas is of every situation that the plan can meet about a field, nil for a public
// one: of its subject, or of the other person whom it is about.
func (p *Plan) atlas(field int, other bool) (*Field, *atlas) {
	f := &p.resource.Shape.Fields[field]
	if f.Public || f.Kind < 0 {
		return f, nil
	}
	readings, _ := p.resource.personal()
	return f, p.atlasOf(f, readings[fieldName{f.Path, other}])
}

func (p *Plan) atlasOf(f *Field, reading fieldReading) *atlas {
	pair := fieldPair{key: fieldKey{reading, reading}, fields: [2]*Field{f, f}}
	c := comparison{
		policies: [2]*Policy{p.edition.policy, p.edition.policy}, regionsAgree: true, linesAgree: true,
		atlases: make(map[universeKey]*atlas), shared: make(map[string]*atlas),
	}
	return c.atlas(&pair, [2]*Plan{p, p}, true)
}
