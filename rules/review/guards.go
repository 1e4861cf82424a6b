package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Guard is one change of what stands before or around an outcome.
type Guard struct {
	Weaker bool
	// Form: only the form of answers changes. Nothing more is disclosed, and nothing
	// less: it is neither weaker nor stronger.
	Form   bool
	What   string    // what it is about: recipient support-desk
	Change string    // in words
	Pos    rules.Pos // in the newer policy; of what is gone, in the older
}

// guards compares two policies by what they say. A change that cannot be told to be
// stronger is weaker.
func guards(before, after *rules.Policy, now time.Time) []Guard {
	w := watch{before: before, after: after}
	b, a := before.Bundle, after.Bundle
	if o, n := cells(b.Choices.MinCell), cells(a.Choices.MinCell); o != n {
		w.add(n < o, "choices", fmt.Sprintf("statistics show a combination that %d people share, before %d", n, o), rules.Pos{})
	}
	pairs(b.Recipients, a.Recipients, func(r *rules.RecipientDef) string { return r.Name.Value }, w.recipient)
	pairs(b.Population, a.Population, func(p *rules.PopulationDef) string { return p.Name.Value }, w.population)
	w.resources()
	w.admissions(now)
	slices.SortStableFunc(w.found, func(a, b Guard) int {
		return cmp.Or(cmp.Compare(b.severity(), a.severity()), strings.Compare(a.What, b.What))
	})
	return w.found
}

func (g *Guard) severity() int {
	if g.Form {
		return -1
	}
	return severity(g.Weaker)
}

func cells(n int) int { return cmp.Or(n, rules.DefaultMinCell) }

type watch struct {
	before, after *rules.Policy
	found         []Guard
}

func (w *watch) add(weaker bool, what, change string, pos rules.Pos) {
	w.found = append(w.found, Guard{Weaker: weaker, What: what, Change: change, Pos: pos})
}

