// Package largepolicy writes a policy of the size that a large company would have,
// always the same, for tests and benchmarks of what must not grow with it.
package largepolicy

import (
	"bytes"
	"fmt"
	"testing/fstest"
)

// The numbers of the policy. Every recipient has every purpose, by reference to
// terms that it shares with others.
const (
	APIs       = 4
	Resources  = 1000 // of all apis together; each has a shape of its own
	Recipients = 100
	Purposes   = 50
	Families   = 4 // of contract terms: recipients of one family have the same
	Terms      = 5 // of a family, with the purposes divided among them
	fields     = 13
	categories = 60
)

// Recipient is the name of one, and of its user.
func Recipient(i int) string { return fmt.Sprintf("recipient-%03d", i) }

// Purpose is the id of one.
func Purpose(i int) string { return fmt.Sprintf("purpose.number%02d", i) }

// Files writes the policy.
func Files() fstest.MapFS {
	dir := fstest.MapFS{
		"notices.yaml":    {Data: notices()},
		"contracts.yaml":  {Data: contracts()},
		"recipients.yaml": {Data: recipients()},
	}
	for api := range APIs {
		dir[fmt.Sprintf("api-%d.yaml", api)] = &fstest.MapFile{Data: resources(api)}
	}
	return dir
}

// writer collects the lines of a file.
type writer struct{ bytes.Buffer }

func (w *writer) line(format string, a ...any) { fmt.Fprintf(&w.Buffer, format+"\n", a...) }

func category(i int) string { return fmt.Sprintf("user.group%d.category%02d", i%6, i) }

func notices() []byte {
	var w writer
	w.line("language: 1")
	w.line("controller: {id: large, legal_name: The example software vendor, country: JP}")
	w.line("documents:")
	for _, notice := range []string{"appi", "eea_uk", "california"} {
		w.line(`  %s: {notice: %s, version: "1", effective_from: 2024-01-01}`, notice, notice)
	}
	w.line("disclosures: {eea_uk: [crm], california: [crm]}")
	w.line("categories:")
	w.line("  user.unique_id: {identifier: direct, eea_uk: [customer], ccpa: {customer: identifiers}}")
	for i := range categories {
		w.line("  %s: {identifier: %s, eea_uk: [customer], ccpa: {customer: commercial}}", category(i), []string{"quasi", "attribute"}[i%2])
	}
	w.line("purposes:")
	for i := range Purposes {
		w.line("  %s:", Purpose(i))
		w.line("    appi: [customer]")
		w.line(`    eea_uk: {customer: {row: "E%d", bases: [legitimate_interest]}}`, i)
		w.line("    california: {subjects: [customer], m7027: [1], cells: {customer: [identifiers, commercial]}}")
	}
	return w.Bytes()
}

func terms(family, i int) string { return fmt.Sprintf("terms-%d-%d", family, i) }

func contracts() []byte {
	var w writer
	w.line("language: 1")
	w.line("contracts:")
	for family := range Families {
		for t := range Terms {
			w.line("  %s:", terms(family, t))
			w.line("    purposes:")
			for i := t; i < Purposes; i += Terms {
				w.line("      %s:", Purpose(i))
				w.line("        needs:")
				w.line("          user.unique_id: pseudonym")
				for c := family; c < categories; c += Families + i%Families {
					w.line("          %s: clear", category(c))
				}
				w.line("        limits: {subjects_per_response: 100, subjects_per_day: 10000}")
			}
		}
	}
	return w.Bytes()
}

func recipients() []byte {
	var w writer
	w.line("language: 1")
	w.line("recipients:")
	for i := range Recipients {
		w.line("  %s:", Recipient(i))
		w.line("    legal_name: Recipient %d (fictional)", i)
		w.line("    kind: processor")
		w.line("    category: crm")
		w.line("    country: US")
		w.line("    match: {user: %s, certificate: {ca: vendors, dns: [%s.vendors.example]}}", Recipient(i), Recipient(i))
		w.line("    handling_terms: {ref: terms-3, accepted_at: 2024-09-01}")
		w.line("    evaluation: {ref: ev-%d, result: passed, at: 2026-03-02, valid_until: 2028-03-31}", i)
		w.line("    safeguards:")
		w.line("      appi: {type: equivalent_system, ref: eq-%d, last_checked: 2026-10-01}", i)
		w.line("      eea: {type: scc, ref: scc-%d, signed_at: 2024-09-01}", i)
		w.line("      uk: {type: addendum, ref: add-%d, signed_at: 2024-09-01}", i)
		w.line("    contract:")
		w.line("      ref: c-%d", i)
		w.line("      valid_from: 2024-09-01")
		w.line("      ccpa_terms: true")
		w.line("      uses:")
		for t := range Terms {
			w.line("        - %s", terms(i%Families, t))
		}
	}
	return w.Bytes()
}

// API is the name of one.
func API(i int) string { return fmt.Sprintf("api%d", i) }

func resources(api int) []byte {
	var w writer
	w.line("language: 1")
	w.line("api: %s", API(api))
	w.line("unseen_subject: allow")
	if api == 0 {
		w.line("populations: {customer: {id: integer}}")
	}
	w.line("shapes:")
	for i := api; i < Resources; i += APIs {
		w.line("  shape%d:", i)
		w.line("    subject: {population: customer, category: customer, id: {at: id}, country: address.country, born: born}")
		w.line("    fields:")
		w.line("      id: {category: user.unique_id, link: customer_id}")
		w.line("      object: public")
		for f := range fields {
			w.line("      part%d.member_%d_%d: {category: %s, source: direct}", f%4, i, f, category((i+f)%categories))
		}
	}
	w.line("resources:")
	for i := api; i < Resources; i += APIs {
		w.line("  resource%d:", i)
		w.line(`    route: "GET /v1/collection%d/{id}"`, i)
		w.line("    params: {id: {population: customer}}")
		w.line("    query: {limit: integer}")
		w.line(`    body: {"data": shape%d, has_more: public}`, i)
	}
	return w.Bytes()
}
