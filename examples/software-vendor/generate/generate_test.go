package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const home = ".." // examples/software-vendor

func TestCommittedFilesAreFresh(t *testing.T) {
	t.Parallel()
	files := generate()
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			t.Fatalf("%v: run `make generate`", err)
		}
		if string(got) != want {
			t.Errorf("%s differs from a fresh run: run `make generate`", name)
		}
	}
	err := filepath.WalkDir(filepath.Join(home, "upstream", "v1"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(home, path)
		if _, ok := files[filepath.ToSlash(name)]; err == nil && !ok {
			t.Errorf("%s is no longer generated: delete it", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTwoRunsAgree(t *testing.T) {
	t.Parallel()
	first, second := generate(), generate()
	if len(first) != len(second) {
		t.Fatalf("%d files, then %d", len(first), len(second))
	}
	for name := range first {
		if first[name] != second[name] {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

func TestWriteMakesEveryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := map[string]string{"PEOPLE.md": "a", "upstream/v1/x/1.json": "b"}
	if err := write(dir, want); err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != content {
			t.Errorf("%s = %q, %v", name, got, err)
		}
	}
	if err := write(filepath.Join(dir, "PEOPLE.md"), want); err == nil {
		t.Error("a file in place of the folder went unnoticed")
	}
}

// A record is the same in its own file as in the list, but for white space.
func TestListsHoldTheRecordsOfTheirFiles(t *testing.T) {
	t.Parallel()
	files := generate()
	for name, count := range map[string]int{"customers": 216, "partners": 30, "staff": 30, "family": 12, "visitors": 50} {
		records := recordsOf(t, files["upstream/v1/"+name+".json"])
		if len(records) != count {
			t.Errorf("%s has %d records, want %d", name, len(records), count)
		}
		seen := map[string]bool{}
		for _, r := range records {
			id := fmt.Sprint(decode[struct{ ID any }](t, r).ID)
			if seen[id] {
				t.Errorf("%s %s occurs twice", name, id)
			}
			seen[id] = true
			single := files["upstream/v1/"+name+"/"+id+".json"]
			if squeeze(t, []byte(single)) != squeeze(t, r) {
				t.Errorf("%s %s differs between its file and the list", name, id)
			}
			// A visitor's canaries carry the first part of its id.
			if !strings.Contains(single, "canary-"+id[:min(len(id), 8)]+"-") {
				t.Errorf("%s %s has no canary", name, id)
			}
		}
	}
}

func TestEveryFileIsStrictJSON(t *testing.T) {
	t.Parallel()
	for name, content := range generate() {
		switch filepath.Ext(name) {
		case ".json":
			if !json.Valid([]byte(content)) {
				t.Errorf("%s is not JSON", name)
			}
		case ".ndjson":
			for i, line := range lines(content) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%s:%d is not JSON", name, i+1)
				}
			}
		}
	}
}

type location struct{ Country, State string }

type customer struct {
	ID        int
	Email     string
	Birth     *string   `json:"date_of_birth"`
	Address   *location `json:"address"`
	Residence *location `json:"residence"`
	Payment   *struct {
		Number string `json:"card_number"`
		Last4  string `json:"last4"`
	} `json:"payment"`
}

func (c *customer) zone() zone {
	switch {
	case c.Address == nil || c.Address.Country == "":
		return nowhere
	case c.Residence != nil:
		return mixed
	case c.Address.Country == "JP":
		return japan
	case c.Address.Country == "GB":
		return britain
	case c.Address.Country == "US" && c.Address.State == "CA":
		return california
	case c.Address.Country == "US":
		return otherUS
	case strings.Contains("DE FR ES IT AT SE PL NO IE", c.Address.Country):
		return eea
	default:
		return elsewhere
	}
}

// bandOn reads the age off the record, and not off what the generator meant.
func (c *customer) bandOn(day time.Time) band {
	if c.Birth == nil {
		return ageless
	}
	born, err := time.Parse(time.DateOnly, *c.Birth)
	if err != nil {
		return ageless
	}
	switch {
	case day.Before(born.AddDate(13, 0, 0)):
		return under13
	case day.Before(born.AddDate(16, 0, 0)):
		return from13
	case day.Before(born.AddDate(18, 0, 0)):
		return from16
	default:
		return adult
	}
}

func TestCustomersKeepTheirBandAndZone(t *testing.T) {
	t.Parallel()
	people := customers()
	list := customerList(t)
	var counts [zones][bands]int
	for i, c := range list {
		if c.ID != people[i].id || c.zone() != people[i].zone {
			t.Errorf("record %d is customer %d in %v, want %d in %v", i, c.ID, c.zone(), people[i].id, people[i].zone)
		}
		counts[c.zone()][people[i].band]++
		if c.ID == twiceBorn {
			continue // encoding/json sees the last of the two dates
		}
		for _, day := range []string{"2026-11-20", "2027-12-31"} {
			on, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.bandOn(on); got != people[i].band {
				t.Errorf("customer %d is %v on %s, want %v", c.ID, got, day, people[i].band)
			}
		}
	}
	if counts != census(people) {
		t.Errorf("census = %v, the records say %v", census(people), counts)
	}
	for z := range zones {
		total := 0
		for b := range bands {
			total += counts[z][b]
			if z != elsewhere && counts[z][b] == 0 {
				t.Errorf("nobody in %v is %v", z, b)
			}
		}
		if total != zoneSizes[z] {
			t.Errorf("%v has %d customers, want %d", z, total, zoneSizes[z])
		}
	}
}

func TestWellKnownCustomers(t *testing.T) {
	t.Parallel()
	list := customerList(t)
	for id, want := range map[int]struct {
		country, state string
		band           band
	}{
		1001: {"DE", "BE", adult}, 1002: {"JP", "東京都", adult}, 1003: {"US", "CA", adult}, 1004: {"GB", "", adult},
		1005: {"JP", "大阪府", under13}, 1006: {"FR", "", adult}, 1007: {"DE", "BY", adult}, 1008: {"ES", "M", adult},
		1009: {"IT", "RM", adult}, 1010: {"", "", adult}, 1011: {"DE", "NW", adult}, 1012: {"US", "CA", from13},
		1013: {"US", "NY", adult}, 1014: {"AT", "9", from16}, 1015: {"SE", "O", ageless}, 1016: {"GB", "", ageless},
		1018: {"GB", "", under13}, 1019: {"DE", "BE", under13}, 1020: {"FR", "", adult}, 1022: {"IT", "CA", adult}, 1023: {"CA", "QC", adult},
	} {
		c := list[id-firstCustomer]
		if c.ID != id || c.Address == nil || c.Address.Country != want.country || want.country != "" && c.Address.State != want.state {
			t.Errorf("customer %d is %+v, want %+v", id, c, want)
		}
		if got := c.bandOn(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); got != want.band {
			t.Errorf("customer %d is %v, want %v", id, got, want.band)
		}
	}
	if c := list[1017-firstCustomer]; c.Address.Country != "JP" || c.Residence == nil || c.Residence.Country != "DE" {
		t.Errorf("customer 1017 is %+v", c)
	}
	files := generate()
	if raw := files["upstream/v1/customers/1021.json"]; strings.Count(raw, `"date_of_birth"`) != 2 {
		t.Error("customer 1021 does not have two dates of birth")
	}
	for id := range list {
		name := fmt.Sprintf("upstream/v1/customers/%d/orders.json", firstCustomer+id)
		orders := recordsOf(t, files[name])
		if len(orders) == 0 && id < len(wellKnown) || len(orders) > 6 {
			t.Errorf("%s has %d orders", name, len(orders))
		}
		for _, o := range orders {
			if owner := decode[struct{ Customer int }](t, o).Customer; owner != firstCustomer+id {
				t.Errorf("%s has an order of %d", name, owner)
			}
			if strings.Contains(string(o), "birth") {
				t.Errorf("%s names a date of birth", name)
			}
		}
	}
}

// Nothing in the files may reach or name a real person.
func TestNothingIsReal(t *testing.T) {
	t.Parallel()
	reserved := regexp.MustCompile(`@(example\.(com|org|net)|[a-z]+\.example)$`)
	address := regexp.MustCompile(`[^\s@"]+@[^\s@",]+`)
	digitRun := regexp.MustCompile(`\d{12,19}`)
	phone := regexp.MustCompile(`^\+(1-555-01\d\d|44 20 7946 0\d{3}|49 30 23125 \d{3}|33 1 99 00 \d\d \d\d|46 31 390 06 \d\d|353 20 910 \d{4}|61 2 5550 00\d\d|\d+[- ](\d{1,2}[- ])?00[0 -]*\d\d)$`)
	test := map[string]bool{}
	for _, c := range cards {
		test[c.number] = true
	}
	for name, content := range generate() {
		if filepath.Ext(name) != ".json" {
			continue
		}
		texts(t, content, func(key, s string) {
			for _, a := range address.FindAllString(s, -1) {
				if !reserved.MatchString(a) {
					t.Errorf("%s: %q is not a reserved address", name, a)
				}
			}
			for _, n := range digitRun.FindAllString(s, -1) {
				if key != "id" && !test[n] {
					t.Errorf("%s: %q is not a test card", name, n)
				}
			}
			if (key == "phone" || key == "fax") && !phone.MatchString(s) {
				t.Errorf("%s: %q may be somebody's line", name, s)
			}
		})
	}
	for _, c := range customerList(t) {
		if c.Payment != nil && (!test[c.Payment.Number] || !strings.HasSuffix(c.Payment.Number, c.Payment.Last4)) {
			t.Errorf("customer %d pays with %+v", c.ID, c.Payment)
		}
	}
}

func TestEveryTraitOccurs(t *testing.T) {
	t.Parallel()
	files := generate()
	all := files["upstream/v1/customers.json"]
	for _, trait := range []string{
		`"em\u0061il"`, `"na\u006De"`, `"date_o\u0066_birth"`, `"i\u0064"`, `"add\u0072ess"`, // escaped keys
		`"\u0055S"`, `"\u0032`, // escaped values that decide: a country, a year of birth
		`\/`, `\"`, `\\`, `\n`, `\ud83d\ude80`, "🚀", "o\u0308", "\u00ad", "𠮷",
		"1E400", "1E-400", "-0,", "9007199254740993", "18446744073709551617", `"country": null`, `"address": null`,
		`"licences": {}`, `"tickets": []`, `"tags":[]`, "[[]]", `],[]]`, `"":`, "\n\t\t\t\"", `{ "`,
	} {
		if !strings.Contains(all, trait) {
			// Layouts differ by record: the trait may stand without white space.
			if !strings.Contains(squeeze(t, []byte(all)), trait) {
				t.Errorf("no customer shows %q", trait)
			}
		}
	}
	if n := len(decode[map[string]any](t, []byte(files["upstream/v1/licences_by_customer.json"]))); n != licenseeCount {
		t.Errorf("licences_by_customer has %d entries", n)
	}
	if n := len(decode[[]any](t, []byte(files["upstream/v1/products.json"]))); n != len(catalogue) {
		t.Errorf("products has %d entries", n)
	}
}

func customerList(t *testing.T) []customer {
	t.Helper()
	var out []customer
	for _, r := range recordsOf(t, generate()["upstream/v1/customers.json"]) {
		out = append(out, decode[customer](t, r))
	}
	if len(out) < 200 {
		t.Fatalf("%d customers", len(out))
	}
	return out
}

func recordsOf(t *testing.T, list string) []json.RawMessage {
	t.Helper()
	wrapped := decode[struct {
		Object string
		Data   []json.RawMessage
	}](t, []byte(list))
	if wrapped.Object != "list" {
		t.Fatalf("not a list: %.80s", list)
	}
	return wrapped.Data
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("%v: %.80s", err, data)
	}
	return out
}

func squeeze(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func lines(content string) []string {
	return strings.Split(strings.TrimSuffix(content, "\n"), "\n")
}

// texts visits every string of a document with the key that it stands under.
func texts(t *testing.T, content string, visit func(key, s string)) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(content))
	d.UseNumber() // 1E400
	var document any
	if err := d.Decode(&document); err != nil {
		t.Fatal(err)
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case string:
			visit(key, v)
		case []any:
			for _, item := range v {
				walk(key, item)
			}
		case map[string]any:
			for k, item := range v {
				visit("", k)
				walk(k, item)
			}
		}
	}
	walk("", document)
}
