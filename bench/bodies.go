package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// body is one answer of the upstream, and how it is asked for.
type body struct {
	name      string // by its size
	uri       string
	customers int
	list      bool
}

// firstCustomer is the id of the one customer, and of the first in every list.
const firstCustomer = 1001

var bodies = []body{
	{name: "1.7KB", uri: "/v1/customers/1001", customers: 1},
	{name: "170KB", uri: "/v1/customers?limit=100", customers: 100, list: true},
	{name: "1.7MB", uri: "/v1/customers?limit=1000", customers: 1000, list: true},
}

// The records have the shape of the example's crm api. Numbers that are kept
// are plain integers, and no container that is kept is empty: the JSON library
// of nginx-lua keeps neither other numbers nor empty lists.
type (
	customer struct {
		ID           int                `json:"id"`
		Object       string             `json:"object"`
		Name         string             `json:"name"`
		Email        string             `json:"email"`
		Phone        string             `json:"phone"`
		DateOfBirth  string             `json:"date_of_birth"`
		Created      string             `json:"created"`
		Locale       string             `json:"locale"`
		Address      address            `json:"address"`
		Company      company            `json:"company"`
		Preferences  preferences        `json:"preferences"`
		Licences     map[string]licence `json:"licences"`
		Support      support            `json:"support"`
		Usage        usage              `json:"usage"`
		Payment      payment            `json:"payment"`
		Notes        string             `json:"internal_notes"`
		Risk         risk               `json:"risk"`
		Balance      json.Number        `json:"balance"`
		Tags         []string           `json:"tags"`
		PasswordHash string             `json:"password_hash"`
		SSN          string             `json:"ssn"`
	}
	address struct {
		Line1      string  `json:"line1"`
		Line2      *string `json:"line2"`
		City       string  `json:"city"`
		State      string  `json:"state"`
		PostalCode string  `json:"postal_code"`
		Country    string  `json:"country"`
	}
	company struct {
		Name       string `json:"name"`
		Department string `json:"department"`
		Title      string `json:"title"`
	}
	preferences struct {
		Newsletter bool       `json:"newsletter"`
		Topics     []string   `json:"topics"`
		Channels   [][]string `json:"channels"`
	}
	licence struct {
		Product     string `json:"product"`
		Seats       int    `json:"seats"`
		ActivatedAt string `json:"activated_at"`
	}
	support struct {
		Tier    string   `json:"tier"`
		Tickets []ticket `json:"tickets"`
	}
	ticket struct {
		ID       string `json:"id"`
		Subject  string `json:"subject"`
		OpenedAt string `json:"opened_at"`
		Status   string `json:"status"`
	}
	usage struct {
		LastLogin       string         `json:"last_login"`
		ProductVersions []string       `json:"product_versions"`
		Counters        map[string]int `json:"counters"`
	}
	payment struct {
		Brand      string `json:"brand"`
		Last4      string `json:"last4"`
		CardNumber string `json:"card_number"`
	}
	risk struct {
		Score json.Number `json:"score"`
		Flags []string    `json:"flags"`
	}
	page struct {
		Object  string     `json:"object"`
		URL     string     `json:"url"`
		HasMore bool       `json:"has_more"`
		Data    []customer `json:"data"`
	}
)

// country is where invented people live. All of these places come to the same
// decision under the benchmark's purpose, so that the contestants, which know
// nothing of people, can do the same removal.
type country struct {
	code, locale, city, state, postal, street, offset, phone string
	given, family                                            []string
}

var countries = []country{
	{
		code: "DE", locale: "de-DE", city: "Berlin", state: "BE", postal: "10115", street: "Musterstraße %d", offset: "+01:00", phone: "+49 30 23125 %03d",
		given: []string{"Anna", "Jürgen", "Käthe", "Max"}, family: []string{"Müller", "Groß", "Weiß", "Beispiel"},
	},
	{
		code: "FR", locale: "fr-FR", city: "Lyon", state: "ARA", postal: "69001", street: "%d rue de l’Exemple", offset: "+01:00", phone: "+33 1 99 00 01 %02d",
		given: []string{"Chloé", "Gaël", "Inès", "Noël"}, family: []string{"Lefèvre", "Dupont", "Besançon", "Martin"},
	},
	{
		code: "GB", locale: "en-GB", city: "Leeds", state: "ENG", postal: "LS1 1AA", street: "%d Sample Road", offset: "+00:00", phone: "+44 113 496 0%03d",
		given: []string{"Mary", "John", "Isla", "Owen"}, family: []string{"Example", "O’Brien", "Smith", "Jones"},
	},
	{
		code: "JP", locale: "ja-JP", city: "仙台市", state: "宮城県", postal: "980-0001", street: "見本町1-2-%d", offset: "+09:00", phone: "+81 3 0000 0%03d",
		given: []string{"花子", "太郎", "葵", "蓮"}, family: []string{"山田", "佐藤", "鈴木", "見本"},
	},
}

// home returns where a customer lives, which body and state agree on.
func home(id int) country { return countries[id%len(countries)] }

// dice make the records. Go fixes what PCG yields for a seed, but not what the
// helpers on top of it make of it, and two toolchains must measure the same.
type dice struct{ pcg *rand.PCG }