// pairs visits what two lists have by name, nil where one has none.
func pairs[T any](before, after []T, name func(*T) string, visit func(before, after *T)) {
	find := func(list []T, n string) *T {
		if i := slices.IndexFunc(list, func(t T) bool { return name(&t) == n }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	for i := range before {
		visit(&before[i], find(after, name(&before[i])))
	}
	for i := range after {
		if find(before, name(&after[i])) == nil {
			visit(nil, &after[i])
		}
	}
}

// recipient compares who is taken for the recipient, and what its requests must say.
func (w *watch) recipient(before, after *rules.RecipientDef) {
	switch {
	case before == nil:
		w.add(true, "recipient "+after.Name.Value, "is new", after.Name.Pos)
		before = &rules.RecipientDef{}
	case after == nil:
		w.add(false, "recipient "+before.Name.Value, "is gone", before.Name.Pos)
		return
	case before.Kind != after.Kind:
		w.add(true, "recipient "+after.Name.Value, fmt.Sprintf("is of the kind %s, before %s", after.Kind, before.Kind), after.Name.Pos)
	}
	what := "recipient " + after.Name.Value
	if before.Complete != after.Complete && before.Name.Value != "" {
		w.found = append(w.found, Guard{Form: true, What: what, Change: filled[after.Complete], Pos: after.Name.Pos})
	}
	w.credentials(what, credentials(before), credentials(after))
	o, n := contracted(w.before, before), contracted(w.after, after)
	for _, purpose := range slices.Sorted(maps.Keys(n)) {
		if was, ok := o[purpose]; ok {
			w.terms(what+", "+purpose, was, n[purpose])
		}
	}
}

// filled tells by RecipientDef.Complete what becomes of a member that does not leave.
var filled = map[bool]string{
	true:  "members that it does not get are null or empty now, and were left out before (shape: complete)",
	false: "members that it does not get are left out now, and were null or empty before (shape: omit)",
}

// credential is one way of being taken for a recipient.
type credential struct {
	purposes []string // that it is narrowed to; nil: not narrowed
	ca       string   // of a certificate
	pos      rules.Pos
}

// credentials lists them by what they are.
func credentials(d *rules.RecipientDef) map[string]credential {
	out := make(map[string]credential)
	for _, u := range d.Users {
		out["user "+u.Name.Value] = credential{purposes: values(u.Purposes), pos: u.Name.Pos}
	}
	for _, c := range d.Certificates {
		for _, n := range c.DNS {
			out["certificate of "+c.CA.Value+" for "+n.Value] = credential{purposes: values(c.Purposes), ca: c.CA.Value, pos: n.Pos}
		}
		for _, n := range c.URIs {
			out["certificate of "+c.CA.Value+" for "+n.Value] = credential{purposes: values(c.Purposes), ca: c.CA.Value, pos: n.Pos}
		}
	}
	for _, p := range d.Persons {
		out["people of "+p.Population.Value+" with prefix "+p.Prefix.Value] = credential{pos: p.Pos}
	}
	return out
}

func (w *watch) credentials(what string, before, after map[string]credential) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		o, ok := before[name]
		n := after[name]
		switch {
		case !ok:
			w.add(true, what, name+" is taken for it", n.pos)
		case slices.Equal(o.purposes, n.purposes):
		default:
			narrower := n.purposes != nil && (o.purposes == nil || subset(n.purposes, o.purposes))
			w.add(!narrower, what, fmt.Sprintf("%s is for %s, before for %s", name, purposes(n.purposes), purposes(o.purposes)), n.pos)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; ok {
			continue
		}
		if o := before[name]; o.narrowed(after) {
			w.add(true, what, name+" does not narrow a certificate any more that has another of its names, too", o.pos)
			continue
		}
		w.add(false, what, name+" is not taken for it any more", before[name].pos)
	}
}

// narrowed reports whether the credential is a name of a certificate that kept another
// name of the same authority from purposes which that one has: a certificate with both
// names was for what both are for.
func (o *credential) narrowed(after map[string]credential) bool {
	if o.ca == "" || o.purposes == nil {
		return false
	}
	for _, n := range after {
		if n.ca == o.ca && (n.purposes == nil || !subset(n.purposes, o.purposes)) {
			return true
		}
	}
	return false
}

func purposes(list []string) string {
	if list == nil {
		return "every purpose"
	}
	return strings.Join(list, ", ")
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

func values(names []rules.Name) (out []string) {
	for _, n := range names {
		out = append(out, n.Value)
	}
	return out
}

// contracted lists the purposes of a recipient's contract, with those of the terms that
// it uses.
func contracted(p *rules.Policy, d *rules.RecipientDef) map[string]*rules.ContractPurposeDef {
	out := make(map[string]*rules.ContractPurposeDef)
	if d.Contract == nil {
		return out
	}
	add := func(list []rules.ContractPurposeDef) {
		for i := range list {
			out[list[i].Purpose.Value] = &list[i]
		}
	}
	add(d.Contract.Purposes)
	for _, use := range d.Contract.Uses {
		for i := range p.Bundle.Contracts {
			if t := &p.Bundle.Contracts[i]; t.Name.Value == use.Value {
				add(t.Purposes)
			}
		}
	}
	return out
}

// terms compares what a purpose of a contract asks of requests, and how much it may
// read.
func (w *watch) terms(what string, before, after *rules.ContractPurposeDef) {
	pos := after.Purpose.Pos
	if before.RefRequired != after.RefRequired {
		change := "a case reference is required"
		if !after.RefRequired {
			change = "no case reference is required any more"
		}
		w.add(!after.RefRequired, what, change, pos)
	}
	if o, n := before.RefPattern.Value, after.RefPattern.Value; o != n {
		change := fmt.Sprintf("a case reference has the form %s, before %s", cmp.Or(n, "of any"), cmp.Or(o, "of any"))
		w.add(o != "", what, change, pos)
	}
	var o, n rules.Limits
	if before.Limits != nil {
		o = *before.Limits
	}
	if after.Limits != nil {
		n = *after.Limits
	}
	if o.NoLists != n.NoLists {
		change := "lists are not answered"
		if o.NoLists {
			change = "lists are answered"
		}
		w.add(o.NoLists, what, change, pos)
	}
	for _, l := range []struct {
		name          string
		before, after int
	}{
		{"subjects_per_response", o.SubjectsPerResponse, n.SubjectsPerResponse},
		{"subjects_per_hour", o.SubjectsPerHour, n.SubjectsPerHour},
		{"subjects_per_day", o.SubjectsPerDay, n.SubjectsPerDay},
		{"subjects_per_month", o.SubjectsPerMonth, n.SubjectsPerMonth},
		{"not_found_percent", o.NotFoundPercent, n.NotFoundPercent},
	} {
		if l.before != l.after {
			lower := l.before == 0 || l.after != 0 && l.after < l.before
			w.add(!lower, what, fmt.Sprintf("%s is %s, before %s", l.name, limit(l.after), limit(l.before)), pos)
		}
	}
}

func limit(n int) string {
	if n == 0 {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

// population compares the forms of ids: another spelling may be another person.
func (w *watch) population(before, after *rules.PopulationDef) {
	if before == nil || after == nil {
		return // nobody is of it on one side
	}
	if before.Type != after.Type || before.FoldCase != after.FoldCase || before.StripZeros != after.StripZeros {
		w.add(true, "population "+after.Name.Value, "its ids have another form", after.Name.Pos)
	}
}
