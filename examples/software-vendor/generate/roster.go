package main

import "fmt"

// band is an age band. Every date of birth stays in its band from late 2026 to
// the end of 2027, so that the example keeps its meaning.
type band int

const (
	under13 band = iota
	from13       // 13 to 15
	from16       // 16 and 17
	adult
	ageless // no date of birth is known
	bands
)

// String is the name that an age event uses.
func (b band) String() string {
	return [bands]string{"under13", "13_15", "16_17", "adult", "unknown"}[b]
}

// person is what decides about a customer, before it is dressed up as JSON.
type person struct {
	id        int
	zone      zone
	band      band
	country   *country
	town      town
	residence string // a country other than the address', for mixed locations
	given     spoken
	family    spoken
	born      string // "" when not known
	why       string // why the id is worth trying; "" for the others
}

func (p *person) name() string { return p.country.name(p.given.native, p.family.native) }

// wellKnown are the ids which documents and tests may rely on. They begin at 1001
// and have no gaps.
var wellKnown = []person{
	{zone: eea, band: adult, country: de, town: de.towns[0], given: de.given[0], family: de.family[0], born: "1979-04-12", why: "a plain adult in Germany"},
	{zone: japan, band: adult, country: jp, town: jp.towns[0], given: jp.given[0], family: jp.family[0], born: "1985-09-30", why: "a plain adult in Japan"},
	{zone: california, band: adult, country: us, town: californian[0], given: us.given[0], family: us.family[0], born: "1990-01-17", why: "a plain adult in California"},
	{zone: britain, band: adult, country: gb, town: gb.towns[0], given: gb.given[0], family: gb.family[0], born: "1968-11-05", why: "a plain adult in the United Kingdom"},
	{zone: japan, band: under13, country: jp, town: jp.towns[1], given: jp.given[2], family: jp.family[3], born: "2018-05-14", why: "a child under 13 in Japan; its orders carry no date of birth, an age event does"},
	{zone: eea, band: adult, country: fr, town: fr.towns[0], given: fr.given[0], family: fr.family[0], born: "1993-07-21", why: "processing is restricted (France); staff 1006 is another person, and is not"},
	{zone: eea, band: adult, country: de, town: de.towns[1], given: de.given[2], family: de.family[1], born: "1988-03-03", why: "objected to direct marketing (Germany)"},
	{zone: eea, band: adult, country: es, town: es.towns[0], given: es.given[0], family: es.family[0], born: "1996-12-01", why: "gave and withdrew consent for web.analytics, marketing.profile and product.develop (Spain)"},
	{zone: eea, band: adult, country: it, town: it.towns[0], given: it.given[0], family: it.family[0], born: "1982-06-18", why: "gave consent for web.analytics, marketing.profile and product.develop (Italy)"},
	{zone: nowhere, band: adult, country: gb, town: gb.towns[1], given: spoken{"Alex", "alex"}, family: spoken{"Morgan", "morgan"}, born: "1975-08-08", why: "the address names no country, and no event does: every regime applies"},
	{zone: eea, band: adult, country: de, town: de.towns[2], given: de.given[6], family: de.family[4], born: "1991-02-11", why: "erased; the upstream still holds the record, the tombstone is in the state"},
	{zone: california, band: from13, country: us, town: californian[2], given: us.given[2], family: us.family[2], born: "2012-11-20", why: "14 years old in California; a guardian consented to marketing.profile"},
	{zone: otherUS, band: adult, country: us, town: us.towns[0], given: us.given[1], family: us.family[1], born: "1958-10-10", why: "a plain adult in New York"},
	{zone: eea, band: from16, country: at, town: at.towns[0], given: at.given[0], family: at.family[0], born: "2010-11-19", why: "16 years old in Austria; gave consent for web.analytics"},
	{zone: eea, band: ageless, country: se, town: se.towns[0], given: se.given[0], family: se.family[0], why: "no date of birth (Sweden)"},
	{zone: britain, band: ageless, country: gb, town: gb.towns[1], given: spoken{"Robin", "robin"}, family: gb.family[3], born: "14/02/1988", why: "a date of birth in a form that nobody declared: present but not understood"},
	{zone: mixed, band: adult, country: jp, town: jp.towns[2], residence: "DE", given: jp.given[5], family: jp.family[4], born: "1994-05-05", why: "an address in Japan, a residence in Germany"},
	{zone: britain, band: under13, country: gb, town: gb.towns[2], given: gb.given[3], family: gb.family[2], born: "2019-08-23", why: "a child under 13 in the United Kingdom"},
	{zone: eea, band: under13, country: de, town: de.towns[0], given: spoken{"Bjo\u0308rn", "bjoern"}, family: spoken{"Kru\u0308ger", "krueger"}, born: "2018-01-31", why: "a child under 13 in Germany, whose name is spelled with combining marks"},
	{zone: eea, band: adult, country: fr, town: fr.towns[1], given: fr.given[1], family: fr.family[1], born: "1971-03-15", why: "a plain adult in France; staff 1020 is another person, and is restricted"},
	{zone: otherUS, band: adult, country: us, town: us.towns[1], given: us.given[4], family: us.family[3], born: "1987-07-07", why: "date_of_birth twice, an adult's and a child's: a duplicate that decides"},
	{zone: eea, band: adult, country: it, town: it.towns[1], given: it.given[1], family: it.family[2], born: "1965-09-09", why: "Cagliari: state \"CA\" outside the US is not California"},
	{zone: elsewhere, band: adult, country: ca, town: ca.towns[0], given: ca.given[0], family: ca.family[0], born: "1999-04-04", why: "Canada: country \"CA\" is not California"},
}

