package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// order is that of the rules in a list of sentences: gates, minimisation, APPI, GDPR,
// CCPA.
var order = []rules.Rule{
	rules.S1, rules.S2, rules.S3, rules.S4, rules.S5, rules.S6, rules.S7, rules.S7b, rules.RuleUnseen, rules.S8,
	rules.X1, rules.X2, rules.X3,
	rules.RuleCredential, rules.M1, rules.M1b, rules.M2, rules.M3, rules.M4,
	rules.A2, rules.A3, rules.A4, rules.A5, rules.A6, rules.A7, rules.A8, rules.A9, rules.A10, rules.A11, rules.A12, rules.A13,
	rules.G1, rules.G2, rules.G3, rules.G4, rules.G5, rules.G7, rules.G8, rules.G10, rules.G11, rules.G12,
	rules.U2, rules.U3, rules.U4, rules.U5, rules.U6, rules.U7, rules.U8, rules.U9, rules.U10, rules.U11,
}

func ruleOrder(r rules.Rule) int { return slices.Index(order, r) }

// general reports whether a rule hides people from everybody for what has nothing to do
// with the purpose: it is told once.
func general(r rules.Rule) bool { return ruleOrder(r) <= ruleOrder(rules.S8) || r == rules.A3 }

// use is one recipient, purpose and order, with what can become of every field that
// could leave.
type use struct {
	recipient, purpose, order string
	legal                     bool
	plan                      *rules.Plan // of one of its resources, nil without any
	fields                    []fieldUse
	resources                 []*rules.Resource
}

// fieldUse is a group of fields under a plan.
type fieldUse struct {
	group   *rules.FieldGroup
	at      []rules.FieldOf // where it is answered
	plan    *rules.Plan
	profile *profile
}

func newBuilder(p *rules.Policy, e *rules.Edition) *builder {
	return &builder{
		policy: p, edition: e, groups: p.FieldGroups(), profiles: make(map[rules.Alike]*profile), named: make(map[*rules.FieldGroup][]string),
	}
}

// builder makes a page of one policy.
type builder struct {
	policy   *rules.Policy
	edition  *rules.Edition
	groups   []rules.FieldGroup
	profiles map[rules.Alike]*profile
	named    map[*rules.FieldGroup][]string // their members
	general  []generalRule
}

// generalRule is an exclusion that holds for most of what is disclosed at all.
type generalRule struct {
	situation rules.Situation
	rule      rules.Rule
}

// uses lists what every recipient may ask for.
func (b *builder) uses() (all []*use) {
	resources := b.policy.AllResources()
	for i := range b.policy.Bundle.Recipients {
		id := b.policy.Bundle.Recipients[i].Name.Value
		for _, purpose := range b.edition.Purposes(id) {
			refs := append([]string{""}, b.edition.Orders(id, purpose)...)
			answers := make(map[*rules.Resource]bool)
			for _, r := range resources {
				answers[r] = b.edition.Answers(id, purpose, r)
			}
			for i, ref := range refs {
				u := b.use(id, purpose, ref, answers)
				if i == 0 && len(refs) > 1 && len(u.resources) == 0 {
					continue // without an order nothing leaves: what each lets out is told
				}
				all = append(all, u)
			}
		}
	}
	return all
}

func (b *builder) use(recipient, purpose, ref string, answers map[*rules.Resource]bool) *use {
	u := &use{recipient: recipient, purpose: purpose, order: ref}
	plans, listed := make(map[*rules.Resource]*rules.Plan), make(map[*rules.Resource]bool)
	for i := range b.groups {
		g := &b.groups[i]
		f := fieldUse{group: g}
		for _, at := range g.Fields {
			if answers[at.Resource] {
				f.at = append(f.at, at)
			}
		}
		if len(f.at) == 0 {
			continue
		}
		first := f.at[0]
		if plans[first.Resource] == nil {
			plans[first.Resource] = b.edition.Plan(recipient, purpose, first.Resource, ref)
		}
		f.plan = plans[first.Resource]
		u.plan = f.plan
		if !f.plan.Wants().Has(first.Field) {
			continue
		}
		f.profile = b.profile(f.plan, first.Field)
		u.fields = append(u.fields, f)
		for _, at := range f.at {
			if len(f.profile.open) > 0 && !listed[at.Resource] {
				listed[at.Resource] = true
				u.resources = append(u.resources, at.Resource)
			}
		}
	}
	if u.plan != nil {
		u.legal = u.plan.Purpose().Legal != rules.LegalNone
	}
	return u
}

// profile is asked once for what decides alike.
func (b *builder) profile(p *rules.Plan, field int) *profile {
	key := p.Alike(field)
	known := b.profiles[key]
	if known == nil {
		known = profileOf(p.Outcomes(field))
		b.profiles[key] = known
	}
	return known
}

