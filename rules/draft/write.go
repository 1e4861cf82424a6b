package draft

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// Names of a whole new policy. People replace them.
const (
	reader  = "first-reader"
	purpose = "first.look"
)

func (d *drafter) write() *Draft {
	out := &Draft{Left: d.left, Routes: len(d.resources), Shapes: len(d.units)}
	if d.options.Existing != nil {
		out.Files = append(out.Files, d.resourcesFile(d.options.API+".yaml", &out.Decisions))
		return out
	}
	out.Files = append(out.Files, d.notices(&out.Decisions), d.recipients(&out.Decisions), d.resourcesFile("resources.yaml", &out.Decisions))
	return out
}

// country is a placeholder that no list of countries trusts.
func (d *drafter) country() string { return cmp.Or(d.options.Country, "AQ") }

// since is the day from which the draft holds.
func (d *drafter) since() string { return d.options.Since.Format(time.DateOnly) }

func (d *drafter) legalName() string {
	return cmp.Or(d.options.LegalName, "The legal entity (to be named)")
}

func (d *drafter) notices(all *[]Decision) File {
	w := newWriter("notices.yaml", all)
	w.say("# Owner: privacy office. What the published notices say. A draft, which promises nothing:")
	w.say("# until the notices are written down here, every purpose takes the consent of each person.")
	w.say("language: 1")
	w.say("")
	w.decide(0, "who is the controller? Name the legal entity and its country.")
	w.say("controller: {id: controller, legal_name: %s, country: %s}", scalar(d.legalName()), d.country())
	w.say("")
	w.decide(0, "which notices are published, in which versions and since when?")
	w.say("documents:")
	for _, n := range []string{"appi", "eea_uk", "california"} {
		w.say(`  %-11s {notice: %s, version: draft, effective_from: %s}`, n+":", n, d.since())
	}
	w.say("")
	w.decide(0, "which of these categories does each notice list, for which groups of people? What is not listed for a group does not leave about the "+
		"people whom that notice protects. For example: eea_uk: [customer], ccpa: {customer: identifiers}")
	w.say("categories:")
	d.declare(w, d.categories())
	w.say("")
	w.decide(0, "what is data given out for, and which notice lists that? For example appi: [customer], and eea_uk: {customer: {row: 3.1, bases: "+
		"[contract]}}. As it stands, %s takes the consent of each person.", purpose)
	w.say("purposes:")
	w.say("  %s: {}", purpose)
	if slices.ContainsFunc(d.categories(), special) {
		w.say("  # Special categories must name the purposes that they are for. No contract has this one.")
		w.say("  %s: {}", specialPurpose)
	}
	return w.done()
}

func special(category string) bool { return strings.Contains(attributes[category], "special:") }

func credential(category string) bool { return strings.Contains(attributes[category], "credential:") }

func (d *drafter) declare(w *writer, categories []string) {
	for _, c := range categories {
		if c == Undecided {
			w.say("  # What the draft could not tell: the strictest there is.")
		}
		w.say("  %s: {%s}", c, attributes[c])
	}
}

func (d *drafter) recipients(all *[]Decision) File {
	w := newWriter("recipients.yaml", all)
	w.say("# Owner: vendor management. Who may receive what. A draft: nobody receives anything.")
	w.say("language: 1")
	w.say("")
	w.say("recipients:")
	w.decide(2, "who reads first? This is somebody of the controller itself, who needs no contract. A vendor has `kind: processor`, a `contract` in "+
		"place of the `grant`, its `evaluation` and the `handling_terms` that it accepted.")
	w.say("  %s:", reader)
	w.say("    legal_name: %s", scalar(d.legalName()))
	w.say("    kind: internal")
	w.say("    country: %s", d.country())
	w.say("    match: {user: %s}   # the name that Caddy's authentication gives", reader)
	w.say("    grant:")
	w.say("      valid_from: %s", d.since())
	w.say("      purposes:")
	w.say("        %s:", purpose)
	w.decide(10, "what does this purpose need? clear, pseudonym, a generaliser such as year or prefix(2), or none. Give it what it cannot do without.")
	w.say("          needs:")
	for _, c := range d.categories() {
		switch {
		case credential(c):
			w.say("            # %s: never, for nobody", c)
		case special(c):
			w.say("            %s: none   # another needs `purposes` at the category", c)
		default:
			w.say("            %s: none", c)
		}
	}
	return w.done()
}

