package main

import "fmt"

const visitorCount = 50

// visitorHome leaves every tenth visitor without a location.
func visitorHome(i int) *country { return inTurn(i, jp, de, us, gb, us, fr, ca, it, se, nil) }

func visitorInCalifornia(i int) bool { return i%10 == 2 }

// visitorIDs come from their own dice: events name them too.
func visitorIDs() []string {
	d := newDice("visitor-id")
	ids := make([]string, 0, visitorCount)
	for range visitorCount {
		ids = append(ids, d.uuid())
	}
	return ids
}

// visitor is somebody who looked at the web site. Addresses are those set aside
// for documentation.
func visitor(d *dice, i int, id string) (string, entry) {
	t := texture{layout: inTurn(i, compact, pretty, spaced), spelling: inTurn(i, plain, solidus, initial), order: i % 5}
	agent := one(d, []string{
		"Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/128.0",
		"Mozilla/5.0 (Macintosh; ARM) SampleBrowser/17.4 \"mobile\"",
		"curl/8.5.0",
	})
	ip := inTurn(i, fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("198.51.100.%d", i), fmt.Sprintf("2001:db8::%x", i))
	body := object{
		m("id", t.text(id)),
		m("object", t.text("visitor")),
		m("ip", t.text(ip)),
		m("login", t.maybe(one(d, []string{"", fmt.Sprintf("guest%02d@example.net", i)}))),
		m("user_agent", t.text(agent)),
		m("time_zone", zoneOf(i, t)),
		m("location", whereabouts(d, i, t)),
		m("plugins", t.texts(some(d, []string{"pdf-viewer", "widevine/4.10", "日本語入力", "ad-block"}, d.n(4))...)),
		m("pages", pages(d, t)),
		m("first_seen", t.text(d.lately()+d.clock("Z"))),
		m("screen", array{number(1920), number(1080), raw("1.0")}),
		m("session_token", t.text(canary(id[:8], "session"))),
		m("fingerprint", t.text(canary(id[:8], "fingerprint"))),
	}
	return id, entry{t.arrange(body), t.layout}
}

// degrees are within a degree of somewhere in each country.
var degrees = map[string][2]string{
	"JP": {"35", "139"}, "DE": {"52", "13"}, "US": {"40", "-74"}, "GB": {"51", "-0"}, "FR": {"48", "2"},
	"CA": {"45", "-73"}, "IT": {"41", "12"}, "SE": {"57", "12"},
}

func zoneOf(i int, t texture) raw {
	if c := visitorHome(i); c != nil {
		return t.text(c.zone)
	}
	return null
}

func whereabouts(d *dice, i int, t texture) value {
	c := visitorHome(i)
	if c == nil {
		return null
	}
	o := object{
		m("lat", raw(fmt.Sprintf("%s.%06d", degrees[c.code][0], d.n(1000000)))),
		m("lon", raw(fmt.Sprintf("%s.%06d", degrees[c.code][1], d.n(1000000)))),
		m("country", t.text(c.code)),
	}
	if c == us {
		state := "NY"
		if visitorInCalifornia(i) {
			state = "CA"
		}
		o = append(o, m("state", t.text(state)))
	}
	return o
}

func pages(d *dice, t texture) array {
	out := array{}
	for range d.n(3) {
		out = append(out, array{t.text(one(d, []string{"/pricing", "/docs?q=\"export\"", "/製品"})), number(d.n(300))})
	}
	return out
}
