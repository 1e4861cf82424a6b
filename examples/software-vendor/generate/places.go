package main

import "fmt"

// zone is what a customer's location means for the regimes that apply.
type zone int

const (
	japan zone = iota
	eea
	britain
	california
	otherUS
	mixed     // an address in Japan or the US, a residence in the EEA or the UK
	elsewhere // neither: no regime but the base one
	nowhere   // the location is not known
	zones
)

func (z zone) String() string {
	return [zones]string{
		"Japan", "EEA", "UK", "California", "other US", "mixed", "elsewhere", "unknown",
	}[z]
}

// spoken is a word as its people write it, and in ASCII for e-mail addresses.
type spoken struct{ native, latin string }

// town is an invented street in a real town.
type town struct{ city, state, postal, street string }

// country holds what invented people of a country are made of. No phone format
// reaches a real line: it is a range set aside for fiction, or no range at all.
type country struct {
	code, locale, zone, offset, currency string
	given, family                        []spoken
	towns                                []town
	phone                                string // takes one number from 0 to 99
	surnameFirst                         bool
}

func (c *country) name(given, family string) string {
	if c.surnameFirst {
		return family + " " + given
	}
	return given + " " + family
}

func (c *country) phoneOf(n int) string { return fmt.Sprintf(c.phone, n%100) }

func same(words ...string) []spoken {
	out := make([]spoken, 0, len(words))
	for _, w := range words {
		out = append(out, spoken{w, lower(w)})
	}
	return out
}

// lower is enough for the ASCII words it is given.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// byZone lists the countries that people of a zone live in. The state decides
// between California and the rest of the US.
var byZone = [zones][]*country{
	japan:      {jp},
	eea:        {de, fr, es, it, at, se, pl, no, ie},
	britain:    {gb},
	california: {us},
	otherUS:    {us},
	mixed:      {jp, us},
	elsewhere:  {ca, au},
	nowhere:    {gb, de, us, jp},
}

var jp = &country{
	code: "JP", locale: "ja-JP", zone: "Asia/Tokyo", offset: "+09:00", currency: "JPY",
	given: []spoken{
		{"花子", "hanako"},
		{"太郎", "taro"},
		{"さくら", "sakura"},
		{"健", "ken"},
		{"美咲", "misaki"},
		{"ユキ", "yuki"},
		{"大輔", "daisuke"},
		{"陽菜", "hina"},
		{"翔太", "shota"},
		{"直子", "naoko"},
	},
	family: []spoken{
		{"佐藤", "sato"},
		{"鈴木", "suzuki"},
		{"高橋", "takahashi"},
		{"田中", "tanaka"},
		{"渡辺", "watanabe"},
		{"伊藤", "ito"},
		{"山本", "yamamoto"},
		{"中村", "nakamura"},
		{"髙田", "takada"},
		{"𠮷野", "yoshino"},
	},
	towns: []town{
		{"東京都千代田区", "東京都", "100-0000", "見本町1-2-3"},
		{"大阪市北区", "大阪府", "530-0000", "例示通り4丁目5-6"},
		{"札幌市中央区", "北海道", "060-0000", "北0条西0丁目"},
		{"福岡市博多区", "福岡県", "812-0000", "サンプルビル7階"},
	},
	phone: "+81-3-0000-%04d", surnameFirst: true,
}

var de = &country{
	code: "DE", locale: "de-DE", zone: "Europe/Berlin", offset: "+01:00", currency: "EUR",
	given: []spoken{
		{"Anna", "anna"},
		{"Jürgen", "juergen"},
		{"Lukas", "lukas"},
		{"Käthe", "kaethe"},
		{"Björn", "bjoern"},
		{"Sabine", "sabine"},
		{"Zoë", "zoe"},
	},
	family: []spoken{
		{"Müller", "mueller"},
		{"Schneider", "schneider"},
		{"Groß", "gross"},
		{"Weiß-Vogel", "weiss-vogel"},
		{"Krüger", "krueger"},
		{"von der Heide", "vonderheide"},
	},
	towns: []town{
		{"Berlin", "BE", "10115", "Musterstraße 12"},
		{"München", "BY", "80331", "Beispielgasse 3a"},
		{"Köln", "NW", "50667", "Am Platzhalter 7"},
	},
	phone: "+49 30 23125 0%02d",
}

