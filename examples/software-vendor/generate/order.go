package main

import (
	"fmt"
	"strings"
)

type product struct {
	sku, name, description string
	cents                  int
}

// catalogue is what the example software vendor sells. Nothing here is about a person.
var catalogue = []product{
	{"NOTE-STD", "Example Notes", "Notes & lists, one seat", 4900},
	{"NOTE-TEAM", "Example Notes Team", "Shared notes, five seats", 19900},
	{"VAULT-STD", "Example Vault", "Encrypted storage \"at rest\"", 8900},
	{"VAULT-ENT", "Example Vault Enterprise", "With key custody / HSM", 249000},
	{"FORM-STD", "Example Forms", "フォーム作成", 3900},
	{"CAD-2D", "Example Draft 2D", "Zeichnungen für Möbel <bis 5 m>", 59900},
	{"CAD-3D", "Example Draft 3D", "Plugin for Example Draft 2D", 129900},
	{"SUP-GOLD", "Gold support", "Answer within 4 h", 99900},
	{"SUP-STD", "Standard support", "Answer within 2 days", 29900},
	{"TRAIN-1D", "Training day", "On site or remote 🎓", 120000},
}

// products is a root array: not every list of the API is wrapped.
func products() string {
	var b strings.Builder
	b.WriteString("[\n")
	for i, p := range catalogue {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("  " + render(object{
			m("sku", plain.text(p.sku)),
			m("name", plain.text(p.name)),
			m("description", plain.text(p.description)),
			m("price", amount("EUR", p.cents)),
			m("currency", plain.text("EUR")),
			m("platforms", plain.texts([]string{"linux", "mac", "windows"}[:1+i%3]...)),
		}, spaced, 1))
	}
	return b.String() + "\n]\n"
}

// amount writes money as the currency does: with two places, or none for yen.
func amount(currency string, cents int) raw {
	if currency == "JPY" {
		return number(cents * 3 / 2)
	}
	return raw(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// orders are what a customer bought. They name nobody's age, and no location
// but where the parcel went: what decides about the customer comes from the
// path and from the state.
func (p *person) orders(d *dice) []entry {
	count := d.n(7)
	if p.why != "" {
		count = 1 + d.n(3)
	}
	out := make([]entry, 0, count)
	for range count {
		// Orders have no escaped keys, so that the two kinds of list differ.
		t := textureOf(p.id)
		t.escaped = ""
		out = append(out, entry{t.arrange(p.order(d, t)), t.layout})
	}
	return out
}

func (p *person) order(d *dice, t texture) object {
	currency, total := p.country.currency, 0
	lines := array{}
	for range 1 + d.n(2) {
		item, quantity := one(d, catalogue), 1+d.n(3)
		total += item.cents * quantity
		lines = append(lines, object{
			m("sku", t.text(item.sku)),
			m("quantity", number(quantity)),
			m("price", amount(currency, item.cents)),
			m("description", t.text(item.description)),
		})
	}
	shipping := object{
		m("name", t.text(p.name())),
		m("address", object{
			m("line1", t.text(p.town.street)),
			m("line2", null),
			m("city", t.text(p.town.city)),
			m("state", t.maybe(p.town.state)),
			m("postal_code", t.text(p.town.postal)),
			m("country", t.text(p.country.code)),
		}),
	}
	return object{
		m("id", t.text("ord_"+d.code(digits+letters, 12))),
		m("object", t.text("order")),
		m("customer", number(p.id)),
		m("created", t.text(d.date(2021, 2025)+d.clock(p.country.offset))),
		m("currency", t.text(currency)),
		m("total", amount(currency, total)),
		m("lines", lines),
		m("shipping", one(d, []value{shipping, shipping, null})),
		m("invoice_note", t.maybe(one(d, []string{"", canary(p.id, "invoice") + ": net 30"}))),
	}
}
