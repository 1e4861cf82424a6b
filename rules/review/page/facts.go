package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// facts collects lines, leaving out what the policy does not say.
type facts []Fact

func (f *facts) add(label string, text ...string) {
	text = slices.DeleteFunc(text, func(s string) bool { return s == "" })
	if len(text) == 0 {
		return
	}
	for i := range *f {
		if (*f)[i].Label == label {
			(*f)[i].Text = append((*f)[i].Text, text...)
			return
		}
	}
	*f = append(*f, Fact{Label: label, Text: text})
}

// registration tells who a recipient is, and what it stands on.
func (b *builder) registration(d *rules.RecipientDef) []Fact {
	var f facts
	f.add("Address", d.Address)
	f.add("Representative", d.Representative)
	if d.Country.Value != "" {
		f.add("Country", country(d.Country.Value))
	}
	var onward []string
	for _, n := range d.Onward {
		onward = append(onward, country(n.Value))
	}
	f.add("Passes data on to", onward...)
	if d.Kind.External() {
		f.add("What it does", categoryWords[d.Category])
	}
	if d.Consideration {
		f.add("Consideration", "it gives something in return for the data")
	}
	if d.Kind == rules.JointUse {
		f.add("Notice of joint use", map[bool]string{true: "published", false: "not published"}[d.JointUseNotice])
	}
	if d.Terms.Ref != "" {
		f.add("Handling terms", fmt.Sprintf("%s, accepted on %s", d.Terms.Ref, moment(d.Terms.AcceptedAt)))
	}
	if e := d.Evaluation; e != nil {
		text := []string{map[bool]string{true: "passed", false: "failed"}[e.Passed] + " on " + moment(e.At), "valid until " + lastDay(e.Until)}
		for _, more := range [][2]string{{"by ", plain(e.By)}, {"against ", e.Standard}, {"reference ", e.Ref}} {
			if more[1] != "" {
				text = append(text, more[0]+more[1])
			}
		}
		f.add("Evaluation", strings.Join(text, ", "))
	}
	f.add(contract(d))
	for i := range d.Safeguards {
		f.add("Safeguard for data from "+regimeWords[d.Safeguards[i].Regime], b.safeguard(&d.Safeguards[i]))
	}
	f.add("How it signs in", credentials(d)...)
	if d.Complete {
		f.add("What it does not get", "is null or empty in the objects that it receives, whether or not there is anything to see")
	}
	return f
}

func contract(d *rules.RecipientDef) (label, text string) {
	c := d.Contract
	if c == nil {
		return "Contract", ""
	}
	label = "Contract"
	if d.Kind == rules.Internal {
		label = "Grant"
	}
	text = strings.TrimPrefix(c.Ref+", from ", ", ") + moment(c.From)
	if c.Until.IsZero() {
		text += ", without an end"
	} else {
		text += " until " + lastDay(c.Until)
	}
	if d.Kind.External() {
		text += map[bool]string{true: "; with the terms of a service provider (California)", false: "; without the terms of a service provider (California)"}[c.CCPATerms]
		text += map[bool]string{true: "; no decision by machine alone", false: "; does not exclude decisions by machine alone"}[c.NoAutomatedDecision]
	}
	return label, text
}

var safeguardWords = map[string]string{
	"scc": "standard contractual clauses", "idta": "international data transfer agreement", "addendum": "UK addendum to the standard contractual clauses",
	"bcr": "binding corporate rules", "dpf": "data privacy framework", "dpf_extension": "UK extension of the data privacy framework", "equivalent_system": "equivalent system",
}

