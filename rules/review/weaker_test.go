package review_test

import (
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

func named[T any](list []T, name func(*T) string, want string) *T {
	return &list[slices.IndexFunc(list, func(t T) bool { return name(&t) == want })]
}

func recipientOf(b *rules.Bundle, id string) *rules.RecipientDef {
	return named(b.Recipients, func(r *rules.RecipientDef) string { return r.Name.Value }, id)
}

func resourceOf(b *rules.Bundle, id string) *rules.ResourceDef {
	return named(b.APIs[0].Resources, func(r *rules.ResourceDef) string { return r.Name.Value }, id)
}

// What opens an answer without a change of what the policy says of any member of it is
// weaker all the same.
func TestWeakerWithoutAChangedMember(t *testing.T) {
	t.Parallel()
	word := func(s string) rules.Name { return rules.Name{Value: s} }
	certificate := func(name string, purposes ...string) rules.CertificateDef {
		d := rules.CertificateDef{CA: word("vendors"), DNS: []rules.Name{word(name)}}
		for _, p := range purposes {
			d.Purposes = append(d.Purposes, word(p))
		}
		return d
	}
	// holder is a second person in the object of a first one.
	holder := func(b *rules.Bundle) *rules.ShapeDef {
		api := &b.APIs[0]
		api.Shapes = append(api.Shapes, rules.ShapeDef{
			Name:    word("holder"),
			Subject: &rules.SubjectDef{Population: word("customer"), Category: rules.Customer, At: word("id"), FromState: true},
			Fields:  []rules.FieldDef{{Path: word("id"), Category: word("user.unique_id")}, {Path: word("name"), Category: word("user.name")}, {Path: word("kind"), Public: true}},
		})
		r := resourceOf(b, "licences_by_customer")
		r.Body = append(r.Body, rules.BodyDef{Path: word("{}.holder"), Shape: word("holder")})
		return &api.Shapes[len(api.Shapes)-1]
	}
	for _, c := range []struct {
		what          string
		before, after func(*rules.Bundle)
		want          string
	}{
		{
			"a purpose for which only what is nobody's is there to read", func(b *rules.Bundle) { b.Contracts[0].Purposes = b.Contracts[0].Purposes[:1] },
			func(b *rules.Bundle) {
				d := recipientOf(b, "support-desk")
				d.Contract.Purposes = append(slices.Clone(d.Contract.Purposes), rules.ContractPurposeDef{Purpose: word("product.develop")})
			},
			"recipient support-desk, product.develop: reads what is nobody's in crm.products",
		},
		{
			"a name of a certificate that narrowed another one",
			func(b *rules.Bundle) {
				recipientOf(b, "support-desk").Certificates = []rules.CertificateDef{certificate("a.example"), certificate("b.example", "support.provide")}
			},
			func(b *rules.Bundle) {
				recipientOf(b, "support-desk").Certificates = []rules.CertificateDef{certificate("a.example")}
			},
			"recipient support-desk: certificate of vendors for b.example does not narrow a certificate any more that has another of its names, too",
		},
		{
			"a route whose requests another one takes", func(b *rules.Bundle) { resourceOf(b, "products").Route.Value = "GET /v1/partners/stock" },
			func(b *rules.Bundle) {
				resourceOf(b, "products").Route.Value = "GET /v1/partners/stock"
				b.APIs[0].Resources = slices.DeleteFunc(b.APIs[0].Resources, func(r rules.ResourceDef) bool { return r.Name.Value == "products" })
			},
			"resource crm.products: is gone: what it answered may be answered by crm.partner now",
		},
		{
			"a person who is another's from now on", func(b *rules.Bundle) { holder(b) }, func(b *rules.Bundle) { holder(b).Subject = nil },
			"resource crm.licences_by_customer: {}.holder.name is decided by the person at {}, before by the person at {}.holder",
		},
		{
			"a public member that is nobody's from now on", func(*rules.Bundle) {},
			func(b *rules.Bundle) {
				r := resourceOf(b, "partner")
				r.Body, r.NoSubjects = []rules.BodyDef{{Path: word("object"), Public: true}}, true
			},
			"resource crm.partner: object is decided by nobody, before by the person at .",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			before, after := bundle(t), bundle(t)
			c.before(before)
			c.after(after)
			o, problems := rules.Compile(before)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			n, problems := rules.Compile(after)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			d := review.Compare(o, n, today)
			var told []string
			for _, g := range d.Guards {
				if told = append(told, g.What+": "+g.Change); g.Weaker && told[len(told)-1] == c.want {
					return
				}
			}
			t.Errorf("%q\nis not among what is weaker of %q", c.want, told)
		})
	}
}

