package source_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

func examplePolicyCompiled(t *testing.T) *rules.Policy {
	t.Helper()
	bundle, problems, err := source.Load(os.DirFS(examplePolicy))
	if err != nil {
		t.Fatal(err)
	}
	if err := problems.Err(); err != nil {
		t.Fatalf("reading:\n%v", err)
	}
	policy, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		t.Fatalf("compiling:\n%v", problems)
	}
	return policy
}

func TestExamplePolicyHasNoProblems(t *testing.T) {
	t.Parallel()
	examplePolicyCompiled(t)
}

// What the vendors of the example see of well-known people on GET
// /v1/customers/{id}: each line a data category with what becomes of its fields,
// and why. Categories that the contract does not list are not shown.
func TestWhoSeesWhatInTheExample(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	person := rules.Actor{Type: rules.ActorSubject, Verified: true}
	event := func(kind rules.EventKind, state rules.EventState, daysAgo int) rules.Event {
		return rules.Event{Seq: 1, Kind: kind, State: state, Time: now.AddDate(0, 0, -daysAgo), Recorded: now, Actor: person}
	}
	consent := func(seq rules.Seq, status rules.ConsentStatus, daysAgo int) rules.Event {
		e := event(rules.EventConsent, 0, daysAgo)
		e.Seq, e.Consent, e.Scope.Purpose = seq, status, "marketing.profile"
		return e
	}
	at := func(country, region, born string) rules.Facts {
		f := rules.Facts{Locations: [2]rules.Location{{Country: country, Region: region}}}
		f.Born, _ = time.Parse(time.DateOnly, born)
		return f
	}
	german, japanese, californian := at("DE", "", "1980-01-01"), at("JP", "", "1980-01-01"), at("US", "CA", "1980-01-01")
	child := at("JP", "", "2019-01-01")
	restricted := []rules.Event{event(rules.EventRestriction, rules.StateActive, 9)}
	objected := []rules.Event{event(rules.EventDMObjection, rules.StateActive, 9)}
	consented := []rules.Event{consent(1, rules.ConsentGiven, 9)}
	withdrawn := []rules.Event{consent(1, rules.ConsentGiven, 9), consent(2, rules.ConsentWithdrawn, 5)}

	const everything = `
		user.behavior.contact_history allow
		user.behavior.product_usage allow
		user.behavior.product_usage.last_login allow
		user.contact.address allow
		user.contact.address.country allow
		user.contact.address.postal_code allow
		user.contact.email transform
		user.contact.phone_number allow
		user.name allow
		user.professional_information.workplace allow
		user.unique_id allow
		user.unique_id.licence allow`
	p := examplePolicyCompiled(t)
	edition := p.At(now)
	for _, c := range []struct {
		recipient, purpose string
		who                string
		facts              rules.Facts
		events             []rules.Event
		want               string // or the reason why nobody is there
	}{
		{"support-desk", "support.provide", "a German", german, nil, everything},
		{"support-desk", "support.provide", "a Japanese", japanese, nil, everything},
		// The table of the California notice has no commercial information
		// for support.
		{"support-desk", "support.provide", "a Californian", californian, nil, `
			user.behavior.contact_history disclosure_not_declared
			user.behavior.product_usage disclosure_not_declared
			user.behavior.product_usage.last_login disclosure_not_declared
			user.contact.address allow
			user.contact.address.country allow
			user.contact.address.postal_code allow
			user.contact.email transform
			user.contact.phone_number allow
			user.name allow
			user.professional_information.workplace allow
			user.unique_id allow
			user.unique_id.licence allow`},
		{"support-desk", "support.provide", "a child", child, nil, "child_under_13"},
		{"support-desk", "support.provide", "somebody restricted", german, restricted, "restricted"},
		// Not direct marketing.
		{"support-desk", "support.provide", "somebody who objected to direct marketing", german, objected, everything},

		{"mailer", "newsletter.send", "a German", german, nil, `
			user.contact.email allow
			user.name allow
			user.unique_id transform`},
		{"mailer", "newsletter.send", "somebody who objected to direct marketing", german, objected, "dm_objection"},
		{"mailer", "newsletter.send", "a Japanese who objected to direct marketing", japanese, objected, "dm_objection"},
		{"mailer", "newsletter.send", "a child", child, nil, "child_under_13"},

		// No row of the EEA/UK notice: there it takes consent, in Japan it
		// does not.
		{"analytics", "marketing.profile", "a German", german, nil, "purpose_out_of_scope"},
		{"analytics", "marketing.profile", "a German who consented", german, consented, `
			user.behavior.product_usage allow
			user.behavior.product_usage.last_login allow
			user.unique_id transform
			user.unique_id.licence transform`},
		{"analytics", "marketing.profile", "a German who withdrew", german, withdrawn, "purpose_out_of_scope"},
		{"analytics", "marketing.profile", "a Japanese", japanese, nil, `
			user.behavior.product_usage allow
			user.behavior.product_usage.last_login allow
			user.unique_id transform
			user.unique_id.licence transform`},
		{"analytics", "marketing.profile", "a Japanese who objected to direct marketing", japanese, objected, "dm_objection"},
		// The city has no coarser form, and no notice lists a customer's birth date.
		{"analytics", "statistics.prepare", "a German", german, nil, `
			user.behavior.product_usage allow
			user.behavior.product_usage.last_login transform
			user.contact.address not_necessary
			user.contact.address.country transform
			user.contact.address.postal_code transform
			user.contact.address.street not_necessary
			user.demographic.date_of_birth category_not_declared
			user.unique_id transform
			user.unique_id.licence transform`},
	} {
		t.Run(c.recipient+" for "+c.purpose+": "+c.who, func(t *testing.T) {
			t.Parallel()
			m, ok := edition.Route("crm", "GET", []string{"v1", "customers", "1001"})
			plan, reason := edition.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: c.recipient}, Purpose: c.purpose, Match: m, Mapped: ok})
			if plan == nil {
				t.Fatalf("refused: %v", reason)
			}
			class, _ := plan.Class(c.facts, rules.Fold(c.events), rules.Signals{}, now, nil)
			if got, want := seen(plan, plan.Actions(class)), strings.ReplaceAll(strings.TrimSpace(c.want), "\t", ""); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// seen lists the categories that are needed with their outcomes, or the one
// reason when nothing is.
func seen(p *rules.Plan, a *rules.Actions) string {
	lines, reasons := make(map[string]bool), make(map[string]bool)
	for i, f := range p.Resource().Shape.Fields {
		if f.Public || !p.Wants().Has(i) {
			continue
		}
		outcome := a.Fields[i].Verb.String()
		if a.Fields[i].Verb == rules.Withhold {
			outcome = a.Decisions[i].Reasons[0].String()
			reasons[outcome] = true
		}
		lines[f.Category+" "+outcome] = true
	}
	if a.Nothing {
		lines = reasons
	}
	return strings.Join(slices.Sorted(maps.Keys(lines)), "\n")
}

// The gates of the example: a vendor whose evaluation ran out, a purpose outside
// the contract, a route that is not mapped.
func TestWhoIsRefusedInTheExample(t *testing.T) {
	t.Parallel()
	edition := examplePolicyCompiled(t).At(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		recipient, purpose string
		path               string
		want               rules.Reason
	}{
		{"courier", "customer.fulfil", "v1/customers/1001", rules.EvaluationOverdue},
		{"surveys", "survey.request", "v1/customers/1001", rules.RecipientSuspended},
		{"payment-service", "customer.fulfil", "v1/customers", rules.VolumeExceeded}, // no lists
		{"mailer", "support.provide", "v1/customers/1001", rules.PurposeNotPermitted},
		{"support-desk", "marketing.everything", "v1/customers/1001", rules.PurposeUnknown},
		{"support-desk", "support.provide", "v1/invoices", rules.RouteUnmapped},
		{"nobody", "support.provide", "v1/customers/1001", rules.RecipientUnknown},
	} {
		m, ok := edition.Route("crm", "GET", strings.Split(c.path, "/"))
		if _, got := edition.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: c.recipient}, Purpose: c.purpose, Match: m, Mapped: ok}); got != c.want {
			t.Errorf("%s for %s on %s: %v, want %v", c.recipient, c.purpose, c.path, got, c.want)
		}
	}
}