func (b *builder) safeguard(s *rules.SafeguardDef) string {
	text := safeguardWords[s.Type]
	if text == "" {
		text = plain(s.Type)
	}
	if s.Ref != "" {
		text += " " + s.Ref
	}
	if !s.SignedAt.IsZero() {
		text += ", signed on " + moment(s.SignedAt)
	}
	if s.ValidUntil.IsZero() {
		text += ", without an end"
	} else {
		text += ", valid until " + lastDay(s.ValidUntil)
	}
	if s.CheckEvery != nil {
		text += ", last checked on " + moment(s.LastChecked) + ", next check due by " + lastDay(s.CheckEvery.After(s.LastChecked))
	}
	if len(s.Countries) > 0 {
		var in []string
		for _, n := range s.Countries {
			in = append(in, country(n.Value))
		}
		text += ", for " + and(in...)
	}
	switch s.Covers {
	case rules.DataHR:
		text += ", for data about staff alone"
	case rules.DataNonHR:
		text += ", not for data about staff"
	case rules.DataHR | rules.DataNonHR:
		text += ", also for data about staff"
	}
	if s.TIARef != "" {
		text += ", transfer assessment " + s.TIARef
	}
	if !b.edition.InForce(s) {
		text += ". It does not hold on this day"
	}
	return text
}

// credentials tells them by their kind.
func credentials(d *rules.RecipientDef) (out []string) {
	narrowed := func(names []rules.Name) string {
		if len(names) == 0 {
			return ""
		}
		var purposes []string
		for _, n := range names {
			purposes = append(purposes, n.Value)
		}
		return ", for " + and(purposes...) + " alone"
	}
	for _, u := range d.Users {
		out = append(out, fmt.Sprintf("as the user %q%s", u.Name.Value, narrowed(u.Purposes)))
	}
	for i := range d.Certificates {
		c := &d.Certificates[i]
		var names []string
		for _, n := range append(slices.Clone(c.DNS), c.URIs...) {
			names = append(names, n.Value)
		}
		out = append(out, fmt.Sprintf("with a certificate of %q for %s%s", c.CA.Value, or(names...), narrowed(c.Purposes)))
	}
	for _, p := range d.Persons {
		out = append(out, fmt.Sprintf("as the user %q and the own id of the population %q", p.Prefix.Value, p.Population.Value))
	}
	return out
}

// terms tells on what a use rests, and how much of it there may be.
func (b *builder) terms(d *rules.RecipientDef, u *use, def *rules.PurposeDef, gets []Row) []Fact {
	var f facts
	var groups []rules.SubjectCategory
	for _, r := range gets {
		if !slices.Contains(groups, r.group) {
			groups = append(groups, r.group)
		}
	}
	if u.order != "" {
		f.add("Legal order", b.order(u.order))
	}
	if u.plan != nil {
		basis, transfers := new(alike), new(alike)
		for _, g := range groups {
			grounds := u.plan.Grounds(g)
			if !u.legal {
				basis.add(groupWords[g], basisWords(def, g, &grounds))
			}
			transfers.add(groupWords[g], transferWords(d, &grounds))
		}
		f.add("Basis", basis.lines()...)
		f.add("Transfer", transfers.lines()...)
	}
	if u.plan != nil {
		f.add("Limits", limits(u.plan.Limits()))
		if nature := u.plan.CCPANature(); nature != "none" && len(groups) > 0 {
			f.add("In California", "counts as "+map[string]string{"sale": "a sale", "share": "sharing for advertising", "business_purpose": "a disclosure for a business purpose"}[nature])
		}
	}
	f.add("Case reference", b.reference(d, u.purpose))
	if len(def.Rows) > 0 || def.Retention != nil {
		f.add("Kept", periodWords(def.Retention))
	}
	var routes []string
	for _, r := range u.resources {
		routes = append(routes, r.API+": "+r.Route)
	}
	f.add("Routes", strings.Join(few(routes), "; "))
	return f
}

func basisWords(def *rules.PurposeDef, group rules.SubjectCategory, g *rules.Grounds) string {
	listed := func(yes bool) string { return map[bool]string{true: "listed", false: "not listed"}[yes] }
	text := "general notice: " + listed(g.General) + "; EEA and United Kingdom: "
	if g.Row {
		row, assessment := "", ""
		for i := range def.Rows {
			if r := &def.Rows[i]; r.Subject == group {
				row = r.Row
				if r.Assessment != "" && g.Basis == rules.BasisLegitimateInterest {
					assessment = " (assessment " + r.Assessment + ")"
				}
			}
		}
		text += "row " + row + ", " + plain(g.Basis.String()) + assessment
	} else {
		text += "no row, so only with consent"
	}
	return text + "; California: " + listed(g.California)
}

