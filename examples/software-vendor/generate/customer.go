package main

import (
	"fmt"
	"strings"
)

// A canary is a value that no policy of the example names. It must never be
// seen downstream, and it carries the record's id, so that a leak says whose.
func canary(id any, what string) string { return fmt.Sprintf("canary-%v-%s", id, what) }

// texture is how one record is written: its spelling, its layout, the order of
// its members and which of its keys hide behind an escape.
type texture struct {
	spelling
	layout  layout
	order   int
	escaped string
}

// textureOf leaves the well-known records plain, so that a person who reads one
// beside the gateway's answer sees the difference that the gateway made.
func textureOf(id int) texture {
	if id < firstCustomer+len(wellKnown) {
		return texture{layout: pretty}
	}
	t := texture{layout: [...]layout{pretty, compact, spaced, tabbed}[id%4], order: id % 5}
	t.spelling = [...]spelling{plain, ascii, solidus, initial, plain, plain, plain}[id%7]
	t.escaped = [...]string{"email", "name", "date_of_birth", "id", "address", "", "", "", "", ""}[id%10]
	return t
}

// arrange puts an object's members into the texture's order and escapes one
// key: a parser that compares raw keys does not find it.
func (t texture) arrange(o object) object {
	out := append(object(nil), o...)
	switch t.order {
	case 1: // what decides comes last
		out = append(out[1:], out[0])
	case 2:
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	case 3: // the deciding members stand apart
		half := len(out) / 2
		out = append(out[half:len(out):len(out)], out[:half]...)
	}
	for i := range out {
		if key := string(out[i].key); t.escaped != "" && key == `"`+t.escaped+`"` {
			middle := len(key) / 2
			out[i].key = raw(key[:middle] + escape(rune(key[middle])) + key[middle+1:])
		}
	}
	return out
}

// cards are the numbers that payment processors publish for tests.
var cards = []struct{ brand, number string }{
	{"visa", "4242424242424242"},
	{"visa", "4111111111111111"},
	{"mastercard", "5555555555554444"},
	{"amex", "378282246310005"},
	{"discover", "6011111111111117"},
	{"jcb", "3566002020360505"},
}

var companies = []string{
	"Beispiel Maschinenbau GmbH & Co. KG", "株式会社見本商事", "Sample Optics Ltd", "Ejemplo Textil, S.L.",
	"Placeholder Logistics, Inc.", "Mustermann/Söhne", "Esempio Meccanica S.p.A.", "例示システムズ <第2>", "Przykład Sp. z o.o.",
}

var departments = []string{"IT", "Purchasing", "R&D", "総務部", "Einkauf", "Quality/Safety"}

var titles = []string{"Engineer", "Head of \"Tools\"", "部長", "Sachbearbeiterin", "Buyer", "CTO"}

var topics = []string{"releases", "security", "イベント", "pricing/licences", "beta 🚀", "training", "Œuvre & étude"}

var subjects = []string{
	"Cannot activate after reinstall", "Export stops at 99 %\n(see log)", "ライセンスの移行について",
	"Wrong amount on the invoice", "Path C:\\Program Files is \"not found\"", "Feature wish: dark mode 🌙", "Frage zur Rückerstattung",
}

// profile is the customer as the upstream holds it.
func (p *person) profile(d *dice, t texture) object {
	o := object{
		m("id", number(p.id)),
		m("object", t.text("customer")),
		m("name", t.text(p.name())),
		m("email", t.text(p.email())),
		m("phone", t.text(p.country.phoneOf(p.id))),
	}
	o = append(o, p.birth(t)...)
	o = append(o,
		m("created", t.text(d.date(2016, 2025)+d.clock(p.country.offset))),
		m("locale", t.text(p.country.locale)),
		m("address", p.address(d, t)),
	)
	if p.residence != "" {
		o = append(o, m("residence", object{m("country", t.text(p.residence))}))
	}
	return append(o,
		m("company", p.company(d, t)),
		m("preferences", preferences(d, t)),
		m("licences", p.licences(d, t)),
		m("support", p.support(d, t)),
		m("usage", p.usage(d, t)),
		m("payment", p.payment(d, t)),
		m("internal_notes", t.text(canary(p.id, "notes")+one(d, []string{"", ": calls before noon only", ": 要注意", ": asked for a discount \"again\""}))),
		m("risk", object{
			m("score", one(d, []raw{"-0", "0.25", "7.1e-1", "0.9300", "1E-400"})),
			m("flags", t.texts(some(d, []string{canary(p.id, "risk"), "late payer", "chargeback"}, 1+d.n(2))...)),
		}),
		m("balance", one(d, []raw{"0", "-0", "-12.50", "9007199254740993", "18446744073709551617", "1234567890123456789.012345678900", "1E400"})),
		m("tags", t.texts(some(d, []string{"vip", "reseller", "école", "試用", "🎓"}, d.n(3))...)),
		m("password_hash", t.text("$2y$10$"+canary(p.id, "password"))),
		// No social security number begins with 000.
		m("ssn", t.text(fmt.Sprintf("000-00-%04d", p.id))),
	)
}

func (p *person) email() string {
	domain := [...]string{"example.com", "example.org", "example.net", "mail.example", "kaisha.example"}[p.id%5]
	return fmt.Sprintf("%s.%s.%d@%s", p.given.latin, p.family.latin, p.id, domain)
}

