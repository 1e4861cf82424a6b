package rules_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// with is the test policy with some lines written otherwise: what stands there,
// and what stands there now, by turns.
func with(t *testing.T, lines ...string) *rules.Policy {
	t.Helper()
	return rewritten(t, "testdata/policy", lines...)
}

// rewritten is with for the policy of a folder.
func rewritten(t *testing.T, folder string, lines ...string) *rules.Policy {
	t.Helper()
	p, problems := rules.Compile(bundleOf(t, folder, lines...))
	if len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	return p
}

func bundleOf(t *testing.T, folder string, lines ...string) *rules.Bundle {
	t.Helper()
	dir := make(fstest.MapFS)
	for _, file := range []string{"notices.yaml", "recipients.yaml", "resources.yaml"} {
		b, err := os.ReadFile(folder + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		dir[file] = &fstest.MapFile{Data: b}
	}
	for i := 0; i < len(lines); i += 2 {
		changed := false
		for _, file := range dir {
			if text := string(file.Data); strings.Contains(text, lines[i]) {
				file.Data, changed = []byte(strings.Replace(text, lines[i], lines[i+1], 1)), true
			}
		}
		if !changed {
			t.Fatalf("no line has %q", lines[i])
		}
	}
	bundle, problems, err := source.Load(dir)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return bundle
}

// Each line of a policy that decides reaches the rule that asks for it: written
// otherwise, it changes the answer about somebody.
func TestEveryLineDecides(t *testing.T) {
	t.Parallel()
	californian := in("US").born("1980-01-01")
	californian.facts.Locations[0].Region = "CA"
	consenting := func(s subject, purpose string) subject {
		e := given(purpose, daysAgo(5))
		e.Scope.Recipients = []string{"helpdesk", "broker"}
		s.events = append(s.events, e)
		return s
	}
	for _, c := range []struct {
		rule               string
		was, is            string
		recipient, purpose string
		subject            subject
		member             string
		before, after      string
	}{
		{"A2", "  elsewhere: {}", "  elsewhere: {appi: [customer]}", "helpdesk", "elsewhere", in("JP"), "name", "purpose_out_of_scope", "allow"},
		{"A2 for a group", "appi: [customer, staff]", "appi: [staff]", "helpdesk", "support", in("JP"), "name", "allow", "purpose_out_of_scope"},
		{"A5", "special: true, spi: true", "spi: true", "helpdesk", "support", in("JP"), "health", "special_care_no_consent", "allow"},
		{"A5, health", "  delivery: #", "  delivery:\n    health: true #", "helpdesk", "delivery", in("JP"), "health", "special_care_no_consent", "allow"},
		{"A12", "    country: IN\n", "    country: IN\n    safeguards: {appi: {type: equivalent_system, last_checked: 2026-06-01, ref: r}}\n", "abroad", "support", in("JP"), "name", "appi_foreign_no_safeguard", "allow"},
		{"A12, designated", "appi_designated: [AT", "appi_designated: [IN, AT", "abroad", "support", in("JP"), "name", "appi_foreign_no_safeguard", "allow"},
		{"A12, onward", "    category: crm\n    country: JP\n", "    category: crm\n    country: JP\n    onward_countries: [IN]\n", "helpdesk", "support", in("JP"), "name", "allow", "appi_foreign_no_safeguard"},
		{"G2, profiling", "  support:  #", "  support:\n    profiling: true #", "helpdesk", "support", in("DE", active(rules.EventDMObjection, daysAgo(3))), "name", "allow", "dm_objection"},
		{"G2, advertising elsewhere", "  support:  #", "  support:\n    ad_share: true #", "helpdesk", "support", in("DE", active(rules.EventDMObjection, daysAgo(3))), "name", "allow", "dm_objection"},
		{"G2, direct marketing", "    direct_marketing: true\n", "", "helpdesk", "news", in("DE", active(rules.EventDMObjection, daysAgo(3))), "name", "dm_objection", "allow"},
		{"G3", `eea_uk: {customer: {row: "1", bases: [legitimate_interest]}, `, "eea_uk: {", "helpdesk", "support", in("DE"), "name", "allow", "purpose_out_of_scope"},
		{"G4", "user.name: {identifier: direct, eea_uk: [customer, staff]", "user.name: {identifier: direct, eea_uk: [staff]", "helpdesk", "support", in("DE"), "name", "allow", "category_not_declared"},
		{"G6, pin", "bases: [legitimate_interest, consent]}", "bases: [legitimate_interest, consent], pin: legitimate_interest}", "helpdesk", "analysis", in("DE"), "name", "consent_unknown", "allow"},
		{"G7, age in the EEA", "choices: {sale_share: enabled}", "choices: {digital_consent_age_eea: 13}", "helpdesk", "analysis", consenting(in("DE"), "analysis").born("2012-01-01"), "name", "consent_child_invalid", "allow"},
		{"G7, age in the UK", "choices: {sale_share: enabled}", "choices: {digital_consent_age_uk: 14}", "helpdesk", "analysis", consenting(in("GB"), "analysis").born("2012-01-01"), "name", "allow", "consent_child_invalid"},
		{"G10", "eea_uk: [crm, analytics_module, adtech]", "eea_uk: [payment]", "helpdesk", "support", in("DE"), "name", "allow", "recipient_category_not_declared"},
		{"G11 in the EEA", "adequate_eea: [JP, GB, KR]", "adequate_eea: [GB]", "helpdesk", "support", in("DE"), "name", "allow", "transfer_no_safeguard"},
		{"G11 in the UK", "adequate_uk: [AT, DE, ES, FR, IT, JP]", "adequate_uk: [AT]", "helpdesk", "support", in("GB"), "name", "allow", "transfer_no_safeguard"},
		{"U3, purpose", "california: {subjects: [customer], m7027: [1], cells: {customer: [identifiers]}}", "dpv: x", "helpdesk", "support", californian, "name", "allow", "purpose_out_of_scope"},
		{"U3, category", "user.name: {identifier: direct, eea_uk: [customer, staff], ccpa: {customer: identifiers, ", "user.name: {identifier: direct, eea_uk: [customer, staff], ccpa: {", "helpdesk", "support", californian, "name", "allow", "category_not_declared"},
		{"U4, m7027", "california: {subjects: [customer], m7027: [1]", "california: {subjects: [customer]", "helpdesk", "support", californian, "passport", "allow", "spi_no_consent"},
		{"U6", "ccpa_terms: true", "ccpa_terms: false", "helpdesk", "support", californian, "name", "allow", "ccpa_no_contract"},
		{"U7, sharing", "sale_share: enabled", "sale_share: disabled", "broker", "adverts", consenting(californian, "adverts"), "name", "allow", "ccpa_sale_share_disabled"},
		{"U10, recipient", "california: [crm, analytics_module, adtech]", "california: [payment]", "helpdesk", "support", californian, "name", "allow", "disclosure_not_declared"},
		{"U10, class", "m7027: [1], cells: {customer: [identifiers]}}\n  delivery", "m7027: [1], cells: {customer: [commercial]}}\n  delivery", "helpdesk", "support", californian, "name", "allow", "disclosure_not_declared"},
		{"U10, reported", "sale_share: enabled", "undeclared_disclosures: report", "helpdesk", "elsewhere", consenting(californian, "elsewhere"), "name", "disclosure_not_declared", "allow"},
		{"U5, spi", "user.government_id: {identifier: direct, spi: true", "user.government_id: {identifier: direct", "helpdesk", "elsewhere", consenting(californian, "elsewhere"), "passport", "spi_no_consent", "disclosure_not_declared"},
		{"U7, sale", "    match: {user: broker}", "    match: {user: broker}\n    consideration: true", "broker", "support", consenting(in("US"), "support"), "name", "allow", "minor_no_opt_in"},
		{"M1", "user.name: clear", "user.name: none", "helpdesk", "support", in("JP"), "name", "allow", "not_necessary"},
		{"M1, a longer category", "user.contact: clear", "user.contact: clear, user.contact.email: none", "helpdesk", "support", in("JP"), "email", "allow", "not_necessary"},
		{"M2", "  support:  #", "  support:\n    statistical: true #", "helpdesk", "support", in("JP"), "name", "allow", "not_necessary"},
		{"M2, quasi", "  support:  #", "  support:\n    statistical: true #", "helpdesk", "support", in("JP"), "city", "allow", "not_necessary"},
		{"M3", "user.name: clear", "user.name: pseudonym", "helpdesk", "support", in("JP"), "name", "allow", "transform"},
		{"S2, everywhere", "choices: {sale_share: enabled}", "choices: {under13_scope: california}", "helpdesk", "support", in("JP").born("2020-01-01"), "name", "child_under_13", "allow"},
		{"S7", "bases: [contract]", "bases: [contract, legitimate_interest]", "helpdesk", "delivery", in("JP", event(rules.EventErasure, rules.StatePending, daysAgo(3))), "name", "allow", "erasure_pending"},
		{"unseen_subject", "unseen_subject: allow", "unseen_subject: withhold", "helpdesk", "support", in("JP"), "name", "allow", "subject_unseen"},
		{"X3", "  support:  #", "  support:\n    legal: obligation #", "helpdesk", "support", in("JP"), "name", "allow", "legal_purpose_no_order"},
		{"2.8b.2", "  support:  #", "  support:\n    legal: rights_fulfil #", "insider", "support", in("JP"), "name", "allow", "recipient_purpose_mismatch"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			base := policy(t)
			for _, step := range []struct {
				what   string
				policy *rules.Policy
				want   string
			}{{"before", base, c.before}, {"after", with(t, c.was, c.is), c.after}} {
				p := planAt(t, step.policy, now, c.recipient, c.purpose, "customers", "17")
				if got := field(p, decide(p, c.subject), c.member); got != step.want {
					t.Errorf("%s: %s, want %s", step.what, got, step.want)
				}
			}
		})
	}
}

// A credential is disclosed to nobody, though a need covers its ancestor.
func TestCredentialIsNeverNeeded(t *testing.T) {
	t.Parallel()
	p := with(t, "  user.name: {", "  user.name.pin: {credential: true, eea_uk: [customer]}\n  user.name: {", "name: {category: user.name}", "name: {category: user.name.pin}")
	for _, recipient := range []string{"helpdesk", "insider"} {
		plan := planAt(t, p, now, recipient, "support", "customers", "17")
		if got := name(plan, in("JP")); got != "not_necessary" {
			t.Errorf("%s: %s", recipient, got)
		}
	}
}
