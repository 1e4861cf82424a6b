package review_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
	"github.com/modicum-dev/modicum/rules/source"
)

const notices = `language: 1
controller: {id: example-vendor, legal_name: The example software vendor, country: JP}
geography: {as_of: 2026-10-01, sources: [official lists], eea: [DE], uk: [GB]}
documents:
  general:
    notice: appi
    versions:
      - {version: "1", effective_from: 2024-01-01}
      - {version: "2", effective_from: 2027-01-01, material_change: true}
      - {version: "3", effective_from: 2027-02-01}
  california: {notice: california, version: "1", effective_from: 2026-06-01}
categories: {user.name: {}}
purposes:
  support.provide: {appi: [customer]}
  legal.obligation: {legal: obligation}
`

const recipients = `language: 1
recipients:
  helpdesk:
    legal_name: Helpdesk (fictional)
    kind: processor
    country: US
    match: {user: helpdesk}
    handling_terms: {ref: t, accepted_at: 2024-01-01}
    evaluation: {ref: e, result: passed, at: 2026-01-01, valid_until: 2026-12-31}
    safeguards:
      appi: {type: equivalent_system, ref: a, last_checked: 2026-06-15, check_every: P6M}
      eea: {type: dpf, ref: d, covers: [non_hr], valid_until: 2026-12-10}
      uk: {type: dpf_extension, ref: x, covers: [non_hr], valid_until: 2027-12-10}
    contract: {valid_from: 2026-01-01, valid_until: 2027-06-30, purposes: {support.provide: {needs: {user.name: clear}}}}
  crew:
    legal_name: The example software vendor
    kind: internal
    country: JP
    match: {user: crew}
    evaluation: {ref: e, result: passed, at: 2026-01-01, valid_until: 2026-10-31}
    safeguards:
      eea: {type: scc, ref: s, valid_until: 2026-11-30}
    grant: {valid_from: 2026-01-01, valid_until: "2026-11-23T12:00:00Z", purposes: {support.provide: {needs: {user.name: clear}}}}
  office:
    legal_name: Tax Office (fictional)
    kind: authority
    country: JP
    match: {user: office}
orders:
  tax-17:
    kind: request
    issuer: Tax Office (fictional)
    purpose: legal.obligation
    recipients: [office, helpdesk]
    categories: [user.name]
    named: true
    valid_from: 2026-10-01
    valid_until: 2026-12-24
`

const resources = `language: 1
api: crm
unseen_subject: allow
populations: {customer: {id: integer}}
shapes:
  customer:
    subject: {population: customer, category: customer, id: {at: id}}
    fields: {name: {category: user.name}}
resources:
  customer: {route: "GET /customers/{id}", body: {".": customer}}
`

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func policy(t *testing.T) *rules.Policy {
	t.Helper()
	return policyOf(t, notices)
}

func policyOf(t *testing.T, notices string) *rules.Policy {
	t.Helper()
	p, problems, err := source.Policy(fstest.MapFS{
		"notices.yaml": {Data: []byte(notices)}, "recipients.yaml": {Data: []byte(recipients)}, "resources.yaml": {Data: []byte(resources)},
	})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return p
}