// zoneSizes is how many customers a zone has, the well-known ones included.
var zoneSizes = [zones]int{japan: 50, eea: 60, britain: 24, california: 28, otherUS: 24, mixed: 12, elsewhere: 6, nowhere: 12}

const (
	firstCustomer = 1001
	twiceBorn     = 1021
)

// customers returns everybody, by id.
func customers() []person {
	d := newDice("customer")
	people := append([]person(nil), wellKnown...)
	rest := zoneSizes
	for i := range wellKnown {
		rest[wellKnown[i].zone]--
	}
	var others []person
	for z, size := range rest {
		for i := range size {
			others = append(others, someone(d, zone(z), bandOf(i), i))
		}
	}
	// Neighbours in a list should differ: mixed lists are what a gateway sees.
	shuffle(d, others)
	people = append(people, others...)
	for i := range people {
		people[i].id = firstCustomer + i
	}
	return people
}

// bandOf gives each zone someone of every band, and mostly adults.
func bandOf(i int) band {
	switch i % 12 {
	case 1:
		return ageless
	case 3:
		return under13
	case 5:
		return from13
	case 7:
		return from16
	default:
		return adult
	}
}

func someone(d *dice, z zone, b band, i int) person {
	c := byZone[z][i/2%len(byZone[z])]
	p := person{zone: z, band: b, country: c, town: one(d, c.towns), given: one(d, c.given), family: one(d, c.family), born: birthday(d, b)}
	switch z {
	case california:
		p.town = one(d, californian)
	case mixed:
		p.residence = [...]string{"DE", "GB", "FR", "IE"}[i/4%4]
		// Half of those with a US address have it in California.
		if c == us && i%4 == 2 {
			p.town = one(d, californian)
		}
	case japan, eea, britain, otherUS, elsewhere, nowhere, zones:
	}
	return p
}

func birthday(d *dice, b band) string {
	switch b {
	case under13:
		return d.date(2018, 2023)
	case from13:
		return d.date(2012, 2012) // 16 in 2028
	case from16:
		return fmt.Sprintf("2010-%02d-%02d", d.between(1, 11), d.between(1, 20)) // 16 by November 2026, 18 in 2028
	case adult:
		return d.date(1941, 2006)
	case ageless, bands:
	}
	return ""
}
