package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// New tells a policy as of an instant. ok is false before every document of the policy
// is in effect: then it answers nothing.
func New(p *rules.Policy, at time.Time, o Options) (page *Page, ok bool) {
	page, ok = tell(p, at)
	if !ok {
		return nil, false
	}
	page.Signers = append(page.Signers, o.Signers...)
	if o.Before != nil {
		page.mark(o.Before, p, at)
	}
	page.shorten()
	return page, true
}

// tell makes a page without marks.
func tell(p *rules.Policy, at time.Time) (*Page, bool) {
	e := p.At(at)
	if e == nil {
		return nil, false
	}
	b := newBuilder(p, e)
	page := &Page{
		Controller: Controller{p.Bundle.Controller.LegalName, country(p.Bundle.Controller.Country), p.Bundle.Controller.Contact},
		Edition:    Edition{At: moment(at), Version: e.Version(), Bundle: p.Bundle.Hash, RulePack: rules.RulePack},
		Signers:    []string{},
	}
	if until := e.Until(); !until.IsZero() {
		page.Edition.Until = moment(until)
	}
	for _, d := range e.Documents {
		page.Documents = append(page.Documents, Document{ID: d.ID, Version: d.Version, From: moment(d.EffectiveFrom), Notice: plain(noticeName(d.Notice))})
	}
	uses := b.uses()
	b.generalise(uses)
	for _, g := range b.general {
		where, who := people(g.situation)
		page.Everywhere = append(page.Everywhere, Sentence{
			People: phrase(nil, where, who), Because: review.Says(g.rule, true), Rule: g.rule, Clauses: review.Clauses(g.rule), Plain: true, situations: []rules.Situation{g.situation},
		})
	}
	for i := range p.Bundle.Recipients {
		page.Recipients = append(page.Recipients, b.recipient(&p.Bundle.Recipients[i], uses, at))
	}
	page.Groups = b.peopleGroups()
	b.members(page, uses)
	page.Clauses = b.clauses()
	page.Findings, page.Ends = findings(p, at), ends(p, at)
	return page, true
}

func noticeName(n rules.Notice) string {
	if n == 0 {
		return ""
	}
	return n.String()
}