func (d *drafter) resourcesFile(name string, all *[]Decision) File {
	w := newWriter(name, all)
	w.say("# Owner: platform team. Which routes there are and what their bodies hold. A member that stands")
	w.say("# nowhere here never leaves. Drafted%s: DECIDE marks what a person has to say.", from(d.api.Title))
	w.say("language: 1")
	w.say("")
	d.ownCategories(w)
	d.writePopulations(w)
	w.say("api: %s", scalar(d.options.API))
	if len(d.api.OtherBases) > 0 {
		w.decide(0, "the description names several servers. The routes begin with %q, the path of the first; the others have %s. --base says another.",
			cmp.Or(d.api.Base, "/"), list(quoted(d.api.OtherBases), 5))
	}
	w.decide(0, "may anything leave about somebody of whom the gateway was never told anything? `withhold` until then, or `allow`.")
	w.say("unseen_subject: withhold")
	w.say("")
	w.say("shapes:")
	for _, u := range d.units {
		d.shape(w, u)
	}
	w.say("")
	w.say("resources:")
	asked := make(map[*unit]int)
	for _, r := range d.resources {
		d.route(w, r, asked)
	}
	if len(d.left) > 0 {
		w.say("")
		w.say("# Left out of this draft:")
		for _, l := range ByReason(d.left) {
			w.comment(2, l)
		}
	}
	return w.done()
}

// ByReason lists the routes that are left out, those of one reason together.
func ByReason(left []openapi.Left) []string {
	var reasons []string
	routes := make(map[string][]string)
	for _, l := range left {
		if routes[l.Reason] == nil {
			reasons = append(reasons, l.Reason)
		}
		routes[l.Reason] = append(routes[l.Reason], l.Method+" "+l.Path)
	}
	out := make([]string, len(reasons))
	for i, r := range reasons {
		out[i] = visible(r + ": " + strings.Join(routes[r], ", "))
	}
	return out
}

func from(title string) string {
	title = strings.Join(strings.Fields(visible(title)), " ")
	if title == "" {
		return ""
	}
	return " from " + title
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", cmp.Or(w, "/"))
	}
	return out
}