// generalise finds what hides people for most purposes that are no legal ones.
func (b *builder) generalise(uses []*use) {
	type counted struct {
		generalRule
		n int
	}
	var found []*counted
	place := make(map[string]*counted)
	total := 0
	for _, u := range uses {
		for i := range u.fields {
			p := u.fields[i].profile
			if u.legal || len(p.open) == 0 {
				continue
			}
			total++
			for _, e := range p.exclusions {
				if !general(e.rule) {
					continue
				}
				key := fmt.Sprint(e.rule, e.situation)
				if place[key] == nil {
					place[key] = &counted{generalRule: generalRule{e.situation, e.rule}}
					found = append(found, place[key])
				}
				place[key].n++
			}
		}
	}
	for _, c := range found {
		if 2*c.n > total {
			b.general = append(b.general, c.generalRule)
		}
	}
	slices.SortStableFunc(b.general, func(x, y generalRule) int { return ruleOrder(x.rule) - ruleOrder(y.rule) })
}

// apart divides what a profile hides into what the general rules already say, and the
// rest; and lists the general rules that do not hold for it.
func (b *builder) apart(p *profile) (own []exclusion, lifted []generalRule) {
	var held []box
	for _, g := range b.general {
		wide := p.space.box(g.situation)
		if p.space.meetsAny(&wide, p.open) {
			lifted = append(lifted, g)
			continue
		}
		held = append(held, wide)
	}
	for _, e := range p.exclusions {
		if !slices.ContainsFunc(held, func(h box) bool { return e.box.within(&h) }) {
			own = append(own, e)
		}
	}
	return own, lifted
}

// saying is a sentence before it is written: what of which groups.
type saying struct {
	rule      rules.Rule
	who       string
	where     []string
	groups    []rules.SubjectCategory
	data      map[rules.SubjectCategory][]string
	situation []rules.Situation
}

// sayings unites what is said alike of several groups, categories and places.
type sayings []*saying

func (s *sayings) add(rule rules.Rule, situation rules.Situation, group rules.SubjectCategory, category string) {
	where, who := people(situation)
	for _, known := range *s {
		if known.rule == rule && known.who == who && slices.Equal(known.where, where) {
			known.of(group, category)
			if !slices.ContainsFunc(known.situation, func(o rules.Situation) bool { return fmt.Sprint(o) == fmt.Sprint(situation) }) {
				known.situation = append(known.situation, situation)
			}
			return
		}
	}
	n := &saying{rule: rule, who: who, where: where, data: make(map[rules.SubjectCategory][]string), situation: []rules.Situation{situation}}
	n.of(group, category)
	*s = append(*s, n)
}

func (s *saying) of(group rules.SubjectCategory, category string) {
	if !slices.Contains(s.groups, group) {
		s.groups = append(s.groups, group)
	}
	if !slices.Contains(s.data[group], category) {
		s.data[group] = append(s.data[group], category)
	}
}

// unite joins sayings that differ in the one place that they are about.
func (s sayings) unite() (out sayings) {
	for _, n := range s {
		i := slices.IndexFunc(out, func(o *saying) bool {
			return o.rule == n.rule && o.who == n.who && len(o.where) > 0 && len(n.where) == 1 && slices.Equal(o.groups, n.groups) && fmt.Sprint(o.data) == fmt.Sprint(n.data)
		})
		if i < 0 || excluding(n.where[0]) || excluding(out[i].where[0]) {
			out = append(out, n)
			continue
		}
		for _, w := range n.where {
			if !slices.Contains(out[i].where, w) {
				out[i].where = append(out[i].where, w)
			}
		}
		out[i].situation = append(out[i].situation, n.situation...)
	}
	return out
}

func excluding(place string) bool {
	return strings.HasPrefix(place, "neither") || strings.Contains(place, " but not ") || strings.Contains(place, "of these")
}

// write writes a saying, a sentence for each set of data that it is about. granted is
// all that leaves about a group.
func (s *saying) write(granted map[rules.SubjectCategory][]string) (out []Sentence) {
	for _, g := range s.groups {
		data, apart := slices.Sorted(slices.Values(s.data[g])), []string(nil)
		for _, c := range granted[g] {
			if !slices.Contains(data, c) {
				apart = append(apart, dataWords(c))
			}
		}
		words := []string(nil)
		switch {
		case len(granted[g]) > 0 && len(apart) == 0: // everything
		case len(granted[g]) > 0 && len(apart) < len(data):
		default:
			apart = nil
			for _, c := range data {
				words = append(words, dataWords(c))
			}
		}
		i := slices.IndexFunc(out, func(o Sentence) bool { return slices.Equal(o.Data, words) && slices.Equal(o.Apart, apart) })
		if i < 0 {
			i = len(out)
			out = append(out, Sentence{
				Data: words, Apart: apart, Because: review.Says(s.rule, true), Rule: s.rule, Clauses: review.Clauses(s.rule), situations: s.situation,
			})
		}
		out[i].groups = append(out[i].groups, g)
		for _, c := range data {
			out[i].categories = appendNew(out[i].categories, c)
		}
		out[i].People = phrase(out[i].groups, s.where, s.who)
		out[i].Plain = s.who != "" && slices.Contains(selfExplaining, s.rule)
	}
	return out
}