// moment writes the first moment of a day as the day.
func moment(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

// lastDay writes an end, which is the first moment of the day behind it.
func lastDay(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return moment(t)
}

func (b *builder) peopleGroups() (groups []string) {
	for i := range b.groups {
		groups = appendNew(groups, groupWords[b.groups[i].Subject])
	}
	return groups
}

func (b *builder) recipient(d *rules.RecipientDef, uses []*use, at time.Time) Recipient {
	id := d.Name.Value
	out := Recipient{ID: id, Anchor: "r-" + id, Name: d.LegalName, Kind: kindWords[d.Kind], Place: line(d.Name.Pos)}
	if reason := b.edition.Refusal(id); reason != rules.ReasonNone {
		out.Refused = refusalWords(d, reason, at)
	}
	out.Facts = b.registration(d)
	for _, u := range uses {
		if u.recipient != id {
			continue
		}
		p := Purpose{ID: u.purpose, Order: u.order, Anchor: out.Anchor + "-" + u.purpose + "-" + u.order}
		def := b.purpose(u.purpose)
		p.Nature = nature(def)
		if out.Refused == "" {
			b.tell(u, &p)
			if d.Contract == nil {
				p.Never = nil // nobody has agreed on what is needed
			}
		}
		p.Facts = b.terms(d, u, def, p.gets())
		out.Purposes = append(out.Purposes, p)
	}
	return out
}

func (b *builder) purpose(id string) *rules.PurposeDef {
	for i := range b.policy.Bundle.Purposes {
		if d := &b.policy.Bundle.Purposes[i]; d.Name.Value == id {
			return d
		}
	}
	return &rules.PurposeDef{}
}

func nature(d *rules.PurposeDef) (words []string) {
	if d.DPV != "" {
		words = append(words, spaced(d.DPV))
	}
	for _, n := range []struct {
		is   bool
		what string
	}{
		{d.DirectMarketing, "direct marketing"},
		{d.Profiling, "profiling"},
		{d.AdShare, "advertising on other sites"},
		{d.Statistical, "statistics"},
		{d.Health, "health management"},
		{d.Legal == rules.LegalObligation, "legal obligation: rests on a legal order"},
		{d.Legal == rules.LegalClaims, "legal claims: rests on a legal order"},
		{d.Legal == rules.LegalRights, "a person's own request"},
	} {
		if n.is {
			words = append(words, n.what)
		}
	}
	return words
}

// spaced writes a term of the Data Privacy Vocabulary as words.
func spaced(term string) string {
	var b strings.Builder
	for i, c := range term {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte(' ')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// refusalWords says in words why a recipient gets nothing.
func refusalWords(d *rules.RecipientDef, reason rules.Reason, at time.Time) string {
	switch {
	case reason == rules.RecipientSuspended:
		return "it is suspended"
	case reason == rules.EvaluationOverdue:
		return "its evaluation ended on " + lastDay(d.Evaluation.Until)
	case reason == rules.RecipientNotEvaluated && d.Evaluation == nil:
		return "it was never evaluated"
	case reason == rules.RecipientNotEvaluated && !d.Evaluation.Passed:
		return "it did not pass its evaluation"
	case reason == rules.RecipientNotEvaluated:
		return "its evaluation is only of " + moment(d.Evaluation.At)
	case d.Contract == nil:
		return "it has no contract"
	case at.Before(d.Contract.From):
		return "its contract begins only on " + moment(d.Contract.From)
	case !d.Contract.Until.IsZero() && !at.Before(d.Contract.Until):
		return "its contract ended on " + lastDay(d.Contract.Until)
	case d.Terms.AcceptedAt.IsZero():
		return "it has not accepted the handling terms"
	}
	return "it accepts the handling terms only on " + moment(d.Terms.AcceptedAt)
}

func line(p rules.Pos) string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// shorten says once what is the same for several recipients of a large policy, and
// names the first members of many.
func (p *Page) shorten() {
	total := 0
	for i := range p.Recipients {
		total += len(p.Recipients[i].Purposes)
	}
	first := make(map[string]*Recipient)
	for i := range p.Recipients {
		r := &p.Recipients[i]
		for n := range r.Purposes {
			u := &r.Purposes[n]
			if total > DefaultWhole {
				u.as(r, first)
			}
			u.Without.shorten()
			u.With.shorten()
		}
	}
	for i := range p.Nobody {
		p.Nobody[i].Members = few(p.Nobody[i].Members)
	}
}

func (p *Part) shorten() {
	p.Gets = together(p.Gets)
	for g := range p.Gets {
		for d := range p.Gets[g].Data {
			p.Gets[g].Data[d].Members = few(p.Gets[g].Data[d].Members)
		}
	}
}

// together unites rows that say the same of several groups.
func together(rows []Row) (out []Row) {
	for _, r := range rows {
		same := func(o Row) bool {
			return o.form == r.form && slices.EqualFunc(o.Data, r.Data, func(a, b Data) bool { return a.Category == b.Category && a.Mark == b.Mark }) &&
				len(o.Only)+len(r.Only) == 0
		}
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].About = append(slices.Clone(out[i].About), r.About...)
			for d := range out[i].Data {
				for _, m := range r.Data[d].Members {
					out[i].Data[d].Members = appendNew(out[i].Data[d].Members, m)
				}
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// as leaves out a purpose that is told of a recipient before.
func (u *Purpose) as(r *Recipient, first map[string]*Recipient) {
	if r.Refused != "" {
		return
	}
	bare := *u
	bare.Anchor = ""
	key := fmt.Sprintf("%+v", bare)
	if before := first[key]; before != nil {
		*u = Purpose{ID: u.ID, Anchor: u.Anchor, Order: u.Order, Mark: u.Mark, As: before.ID, AsAnchor: before.Anchor + "-" + u.ID + "-" + u.Order}
		return
	}
	first[key] = r
}

func few(list []string) []string {
	if len(list) <= DefaultMembers {
		return list
	}
	return append(slices.Clone(list[:DefaultMembers]), fmt.Sprintf("and %d more", len(list)-DefaultMembers))
}

// members lists what no recipient gets, and what leaves unread or undecided.
func (b *builder) members(page *Page, uses []*use) {
	type key struct {
		group    rules.SubjectCategory
		category string
	}
	got := make(map[key]bool)
	for _, u := range uses {
		def := b.recipientDef(u.recipient)
		for i := range u.fields {
			if f := &u.fields[i]; len(f.profile.open) > 0 && def.Kind != rules.DataSubject {
				got[key{f.group.Subject, f.group.Category}] = true
			}
		}
	}
	for i := range b.groups {
		g := &b.groups[i]
		if got[key{g.Subject, g.Category}] {
			continue
		}
		n := slices.IndexFunc(page.Nobody, func(d Data) bool { return d.Category == g.Category && d.About == groupWords[g.Subject] })
		if n < 0 {
			n = len(page.Nobody)
			page.Nobody = append(page.Nobody, Data{About: groupWords[g.Subject], Words: dataWords(g.Category), Category: g.Category})
		}
		for _, f := range g.Fields {
			page.Nobody[n].Members = appendNew(page.Nobody[n].Members, memberOf(f))
		}
	}
	for i := range b.policy.Bundle.APIs {
		api := &b.policy.Bundle.APIs[i]
		for n := range api.Shapes {
			s := &api.Shapes[n]
			public, subtrees := Members{API: api.Name.Value, Shape: s.Name.Value}, Members{API: api.Name.Value, Shape: s.Name.Value}
			for _, f := range s.Fields {
				if f.Public {
					public.Paths = append(public.Paths, f.Path.Value)
				}
				if f.Subtree {
					subtrees.Paths = append(subtrees.Paths, f.Path.Value)
				}
			}
			if len(public.Paths) > 0 {
				page.Public = append(page.Public, public)
			}
			if len(subtrees.Paths) > 0 {
				page.Subtrees = append(page.Subtrees, subtrees)
			}
		}
		page.Public = append(page.Public, bodies(api)...)
	}
}

// bodies are the public members beside the shapes of the answers of an api.
func bodies(api *rules.APIDef) (out []Members) {
	for i := range api.Resources {
		r := &api.Resources[i]
		m := Members{API: api.Name.Value, Shape: r.Route.Value}
		for _, d := range r.Body {
			if d.Public {
				m.Paths = append(m.Paths, d.Path.Value)
			}
		}
		if len(m.Paths) > 0 {
			out = append(out, m)
		}
	}
	return out
}

func (b *builder) recipientDef(id string) *rules.RecipientDef {
	for i := range b.policy.Bundle.Recipients {
		if d := &b.policy.Bundle.Recipients[i]; d.Name.Value == id {
			return d
		}
	}
	return &rules.RecipientDef{}
}

func findings(p *rules.Policy, at time.Time) (out []Finding) {
	for _, f := range p.Findings(at) {
		severity := "error"
		if f.Warning {
			severity = "warning"
		}
		out = append(out, Finding{severity, line(f.Pos), f.Detail, f.Suggestion})
	}
	return out
}

// ends lists what ends until a year from now, and what has ended, by date.
func ends(p *rules.Policy, at time.Time) (out []End) {
	type end struct {
		at   time.Time
		what string
	}
	var all []end
	add := func(t time.Time, what string, args ...any) {
		if !t.IsZero() && t.Before(at.Add(DefaultEnds)) {
			all = append(all, end{t, fmt.Sprintf(what, args...)})
		}
	}
	for i := range p.Bundle.Recipients {
		d := &p.Bundle.Recipients[i]
		id := d.Name.Value
		if d.Evaluation != nil {
			add(d.Evaluation.Until, "the evaluation of %s", id)
		}
		if d.Contract != nil {
			add(d.Contract.Until, "the contract of %s", id)
		}
		for n := range d.Safeguards {
			s := &d.Safeguards[n]
			add(s.ValidUntil, "the safeguard %s of %s (%s)", s.Ref, id, regimeWords[s.Regime])
			if s.CheckEvery != nil {
				add(s.CheckEvery.After(s.LastChecked), "what the last check of the safeguard %s of %s (%s) covers", s.Ref, id, regimeWords[s.Regime])
			}
		}
	}
	for i := range p.Bundle.Orders {
		add(p.Bundle.Orders[i].Until, "the legal order %s", p.Bundle.Orders[i].Name.Value)
	}
	slices.SortStableFunc(all, func(a, b end) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.what, b.what)) })
	for _, e := range all {
		out = append(out, End{Date: lastDay(e.at), What: e.what, Past: !at.Before(e.at)})
	}
	return out
}

var regimeWords = map[string]string{"appi": "Japan", "eea": "EEA", "uk": "United Kingdom"}
