package main

import (
	"fmt"
	"slices"
	"strings"
)

// event is one line of events.ndjson: something that became known about a
// subject. Fields that are empty are left out of the line.
type event struct {
	population, id, kind string

	state, until         string // age, location, restriction, ...
	country, region      string // location
	purpose, status      string // consent, li_objection
	recipients, prefixes []string
	regimes              []string
	explicit, parental   bool
	foreignInfo          bool
	validUntil           string

	at    string // when the person acted
	actor string // "" for the subject
	shaky bool   // nobody verified the actor
}

func (e event) line() string {
	o := object{m("population", plain.text(e.population)), m("id", plain.text(e.id)), m("kind", plain.text(e.kind))}
	text := func(key, val string) {
		if val != "" {
			o = append(o, m(key, plain.text(val)))
		}
	}
	list := func(key string, val []string) {
		if len(val) > 0 {
			o = append(o, m(key, plain.texts(val...)))
		}
	}
	flag := func(key string, val bool) {
		if val {
			o = append(o, m(key, boolean(val)))
		}
	}
	text("purpose", e.purpose)
	text("status", e.status)
	text("state", e.state)
	text("until", e.until)
	text("country", e.country)
	text("region", e.region)
	list("recipients", e.recipients)
	list("categories", e.prefixes)
	list("regimes", e.regimes)
	flag("explicit", e.explicit)
	flag("parental", e.parental)
	flag("foreign_info", e.foreignInfo)
	text("until", e.validUntil)
	text("event_time", e.at)
	actor := object{m("type", plain.text("subject")), m("verified", boolean(!e.shaky))}
	if e.actor != "" {
		actor[0] = m("type", plain.text(e.actor))
		actor = append(actor, m("authority_ref", plain.text("AUTH-"+e.id)))
	}
	return render(append(o, m("actor", actor)), compact, 0)
}

// chronicle collects the events, and why they make an id worth trying.
type chronicle struct {
	people []person
	events []event
	notes  map[int]string
}

func (c *chronicle) add(e event) {
	if e.population == "" {
		e.population = "customer"
	}
	c.events = append(c.events, e)
}

// pick takes a person of the kind wanted of whom no story is told yet. The
// well-known keep the story that they have.
func (c *chronicle) pick(z zone, b band, story string) string {
	for i := range c.people {
		p := &c.people[i]
		if _, told := c.notes[p.id]; !told && p.why == "" && p.zone == z && p.band == b {
			c.notes[p.id] = story
			return string(number(p.id))
		}
	}
	panic(fmt.Sprintf("nobody left in %v who is %v", z, b))
}

func record(people []person) *chronicle {
	c := &chronicle{people: people, notes: map[int]string{}}
	c.registrations()
	c.restrictions()
	c.objections()
	c.consents()
	c.erasures()
	c.optOuts()
	c.others()
	// By subject, as an export from a CRM would be. Within a subject the order
	// is as told: time decides, not the position in the file.
	slices.SortStableFunc(c.events, func(a, b event) int {
		return strings.Compare(a.population+" "+a.id, b.population+" "+b.id)
	})
	return c
}

// registrations are what was coarsely noted when a person signed up. A route
// whose body holds neither a birth date nor a country decides by them.
func (c *chronicle) registrations() {
	for i := range c.people {
		p := &c.people[i]
		id, at := string(number(p.id)), p.noticed()
		if p.band < adult || p.band == adult && p.zone != nowhere && p.id%5 == 1 {
			e := event{id: id, kind: "age", state: p.band.String(), until: p.band.until(p.born), at: at}
			if p.band == under13 {
				e.actor = "guardian"
			}
			c.add(e)
		}
		if country, region := p.location(); country != "" {
			c.add(event{id: id, kind: "location", country: country, region: region, at: at})
		}
	}
}

func (p *person) noticed() string { return fmt.Sprintf("2025-%02d-01T09:%02d:00Z", 1+p.id%12, p.id%60) }

// location is where the person lives. The body of a mixed record names the
// other country: both count.
func (p *person) location() (country, region string) {
	switch {
	case p.zone == nowhere:
		return "", ""
	case p.zone == mixed:
		return p.residence, ""
	case p.country == us:
		return "US", p.town.state
	default:
		return p.country.code, ""
	}
}

// until is the first day of the month after the one in which the band ends:
// coarse, so that the state does not hold a birthday, and never too early.
func (b band) until(born string) string {
	var year, month int
	if _, err := fmt.Sscanf(born, "%4d-%2d-", &year, &month); err != nil || b >= adult {
		return ""
	}
	year += [...]int{under13: 13, from13: 16, from16: 18}[b]
	if month++; month > 12 {
		year, month = year+1, 1
	}
	return fmt.Sprintf("%04d-%02d-01", year, month)
}