func transferWords(d *rules.RecipientDef, g *rules.Grounds) string {
	if d.Kind == rules.DataSubject {
		return ""
	}
	class := func(geo rules.Geo, inside string) string {
		switch geo {
		case rules.GeoInside:
			return "none, it stays " + inside
		case rules.GeoAdequate:
			return "to a country with adequate protection"
		case rules.GeoMechanism:
			return "on a safeguard that is in force"
		case rules.GeoNone:
		}
		return "neither adequacy nor a safeguard in force"
	}
	return "from Japan: " + class(g.APPI, "in Japan") + "; from the EEA: " + class(g.EEA, "in the EEA") + "; from the United Kingdom: " + class(g.UK, "in the United Kingdom")
}

// alike collects what is said of groups of people, once for those of whom the same is.
type alike struct{ texts, groups []string }

func (a *alike) add(group, text string) {
	i := slices.Index(a.texts, text)
	if i < 0 {
		a.texts, a.groups = append(a.texts, text), append(a.groups, group)
		return
	}
	a.groups[i] += ", " + group
}

func (a *alike) lines() (out []string) {
	for i, text := range a.texts {
		switch {
		case text == "":
		case len(a.texts) == 1:
			out = append(out, upper(text))
		default:
			out = append(out, upper(a.groups[i])+": "+text)
		}
	}
	return out
}

func limits(l *rules.Limits) string {
	if l == nil {
		return "none agreed"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{l.SubjectsPerResponse, "an answer"}, {l.SubjectsPerHour, "an hour"}, {l.SubjectsPerDay, "a day"}, {l.SubjectsPerMonth, "a month"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n, "person")+" "+p.what)
		}
	}
	text := "at most " + and(parts...)
	if len(parts) == 0 {
		text = "no number of people"
	}
	if l.NoLists {
		text += "; no lists"
	}
	if l.NotFoundPercent > 0 {
		text += fmt.Sprintf("; at most %d%% of the requests of an hour for what does not exist", l.NotFoundPercent)
	}
	return text
}

// reference says what a request has to name.
func (b *builder) reference(d *rules.RecipientDef, purpose string) string {
	var found *rules.ContractPurposeDef
	if d.Contract != nil {
		find := func(list []rules.ContractPurposeDef) {
			for i := range list {
				if list[i].Purpose.Value == purpose && found == nil {
					found = &list[i]
				}
			}
		}
		find(d.Contract.Purposes)
		for _, n := range d.Contract.Uses {
			for i := range b.policy.Bundle.Contracts {
				if c := &b.policy.Bundle.Contracts[i]; c.Name.Value == n.Value {
					find(c.Purposes)
				}
			}
		}
	}
	switch {
	case found == nil:
		return ""
	case found.RefRequired && found.RefPattern.Value != "":
		return "each request must name one, of the form " + found.RefPattern.Value
	case found.RefRequired:
		return "each request must name one"
	case found.RefPattern.Value != "":
		return "a request may name one, of the form " + found.RefPattern.Value
	}
	return ""
}

func (b *builder) order(ref string) string {
	for i := range b.policy.Bundle.Orders {
		o := &b.policy.Bundle.Orders[i]
		if o.Name.Value != ref {
			continue
		}
		text := ref + ", " + plain(o.Kind) + ", issued by " + o.Issuer + ", from " + moment(o.From)
		if o.Until.IsZero() {
			text += ", without an end"
		} else {
			text += " until " + lastDay(o.Until)
		}
		var whom []string
		for _, n := range o.Populations {
			whom = append(whom, fmt.Sprintf("everybody of the population %q", n.Value))
		}
		if o.Named {
			whom = append(whom, "the people whose record names it")
		}
		text += "; reaches " + and(whom...)
		if o.CoversTransfer {
			text += "; covers transfers abroad"
		}
		return text
	}
	return ref
}
