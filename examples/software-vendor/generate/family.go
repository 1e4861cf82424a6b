package main

import "fmt"

const (
	firstRelative = 7001
	relativeCount = 12
)

// relative is somebody of the family of a member of staff, to whom the vendor sends
// presents. Every third one is a child.
func relative(d *dice, i int) (string, entry) {
	id, c, place := firstRelative+i, staffHome(i), staffTown(i)
	t := texture{layout: inTurn(i, compact, pretty), spelling: inTurn(i, plain, ascii, solidus), order: i % 3}
	relation, born := "spouse", d.date(1961, 2002)
	if i%3 == 2 {
		relation, born = "child", d.date(2018, 2023)
	}
	body := object{
		m("id", number(id)),
		m("object", t.text("relative")),
		m("staff", number(staffIDs()[i])),
		m("relation", t.text(relation)),
		m("name", t.text(c.name(one(d, c.given).native, one(d, c.family).native))),
		m("date_of_birth", t.text(born)),
		m("email", t.text(fmt.Sprintf("relative.%d@example.net", id))),
		m("address", object{
			m("line1", t.text(place.street)),
			m("city", t.text(place.city)),
			m("state", t.maybe(place.state)),
			m("country", t.text(c.code)),
		}),
		m("remark", t.text(canary(string(number(id)), "remark"))),
	}
	return string(number(id)), entry{t.arrange(body), t.layout}
}
