package main

import "fmt"

const (
	firstPartner = 31
	partnerCount = 30
)

func partnerID(i int) string { return fmt.Sprintf("P-%04d", firstPartner+i) }

// partnerHome spreads partners over all countries.
func partnerHome(i int) *country { return inTurn(i, jp, de, us, gb, fr, pl, us, no, at, ie) }

// inTurn picks by position, not by chance: what decides about a person stays
// where it is when the data around it changes.
func inTurn[T any](i int, choices ...T) T { return choices[i%len(choices)] }

// partner is a person at a company that the vendor works with. It names a
// second person, the account manager, who belongs to another population.
func partner(d *dice, i int) (string, entry) {
	id, c := partnerID(i), partnerHome(i)
	t := texture{layout: inTurn(i, pretty, compact, spaced), spelling: inTurn(i, plain, ascii, plain, solidus), order: i % 4}
	given, family, place := one(d, c.given), one(d, c.family), partnerTown(i)
	manager := staffIDs()[d.n(staffCount)]
	body := object{
		m("id", t.text(id)),
		m("object", t.text("partner")),
		m("name", t.text(c.name(given.native, family.native))),
		m("company", t.text(one(d, companies))),
		m("department", t.text(one(d, departments))),
		m("title", t.text(one(d, titles))),
		m("email", t.text(fmt.Sprintf("%s.%s.p%d@partner.example", given.latin, family.latin, firstPartner+i))),
		m("phone", t.text(c.phoneOf(i))),
		m("fax", t.maybe(one(d, []string{"", c.phoneOf(i + 50)}))),
		m("address", object{
			m("line1", t.text(place.street)),
			m("city", t.text(place.city)),
			m("state", t.maybe(place.state)),
			m("postal_code", t.text(place.postal)),
			m("country", t.text(c.code)),
		}),
		m("contact_preferences", object{
			m("newsletter", boolean(d.n(2) == 0)),
			m("language", t.text(c.locale)),
			m("hours", array{array{number(9), number(12)}, array{number(13), number(17)}}),
		}),
		m("account_manager", object{
			m("id", number(manager)),
			m("email", t.text(fmt.Sprintf("staff.%d@vendor.example", manager))),
		}),
		m("contract_ref", t.text("C-"+d.code(digits, 6))),
		m("bank_account", t.text(canary(id, "bank"))),
		m("internal_notes", t.text(canary(id, "notes"))),
		m("rating", one(d, []raw{"-0", "4.50", "3", "null"})),
	}
	return id, entry{t.arrange(body), t.layout}
}

// partnerTown puts every other partner in the US into California.
func partnerTown(i int) town {
	c := partnerHome(i)
	if c == us && i%10 == 2 {
		return californian[0]
	}
	return c.towns[0]
}