// Somebody of 14 years restricted the processing, and consented without a parent: what
// lifts the restriction depends on the age of digital consent.
func TestWeakerForTheYoung(t *testing.T) {
	t.Parallel()
	of := func(age int) *rules.Policy {
		b := bundle(t)
		b.Choices.DigitalAgeEEA = age
		recipientOf(b, "courier").Evaluation.Until = today.AddDate(1, 0, 0)
		return compiled(t, b)
	}
	before, after := of(16), of(13)
	restricted := happened(rules.EventRestriction, rules.StateActive)
	restricted.Time = restricted.Time.AddDate(0, 0, -20)
	restricted.Recorded = restricted.Time
	consent := happened(rules.EventConsent, rules.StateNone)
	consent.Consent, consent.Scope.Purpose = rules.ConsentGiven, "customer.fulfil"
	state := rules.Fold([]rules.Event{restricted, consent})
	facts := rules.Facts{Locations: [2]rules.Location{{Country: "DE"}}, Born: today.AddDate(-14, 0, 0)}
	for side, p := range []*rules.Policy{before, after} {
		e := p.At(today)
		match, _ := e.Route("crm", "GET", []string{"v1", "customers", "1001"})
		plan, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: "courier"}, Match: match, Mapped: true, Purpose: "customer.fulfil"})
		if reason != rules.ReasonNone {
			t.Fatal(reason)
		}
		class, _ := plan.Class(facts, state, rules.Signals{}, today, nil)
		if nothing := plan.Actions(class).Nothing; nothing != (side == 0) {
			t.Fatalf("side %d: nothing leaves: %v", side, nothing)
		}
	}
	for _, a := range review.Compare(before, after, today).Answers {
		for _, c := range a.Cells {
			name := slices.ContainsFunc(c.Places, func(p rules.Place) bool { return p.Resource == "customer" && p.Path == "name" })
			lifted := slices.ContainsFunc(a.Situations, func(s rules.Situation) bool {
				return slices.ContainsFunc(s, func(c rules.Condition) bool {
					return c.Aspect == rules.AspectRestriction && slices.Equal(c.Values, []string{"lifted_by_consent"})
				})
			})
			if a.Weaker && c.Recipient == "courier" && name && lifted {
				return
			}
		}
	}
	t.Error("not weaker")
}

// A word about a document is not one about another: who was told of one under its new
// name was told nothing before.
func TestWeakerUnderAnotherNameOfADocument(t *testing.T) {
	t.Parallel()
	of := func(name string) *rules.Policy {
		b := bundle(t)
		for i := range b.Documents {
			if b.Documents[i].ID == "general" {
				b.Documents[i].ID = name
			}
		}
		for i := range b.Population {
			b.Population[i].Told = nil
		}
		p, problems := rules.Compile(b)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p
	}
	for _, a := range review.Compare(of("general"), of("general-2"), today).Answers {
		for _, s := range a.Situations {
			for _, c := range s {
				if a.Weaker && c.Aspect == rules.AspectToldAPPI && slices.Contains(c.Values, "told_after_only") {
					return
				}
			}
		}
	}
	t.Error("not weaker")
}