// ownCategories declares what the policy that the draft is added to does not have.
func (d *drafter) ownCategories(w *writer) {
	if d.options.Existing == nil {
		return
	}
	var missing []string
	for _, c := range d.categories() {
		if !d.known(c) {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return
	}
	w.decide(0, "the policy has no line for these categories. Its privacy office says which notice lists them, and whether they go into its own file.")
	w.say("categories:")
	d.declare(w, missing)
	if slices.ContainsFunc(missing, special) && !d.options.Existing.HasPurpose(specialPurpose) {
		w.say("")
		w.say("# Special categories must name the purposes that they are for. No contract has this one.")
		w.say("purposes:")
		w.say("  %s: {}", specialPurpose)
	}
	w.say("")
}

// known reports whether the policy has a line for a category, or for one that it is
// within.
func (d *drafter) known(category string) bool {
	return slices.ContainsFunc(d.options.Existing.Bundle.Categories, func(c rules.CategoryDef) bool {
		return category == c.Name.Value || strings.HasPrefix(category, c.Name.Value+".")
	})
}

func (d *drafter) writePopulations(w *writer) {
	var mine []*population
	for _, p := range d.populations {
		if p.used && !p.exists {
			mine = append(mine, p)
		}
	}
	slices.SortFunc(mine, func(a, b *population) int { return cmp.Compare(a.name, b.name) })
	declared := slices.ContainsFunc(d.populations, func(p *population) bool { return p.exists && p.name == undecidedPopulation })
	if len(mine) == 0 && (!d.undecided || declared) {
		return
	}
	w.say("populations:")
	for _, p := range mine {
		category := p.category
		if !p.sure {
			same := ""
			if len(mine) > 1 {
				same = " Somebody who is in two populations is two people: give one name to those that are the same."
			}
			w.decide(2, "do the people of the population %s belong to the group %s? The others are customer, business_partner, staff, employee_family and visitor. "+
				"Are their ids of the form %s?%s", p.name, category, p.form, same)
		} else {
			w.decide(2, "are the ids of the population %s of the form %s?", p.name, p.form)
		}
		w.say("  %s: {id: %s}", p.name, p.form)
	}
	if d.undecided && !declared {
		w.say("  # Nobody is in this one, so that nothing leaves about whom it stands for.")
		w.say("  %s: {id: string}", undecidedPopulation)
	}
	w.say("")
}

func (d *drafter) shape(w *writer, u *unit) {
	for _, n := range u.notes {
		w.decide(2, "%s: %s", u.name, n)
	}
	w.say("  %s:", scalar(u.name))
	if p := u.person; p != nil {
		d.personOf(w, u, p)
	}
	var open []string
	for _, f := range u.fields {
		if f.category == Undecided && !u.nobody {
			name := f.path
			if name == "." {
				name = "the value itself"
			}
			open = append(open, name)
		}
	}
	n := 0
	if len(open) > 0 {
		n = w.decide(4, "%s: no rule of the draft knows %s. Give each its category, or call it public if it says nothing about a person.", u.name, list(open, 8))
	}
	if len(u.fields) == 0 {
		w.say("    fields: {}")
		return
	}
	w.say("    fields:")
	for _, f := range u.fields {
		key := scalar(f.path)
		switch {
		case u.nobody:
			w.say("      %s: public", key)
		case f.category == Undecided:
			w.say("      %s: {category: %s}   # DECIDE %d", key, f.category, n)
		case u.person != nil && f.path == u.person.id:
			w.say("      %s: {category: user.unique_id, link: %s_id%s}", key, u.person.population, f.token())
		default:
			w.say("      %s: {category: %s%s}", key, f.category, f.token())
		}
	}
}

// token keeps the form of a value that a client may have a type for.
func (f *field) token() string {
	switch {
	case f.category == "user.contact.email" && !strings.HasSuffix(f.path, "}"):
		return ", link: email, token: email"
	case f.schema.Format == "uuid":
		return ", token: uuid"
	}
	return ""
}

func (d *drafter) personOf(w *writer, u *unit, p *person) {
	if p.population == undecidedPopulation {
		w.decide(4, "%s: whose data is this? Nobody's: draft again with --nobody %s. Somebody's: name the population, if the keys are its ids. Until then it is withheld.",
			u.name, u.base())
		w.say("    subject: {population: %s, category: customer, id: {key: true}, facts: state}", undecidedPopulation)
		return
	}
	i := slices.IndexFunc(d.populations, func(o *population) bool { return o.name == p.population })
	pop := d.populations[i]
	var facts, words string
	if p.self {
		country, region, born := u.deciding()
		if country != "" {
			facts += ", country: " + scalar(country)
			words += fmt.Sprintf(" %s must hold codes such as DE: a person with another is withheld.", country)
		}
		if region != "" {
			facts += ", region: " + scalar(region)
			words += fmt.Sprintf(" %s must hold the codes of states, such as CA, within the United States.", region)
		}
		if born != "" {
			facts += ", born: " + scalar(born)
			words += fmt.Sprintf(" %s must hold dates as YYYY-MM-DD.", born)
		}
	}
	if words == "" {
		words = " No member tells where the person is or how old: name what does, or say `facts: state` if the state of everybody has both."
	}
	what := fmt.Sprintf("%s: is it about the %s whose id is in %s?", u.name, pop.name, p.id)
	if !p.self {
		what = fmt.Sprintf("%s: does it belong to the %s whose id is in %s?", u.name, pop.name, p.id)
	}
	id := "at: " + scalar(p.id)
	if p.key {
		what, id = fmt.Sprintf("%s: is it about the %s whose id is the key under which it stands?", u.name, pop.name), "key: true"
	}
	w.decide(4, "%s%s", what, words)
	w.say("    subject: {population: %s, category: %s, id: {%s}%s}", pop.name, pop.category, id, facts)
}

func (d *drafter) route(w *writer, r *resource, asked map[*unit]int) {
	for _, n := range r.notes {
		w.decide(2, "%s: %s", r.name, n)
	}
	w.say("  %s:", scalar(r.name))
	w.say("    route: %s", `"`+r.op.Route()+`"`)
	d.whose(w, r, asked)
	if len(r.params) > 0 {
		w.say("    params: {%s}", forms(r.params))
	}
	if len(r.asked) > 0 {
		w.decide(4, "%s: may a caller search by %s? What finds a person tells something of it. Only then: `NAME: any` in query.", r.name, list(r.asked, 8))
	}
	if len(r.query) > 0 {
		w.say("    query: {%s}", forms(r.query))
	}
	if len(r.envelope) > 0 {
		w.decide(4, "%s: does a member around the objects say something of a person? Where not, take the # away.", r.name)
	}
	w.say("    body:")
	for _, p := range r.body {
		w.say("      %s: %s", scalar(p.path), scalar(p.unit.name))
	}
	for _, path := range r.envelope {
		w.say("      # %s: public", scalar(path))
	}
}

// whose writes the subject of a whole body.
func (d *drafter) whose(w *writer, r *resource, asked map[*unit]int) {
	switch {
	case r.none:
		w.say("    subjects: none")
	case r.decide != nil:
		n := asked[r.decide]
		if n == 0 {
			n = w.decide(4, "%s: whose data is in %s? Nobody's: draft again with --nobody %s. Somebody's: give the shape, or its routes, a subject. Until then it is withheld.",
				r.name, r.decide.name, r.decide.base())
			asked[r.decide] = n
			w.say("    subject: %s", r.subject)
			return
		}
		w.say("    subject: %s   # DECIDE %d", r.subject, n)
	case r.subject != "":
		w.decide(4, "%s: is the whole answer about the person whose id the request names?", r.name)
		w.say("    subject: %s", r.subject)
	}
}

func forms(all []form) string {
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = scalar(f.name) + ": " + f.form
	}
	return strings.Join(out, ", ")
}