// The complete list, in order, each with its place and what comes of it.
func TestExpiring(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range review.Expiring(policy(t), now) {
		over := ""
		if e.Over {
			over = "over "
		}
		got = append(got, fmt.Sprintf("%s %s%s %s (%s:%d): %s", e.At.Format("2006-01-02T15"), over, e.Kind, e.Name, e.Pos.File, e.Pos.Line, e.Effect))
	}
	want := []string{
		"2026-11-01T00 over evaluation crew (recipients.yaml:20): nothing changes: crew does not need it",
		"2026-11-23T12 over contract crew (recipients.yaml:23): every request of crew is refused: recipient_no_contract",
		"2026-12-01T00 mechanism crew/eea (recipients.yaml:22): nothing of people in the EEA goes to crew: transfer_no_safeguard; every request of crew is refused then anyway: recipient_no_contract",
		"2026-12-11T00 mechanism helpdesk/eea (recipients.yaml:12): nothing of people in the EEA, but for staff and their families, goes to helpdesk: transfer_no_safeguard; nothing of people in the UK, but for staff and their families, goes to helpdesk: transfer_no_safeguard",
		"2026-12-15T00 check helpdesk/appi (recipients.yaml:11): under Japanese law helpdesk gets only what people consented to who were told of the country: appi_foreign_no_safeguard",
		"2026-12-25T00 order tax-17 (recipients.yaml:30): a request that names it gets nothing: authority_no_order, legal_purpose_no_order",
		"2026-12-30T00 countries own lists (notices.yaml:3): no answer changes; they are to be held against their sources, and `policy check` warns of them",
		"2027-01-01T00 document general 2 (notices.yaml:9): it takes effect, and the version before it is told to nobody new; consents given under an earlier version end: consent_invalidated",
		"2027-01-01T00 evaluation helpdesk (recipients.yaml:9): every request of helpdesk is refused: evaluation_overdue",
		"2027-02-01T00 document general 3 (notices.yaml:10): it takes effect, and the version before it is told to nobody new",
		"2027-06-01T00 notice california 1 (notices.yaml:11): no answer changes; the California notice is to be renewed every 12 months, and `policy check` warns of it",
		"2027-07-01T00 contract helpdesk (recipients.yaml:14): nothing changes: every request of helpdesk is refused before it: evaluation_overdue",
		"2027-12-11T00 mechanism helpdesk/uk (recipients.yaml:13): nothing changes: no transfer to helpdesk rests on it, or not on it alone",
	}
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("number %d:\ngot  %s\nwant %s", i+1, g, w)
		}
	}
}

// An ending that says that every request is refused from then on is one by which the
// edition of that instant refuses, and the edition before does not.
func TestEndingsAreWhatEditionsAnswer(t *testing.T) {
	t.Parallel()
	p := policy(t)
	refused := func(recipient string, at time.Time) rules.Reason {
		_, reason := p.At(at).Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, PurposeReason: rules.PurposeMissing})
		return reason
	}
	told := 0
	for _, e := range review.Expiring(p, now) {
		recipient, reason, ok := strings.Cut(strings.TrimPrefix(e.Effect, "every request of "), " is refused: ")
		if !ok || !strings.HasPrefix(e.Effect, "every request of ") {
			continue
		}
		told++
		if before := refused(recipient, e.At.Add(-time.Nanosecond)); before != rules.PurposeMissing {
			t.Errorf("%s is refused before %s: %s", recipient, e.At, before)
		}
		if after := refused(recipient, e.At); after.String() != reason {
			t.Errorf("%s at %s: %s, and the list says %s", recipient, e.At, after, reason)
		}
	}
	if told != 2 {
		t.Errorf("%d refusals are told", told)
	}
}

// Versions that are in effect are no endings, and the first version of a document says
// that nothing is answered before it.
func TestDocumentsAhead(t *testing.T) {
	t.Parallel()
	p := policy(t)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{now.AddDate(-5, 0, 0), "general 1 california 1 general 2 general 3"},
		{now, "general 2 general 3"},
		{now.AddDate(1, 0, 0), ""},
	} {
		var names []string
		for _, e := range review.Expiring(p, c.at) {
			if e.Kind != review.EndingDocument {
				continue
			}
			names = append(names, e.Name)
			if first := strings.HasSuffix(e.Name, " 1"); first != strings.Contains(e.Effect, "policy_unavailable") {
				t.Errorf("%s: %s", e.Name, e.Effect)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("at %s: %q, want %q", c.at, got, c.want)
		}
	}
}

func TestBuiltInListsGrowOld(t *testing.T) {
	t.Parallel()
	p := policyOf(t, strings.Replace(notices, "geography:", "# ", 1))
	for _, e := range review.Expiring(p, now) {
		if e.Kind == review.EndingCountries {
			if want := p.Bundle.Geography.AsOf.Add(rules.DefaultMaxGeographyAge); e.Name != "built-in lists" || !e.At.Equal(want) || e.Pos.File != "built-in geography" {
				t.Errorf("%+v", e)
			}
			return
		}
	}
	t.Error("the lists are not there")
}

