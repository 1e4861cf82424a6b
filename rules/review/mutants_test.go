package review_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// mutation changes one cell of a policy.
type mutation struct {
	name   string
	change func(*rules.Bundle)
	// said: it changes which consents are about a recipient or a field, so that of what
	// somebody said, once and again, other words may hold. Categories that such words
	// are about; none where it changes nothing of that.
	said []string
	// lists: it is about a resource, so that a list may change otherwise than one object.
	lists bool
}

// mutations lists the changes of single cells: every need, every attribute of every
// category, every row of every purpose, every property of every recipient, resource
// and order, and every choice.
func mutations(b *rules.Bundle) (out []mutation) {
	add := func(name string, change func(*rules.Bundle), said ...string) {
		about, _, _ := strings.Cut(name, ":")
		_, resource := paths[about]
		lists := resource || strings.Contains(name, "lists for") || len(out)%6 == 0 // and now and then in any case
		out = append(out, mutation{name: name, change: change, said: said, lists: lists})
	}
	needsMutations(b, add)
	categoriesMutations(b, add)
	purposesMutations(b, add)
	recipientsMutations(b, add)
	resourcesMutations(b, add)
	choicesMutations(b, add)
	return out
}

type adder func(name string, change func(*rules.Bundle), said ...string)

var groups = []rules.SubjectCategory{rules.Customer, rules.BusinessPartner, rules.Staff, rules.EmployeeFamily, rules.Visitor}

// toggled adds what a list lacks, or takes it away.
func toggled[T comparable](list []T, v T) []T {
	if i := slices.Index(list, v); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return append(slices.Clone(list), v)
}

func needsMutations(b *rules.Bundle, add adder) {
	cell := func(where string, list func(*rules.Bundle) []rules.ContractPurposeDef) {
		for p, purpose := range list(b) {
			for n, need := range purpose.Needs {
				next := rules.NeedClear
				if need.Need == rules.NeedClear {
					next = []rules.Need{rules.NeedPseudonym, rules.NeedNone}[n%2]
				}
				add(fmt.Sprintf("%s, %s: %s %v instead of %v", where, purpose.Purpose.Value, need.Category.Value, next, need.Need), func(b *rules.Bundle) {
					d := &list(b)[p].Needs[n]
					d.Need, d.Generaliser = next, nil
				})
			}
		}
	}
	for i, c := range b.Contracts {
		cell(c.Name.Value, func(b *rules.Bundle) []rules.ContractPurposeDef { return b.Contracts[i].Purposes })
	}
	for i, r := range b.Recipients {
		if r.Contract != nil {
			cell(r.Name.Value, func(b *rules.Bundle) []rules.ContractPurposeDef { return b.Recipients[i].Contract.Purposes })
		}
	}
}

func categoriesMutations(b *rules.Bundle, add adder) {
	for i, c := range b.Categories {
		of := func(what string, change func(*rules.CategoryDef)) {
			add(c.Name.Value+": "+what, func(b *rules.Bundle) { change(&b.Categories[i]) })
		}
		of("special", func(d *rules.CategoryDef) { d.Special = !d.Special })
		of("spi", func(d *rules.CategoryDef) { d.SPI = !d.SPI })
		of("identifier", func(d *rules.CategoryDef) { d.Identifier, d.IdentifierUnsaid = (d.Identifier+1)%3, false })
		of("in copies", func(d *rules.CategoryDef) { d.NotInCopies = !d.NotInCopies })
		group := groups[i%len(groups)]
		of("declared in the EEA and the UK for "+group.String(), func(d *rules.CategoryDef) { d.EEAUK = toggled(d.EEAUK, group) })
		of("class in California for customers", func(d *rules.CategoryDef) {
			d.CCPA = maps.Clone(d.CCPA)
			if d.CCPA == nil {
				d.CCPA = make(map[rules.SubjectCategory]rules.CCPAClass)
			}
			if d.CCPA[rules.Customer] == rules.CCPAUndeclared {
				d.CCPA[rules.Customer] = rules.CCPAIdentifiers
			} else {
				delete(d.CCPA, rules.Customer)
			}
		})
	}
}

func purposesMutations(b *rules.Bundle, add adder) {
	for i, p := range b.Purposes {
		of := func(what string, change func(*rules.PurposeDef)) {
			add(p.Name.Value+": "+what, func(b *rules.Bundle) { change(&b.Purposes[i]) })
		}
		of("direct marketing", func(d *rules.PurposeDef) { d.DirectMarketing = !d.DirectMarketing })
		of("statistical", func(d *rules.PurposeDef) { d.Statistical = !d.Statistical })
		of("health", func(d *rules.PurposeDef) { d.Health = !d.Health })
		of("general notice", func(d *rules.PurposeDef) { d.APPI = toggled(d.APPI, rules.Customer) })
		of("California notice", func(d *rules.PurposeDef) { d.CCPA = toggled(d.CCPA, rules.Customer) })
		of("section 7027", func(d *rules.PurposeDef) { d.M7027 = toggled(d.M7027, 1) })
		of("retention", func(d *rules.PurposeDef) { d.Retention = &rules.Period{Years: 2} })
		for r, row := range p.Rows {
			of("no row for "+row.Subject.String(), func(d *rules.PurposeDef) { d.Rows = slices.Delete(slices.Clone(d.Rows), r, r+1) })
			of("bases for "+row.Subject.String(), func(d *rules.PurposeDef) {
				d.Rows = slices.Clone(d.Rows)
				d.Rows[r].Bases, d.Rows[r].Pin, d.Rows[r].Pins = []rules.Basis{rules.BasisConsent}, rules.BasisNone, nil
			})
		}
	}
}