func newDice(stream uint64) dice { return dice{rand.NewPCG(20261123, stream)} }

func (d dice) below(n int) int {
	return int(d.pcg.Uint64() % uint64(n)) //nolint:gosec // G115: the remainder is less than n
}

func (d dice) one(choices ...string) string { return choices[d.below(len(choices))] }

func (d dice) day(year int) string {
	return fmt.Sprintf("%d-%02d-%02d", year, 1+d.below(12), 1+d.below(28))
}

func (d dice) clock(offset string) string {
	return fmt.Sprintf("T%02d:%02d:%02d%s", d.below(24), d.below(60), d.below(60), offset)
}

// newCustomer makes the record of an id: the same one wherever it stands.
func newCustomer(id int) customer {
	d, at := newDice(uint64(id)), home(id) //nolint:gosec // G115: ids are positive
	c := customer{
		ID: id, Object: "customer",
		Name:        d.one(at.given...) + " " + d.one(at.family...),
		Email:       fmt.Sprintf("customer.%d@%s", id, d.one("example.com", "example.org", "mail.example")),
		Phone:       fmt.Sprintf(at.phone, id%100),
		DateOfBirth: d.day(1950 + d.below(50)),
		Created:     d.day(2016+d.below(9)) + d.clock(at.offset),
		Locale:      at.locale,
		Address: address{
			Line1: fmt.Sprintf(at.street, 1+d.below(99)), City: at.city, State: at.state, PostalCode: at.postal, Country: at.code,
		},
		Company: company{
			Name:       d.one("Beispiel Maschinenbau GmbH & Co. KG", "株式会社見本商事", "Sample Optics Ltd", "Ejemplo Textil, S.L."),
			Department: d.one("IT", "Purchasing", "R&D", "総務部"),
			Title:      d.one("Engineer", `Head of "Tools"`, "部長", "Buyer"),
		},
		Preferences: preferences{
			Newsletter: d.below(3) > 0,
			Topics:     []string{d.one("releases", "security", "イベント"), d.one("training", "Œuvre & étude")},
			Channels:   [][]string{{"email", d.one("weekly", "monthly")}, {"post"}},
		},
		Licences: map[string]licence{},
		Support:  support{Tier: d.one("standard", "gold", "trial")},
		Usage: usage{
			LastLogin:       d.day(2026) + d.clock(at.offset),
			ProductVersions: []string{"1.9.12", "2.0.0-beta/3", d.one("2.4.1", "3.0.0")},
			Counters:        map[string]int{"logins": d.below(900), "exports.pdf": d.below(40), "api/calls": d.below(100000)},
		},
		Payment:      payment{Brand: "visa", Last4: "4242", CardNumber: "4242424242424242"},
		Notes:        fmt.Sprintf("canary-%d-notes: %s", id, d.one("calls before noon only", "asked for a discount \"again\"", "要注意")),
		Risk:         risk{Score: json.Number(d.one("0.25", "7.1e-1", "0.9300")), Flags: []string{fmt.Sprintf("canary-%d-risk", id), "late payer"}},
		Balance:      json.Number(d.one("0", "-12.50", "9007199254740993", "1234567890123456789.0123")),
		Tags:         []string{d.one("vip", "reseller"), d.one("école", "試用", "🎓")},
		PasswordHash: fmt.Sprintf("$2y$10$canary-%d-password", id),
		SSN:          fmt.Sprintf("000-00-%04d", id%10000), // no such number begins with 000
	}
	for _, product := range []string{"TRAIN-1D", "SUITE-PRO"} {
		c.Licences[fmt.Sprintf("SV-%05d-%s", d.below(100000), product[:1])] = licence{Product: product, Seats: 1 + d.below(250), ActivatedAt: d.day(2025)}
	}
	for range 4 {
		c.Support.Tickets = append(c.Support.Tickets, ticket{
			ID:       fmt.Sprintf("tkt_%06d", d.below(1000000)),
			Subject:  d.one("Cannot activate after reinstall", "Export stops at 99 %\n(see log)", "ライセンスの移行", `Path C:\Program is "not found"`),
			OpenedAt: d.day(2025) + d.clock("Z"),
			Status:   d.one("open", "waiting", "closed"),
		})
	}
	return c
}

// content returns what the upstream answers.
func (b body) content() ([]byte, error) {
	if !b.list {
		return encode(newCustomer(firstCustomer))
	}
	p := page{Object: "list", URL: "/v1/customers", Data: make([]customer, 0, b.customers)}
	for id := firstCustomer; id < firstCustomer+b.customers; id++ {
		p.Data = append(p.Data, newCustomer(id))
	}
	return encode(p)
}

// encode writes compact JSON without the escapes that only HTML needs.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// file is where the upstream finds the body below its root.
func (b body) file() string {
	if b.list {
		return filepath.Join("lists", fmt.Sprint(b.customers))
	}
	return filepath.Join("v1", "customers", fmt.Sprint(firstCustomer))
}

// writeBodies fills the root of the upstream.
func writeBodies(root string) error {
	for _, b := range bodies {
		content, err := b.content()
		if err != nil {
			return fmt.Errorf("making body %s: %w", b.name, err)
		}
		path := filepath.Join(root, b.file())
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
