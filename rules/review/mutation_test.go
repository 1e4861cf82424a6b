package review_test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
	"github.com/modicum-dev/modicum/rules/source"
)

// mutants is how many changes of one cell are compared at least.
const mutants = 200

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The verdict of a diff, cell by cell, is that of asking both policies about every
// case one after the other: no change is missed, none is made up, and weaker is
// weaker. One cell of the example policy is changed at a time.
func TestDiffIsBruteForce(t *testing.T) {
	t.Parallel()
	original := bundle(t)
	before := compiled(t, original)
	if before == nil {
		t.Fatal("the example policy does not compile")
	}
	list := mutations(original)
	n := mutants + 30 // some do not compile
	if testing.Short() || raceEnabled {
		n = 14 // there are no races among cases that are decided one by one
	}
	list = spread(list, n)
	people := &crowd{states: make(map[string][]person)}
	answers := people.ask(before, nil, true)
	var mu sync.Mutex
	changed, weaker, compared := 0, 0, 0
	work := make(chan mutation)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for m := range work {
				b := bundle(t)
				m.change(b)
				after := compiled(t, b)
				if after == nil {
					continue // such a policy is refused
				}
				was := answers
				if m.said != nil {
					was = people.ask(before, m.said, m.lists)
				}
				want := difference(was, people.ask(after, m.said, m.lists))
				got := told(review.Compare(before, after, today))
				if !m.lists {
					maps.DeleteFunc(want, ofList)
					maps.DeleteFunc(got, ofList)
				}
				mu.Lock()
				compared++
				if len(want) > 0 {
					changed++
				}
				if slices.ContainsFunc(slices.Collect(maps.Values(want)), func(v directions) bool { return v.weaker }) {
					weaker++
				}
				mu.Unlock()
				if !maps.Equal(got, want) {
					t.Errorf("%s: %s", m.name, disagreement(got, want))
				}
			}
		})
	}
	for _, m := range list {
		work <- m
	}
	close(work)
	workers.Wait()
	t.Logf("%d cells changed; %d change an answer, %d of them to a weaker one", compared, changed, weaker)
	if n > mutants && compared < mutants {
		t.Errorf("only %d cells were changed, want %d", compared, mutants)
	}
	if changed*3 < compared || weaker == 0 {
		t.Errorf("only %d of %d changes change an answer, %d to a weaker one", changed, compared, weaker)
	}
}

