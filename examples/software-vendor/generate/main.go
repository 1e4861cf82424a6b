// Command generate writes the data of the example software vendor: what its
// internal CRM API answers (upstream/), what is known of the people in it
// (events.ndjson) and whom to try (PEOPLE.md). The people are invented: every
// e-mail domain, phone number, card and IP address is one that is set aside for
// documentation, tests or fiction.
//
// The output is committed, and the same for every run:
//
//	go run ./examples/software-vendor/generate
//
// It overwrites what it generates and deletes nothing; a test names the files
// that are no longer generated.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	out := flag.String("out", filepath.Join("examples", "software-vendor"), "folder to write into")
	flag.Parse()
	if err := write(*out, generate()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(out string, files map[string]string) error {
	for name, content := range files {
		path := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the folder of %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// generate returns the content of every file by its name, with forward slashes.
// A route /v1/x is the file upstream/v1/x.json.
func generate() map[string]string {
	files := map[string]string{}
	collection := func(name string, ids []string, entries []entry) {
		for i, e := range entries {
			files["upstream/v1/"+name+"/"+ids[i]+".json"] = render(e.body, e.layout, 0) + "\n"
		}
		files["upstream/v1/"+name+".json"] = list("/v1/"+name, entries)
	}

	people := customers()
	ids, profiles := make([]string, 0, len(people)), make([]entry, 0, len(people))
	var licensees []string
	for i := range people {
		p := &people[i]
		id := string(number(p.id))
		d, t := newDice("customer "+id), textureOf(p.id)
		profile := p.profile(d, t)
		ids = append(ids, id)
		profiles = append(profiles, entry{t.arrange(profile), t.layout})
		if len(licensees) < licenseeCount {
			licensees = append(licensees, "  "+string(plain.text(id))+": "+render(licensee(profile), t.layout, 1))
		}
		files["upstream/v1/customers/"+id+"/orders.json"] = list("/v1/customers/"+id+"/orders", p.orders(d))
	}
	collection("customers", ids, profiles)
	files["upstream/v1/licences_by_customer.json"] = "{\n" + strings.Join(licensees, ",\n") + "\n}\n"
	files["upstream/v1/products.json"] = products()

	generated := func(name string, count int, record func(d *dice, i int) (string, entry)) {
		d := newDice(name)
		var ids []string
		var entries []entry
		for i := range count {
			id, e := record(d, i)
			ids, entries = append(ids, id), append(entries, e)
		}
		collection(name, ids, entries)
	}
	generated("partners", partnerCount, partner)
	generated("staff", staffCount, employee)
	generated("family", relativeCount, relative)
	visitors := visitorIDs()
	generated("visitors", visitorCount, func(d *dice, i int) (string, entry) { return visitor(d, i, visitors[i]) })

	told := record(people)
	var lines strings.Builder
	for _, e := range told.events {
		lines.WriteString(e.line() + "\n")
	}
	files["events.ndjson"] = lines.String()
	files["PEOPLE.md"] = guide(told)
	return files
}

const licenseeCount = 28

// licensee is an entry of the map by customer id: the key alone says whose it is.
func licensee(profile object) object {
	var o object
	for _, member := range profile {
		if slices.Contains([]raw{`"name"`, `"email"`, `"licences"`}, member.key) {
			o = append(o, member)
		}
	}
	return o
}
