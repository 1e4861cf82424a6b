package review_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// What stands before and around an outcome is told, whichever way it changes: and what
// cannot be told to be stronger is weaker.
func TestGuards(t *testing.T) {
	t.Parallel()
	recipient := func(b *rules.Bundle, id string) *rules.RecipientDef {
		return &b.Recipients[slices.IndexFunc(b.Recipients, func(r rules.RecipientDef) bool { return r.Name.Value == id })]
	}
	resource := func(b *rules.Bundle, name string) *rules.ResourceDef {
		r := b.APIs[0].Resources
		return &r[slices.IndexFunc(r, func(r rules.ResourceDef) bool { return r.Name.Value == name })]
	}
	shape := func(b *rules.Bundle, name string) *rules.ShapeDef {
		s := b.APIs[0].Shapes
		return &s[slices.IndexFunc(s, func(s rules.ShapeDef) bool { return s.Name.Value == name })]
	}
	support := func(b *rules.Bundle) *rules.ContractPurposeDef { return &b.Contracts[0].Purposes[0] }
	word := func(s string) rules.Name { return rules.Name{Value: s} }
	for _, c := range []struct {
		what   string
		change func(*rules.Bundle)
		weaker bool
		want   string
	}{
		{"a second user", func(b *rules.Bundle) {
			d := recipient(b, "support-desk")
			d.Users = append(d.Users, rules.UserDef{Name: word("night")})
		}, true, "recipient support-desk: user night is taken for it"},
		{"a user less", func(b *rules.Bundle) {
			d := recipient(b, "call-centre")
			d.Users = d.Users[:1]
		}, false, "recipient call-centre: user call-centre-night is not taken for it any more"},
		{
			"a credential for every purpose", func(b *rules.Bundle) { recipient(b, "call-centre").Users[1].Purposes = nil }, true,
			"recipient call-centre: user call-centre-night is for every purpose, before for support.provide",
		},
		{
			"a credential for one purpose", func(b *rules.Bundle) {
				recipient(b, "support-desk").Users[0].Purposes = []rules.Name{word("support.provide")}
			}, false,
			"recipient support-desk: user support-desk is for support.provide, before for every purpose",
		},
		{
			"another kind", func(b *rules.Bundle) { recipient(b, "support-desk").Kind = rules.ThirdParty }, true,
			"recipient support-desk: is of the kind third_party, before processor",
		},
		{
			"more people a day", func(b *rules.Bundle) { support(b).Limits.SubjectsPerDay = 60000 }, true,
			"recipient support-desk, support.provide: subjects_per_day is 60000, before 50000",
		},
		{
			"fewer people an answer", func(b *rules.Bundle) { support(b).Limits.SubjectsPerResponse = 10 }, false,
			"recipient support-desk, support.provide: subjects_per_response is 10, before 5000",
		},
		{
			"no limit", func(b *rules.Bundle) { support(b).Limits.NotFoundPercent = 0 }, true,
			"recipient support-desk, support.provide: not_found_percent is unlimited, before 90",
		},
		{
			"any case", func(b *rules.Bundle) { support(b).RefPattern = rules.Name{} }, true,
			"recipient support-desk, support.provide: a case reference has the form of any, before case-[0-9]{1,9}",
		},
		{
			"a case is required", func(b *rules.Bundle) { support(b).RefRequired = true }, false,
			"recipient support-desk, support.provide: a case reference is required",
		},
		{"smaller cells", func(b *rules.Bundle) { b.Choices.MinCell = 2 }, true, "choices: statistics show a combination that 2 people share, before 5"},
		{"a query parameter", func(b *rules.Bundle) {
			d := resource(b, "customers")
			d.Query = append(d.Query, rules.QueryDef{Name: word("email"), Pattern: word(".*")})
		}, true, "resource crm.customers: takes the query parameter email"},
		{
			"another route", func(b *rules.Bundle) { resource(b, "products").Route = word("GET /v1/stock") }, true,
			"resource crm.products: has the route GET /v1/stock, before GET /v1/products",
		},
		{"a resource less", func(b *rules.Bundle) {
			b.APIs[0].Resources = slices.DeleteFunc(b.APIs[0].Resources, func(r rules.ResourceDef) bool { return r.Name.Value == "products" })
		}, false, "resource crm.products: is gone"},
		{"a public member", func(b *rules.Bundle) {
			s := shape(b, "customer")
			s.Fields = append(s.Fields, rules.FieldDef{Path: word("tags"), Public: true})
		}, true, "resource crm.customer: tags is a new public member"},
		{"what was personal is public", func(b *rules.Bundle) {
			s := shape(b, "customer")
			i := slices.IndexFunc(s.Fields, func(f rules.FieldDef) bool { return f.Path.Value == "name" })
			s.Fields[i].Public, s.Fields[i].Category = true, rules.Name{}
		}, true, "resource crm.customer: name is public, before of the category user.name"},
		{"a public member is personal", func(b *rules.Bundle) {
			s := shape(b, "customer")
			i := slices.IndexFunc(s.Fields, func(f rules.FieldDef) bool { return f.Public })
			s.Fields[i].Public, s.Fields[i].Category = false, word("user.name")
		}, true, "resource crm.customer: object is of the category user.name, before public: people may be in an answer for it alone"},
		{"a subtree", func(b *rules.Bundle) {
			s := shape(b, "customer")
			i := slices.IndexFunc(s.Fields, func(f rules.FieldDef) bool { return f.Path.Value == "name" })
			s.Fields[i].Subtree = true
		}, true, "resource crm.customer: name passes with everything below it, unread (subtree)"},
		{
			"the birth date elsewhere", func(b *rules.Bundle) { shape(b, "customer").Subject.Born = word("birthday") }, true,
			"resource crm.customer: the person at . is found by population customer, group customer, country at address.country, " +
				"region at address.state, birth date at birthday, id at id, residence at residence.country, " +
				"before by population customer, group customer, country at address.country, region at address.state, " +
				"birth date at date_of_birth, id at id, residence at residence.country",
		},
		{
			"another spelling of ids", func(b *rules.Bundle) { b.Population[0].StripZeros = !b.Population[0].StripZeros }, true,
			"population customer: its ids have another form",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			after := bundle(t)
			c.change(after)
			p := compiled(t, after)
			if p == nil {
				t.Fatal("does not compile")
			}
			d := review.Compare(compiled(t, bundle(t)), p, today)
			var told []string
			for _, g := range d.Guards {
				if told = append(told, g.What+": "+g.Change); told[len(told)-1] == c.want {
					if g.Weaker != c.weaker {
						t.Errorf("weaker %v, want %v", g.Weaker, c.weaker)
					}
					return
				}
			}
			t.Errorf("%q\nis not among %q", c.want, told)
		})
	}
}