// spread picks n of a list, so that every kind of cell is among them.
func spread(list []mutation, n int) []mutation {
	out := make([]mutation, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

func bundle(t *testing.T) *rules.Bundle {
	t.Helper()
	b, problems, err := source.Load(os.DirFS("../../examples/software-vendor/policy"))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return b
}

func compiled(t *testing.T, b *rules.Bundle) *rules.Policy {
	t.Helper()
	p, problems := rules.Compile(b)
	if len(problems) > 0 {
		return nil
	}
	return p
}

// verdicts are the forms of one field, by case; a case that is refused is withheld.
type verdicts []rules.Form

// directions says in which ways a field changes.
type directions struct{ weaker, stronger bool }

// difference compares two policies case by case.
func difference(before, after map[string]verdicts) map[string]directions {
	out := make(map[string]directions)
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for key := range keys {
		var d directions
		o, n := unrestricted(before, key), unrestricted(after, key)
		for i := range max(len(o), len(n)) {
			var was, is rules.Form
			if i < len(o) {
				was = o[i]
			}
			if i < len(n) {
				is = n[i]
			}
			if was != is {
				weak := is.Weaker(was)
				d.weaker, d.stronger = d.weaker || weak, d.stronger || !weak
			}
		}
		if d != (directions{}) {
			out[key] = d
		}
	}
	return out
}

// otherOf marks what the other person decides that a field is about.
const otherOf = " other"

// unrestricted is what a policy says of a cell. Where it knows of no other person whom
// the field is about, none restricts what the subject lets leave.
func unrestricted(of map[string]verdicts, key string) verdicts {
	plain, other := strings.CutSuffix(key, otherOf)
	if of[key] != nil || !other {
		return of[key]
	}
	cases := slices.Clone(of[plain])
	var most rules.Form
	for _, form := range cases {
		if form.Verb != rules.Withhold {
			most = form
		}
	}
	for i := range cases {
		cases[i] = most
	}
	return cases
}

// told is what a diff says of today.
func told(d *review.Diff) map[string]directions {
	out := make(map[string]directions)
	for _, a := range d.Answers {
		for _, c := range a.Cells {
			if !c.When[0].From.Equal(today) {
				continue
			}
			for _, p := range c.Places {
				key := cellKey(c.Recipient, c.Purpose, c.Order, p.Resource, p.Path)
				if p.Other {
					key += otherOf
				}
				v := out[key]
				v.weaker, v.stronger = v.weaker || a.Weaker, v.stronger || !a.Weaker
				out[key] = v
			}
		}
	}
	return out
}

func cellKey(recipient, purpose, order, resource, path string) string {
	return strings.Join([]string{recipient, purpose, order, resource, path}, " ")
}

func disagreement(got, want map[string]directions) string {
	all := maps.Clone(got)
	maps.Copy(all, want)
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if got[key] != want[key] {
			lines = append(lines, fmt.Sprintf("%s: diff says %+v, every case %+v", key, got[key], want[key]))
		}
	}
	return fmt.Sprintf("%d cells differ\n%s", len(lines), strings.Join(lines[:min(4, len(lines))], "\n"))
}

// person is one case: what the body says, and the state.
type person struct {
	facts rules.Facts
	state *rules.State
	gpc   bool
}

// crowd makes the cases of a recipient and purpose once.
type crowd struct {
	mu     sync.Mutex
	states map[string][]person
}

// paths are requests for the resources of the example, by name.
var paths = map[string]string{
	"customer": "/v1/customers/1001", "customers": "/v1/customers", "customer_orders": "/v1/customers/1001/orders", "licences_by_customer": "/v1/licences_by_customer",
	"partners": "/v1/partners", "partner": "/v1/partners/acme", "staff_list": "/v1/staff", "staff_member": "/v1/staff/17",
	"family": "/v1/family", "relative": "/v1/family/17", "visitors": "/v1/visitors", "products": "/v1/products",
}

// lists are the resources whose people are those of another one, by the same shape: what
// is changed elsewhere changes the same there.
var lists = map[string]bool{"customers": true, "partners": true, "staff_list": true, "family": true}

func ofList(key string, _ directions) bool {
	words := strings.Split(key, " ")
	return lists[words[3]]
}

// ask decides every case of every cell of a policy, of lists only where it is to.
func (c *crowd) ask(p *rules.Policy, said []string, everywhere bool) map[string]verdicts {
	out := make(map[string]verdicts)
	edition := p.At(today)
	if edition == nil {
		return out
	}
	refs := []string{"", "case-1", "inq-1"}
	for i := range p.Bundle.Orders {
		refs = append(refs, p.Bundle.Orders[i].Name.Value)
	}
	for i := range p.Bundle.Recipients {
		recipient := &p.Bundle.Recipients[i]
		for j := range p.Bundle.Purposes {
			purpose := &p.Bundle.Purposes[j]
			for _, res := range p.Resources("crm") {
				if !everywhere && lists[res.Name] {
					continue
				}
				match, _ := edition.Route("crm", "GET", strings.Split(paths[res.Name], "/")[1:])
				asked := make(map[string]bool)
				for _, ref := range refs {
					plan, reason := edition.Admit(rules.RequestFacts{
						Caller: rules.Caller{Recipient: recipient.Name.Value}, Match: match, Mapped: true, Purpose: purpose.Name.Value, Ref: ref,
					})
					if reason != rules.ReasonNone {
						continue
					}
					order := ""
					if purpose.Legal == rules.LegalObligation || purpose.Legal == rules.LegalClaims {
						order = orderOf(p, ref, recipient.Name.Value, purpose.Name.Value)
					}
					if !asked[order] {
						asked[order] = true
						c.decide(out, plan, recipient, order, said)
					}
				}
			}
		}
	}
	return out
}

func orderOf(p *rules.Policy, ref, recipient, purpose string) string {
	for i := range p.Bundle.Orders {
		o := &p.Bundle.Orders[i]
		to := slices.ContainsFunc(o.Recipients, func(n rules.Name) bool { return n.Value == recipient })
		if o.Name.Value == ref && o.Purpose.Value == purpose && to {
			return ref
		}
	}
	return ""
}

func (c *crowd) decide(out map[string]verdicts, plan *rules.Plan, recipient *rules.RecipientDef, order string, said []string) {
	res := plan.Resource()
	wanted := func(kind int) bool { // else nothing of such people can leave
		for i := range res.Shape.Fields {
			if f := &res.Shape.Fields[i]; f.Concerns(kind) && !f.Public && plan.Wants().Has(i) {
				return true
			}
		}
		return false
	}
	cases := c.people(recipient, plan.Purpose().Name, order, said)
	for kind := range res.Shape.Subjects {
		if !wanted(kind) {
			continue
		}
		for n, who := range cases {
			who.facts.Kind = kind
			class, _ := plan.Class(who.facts, who.state, rules.Signals{GPC: who.gpc && res.ConsumerFacing}, today, nil)
			actions := plan.Actions(class)
			for i := range res.Shape.Fields {
				f := &res.Shape.Fields[i]
				if !f.Concerns(kind) || f.Public {
					continue
				}
				other := ""
				if f.About > 0 && f.About == kind {
					other = otherOf
					if key := cellKey(recipient.Name.Value, plan.Purpose().Name, order, res.Name, f.Path) + other; out[key] == nil && plan.Wants().Has(i) {
						out[key] = make(verdicts, len(cases)) // though it never leaves
					}
				}
				if form := formOf(plan, f, actions.Fields[i]); form.Verb != rules.Withhold {
					key := cellKey(recipient.Name.Value, plan.Purpose().Name, order, res.Name, f.Path) + other
					if out[key] == nil {
						out[key] = make(verdicts, len(cases))
					}
					out[key][n] = form
				}
			}
		}
	}
}

func formOf(plan *rules.Plan, f *rules.Field, a rules.Action) rules.Form {
	form := rules.Form{Verb: a.Verb, Need: a.Need}
	switch {
	case a.Verb == rules.Withhold:
		return rules.Form{}
	case a.Need == rules.NeedGeneralised:
		form.Generaliser, form.Cell = a.Generaliser.String(), a.Cell
	case a.Need == rules.NeedPseudonym:
		form.Link = f.Link
		form.Group, _ = strings.CutPrefix(plan.LinkGroup(), "group:")
		if form.Group == plan.Purpose().Name {
			form.Group = ""
		}
	}
	return form
}

// people are the cases: every location with every age and every consent, and everything
// else that can be known of somebody, with and without consent. They know nothing of what
// a comparison looks at.
func (c *crowd) people(recipient *rules.RecipientDef, purpose, order string, said []string) []person {
	key := fmt.Sprint(recipient.Name.Value, " ", purpose, " ", order, said)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.states[key]; known != nil {
		return known
	}
	var out []person
	add := func(f rules.Facts, events []rules.Event) {
		for i := range events {
			events[i].Seq = rules.Seq(i + 1)
		}
		state := rules.Fold(events)
		for _, gpc := range []bool{false, true} {
			for _, f.Own = range []bool{false, true} {
				if gpc && purpose != "web.ad_profile" && purpose != "web.analytics" || f.Own && recipient.Kind != rules.DataSubject {
					continue
				}
				out = append(out, person{f, state, gpc})
			}
		}
	}
	consents := consentsTo(recipient, purpose)
	none, whole, lifting := consents[0], consents[2], [][]rules.Event{consents[1], consents[2], consents[4]}
	if said != nil {
		replaced := historiesOf(recipient, purpose, said)
		consents, lifting = append(consents, replaced...), append(lifting, replaced...)
	}
	for _, l := range locations {
		for i, born := range births {
			for j, consent := range consents {
				if i < 2 || j == 0 || j == 2 { // adults and the young with every consent, others with and without
					add(rules.Facts{Locations: l, Born: born}, slices.Clone(consent))
				}
			}
		}
		for _, earlier := range []rules.EventKind{rules.EventRestriction, rules.EventDMObjection} { // than a consent that lifts it
			for _, consent := range lifting {
				e := happened(earlier, rules.StateActive)
				e.Time, e.Recorded = e.Time.AddDate(0, 0, -20), e.Recorded.AddDate(0, 0, -20)
				add(rules.Facts{Locations: l, Born: births[0]}, append([]rules.Event{e}, consent...))
				add(rules.Facts{Locations: l, Born: births[1]}, append([]rules.Event{e}, consent...))
			}
		}
	}
	for _, l := range locations[:3] { // everywhere, in the EEA and in Japan
		others := specials(purpose, order)
		for _, category := range said {
			e := happened(rules.EventAccuracy, rules.StateActive)
			e.Scope.Categories = []string{category}
			others = append(others, []rules.Event{e})
		}
		for _, special := range others {
			for _, consent := range [][]rules.Event{none, whole} {
				add(rules.Facts{Locations: l, Born: births[0]}, append(slices.Clone(consent), special...))
			}
		}
	}
	c.states[key] = out
	return out
}

var locations = [][2]rules.Location{
	{}, {{Country: "DE"}}, {{Country: "JP"}}, {{Country: "GB"}}, {{Country: "US", Region: "CA"}}, {{Country: "DE"}, {Country: "GB"}},
}

var births = []time.Time{today.AddDate(-40, 0, 0), today.AddDate(-14, 0, 0), {}, today.AddDate(-8, 0, 0)}

func happened(kind rules.EventKind, state rules.EventState) rules.Event {
	at := today.AddDate(0, 0, -20)
	return rules.Event{Kind: kind, State: state, Time: at, Recorded: at, Actor: rules.Actor{Type: rules.ActorSubject, Verified: true}}
}

// consentsTo are none; one that names the recipient, its category, or nobody; an
// explicit one; a parent's; and one that is all of that, or to some categories alone.
func consentsTo(recipient *rules.RecipientDef, purpose string) [][]rules.Event {
	consent := func(change func(*rules.Event)) []rules.Event {
		e := happened(rules.EventConsent, rules.StateNone)
		e.Consent, e.Scope.Purpose, e.Scope.Recipients = rules.ConsentGiven, purpose, []string{recipient.Name.Value}
		change(&e)
		return []rules.Event{e}
	}
	parent := func(e *rules.Event) {
		e.Parental, e.Actor.Type, e.Actor.Authority = true, rules.ActorGuardian, "birth-certificate"
	}
	return [][]rules.Event{
		nil,
		consent(func(*rules.Event) {}),
		consent(func(e *rules.Event) { e.Explicit, e.Foreign = true, true; parent(e) }),
		consent(func(e *rules.Event) { e.Explicit = true }),
		consent(func(e *rules.Event) { e.Foreign = true }),
		consent(func(e *rules.Event) { e.Scope.Recipients = nil }),
		consent(func(e *rules.Event) { e.Scope.Recipients = []string{rules.CRM.String()} }),
		consent(func(e *rules.Event) { e.Scope.Recipients = []string{rules.Payment.String()} }),
		consent(func(e *rules.Event) { e.Scope.Recipients = []string{rules.AdTech.String()} }),
		consent(func(e *rules.Event) { e.Scope.Categories = []string{"user.name", "user.unique_id"}; e.Explicit = true }),
		consent(func(e *rules.Event) {
			e.Scope.Categories = []string{"user.contact", "user.behavior"}
			e.Explicit = true
		}),
	}
}

// historiesOf are a consent that is everything, and a later word that is about some
// recipients or categories alone: a lesser consent, one that has ended, or a refusal.
func historiesOf(recipient *rules.RecipientDef, purpose string, said []string) (out [][]rules.Event) {
	first := consentsTo(recipient, purpose)[2][0]
	scopes := []rules.Scope{{}}
	for _, c := range []rules.RecipientCategory{recipient.Category, rules.CRM, rules.Payment, rules.CategoryOther} {
		scopes = append(scopes, rules.Scope{Recipients: []string{c.String()}})
	}
	for _, c := range said {
		scopes = append(scopes, rules.Scope{Recipients: []string{recipient.Name.Value}, Categories: []string{c}})
	}
	for _, later := range scopes {
		for _, status := range []rules.ConsentStatus{rules.ConsentGiven, rules.ConsentExpired, rules.ConsentRefused} {
			e := happened(rules.EventConsent, rules.StateNone)
			e.Consent, e.Scope, e.Time = status, later, e.Time.AddDate(0, 0, 1)
			e.Scope.Purpose = purpose
			if status == rules.ConsentExpired {
				e.Consent, e.Until = rules.ConsentGiven, today.AddDate(0, 0, -1)
			}
			out = append(out, []rules.Event{first, e}, []rules.Event{e})
		}
	}
	return out
}

// specials is everything else, one at a time.
func specials(purpose, order string) [][]rules.Event {
	scoped := func(kind rules.EventKind, state rules.EventState) []rules.Event {
		e := happened(kind, state)
		e.Scope.Purpose = purpose
		return []rules.Event{e}
	}
	contested := func(categories ...string) []rules.Event {
		e := happened(rules.EventAccuracy, rules.StateActive)
		e.Scope.Categories = categories
		return []rules.Event{e}
	}
	operator := func(e rules.Event) []rules.Event {
		e.Actor.Type = rules.ActorOperator
		return []rules.Event{e}
	}
	achieved := func(days int) []rules.Event {
		e := happened(rules.EventRetention, rules.StateAchieved)
		e.Scope.Purpose, e.Time, e.Recorded = purpose, today.AddDate(0, 0, -days), today.AddDate(0, 0, -days)
		return operator(e)
	}
	optIn := happened(rules.EventMinorOptIn, rules.StateActive)
	optIn.TwoStep = true
	list := [][]rules.Event{
		{happened(rules.EventRestriction, rules.StateActive)},
		{happened(rules.EventDMObjection, rules.StateActive)},
		scoped(rules.EventLIObjection, rules.StatePending), scoped(rules.EventLIObjection, rules.StateUpheld),
		scoped(rules.EventCeaseUse, rules.StateUpheld), scoped(rules.EventCeaseProvision, rules.StateUpheld),
		{happened(rules.EventOptOutSaleShare, rules.StateActive)},
		{happened(rules.EventLimitSPI, rules.StateActive)},
		{optIn},
		{happened(rules.EventErasure, rules.StatePending)},
		{happened(rules.EventErasure, rules.StateExecuted)},
		{happened(rules.EventErasure, rules.StateExcepted)},
		operator(happened(rules.EventRetention, rules.StateExpired)), operator(happened(rules.EventRetention, rules.StateHold)),
		achieved(10), achieved(400), achieved(900), achieved(1500), achieved(2200), achieved(4000),
		contested("user.contact"), contested("user.name"), contested("user.unique_id", "user.behavior"),
	}
	if order != "" {
		e := happened(rules.EventLegalOrder, rules.StateActive)
		e.Order = order
		list = append(list, operator(e))
	}
	return list
}