func recipientsMutations(b *rules.Bundle, add adder) {
	for i, r := range b.Recipients {
		of := func(what string, change func(*rules.RecipientDef), said ...string) {
			add(r.Name.Value+": "+what, func(b *rules.Bundle) { change(&b.Recipients[i]) }, said...)
		}
		of("suspended", func(d *rules.RecipientDef) { d.Suspended = !d.Suspended })
		of("country", func(d *rules.RecipientDef) { d.Country.Value = []string{"IN", "DE", "US"}[i%3] })
		of("category", func(d *rules.RecipientDef) {
			d.Category = []rules.RecipientCategory{rules.CRM, rules.Payment, rules.CategoryOther}[i%3]
		}, "user")
		of("consideration", func(d *rules.RecipientDef) { d.Consideration = !d.Consideration })
		of("kind", func(d *rules.RecipientDef) {
			d.Kind = map[rules.RecipientKind]rules.RecipientKind{
				rules.Processor: rules.ThirdParty, rules.ThirdParty: rules.Processor, rules.Internal: rules.Processor, rules.JointUse: rules.Processor,
				rules.DataSubject: rules.Authority, rules.Authority: rules.DataSubject,
			}[d.Kind]
		}, "user")
		if r.Contract != nil {
			of("terms of a service provider", func(d *rules.RecipientDef) { d.Contract.CCPATerms = !d.Contract.CCPATerms })
			of("contract over", func(d *rules.RecipientDef) { d.Contract.Until = today.AddDate(0, 0, -1) })
			for p, purpose := range r.Contract.Purposes {
				of("link group for "+purpose.Purpose.Value, func(d *rules.RecipientDef) { d.Contract.Purposes[p].LinkGroup = "all" })
				of("lists for "+purpose.Purpose.Value, func(d *rules.RecipientDef) { d.Contract.Purposes[p].Limits = &rules.Limits{NoLists: true} })
			}
		}
		for s := range r.Safeguards {
			of(fmt.Sprintf("safeguard %d over", s), func(d *rules.RecipientDef) { d.Safeguards[s].ValidUntil = today.Add(-time.Hour) })
		}
	}
}

func resourcesMutations(b *rules.Bundle, add adder) {
	for i, r := range b.APIs[0].Resources {
		of := func(what string, change func(*rules.ResourceDef)) {
			add(r.Name.Value+": "+what, func(b *rules.Bundle) { change(&b.APIs[0].Resources[i]) })
		}
		of("unseen", func(d *rules.ResourceDef) { d.Unseen = rules.UnseenWithhold })
		of("consumer facing", func(d *rules.ResourceDef) { d.ConsumerFacing = !d.ConsumerFacing })
		of("purposes", func(d *rules.ResourceDef) { d.Purposes = []rules.Name{{Value: "support.provide"}} })
	}
	for i, s := range b.APIs[0].Shapes {
		for f, field := range s.Fields {
			if f%3 != 0 || field.Public {
				continue
			}
			category := []string{"user.name", "user.contact.email", "user.behavior.purchase_history"}[f/3%3]
			add(s.Name.Value+"."+field.Path.Value+": category", func(b *rules.Bundle) {
				b.APIs[0].Shapes[i].Fields[f].Category.Value = category
			}, field.Category.Value, category)
		}
	}
}

func choicesMutations(b *rules.Bundle, add adder) {
	add("under 13 in California alone", func(b *rules.Bundle) { b.Choices.Under13California = !b.Choices.Under13California })
	add("undeclared disclosures", func(b *rules.Bundle) { b.Choices.ReportUndeclared = !b.Choices.ReportUndeclared })
	add("sale and sharing", func(b *rules.Bundle) { b.Choices.SaleShare = !b.Choices.SaleShare })
	add("digital age in the EEA", func(b *rules.Bundle) { b.Choices.DigitalAgeEEA = 13 })
	add("digital age in the UK", func(b *rules.Bundle) { b.Choices.DigitalAgeUK = 16 })
	for i, c := range b.Disclosure.EEAUK {
		add("the EEA/UK notice without "+c.String(), func(b *rules.Bundle) { b.Disclosure.EEAUK = slices.Delete(slices.Clone(b.Disclosure.EEAUK), i, i+1) })
	}
	for i, c := range b.Disclosure.California {
		add("the California notice without "+c.String(), func(b *rules.Bundle) {
			b.Disclosure.California = slices.Delete(slices.Clone(b.Disclosure.California), i, i+1)
		})
	}
	for i, o := range b.Orders {
		of := func(what string, change func(*rules.OrderDef)) {
			add("order "+o.Name.Value+": "+what, func(b *rules.Bundle) { change(&b.Orders[i]) })
		}
		of("ground", func(d *rules.OrderDef) { d.Ground = (d.Ground + 1) % 2 })
		of("transfers", func(d *rules.OrderDef) { d.CoversTransfer = !d.CoversTransfer })
		of("over", func(d *rules.OrderDef) { d.Until = today.Add(-time.Hour) })
		of("named alone", func(d *rules.OrderDef) { d.Named, d.Populations = true, nil })
		of("one category less", func(d *rules.OrderDef) { d.Categories = d.Categories[1:] })
	}
}