// selfExplaining are the rules whose people are the whole reason.
var selfExplaining = []rules.Rule{
	rules.S1, rules.S2, rules.S3, rules.S5, rules.S6, rules.S7, rules.S7b, rules.RuleUnseen, rules.S8,
	rules.A3, rules.A4, rules.A8, rules.G2, rules.U2, rules.U4,
}

func phrase(groups []rules.SubjectCategory, where []string, who string) string {
	var names []string
	for _, g := range groups {
		names = append(names, groupWords[g])
	}
	words := and(names...)
	if len(names) == 0 {
		words = "people"
	}
	if len(where) > 0 {
		words += " " + or(where...)
	}
	if who != "" {
		words += " " + who
	}
	return words
}

// tell fills in what a use comes to.
func (b *builder) tell(u *use, out *Purpose) {
	var without, with []*fieldUse
	var never sayings
	for i := range u.fields {
		f := &u.fields[i]
		switch {
		case len(f.profile.open) == 0:
			for _, e := range f.profile.exclusions {
				never.add(e.rule, e.situation, f.group.Subject, f.group.Category)
			}
		case f.profile.consented():
			with = append(with, f)
		default:
			without = append(without, f)
		}
	}
	out.Without, out.With = b.part(without), b.part(with)
	out.Never = never.write(nil) // of all that the contract lists: what
}

// part tells of some of the fields.
func (b *builder) part(fields []*fieldUse) (out Part) {
	granted := make(map[rules.SubjectCategory][]string)
	var nothing, also sayings
	for _, f := range fields {
		g := f.group
		if !slices.Contains(granted[g.Subject], g.Category) {
			granted[g.Subject] = append(granted[g.Subject], g.Category)
		}
		for _, form := range f.profile.forms {
			out.Gets = b.row(out.Gets, f, form)
		}
		own, lifted := b.apart(f.profile)
		for _, e := range own {
			nothing.add(e.rule, e.situation, g.Subject, g.Category)
		}
		for _, l := range lifted {
			also.add(l.rule, l.situation, g.Subject, g.Category)
		}
	}
	out.Nothing, out.Also = nothing.write(granted), also.write(granted)
	return out
}

// write writes sayings, those about everything first.
func (s sayings) write(granted map[rules.SubjectCategory][]string) (sentences []Sentence) {
	for _, n := range s.unite() {
		sentences = append(sentences, n.write(granted)...)
	}
	slices.SortStableFunc(sentences, func(x, y Sentence) int {
		return cmp.Or(cmp.Compare(min(len(x.Data)+len(x.Apart), 1), min(len(y.Data)+len(y.Apart), 1)), ruleOrder(x.Rule)-ruleOrder(y.Rule))
	})
	return sentences
}

// row adds a form of a field to the rows, which unite categories of one form.
func (b *builder) row(rows []Row, f *fieldUse, form formOf) []Row {
	var only []string
	for _, s := range form.only {
		where, who := people(s)
		only = append(only, phrase([]rules.SubjectCategory{f.group.Subject}, where, who))
	}
	i := slices.IndexFunc(rows, func(r Row) bool {
		return r.group == f.group.Subject && r.form == form.form && slices.Equal(r.Only, only)
	})
	if i < 0 {
		words, example := formWords(form.form, f.plan.MinCell())
		i = len(rows)
		rows = append(rows, Row{About: []string{groupWords[f.group.Subject]}, Form: words, Example: example, Only: only, group: f.group.Subject, form: form.form})
	}
	r := &rows[i]
	n := slices.IndexFunc(r.Data, func(d Data) bool { return d.Category == f.group.Category })
	if n < 0 {
		n = len(r.Data)
		r.Data = append(r.Data, Data{Words: dataWords(f.group.Category), Category: f.group.Category})
	}
	for _, m := range b.membersOf(f) {
		r.Data[n].Members = appendNew(r.Data[n].Members, m)
	}
	return rows
}

// membersOf names the members of a group that are answered, once for those of whom all
// are.
func (b *builder) membersOf(f *fieldUse) (names []string) {
	all := len(f.at) == len(f.group.Fields)
	if known, ok := b.named[f.group]; ok && all {
		return known
	}
	for _, at := range f.at {
		names = appendNew(names, memberOf(at))
	}
	if all {
		b.named[f.group] = names
	}
	return names
}

// memberOf names a member by its path within the object of its subject.
func memberOf(at rules.FieldOf) string {
	f := &at.Resource.Shape.Fields[at.Field]
	path := strings.TrimPrefix(strings.TrimPrefix(f.Path, at.Resource.Shape.Subjects[f.Kind].Path), ".")
	if f.About > 0 {
		path += " (also about another person, who must allow it, too)"
	}
	return path
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