func (c *chronicle) restrictions() {
	c.add(event{id: "1006", kind: "restriction", state: "active", at: "2026-05-01T00:00:00Z"})
	for i, z := range []zone{eea, britain, japan, california} {
		c.add(event{id: c.pick(z, adult, "processing is restricted"), kind: "restriction", state: "active", at: fmt.Sprintf("2026-0%d-10T08:30:00Z", 3+i)})
	}
	id := c.pick(eea, adult, "was restricted, and no longer is")
	c.add(event{id: id, kind: "restriction", state: "active", at: "2026-02-01T10:00:00Z"})
	c.add(event{id: id, kind: "restriction", state: "lifted", at: "2026-04-01T10:00:00Z"})
}

func (c *chronicle) objections() {
	c.add(event{id: "1007", kind: "dm_objection", state: "active", at: "2026-01-15T12:00:00Z"})
	for i, z := range []zone{eea, eea, japan, japan, britain, california, otherUS, mixed} {
		c.add(event{id: c.pick(z, adult, "objected to direct marketing"), kind: "dm_objection", state: "active", at: fmt.Sprintf("2026-0%d-05T18:00:00Z", 1+i)})
	}
	c.add(event{id: c.pick(nowhere, adult, "objected to direct marketing; nobody verified the person, and it counts all the same"), kind: "dm_objection", state: "active", at: "2026-09-09T09:09:09Z", shaky: true})
	// Told out of order on purpose.
	id := c.pick(britain, adult, "objected to direct marketing and took it back; the file tells it backwards")
	c.add(event{id: id, kind: "dm_objection", state: "lifted", at: "2026-06-01T00:00:00Z"})
	c.add(event{id: id, kind: "dm_objection", state: "active", at: "2026-03-01T00:00:00Z"})

	for _, o := range []struct {
		zone           zone
		purpose, state string
	}{
		{eea, "support.provide", "pending"},
		{eea, "product.develop", "upheld"},
		{britain, "customer.account_notice", "upheld"},
		{britain, "support.provide", "rejected"},
		{eea, "product.develop", "lifted"},
	} {
		c.add(event{id: c.pick(o.zone, adult, "objection to "+o.purpose+" is "+o.state), kind: "li_objection", purpose: o.purpose, state: o.state, at: "2026-07-20T07:00:00Z"})
	}
}

func (c *chronicle) erasures() {
	c.add(event{id: "1011", kind: "erasure", state: "executed", at: "2026-03-30T16:00:00Z"})
	c.add(event{id: c.pick(california, adult, "erased, at an agent's request"), kind: "erasure", state: "executed", at: "2026-04-30T16:00:00Z", actor: "agent"})
	c.add(event{id: c.pick(eea, adult, "erasure is pending"), kind: "erasure", state: "pending", at: "2026-10-30T16:00:00Z"})
	c.add(event{id: c.pick(japan, adult, "erasure is pending"), kind: "erasure", state: "pending", at: "2026-11-02T16:00:00Z"})
}

func (c *chronicle) optOuts() {
	for range 3 {
		c.add(event{id: c.pick(california, adult, "opted out of sale and sharing"), kind: "opt_out_sale_share", state: "active", at: "2026-05-20T20:20:00Z"})
	}
	for range 2 {
		c.add(event{id: c.pick(california, adult, "limited the use of sensitive data"), kind: "limit_spi", state: "active", at: "2026-05-21T20:20:00Z"})
	}
}

// others: the same kinds of event for people who are not customers. Staff 1020
// shares its id with a customer of whom nothing is known but a country.
func (c *chronicle) others() {
	const at = "2025-06-01T09:00:00Z"
	for i := range partnerCount {
		e := event{population: "partner", id: partnerID(i), kind: "location", country: partnerHome(i).code, at: at}
		if e.country == "US" {
			e.region = partnerTown(i).state
		}
		c.add(e)
	}
	for i, id := range staffIDs() {
		e := event{population: "staff", id: string(number(id)), kind: "location", country: staffHome(i).code, at: at}
		if e.country == "US" {
			e.region = staffTown(i).state
		}
		c.add(e)
	}
	visitors := visitorIDs()
	for i, id := range visitors {
		if home := visitorHome(i); home != nil {
			e := event{population: "visitor", id: id, kind: "location", country: home.code, at: at}
			if home == us {
				e.region = "NY"
				if visitorInCalifornia(i) {
					e.region = "CA"
				}
			}
			c.add(e)
		}
	}
	c.add(event{population: "partner", id: partnerID(2), kind: "dm_objection", state: "active", at: "2026-02-02T00:00:00Z"})
	c.add(event{population: "staff", id: "1020", kind: "restriction", state: "active", at: "2026-08-01T00:00:00Z"})
	for i, status := range []string{"ConsentGiven", "ConsentGiven", "ConsentRefused", "ConsentWithdrawn"} {
		c.add(event{population: "visitor", id: visitors[i], kind: "consent", purpose: "web.analytics", status: status, at: "2026-08-15T00:00:00Z"})
	}
	c.add(event{population: "visitor", id: visitors[12], kind: "opt_out_sale_share", state: "active", at: "2026-08-15T00:00:00Z"})
}