var fr = &country{
	code: "FR", locale: "fr-FR", zone: "Europe/Paris", offset: "+01:00", currency: "EUR",
	given:  []spoken{{"Chloé", "chloe"}, {"François", "francois"}, {"Noémie", "noemie"}, {"Hugo", "hugo"}, {"Maëlle", "maelle"}},
	family: []spoken{{"Dubois", "dubois"}, {"Lefèvre", "lefevre"}, {"d’Exemple", "dexemple"}, {"Côté", "cote"}},
	towns: []town{
		{"Paris", "", "75001", "12 rue de l’Exemple"},
		{"Lyon", "", "69001", "3 bis, quai du Modèle"},
	},
	phone: "+33 1 99 00 00 %02d",
}

var es = &country{
	code: "ES", locale: "es-ES", zone: "Europe/Madrid", offset: "+01:00", currency: "EUR",
	given:  []spoken{{"Lucía", "lucia"}, {"Íñigo", "inigo"}, {"Begoña", "begona"}, {"Javier", "javier"}},
	family: []spoken{{"Fernández", "fernandez"}, {"Muñoz", "munoz"}, {"Ibáñez Peña", "ibanez"}},
	towns:  []town{{"Madrid", "M", "28001", "Calle del Ejemplo, 5"}, {"A Coruña", "C", "15001", "Plaza de la Muestra, 1"}},
	phone:  "+34 000 000 0%02d",
}

var it = &country{
	code: "IT", locale: "it-IT", zone: "Europe/Rome", offset: "+01:00", currency: "EUR",
	given:  []spoken{{"Giulia", "giulia"}, {"Niccolò", "niccolo"}, {"Matteo", "matteo"}},
	family: []spoken{{"Rossi", "rossi"}, {"D’Esempio", "desempio"}, {"Cantù", "cantu"}},
	// Cagliari's province has the same two letters as California.
	towns: []town{{"Roma", "RM", "00100", "Via dell’Esempio 8"}, {"Cagliari", "CA", "09100", "Via Campione 21"}},
	phone: "+39 06 0000 00%02d",
}

var at = &country{
	code: "AT", locale: "de-AT", zone: "Europe/Vienna", offset: "+01:00", currency: "EUR",
	given:  []spoken{{"Leon", "leon"}, {"Käthi", "kaethi"}, {"Marlene", "marlene"}},
	family: []spoken{{"Gruber", "gruber"}, {"Übelhör", "uebelhoer"}, {"Beispielhofer", "beispielhofer"}},
	towns:  []town{{"Wien", "9", "1010", "Mustergasse 4/2"}, {"Graz", "6", "8010", "Beispielplatz 1"}},
	phone:  "+43 1 0000 00%02d",
}

var se = &country{
	code: "SE", locale: "sv-SE", zone: "Europe/Stockholm", offset: "+01:00", currency: "SEK",
	given:  []spoken{{"Ingrid", "ingrid"}, {"Åsa", "asa"}, {"Göran", "goran"}},
	family: []spoken{{"Nilsson", "nilsson"}, {"Sjöberg", "sjoberg"}, {"Ängström", "angstrom"}},
	towns:  []town{{"Göteborg", "O", "411 03", "Exempelgatan 9"}, {"Umeå", "AC", "903 21", "Provvägen 2"}},
	phone:  "+46 31 390 06 %02d",
}

var pl = &country{
	code: "PL", locale: "pl-PL", zone: "Europe/Warsaw", offset: "+01:00", currency: "PLN",
	given:  []spoken{{"Łukasz", "lukasz"}, {"Małgorzata", "malgorzata"}, {"Zofia", "zofia"}},
	family: []spoken{{"Wiśniewski", "wisniewski"}, {"Źrebiec", "zrebiec"}, {"Przykładowa", "przykladowa"}},
	towns:  []town{{"Łódź", "LD", "90-001", "ul. Przykładowa 6/7"}, {"Kraków", "MA", "30-001", "ul. Wzorcowa 10"}},
	phone:  "+48 00 000 00 %02d",
}

