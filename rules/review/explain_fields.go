package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// answers explains what becomes of the fields that are asked for.
func (x *explainer) answers() {
	fields, ok := x.asked()
	if !ok {
		return
	}
	var actions *rules.Actions
	if x.out.Subject != nil {
		actions = x.plan.Actions(x.class)
		x.out.Absent = actions.Nothing
	}
	changes := make(map[string][]Alternative) // by category: fields of one have the same
	byKey := make(map[string]int)
	for _, i := range fields {
		f := &x.shape.Fields[i]
		a := x.public(f, actions)
		if !f.Public {
			a = x.decided(i, actions)
		}
		key := fmt.Sprint(a.Outcome, a.Says, a.Steps)
		n, known := byKey[key]
		if !known {
			n = len(x.out.Answers)
			byKey[key] = n
			x.out.Answers = append(x.out.Answers, a)
		}
		x.out.Answers[n].add(f, x.alternatives(i, changes))
	}
	slices.SortStableFunc(x.out.Answers, func(a, b Answer) int { return a.rank() - b.rank() })
}

// rank puts what leaves first, and of that what is personal.
func (a *Answer) rank() int {
	switch {
	case a.Outcome == (rules.Form{}).String():
		return 2
	case len(a.Steps) == 0:
		return 1
	}
	return 0
}

// add puts a field to an answer, and to those that have the same alternatives.
func (a *Answer) add(f *rules.Field, list []Alternative) {
	a.Fields = append(a.Fields, Field{Path: f.Path, Category: f.Category})
	if f.Public {
		return
	}
	same := func(o Otherwise) bool {
		return slices.EqualFunc(o.Alternatives, list, func(a, b Alternative) bool {
			return a.Outcome == b.Outcome && slices.Equal(a.State, b.State) && slices.Equal(a.Policy, b.Policy)
		})
	}
	n := slices.IndexFunc(a.Otherwise, same)
	if n < 0 {
		n = len(a.Otherwise)
		a.Otherwise = append(a.Otherwise, Otherwise{Alternatives: list})
	}
	a.Otherwise[n].Fields = append(a.Otherwise[n].Fields, f.Path)
}

// asked lists the fields that are asked for. ok is false when there is none.
func (x *explainer) asked() (fields []int, ok bool) {
	var other string // shape of another kind of person that has the field
	var names []string
	for i := range x.shape.Fields {
		f := &x.shape.Fields[i]
		relative := f.Path
		if f.Kind >= 0 {
			base := strings.TrimSuffix(x.shape.Subjects[f.Kind].Path, ".")
			relative = strings.TrimPrefix(strings.TrimPrefix(f.Path, base), ".")
		}
		named := x.Field == "" || meant(f, f.Path, x.Field) || meant(f, relative, x.Field)
		switch {
		case !f.Concerns(x.kind) && f.Kind >= 0:
			if named && other == "" {
				other = x.shape.Subjects[f.Kind].Shape
			}
		case named:
			fields = append(fields, i)
		default:
			names = append(names, relative)
		}
	}
	if len(fields) > 0 || x.Field == "" {
		return fields, true
	}
	u := &Unmapped{Field: x.Field, Says: "no rule of the resource names it, so that it never leaves", Clauses: []string{"J3.1"}}
	if u.Suggestion = rules.DidYouMean(x.Field, names); other != "" {
		u.Says, u.Suggestion = "another person of the answer decides about it", "ask with --kind "+other
	}
	x.out.Unmapped = u
	return nil, false
}

// meant reports whether a path names a field, something that a subtree covers, or a
// place above.
func meant(f *rules.Field, path, asked string) bool {
	below := func(p, above string) bool {
		return strings.HasPrefix(p, above+".") || strings.HasPrefix(p, above+"[") || strings.HasPrefix(p, above+"{")
	}
	return path == asked || below(path, asked) || f.Subtree && below(asked, path)
}

// public explains a field that is not personal.
func (x *explainer) public(f *rules.Field, actions *rules.Actions) Answer {
	a := Answer{Outcome: "clear", Otherwise: []Otherwise{}, Says: "it is not personal, and leaves with its person", Reasons: []string{rules.FieldPublic.String()}}
	switch {
	case actions == nil, f.Kind < 0 && (!actions.Nothing || !x.shape.Single):
		a.Says = "it is not personal, and leaves with the answer"
	case actions.Nothing:
		a.Outcome, a.Reasons = "withheld", []string{}
		a.Says = "it is not personal, but leaves with its person, and nothing personal leaves of this one"
	}
	return a
}

// decided explains a personal field.
func (x *explainer) decided(i int, actions *rules.Actions) Answer {
	trail, d := x.plan.Trail(x.class, i), &actions.Decisions[i]
	a := Answer{Outcome: form(trail.Action).String()}
	if d.Basis != rules.BasisNone {
		a.Basis = d.Basis.String()
	}
	for _, r := range d.Reasons {
		a.Reasons = append(a.Reasons, r.String())
	}
	if trail.Action.Cell {
		a.Says = fmt.Sprintf("only where at least %d people of the answer share the values, and withheld otherwise", x.plan.MinCell())
	}
	if other := x.alsoAbout(i); other != "" {
		a.Says = strings.TrimPrefix(a.Says+"; ", "; ") + "it is also about another person, and leaves only if both decisions let it: ask about that one with --kind " + other
	}
	for _, s := range trail.Steps {
		a.Steps = append(a.Steps, step(s))
	}
	return a
}

// alsoAbout names the kind of the other person that decides about a field, empty for
// none.
func (x *explainer) alsoAbout(i int) string {
	f := &x.shape.Fields[i]
	switch f.About {
	case 0:
		return ""
	case x.kind:
		return x.shape.Subjects[f.Kind].Shape
	}
	return x.shape.Subjects[f.About].Shape
}

func form(a rules.Action) rules.Form {
	f := rules.Form{Verb: a.Verb, Need: a.Need, Cell: a.Cell}
	if a.Generaliser != nil {
		f.Generaliser = a.Generaliser.String()
	}
	return f
}

func step(s rules.Step) Step {
	out := Step{Table: s.Table, Rule: s.Rule, Verb: s.Verb.String(), Says: "nothing hides the person as a whole"}
	if s.Rule != "" {
		out.Says, out.Clauses = Says(s.Rule, s.Verb == rules.Withhold), Clauses(s.Rule)
	}
	if s.Reason != rules.ReasonNone {
		out.Reason = s.Reason.String()
	}
	if s.Basis != rules.BasisNone {
		out.Basis = s.Basis.String()
	}
	return out
}

// alternatives tells what would give a field another outcome.
func (x *explainer) alternatives(i int, known map[string][]Alternative) []Alternative {
	f := &x.shape.Fields[i]
	if f.Public {
		return nil
	}
	if list, ok := known[f.Category]; ok {
		return list
	}
	list := []Alternative{}
	kind := x.plan.Recipient().Kind
	named := kind == rules.ThirdParty || kind == rules.JointUse
	for _, a := range x.plan.Alternatives(x.class, i) {
		list = append(list, Alternative{Outcome: a.Form.String(), State: changes(a, named), Policy: a.Policy})
	}
	known[f.Category] = list
	return list
}