// Whether what is withheld is left out or null discloses nothing more nor less.
func TestAnotherFormIsNeitherWeakerNorStronger(t *testing.T) {
	t.Parallel()
	filled := bundle(t)
	filled.Recipients[0].Complete = true
	for _, c := range []struct {
		before, after *rules.Bundle
		want          string
	}{
		{bundle(t), filled, "members that it does not get are null or empty now, and were left out before (shape: complete)"},
		{filled, bundle(t), "members that it does not get are left out now, and were null or empty before (shape: omit)"},
	} {
		d := review.Compare(compiled(t, c.before), compiled(t, c.after), today)
		if d.Weaker() || d.Empty() || len(d.Answers) > 0 || len(d.Guards) != 1 || !d.Guards[0].Form || d.Guards[0].Change != c.want {
			t.Fatalf("%+v", d)
		}
		if text := d.Text(); !strings.Contains(text, "\n0 weaker, 0 stronger, 1 of form alone\n\nform      recipient support-desk: "+c.want) {
			t.Error(text)
		}
		if b, err := d.JSON(); err != nil || !bytes.Contains(b, []byte(`"verdict": "form"`)) || !bytes.Contains(b, []byte(`"weaker": false`)) {
			t.Errorf("%v %s", err, b)
		}
	}
}

// A policy compared with itself has no differences, on no date.
func TestNothingDiffersFromItself(t *testing.T) {
	t.Parallel()
	d := review.Compare(compiled(t, bundle(t)), compiled(t, bundle(t)), today)
	if !d.Empty() || d.Weaker() {
		t.Errorf("%d answers, %d guards", len(d.Answers), len(d.Guards))
	}
}

// What a later date will change is told with its date.
func TestDiffLooksAhead(t *testing.T) {
	t.Parallel()
	after := bundle(t)
	after.Recipients[0].Contract.Until = today.AddDate(5, 0, 0)
	after.Recipients[0].Evaluation.Until = today.AddDate(5, 0, 0)
	d := review.Compare(compiled(t, bundle(t)), compiled(t, after), today)
	if len(d.Answers) == 0 || !d.Weaker() {
		t.Fatal("a longer contract is nothing new")
	}
	for _, a := range d.Answers {
		for _, c := range a.Cells {
			if c.Recipient != "support-desk" || len(c.When) != 1 || c.When[0].From.Before(today.AddDate(1, 0, 0)) || !c.When[0].Until.Equal(today.AddDate(5, 0, 0)) {
				t.Fatalf("%+v", c)
			}
		}
	}
}

// An explanation says that what is withheld stands in the answer all the same.
func TestExplanationOfACompleteShape(t *testing.T) {
	t.Parallel()
	for _, complete := range []bool{false, true} {
		b := bundle(t)
		for i := range b.Recipients {
			b.Recipients[i].Complete = complete
		}
		e, err := review.Explain(compiled(t, b), review.Question{At: today, Recipient: "support-desk", Purpose: "support.provide", Resource: "customer"})
		if err != nil || e.Refusal != nil {
			t.Fatalf("%+v %v", e, err)
		}
		if told := strings.Contains(e.Text(false), "(shape: complete)"); told != complete || e.Complete != complete {
			t.Errorf("complete %v: told %v, %v", complete, told, e.Complete)
		}
	}
}