// birth leaves an unknown date out or says null: both are unknown.
func (p *person) birth(t texture) []member {
	const key = "date_of_birth"
	switch {
	case p.id == twiceBorn:
		return []member{m(key, t.text(p.born)), m(key, t.text("2019-07-07"))}
	case p.born != "":
		return []member{m(key, t.text(p.born))}
	case p.id%2 == 0:
		return []member{m(key, null)}
	}
	return nil
}

func (p *person) address(d *dice, t texture) value {
	if p.zone == nowhere && p.id%3 == 1 {
		return null
	}
	o := object{
		m("line1", t.text(p.town.street)),
		m("line2", t.maybe(one(d, []string{"", "", "c/o Reception", "2. Stock"}))),
		m("city", t.text(p.town.city)),
		m("state", t.maybe(p.town.state)),
		m("postal_code", t.text(p.town.postal)),
	}
	switch {
	case p.zone != nowhere:
		return append(o, m("country", t.text(p.country.code)))
	case p.id%3 == 0:
		return append(o, m("country", null))
	}
	return o
}

func (p *person) company(d *dice, t texture) value {
	if p.band == under13 || p.band == from13 || d.n(8) == 0 {
		return null
	}
	return object{
		m("name", t.text(one(d, companies))),
		m("department", t.text(one(d, departments))),
		m("title", t.text(one(d, titles))),
	}
}

func preferences(d *dice, t texture) object {
	lists := []array{
		{t.texts("email", "weekly"), t.texts("post")},
		{t.texts("email", "monthly"), array{}},
		{t.texts("sms"), t.texts("email", "on release"), array{t.texts("push", "tablet")}},
		{},
		{array{}},
	}
	return object{
		m("newsletter", boolean(d.n(3) > 0)),
		m("topics", t.texts(some(d, topics, d.n(4))...)),
		m("channels", one(d, lists)),
	}
}

// licences is a map whose keys are data. Some keys hold what path languages
// give a meaning to.
func (p *person) licences(d *dice, t texture) object {
	o := object{}
	for range p.few(d) {
		key := "SV-" + d.code(digits+letters, 5) + one(d, []string{"-A", "-B", ".eu", "[0]", "*", "鍵"})
		o = append(o, member{t.text(key), licence(d, t)})
	}
	return o
}

// few is 0 to 2, and never 0 for the well-known: there is something to see.
func (p *person) few(d *dice) int {
	if p.why != "" {
		return 1 + d.n(2)
	}
	return d.n(3)
}

func licence(d *dice, t texture) object {
	return object{
		m("product", t.text(one(d, catalogue).sku)),
		m("seats", one(d, []raw{"1", "5", "25", "1e2", "250"})),
		m("activated_at", t.maybe(one(d, []string{"", d.date(2022, 2026)}))),
	}
}

func (p *person) support(d *dice, t texture) object {
	tickets := array{}
	for range p.few(d) {
		tickets = append(tickets, object{
			m("id", t.text("tkt_"+d.code(digits, 6))),
			m("subject", t.text(one(d, subjects))),
			m("opened_at", t.text(d.date(2025, 2025)+d.clock("Z"))),
			m("status", t.text(one(d, []string{"open", "waiting", "closed"}))),
		})
	}
	return object{m("tier", t.text(one(d, []string{"standard", "gold", "trial"}))), m("tickets", tickets)}
}

func (p *person) usage(d *dice, t texture) object {
	counters := object{m("logins", number(d.n(900)))}
	for _, name := range some(d, []string{"exports.pdf", "検索", "api/calls", ""}, d.n(4)) {
		counters = append(counters, member{t.text(name), one(d, p.counts())})
	}
	return object{
		m("last_login", t.maybe(one(d, []string{"", d.lately() + d.clock(p.country.offset)}))),
		m("product_versions", t.texts(some(d, []string{"1.9.12", "2.0.0-beta/3", "2.4.1", "3.0.0"}, 1+d.n(3))...)),
		m("counters", counters),
	}
}

// counts holds a number that no float64 holds, but not for the well-known:
// those are read with everyday tools.
func (p *person) counts() []raw {
	if p.why != "" {
		return []raw{"0", "12", "3e2", "9007199254740993"}
	}
	return []raw{"0", "12", "3e2", "9007199254740993", "7", "-0", "41", "1E400"}
}

func (p *person) payment(d *dice, t texture) value {
	if p.band == under13 || d.n(6) == 0 {
		return null
	}
	card := one(d, cards)
	return object{
		m("brand", t.text(card.brand)),
		m("last4", t.text(card.number[len(card.number)-4:])),
		m("card_number", t.text(card.number)),
	}
}

const (
	digits  = "0123456789"
	letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// list wraps records as the API's lists do.
func list(url string, entries []entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"object\": \"list\",\n  \"url\": %s,\n  \"has_more\": false,\n  \"data\": [", plain.text(url))
	for i, e := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    " + render(e.body, e.layout, 2))
	}
	if len(entries) > 0 {
		b.WriteString("\n  ")
	}
	b.WriteString("]\n}\n")
	return b.String()
}

// entry is one record of a list, in the layout that its own file has too.
type entry struct {
	body   value
	layout layout
}
