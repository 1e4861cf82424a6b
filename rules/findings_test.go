package rules_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// quiet is a policy about which there is nothing to say.
const quiet = `language: 1
controller: {id: vendor, legal_name: The example software vendor, country: JP}
documents:
  general: {notice: appi, version: "1", effective_from: 2024-01-01}
  california: {notice: california, version: "1", effective_from: 2026-01-01}
geography: {as_of: 2026-10-01, sources: [the official lists], eea: [DE], uk: [GB]}
categories:
  user.id: {identifier: direct}
  user.name: {identifier: direct}
  user.orders: {}
  user.usage: {}
purposes:
  news: {}
  law: {legal: obligation}
  support:
    retention: P1Y
    appi: [customer]
    eea_uk: {customer: {row: "1", bases: [contract]}}
  statistics:
    retention: P0D
    appi: [customer]
    eea_uk: {customer: {row: "2", bases: [legitimate_interest]}}
contracts:
  shared:
    purposes:
      support: {limits: {lists: false, subjects_per_day: 9}, needs: {user.id: clear, user.orders: clear}}
recipients:
  desk:
    legal_name: desk (fictional)
    kind: processor
    category: crm
    country: JP
    match: {user: desk}
    handling_terms: {ref: t, accepted_at: 2024-01-01}
    contract:
      valid_from: 2025-01-01
      automated_decision: false
      uses: shared
      purposes:
        statistics: {limits: {subjects_per_day: 5}, needs: {user.id: pseudonym, user.usage: clear}}
populations:
  customer: {id: integer}
api: crm
unseen_subject: allow
shapes:
  customer:
    subject: {population: customer, category: customer, id: {at: id}, country: country}
    fields:
      id: {category: user.id}
      object: public
      orders: {category: user.orders}
      usage: {category: user.usage}
resources:
  customer: {route: "GET /customers/{id}", body: {".": customer}}
  customers: {route: "GET /customers", body: {"[]": customer}}
`

func findings(t *testing.T, policy string, at time.Time) rules.Problems {
	t.Helper()
	p, problems, err := source.Policy(fstest.MapFS{"policy.yaml": &fstest.MapFile{Data: []byte(policy)}})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return p.Findings(at)
}