// given is a consent to support, as of an instant and with a scope.
func given(at time.Time, change func(*rules.Event)) rules.Event {
	e := rules.Event{
		Kind: rules.EventConsent, Consent: rules.ConsentGiven, Time: at, Recorded: at,
		Scope: rules.Scope{Purpose: "support.provide"}, Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}
	if change != nil {
		change(&e)
	}
	return e
}

func TestConsents(t *testing.T) {
	t.Parallel()
	past, soon := now.AddDate(0, -1, 0), now.AddDate(0, 0, 10)
	endsSoon := func(e *rules.Event) { e.Until = soon }
	before, after := now.AddDate(0, 0, 20), now.AddDate(0, 2, 0) // the material change is between
	for name, c := range map[string]struct {
		events       []rules.Event
		until        time.Time
		live, ending int
	}{
		"without an end":              {[]rules.Event{given(past, nil)}, before, 1, 0},
		"a material change":           {[]rules.Event{given(past, nil)}, after, 1, 1},
		"of another document":         {[]rules.Event{given(past, func(e *rules.Event) { e.Document, e.Version = "california", "1" })}, after, 1, 0},
		"an end":                      {[]rules.Event{given(past, endsSoon)}, before, 1, 1},
		"an end later":                {[]rules.Event{given(past, endsSoon)}, now.AddDate(0, 0, 9), 1, 0},
		"ended":                       {[]rules.Event{given(past, func(e *rules.Event) { e.Until = now })}, before, 0, 0},
		"not begun":                   {[]rules.Event{given(soon, nil)}, before, 0, 0},
		"withdrawn":                   {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), func(e *rules.Event) { e.Consent = rules.ConsentWithdrawn })}, before, 0, 0},
		"withdrawn for every purpose": {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), func(e *rules.Event) { e.Consent, e.Scope.Purpose = rules.ConsentWithdrawn, "" })}, before, 0, 0},
		"withdrawn for another":       {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), func(e *rules.Event) { e.Consent, e.Scope.Purpose = rules.ConsentWithdrawn, "x.y" })}, before, 1, 1},
		"withdrawn in part": {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), func(e *rules.Event) {
			e.Consent, e.Scope.Categories = rules.ConsentWithdrawn, []string{"user.name"}
		})}, before, 1, 1},
		"renewed":          {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), nil)}, before, 1, 0},
		"renewed in part":  {[]rules.Event{given(past, endsSoon), given(past.AddDate(0, 0, 1), func(e *rules.Event) { e.Scope.Recipients = []string{"helpdesk"} })}, before, 2, 1},
		"renewed in time":  {[]rules.Event{given(past, endsSoon), given(soon.AddDate(0, 0, -1), nil)}, before, 1, 0},
		"renewed too late": {[]rules.Event{given(past, endsSoon), given(after, nil)}, before, 1, 1},
	} {
		counts := review.NewConsents(policy(t), now, c.until)
		counts.Add(nil)
		counts.Add(rules.Fold(c.events))
		var live, ending int
		for _, n := range counts.Counts() {
			if n.Purpose != "support.provide" {
				t.Errorf("%s: a purpose %q", name, n.Purpose)
			}
			live, ending = live+n.Live, ending+n.Ending
		}
		if live != c.live || ending != c.ending {
			t.Errorf("%s: %d live and %d ending, want %d and %d", name, live, ending, c.live, c.ending)
		}
	}
}

// Of somebody whom the policy does not have nothing is said that would let data go.
func TestNobody(t *testing.T) {
	t.Parallel()
	p := policy(t)
	if got := p.RefusalAt("nobody", now); got != rules.RecipientUnknown {
		t.Errorf("refused for %s", got)
	}
	none := rules.Transfers{APPI: rules.GeoNone, EEAHR: rules.GeoNone, EEAOther: rules.GeoNone, UKHR: rules.GeoNone, UKOther: rules.GeoNone}
	if got := p.TransfersAt("nobody", now); got != none {
		t.Errorf("transfers %+v", got)
	}
	if got := p.TransfersAt("helpdesk", now); got.EEAOther != rules.GeoMechanism || got.EEAHR != rules.GeoNone {
		t.Errorf("transfers of the helpdesk %+v", got)
	}
}
