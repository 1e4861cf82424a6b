package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// G11 and A12 by the kind of data, the country and the date of a mechanism.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	asOf := func(country string, at time.Time) subject { return subject{facts: in(country).facts, at: at} }
	us := request{recipient: "certified", purpose: "support"}
	hr := request{recipient: "certified", purpose: "support", path: "colleagues"}
	two := request{recipient: "two_countries", purpose: "support"}
	p := inputs(t)
	check, end := day("2026-12-01"), day("2027-01-01") // of the equivalent system, of the certification
	answer(t, p, []question{
		{"certified, EEA", us, in("DE"), "allow"},
		{"certified, UK", us, in("GB"), "allow"},
		{"HR data, EEA", hr, in("DE"), "transfer_no_safeguard"},
		{"HR data, UK: an extension of what does not cover it", hr, in("GB"), "transfer_no_safeguard"},
		{"HR data, Japan", hr, in("JP"), "allow"},
		{"an instant before the check is due", us, asOf("JP", check.Add(-1)), "allow"},
		{"the check is due", us, asOf("JP", check), "appi_foreign_no_safeguard"},
		{"one of two countries, EEA", two, in("DE"), "transfer_no_safeguard"},
		{"one of two countries, UK", two, in("GB"), "transfer_no_safeguard"},
		{"both countries, Japan", two, in("JP"), "allow"},
		{"a year after the check, unless it says otherwise", two, asOf("JP", day("2027-06-01")), "appi_foreign_no_safeguard"},
		{"a year after the check less an instant", two, asOf("JP", day("2027-06-01").Add(-1)), "allow"},
	})

	// Each line by itself decides.
	const uk = "uk: {type: dpf_extension, ref: r, covers: [hr, non_hr]"
	for _, c := range []struct {
		what, was, is string
		request       request
		subject       subject
		want          string
	}{
		{"HR data covered", "covers: [non_hr]", "covers: [hr, non_hr]", hr, in("DE"), "allow"},
		{"HR data covered, and extended", "covers: [non_hr]", "covers: [hr, non_hr]", hr, in("GB"), "allow"},
		{"only HR data covered", "covers: [non_hr]", "covers: [hr]", us, in("DE"), "transfer_no_safeguard"},
		{"the extension covers HR data alone", uk, "uk: {type: dpf_extension, ref: r, covers: [hr]", us, in("GB"), "transfer_no_safeguard"},
		{"no extension", uk, "uk: {type: idta, ref: r, countries: [US]", us, in("GB"), "allow"},
		{"the certification has ended, not the extension", "check_every: P6M", "check_every: P9Y", us, asOf("GB", end), "transfer_no_safeguard"},
		{"the certification has not ended", "check_every: P6M", "check_every: P9Y", us, asOf("GB", end.Add(-1)), "allow"},
		{"the certification is not signed yet", "covers: [non_hr], signed_at: 2024-01-01", "covers: [non_hr], signed_at: 2026-11-24", us, in("DE"), "transfer_no_safeguard"},
		{"nor is what extends it", "covers: [non_hr], signed_at: 2024-01-01", "covers: [non_hr], signed_at: 2026-11-24", us, in("GB"), "transfer_no_safeguard"},
		{"a framework covers the United States alone", "    country: US\n", "    country: US\n    onward_countries: [IN]\n", us, in("DE"), "transfer_no_safeguard"},
		{"both countries", "countries: [IN]", "countries: [IN, BR]", two, in("DE"), "allow"},
		{"no country said: all", "countries: [IN], ", "", two, in("DE"), "allow"},
		{"an onward country with adequacy", "onward_countries: [BR]", "onward_countries: [FR]", two, in("DE"), "allow"},
		{"not checked yet", "ref: r, last_checked: 2026-06-01}", "ref: r, last_checked: 2026-11-24}", two, in("JP"), "appi_foreign_no_safeguard"},
		{"EU clauses are none of the UK", "countries: [IN], ", "", two, in("GB"), "transfer_no_safeguard"},
	} {
		answer(t, inputs(t, c.was, c.is), []question{{c.what, c.request, c.subject, c.want}})
	}

	_, problems := rules.Compile(bundleOf(t, "testdata/inputs", "      eea: {type: dpf, ref: r, covers: [non_hr], signed_at: 2024-01-01, valid_until: 2026-12-31}\n", ""))
	if !errors.Is(problems.Err(), rules.ErrConflict) {
		t.Errorf("an extension without a certification compiles: %v", problems)
	}
}

// G6: a pin of the recipient's category makes the basis another one, and then the
// rules of that basis count.
func TestPinnedForACategoryOfRecipients(t *testing.T) {
	t.Parallel()
	helpdesk, payer := request{purpose: "analysis"}, request{recipient: "payer", purpose: "analysis"}
	refused := consent(rules.ConsentRefused, "analysis", daysAgo(3))
	objected := event(rules.EventLIObjection, rules.StateUpheld, daysAgo(3))
	answer(t, inputs(t), []question{
		{"the strictest", helpdesk, in("DE"), "consent_unknown"},
		{"pinned", payer, in("DE"), "allow"},
		{"pinned, in the UK", payer, in("GB"), "allow"},
		{"pinned, a consent refused", payer, in("DE", refused), "allow"},
		{"pinned, objected", payer, in("DE", objected), "li_objection_upheld"},
		{"pinned, objected, a consent given", payer, in("DE", objected, given("analysis", daysAgo(1))), "li_objection_upheld"},
		{"the strictest, objected, a consent given", helpdesk, in("DE", objected, given("analysis", daysAgo(1))), "allow"},
	})
}

// Facts that a route cannot carry come from state, and the strictest known counts: an
// age that another route has shown, and the state of somebody in the United States.
func TestFactsOfAnotherRoute(t *testing.T) {
	t.Parallel()
	child := seen(age(rules.Under13, daysAgo(30)))
	texas := location("US", daysAgo(30))
	texas.Location.Region = "TX"
	california := texas
	california.Location.Region = "CA"
	inTexas := in("US")
	inTexas.facts.Locations[0].Region = "TX"
	inTexas.facts.Born = day("1980-01-01")
	member := request{purpose: "support", path: "members"} // has no birth date
	staff := request{purpose: "support", path: "colleagues"}
	answer(t, inputs(t), []question{
		{"seen as a child elsewhere", member, in("JP", child), "child_under_13"},
		{"not seen", member, in("JP"), "allow"},
		{"staff of no known state is Californian", staff, in("US"), "purpose_out_of_scope"},
		{"staff in Texas by state, of no known state by body", staff, in("US", texas), "purpose_out_of_scope"},
		{"staff in Texas by state, nowhere by body", staff, subject{events: []rules.Event{texas}}, "allow"},
		{"staff in California by state, nowhere by body", staff, subject{events: []rules.Event{california}}, "purpose_out_of_scope"},
		{"in Texas by body", request{purpose: "club"}, subject{facts: inTexas.facts, events: []rules.Event{notice("general", "2")}}, "allow"},
		{"in Texas by body, seen in California", request{purpose: "club"}, subject{facts: inTexas.facts, events: []rules.Event{notice("general", "2"), seen(california)}}, "purpose_out_of_scope"},
	})
}
