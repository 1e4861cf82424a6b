package main

import "fmt"

const staffCount = 30

// sharedIDs are ids that a customer has too. They are different people: an id
// means nothing without its population.
var sharedIDs = []int{1001, 1005, 1006, 1007, 1008, 1011, 1012, 1020}

func staffIDs() []int {
	ids := append([]int(nil), sharedIDs...)
	for i := range staffCount - len(sharedIDs) {
		ids = append(ids, 5001+i)
	}
	return ids
}

func staffHome(i int) *country { return inTurn(i, jp, jp, de, gb, us, jp, fr) }

func staffTown(i int) town {
	if staffHome(i) == us && i%2 == 0 {
		return californian[i%len(californian)]
	}
	return staffHome(i).towns[0]
}

// member of staff: the record with the most that must not travel.
func employee(d *dice, i int) (string, entry) {
	id, c, place := staffIDs()[i], staffHome(i), staffTown(i)
	t := texture{layout: inTurn(i, pretty, compact, tabbed), spelling: inTurn(i, plain, plain, initial, ascii), order: i % 4}
	given, family := one(d, c.given), one(d, c.family)
	body := object{
		m("id", number(id)),
		m("object", t.text("staff")),
		m("name", object{
			m("legal", t.text(c.name(given.native, family.native))),
			m("preferred", t.maybe(one(d, []string{"", given.native}))),
		}),
		m("email", t.text(fmt.Sprintf("staff.%d@vendor.example", id))),
		m("phone", t.text(c.phoneOf(i+20))),
		m("date_of_birth", t.text(d.date(1961, 2002))),
		m("gender", t.maybe(one(d, []string{"female", "male", "non-binary", ""}))),
		m("address", object{
			m("line1", t.text(place.street)),
			m("city", t.text(place.city)),
			m("state", t.maybe(place.state)),
			m("postal_code", t.text(place.postal)),
			m("country", t.text(c.code)),
		}),
		// No country issues passports that begin with XX0000.
		m("passport", object{m("number", t.text("XX0000"+d.code(digits, 3))), m("country", t.text(c.code)), m("expires", t.text(d.date(2027, 2034)))}),
		m("position", t.text(one(d, titles))),
		m("department", t.text(one(d, departments))),
		m("arrangement", t.text(one(d, []string{"full-time", "part-time", "remote", "契約社員"}))),
		m("employment_history", history(d, t)),
		m("interview_feedback", t.text(one(d, []string{"Calm under pressure; \"hire\"", "説明が上手", "Strong on C/C++\nweak on planning"}))),
		m("travel", travel(d, t)),
		m("health", object{
			m("last_check", t.text(d.lately())),
			m("conditions", t.texts(some(d, []string{"asthma", "花粉症", canary(id, "health")}, d.n(3))...)),
			m("leave_days", one(d, []raw{"0", "3", "12.5"})),
		}),
		m("dependants", dependants(d, t, c)),
		m("salary", one(d, []raw{"48000.00", "6.1e4", "9007199254740993"})),
		m("password_hash", t.text("$2y$10$"+canary(id, "password"))),
		m("national_id", t.text(canary(id, "national"))),
	}
	return string(number(id)), entry{t.arrange(body), t.layout}
}

func history(d *dice, t texture) array {
	out := array{}
	for range d.n(3) {
		out = append(out, object{
			m("employer", t.text(one(d, companies))),
			m("title", t.text(one(d, titles))),
			m("from", t.text(d.date(2005, 2014)[:7])),
			m("to", t.maybe(one(d, []string{"", d.date(2015, 2023)[:7]}))),
		})
	}
	return out
}

func travel(d *dice, t texture) array {
	out := array{}
	for range d.n(3) {
		out = append(out, object{
			m("route", t.texts(some(d, []string{"Tokyo", "Berlin", "San Francisco", "London", "Łódź"}, 2)...)),
			m("date", t.text(d.lately())),
			m("expenses", array{array{t.text("hotel"), number(100 + d.n(400))}, array{t.text("meals"), raw("31.50")}}),
		})
	}
	return out
}

// dependants are people of their own, some of them children.
func dependants(d *dice, t texture, c *country) array {
	out := array{}
	for range d.n(3) {
		relation, born := "child", d.date(2018, 2023)
		if d.n(3) == 0 {
			relation, born = "spouse", d.date(1961, 2002)
		}
		out = append(out, object{
			m("name", t.text(one(d, c.given).native)),
			m("relation", t.text(relation)),
			m("born", t.text(born[:4])),
		})
	}
	return out
}