// Each case changes one line of a policy about which there is nothing to say.
func TestFindings(t *testing.T) {
	t.Parallel()
	if found := findings(t, quiet, now); len(found) > 0 {
		t.Fatalf("the policy to begin with:\n%v", found)
	}
	for _, c := range []struct {
		name, old, now string
		kind           error
		want           string // each of its lines in one finding
	}{
		{"old lists of countries", "as_of: 2026-10-01", "as_of: 2026-08-01", rules.ErrOutdated, "the lists of countries are those of 2026-08-01"},
		{"lists without a source", "sources: [the official lists], ", "", rules.ErrMissing, "name no source"},
		{"an old California notice", "effective_from: 2026-01-01", "effective_from: 2025-11-01", rules.ErrOutdated, `the California notice "california" is from 2025-11-01`},
		{"no retention", "    retention: P0D\n", "", rules.ErrMissing, `purpose "statistics" does not say how long data is kept`},
		{"a purpose of an outsider without a limit", "limits: {subjects_per_day: 5}, ", "", rules.ErrMissing, `recipient "desk" may read without a limit for "statistics"`},
		{"limits that bound nothing", "limits: {subjects_per_day: 5}", "limits: {}", rules.ErrMissing, `recipient "desk" may read without a limit for "statistics"`},
		{"so many in an answer", "limits: {subjects_per_day: 5}", "limits: {subjects_per_response: 5, lists: false, not_found_percent: 5}", rules.ErrMissing, `recipient "desk" may read without a limit for "statistics"`},
		{"shared terms without a limit", "limits: {lists: false, subjects_per_day: 9}, ", "limits: {subjects_per_day: 1}, ", rules.ErrReveals, `purpose_union: recipient "desk" can join its answers for "statistics" and "support" by the order of the list crm.customers`},
		{"one identifier for two purposes", "user.id: pseudonym", "user.id: clear", rules.ErrReveals, `by the user.id of a customer, and so see of one person user.id, user.orders, user.usage`},
		{"a need of what no field holds", "user.usage: clear}", "user.usage: clear, user.name: clear}", rules.ErrDangling, `no resource has a field of the category "user.name"`},
		{"a need of what a field holds by a longer name", "user.usage: clear}", "user.usage: clear, user.id.number: clear}", rules.ErrDangling, `no resource has a field of the category "user.id.number"`},
		{"a credential for nothing", "match: {user: desk}", "match: {users: [{name: desk, purposes: [support, statistics]}, {name: night, purposes: [news]}]}", rules.ErrDangling, `a credential of "desk" is for "news", which its contract does not have`},
		{"an order without an end", "populations:\n", "orders:\n  o-1: {kind: audit, issuer: court, purpose: law, recipients: [desk], categories: [user.id], named: true, valid_from: 2026-01-01}\npopulations:\n", rules.ErrMissing, `order "o-1" has no end`},
		{"decisions by machine", "      automated_decision: false\n", "", rules.ErrMissing, "does not exclude decisions by machine alone"},
		{"a public member that looks personal", "object: public", "contactEmail: public", rules.ErrReveals, `public member "contactEmail" looks personal`},
		{"a public member that looks unique", "object: public", `"meta.links[].href": public`, rules.ErrReveals, `public member "meta.links[].href" looks unique`},
		{"a subtree", "orders: {category: user.orders}", "orders: {category: user.orders, subtree: true}", rules.ErrReveals, `"orders" passes everything below it`},
		{"neither age nor regime", ", country: country}", "}", rules.ErrReveals, `resource "customer" tells neither the age nor the regime of its customer "customer"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			edited := strings.Replace(quiet, c.old, c.now, 1)
			if edited == quiet {
				t.Fatalf("no %q", c.old)
			}
			found := findings(t, edited, now)
			if !strings.Contains(found.Error(), c.want) {
				t.Fatalf("got\n%v\nwant %s", found, c.want)
			}
			for _, f := range found {
				if !f.Warning || !strings.Contains(f.Error(), ": warning: ") || f.Pos.File != "policy.yaml" || f.Pos.Line < 2 {
					t.Errorf("%v", f)
				}
				if strings.Contains(f.Detail, c.want) && !errors.Is(f, c.kind) {
					t.Errorf("%v is no %v", f, c.kind)
				}
			}
		})
	}
}

// A mechanism that does not hold any more is an error of the review, at its place, and
// none of loading: it counts for nothing, and the rest of the policy goes on. One that
// does not hold yet is a warning.
func TestMechanismsThatDoNotHold(t *testing.T) {
	t.Parallel()
	for safeguards, want := range map[string]string{
		"eea: {type: scc, ref: r, valid_until: 2026-11-22}":                                     `safeguard scc of recipient "desk" ended on 2026-11-22`,
		"eea: {type: scc, ref: r, signed_at: 2026-11-24}":                                       `safeguard scc of recipient "desk" is signed only on 2026-11-24`,
		"appi: {type: equivalent_system, ref: r, last_checked: 2025-11-01}":                     `equivalent_system of recipient "desk" was to be checked by 2026-11-01`,
		"appi: {type: equivalent_system, ref: r, last_checked: 2026-12-01}":                     `equivalent_system of recipient "desk" was checked only on 2026-12-01`,
		"uk: {type: idta, ref: r, valid_until: 2026-11-23}":                                     "",
		"appi: {type: equivalent_system, ref: r, last_checked: 2025-11-23, check_every: P1Y1D}": "",
	} {
		found := findings(t, strings.Replace(quiet, "    match: {user: desk}\n", "    match: {user: desk}\n    safeguards: {"+safeguards+"}\n", 1), now)
		switch {
		case want == "" && len(found) == 0:
		case want == "" || len(found) != 1:
			t.Errorf("%s: %v", safeguards, found)
		case found[0].Warning != strings.Contains(want, " only on ") || !errors.Is(found[0], rules.ErrOutdated) || !strings.Contains(found[0].Detail, want) || found[0].Pos.Line < 2:
			t.Errorf("%s: %v, want %s", safeguards, found[0], want)
		}
	}
}

// What is said on purpose is not found, nor what no outsider can use.
func TestNoFindings(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string][2]string{
		"facts from the state":       {", country: country}", ", facts: state}"},
		"pseudonyms of two purposes": {"user.id: clear, user.orders", "user.id: pseudonym, user.orders"},
		"a list that is not theirs":  {`customers: {route: "GET /customers",`, `customers: {route: "GET /customers", purposes: [statistics],`},
		"an internal recipient without limits": {"populations:\n", `  insider:
    legal_name: The example software vendor
    kind: internal
    category: other
    country: JP
    match: {user: insider}
    grant: {valid_from: 2025-01-01, purposes: {support: {needs: {user.id: clear, user.orders: clear}}, statistics: {needs: {user.usage: clear, user.id: clear}}}}
populations:
`},
	} {
		edited := strings.Replace(quiet, edit[0], edit[1], 1)
		if edited == quiet {
			t.Errorf("%s: no %q", name, edit[0])
		}
		if found := findings(t, edited, now); len(found) > 0 {
			t.Errorf("%s:\n%v", name, found)
		}
	}
}