var no = &country{
	code: "NO", locale: "nb-NO", zone: "Europe/Oslo", offset: "+01:00", currency: "NOK",
	given:  []spoken{{"Bjørn", "bjorn"}, {"Åse", "ase"}, {"Sunniva", "sunniva"}},
	family: []spoken{{"Ødegård", "odegard"}, {"Hansen", "hansen"}},
	towns:  []town{{"Tromsø", "", "9008", "Eksempelveien 11"}},
	phone:  "+47 00 00 00 %02d",
}

var ie = &country{
	code: "IE", locale: "en-IE", zone: "Europe/Dublin", offset: "Z", currency: "EUR",
	given:  []spoken{{"Siobhán", "siobhan"}, {"Pádraig", "padraig"}, {"Aoife", "aoife"}},
	family: []spoken{{"O’Brien", "obrien"}, {"Ní Shampla", "nishampla"}},
	towns:  []town{{"Dublin", "D", "D01 X000", "1 Sample Quay"}},
	phone:  "+353 20 910 00%02d",
}

var gb = &country{
	code: "GB", locale: "en-GB", zone: "Europe/London", offset: "Z", currency: "GBP",
	given:  same("Oliver", "Amelia", "George", "Isla", "Harriet", "Rhys"),
	family: append(same("Bennett", "Clarke", "Okafor", "Hale"), spoken{"O'Neill", "oneill"}, spoken{"Smith-\"Ace\"-Jones", "smithjones"}),
	towns: []town{
		{"London", "", "SW1A 0XX", "Flat 2/1, 10 Example Street"},
		{"Leeds", "", "LS1 0XX", "7 Placeholder Row"},
		{"Llanfair\u00adpwll", "", "LL61 0XX", "The Sample House"},
	},
	phone: "+44 20 7946 00%02d",
}

var us = &country{
	code: "US", locale: "en-US", zone: "America/New_York", offset: "-05:00", currency: "USD",
	given:  same("Maria", "James", "Emma", "Noah", "Sophia", "Liam", "Ava", "Ethan"),
	family: append(same("Lopez", "Carter", "Johnson", "Kim", "Nguyen"), spoken{"O'Connor", "oconnor"}, spoken{"Peña", "pena"}),
	towns: []town{
		{"New York", "NY", "10001", "100 Sample Ave, Apt 4"},
		{"Austin", "TX", "73301", "200 Placeholder Blvd"},
		{"Seattle", "WA", "98101", "300 Example Way"},
		{"Richmond", "VA", "23218", "400 Specimen Rd"},
		{"Denver", "CO", "80201", "500 Mockup Ln"},
	},
	phone: "+1-555-01%02d",
}

var californian = []town{
	{"San Francisco", "CA", "94101", "1 Example Plaza, #200"},
	{"Los Ángeles", "CA", "90001", "22 Sample Dr"},
	{"Sacramento", "CA", "94203", "333 Placeholder St"},
}

// Canada's country code is California's state code.
var ca = &country{
	code: "CA", locale: "fr-CA", zone: "America/Toronto", offset: "-05:00", currency: "CAD",
	given:  []spoken{{"Élodie", "elodie"}, {"Marc-André", "marc-andre"}},
	family: []spoken{{"Tremblay", "tremblay"}, {"Bélanger", "belanger"}},
	towns:  []town{{"Montréal", "QC", "H2X 0A0", "5, rue du Spécimen"}},
	phone:  "+1-555-01%02d",
}

var au = &country{
	code: "AU", locale: "en-AU", zone: "Australia/Sydney", offset: "+10:00", currency: "AUD",
	given:  same("Matilda", "Jack"),
	family: same("Walsh", "Nguyen"),
	towns:  []town{{"Sydney", "NSW", "2000", "8 Example Parade"}},
	phone:  "+61 2 5550 00%02d",
}
