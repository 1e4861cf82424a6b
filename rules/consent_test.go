package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

func scoped(e rules.Event, change func(*rules.Scope)) rules.Event {
	e.Scope.Recipients, e.Scope.Categories = slices.Clone(e.Scope.Recipients), slices.Clone(e.Scope.Categories)
	change(&e.Scope)
	return e
}

// Only two of the statuses are a consent; the others differ in the reason alone
// (rule 4 of 2.2).
func TestConsentStatuses(t *testing.T) {
	t.Parallel()
	p := plan(t, "helpdesk", "analysis")
	want := map[rules.ConsentStatus]string{
		rules.ConsentUnknown: "consent_unknown", rules.ConsentGiven: "allow", rules.ConsentRenewed: "allow", rules.ConsentWithdrawn: "consent_withdrawn",
		rules.ConsentRefused: "consent_refused", rules.ConsentExpired: "consent_expired", rules.ConsentRevoked: "consent_revoked",
		rules.ConsentInvalidated: "consent_invalidated", rules.ConsentRequested: "consent_requested",
		rules.ConsentRequestDeferred: "consent_request_deferred",
	}
	for status, outcome := range want {
		if got := name(p, in("DE", consent(status, "analysis", daysAgo(3)))); got != outcome {
			t.Errorf("%v: %s, want %s", status, got, outcome)
		}
	}
	if got := name(p, in("DE")); got != "consent_unknown" {
		t.Errorf("no event: %s", got)
	}
}

// The latest event decides; grants wait for their time and end, refusals do not.
func TestConsentInTime(t *testing.T) {
	t.Parallel()
	grant, withdrawal := given("analysis", daysAgo(9)), consent(rules.ConsentWithdrawn, "analysis", daysAgo(5))
	next := given("analysis", now.Add(time.Hour))
	until := func(e rules.Event, end time.Time) rules.Event {
		e.Until = end
		return e
	}
	future := withdrawal
	future.Time = now.AddDate(1, 0, 0)
	cases := []expectation{
		{"given", in("DE", grant), "allow"},
		{"given now", in("DE", given("analysis", now)), "allow"},
		{"given later", in("DE", next), "consent_unknown"},
		{"given earlier and later", in("DE", grant, next), "allow"},
		{"withdrawn", in("DE", grant, withdrawal), "consent_withdrawn"},
		{"withdrawn, told backwards", in("DE", withdrawal, grant), "consent_withdrawn"},
		{"withdrawn from next year, told today", in("DE", grant, future), "consent_withdrawn"},
		{"given again", in("DE", grant, withdrawal, given("analysis", daysAgo(2))), "allow"},
		{"withdrawn at the same instant", in("DE", grant, consent(rules.ConsentWithdrawn, "analysis", grant.Time)), "consent_withdrawn"},
		{"withdrawn at the same instant, told backwards", in("DE", consent(rules.ConsentWithdrawn, "analysis", grant.Time), grant), "consent_withdrawn"},
		{"requested after it was given", in("DE", grant, consent(rules.ConsentRequested, "analysis", daysAgo(2))), "consent_requested"},
		{"until later", in("DE", until(grant, now.Add(time.Second))), "allow"},
		{"until now", in("DE", until(grant, now)), "consent_expired"},
		{"ended, though an older one has no end", in("DE", grant, until(given("analysis", daysAgo(5)), daysAgo(1))), "consent_expired"},
		{"ended at the instant of another", in("DE", until(grant, daysAgo(1)), grant), "consent_expired"},
		{"of somebody unverified", in("DE", by(grant, rules.ActorSubject, false)), "consent_unknown"},
		{"of a gateway", in("DE", by(grant, rules.ActorGateway, true)), "consent_unknown"},
		{"withdrawn by somebody unverified", in("DE", grant, by(withdrawal, rules.ActorSubject, false)), "consent_withdrawn"},
	}
	expect(t, plan(t, "helpdesk", "analysis"), cases)

	// A withdrawal does not undo the past: the decision of then is made again.
	before := in("DE", grant, withdrawal)
	before.events = before.events[:1]
	before.at = daysAgo(6)
	expect(t, plan(t, "helpdesk", "analysis"), []expectation{{"as of before", before, "allow"}})
}

// Grants match narrowly, refusals widely (rule 3 of 2.2).
func TestConsentScope(t *testing.T) {
	t.Parallel()
	grant, no := given("analysis", daysAgo(9)), consent(rules.ConsentRefused, "analysis", daysAgo(5))
	categories := func(e rules.Event, c ...string) rules.Event {
		return scoped(e, func(s *rules.Scope) { s.Categories = c })
	}
	recipients := func(e rules.Event, r ...string) rules.Event {
		return scoped(e, func(s *rules.Scope) { s.Recipients = r })
	}
	purpose := func(e rules.Event, p string) rules.Event { return scoped(e, func(s *rules.Scope) { s.Purpose = p }) }
	regimes := func(e rules.Event, r rules.Regimes) rules.Event {
		return scoped(e, func(s *rules.Scope) { s.Regimes = r })
	}
	expect(t, plan(t, "helpdesk", "analysis"), []expectation{
		{"grant for another purpose", in("DE", given("support", daysAgo(3))), "consent_unknown"},
		{"grant for no purpose", in("DE", purpose(grant, "")), "consent_unknown"},
		{"refusal of another purpose", in("DE", grant, purpose(no, "support")), "allow"},
		{"refusal of everything", in("DE", grant, purpose(no, "")), "consent_refused"},

		{"grant for the category", in("DE", categories(grant, "user.name")), "allow"},
		{"grant for an ancestor", in("DE", categories(grant, "user")), "allow"},
		{"grant for a descendant", in("DE", categories(grant, "user.name.first")), "consent_unknown"},
		{"grant for no prefix by dots", in("DE", categories(grant, "user.na")), "consent_unknown"},
		{"refusal of an ancestor", in("DE", grant, categories(no, "user")), "consent_refused"},
		{"refusal of a descendant", in("DE", grant, categories(no, "user.name.first")), "consent_refused"},
		{"refusal of another category", in("DE", grant, categories(no, "user.contact")), "allow"},

		{"grant to the recipient", in("DE", recipients(grant, "helpdesk")), "allow"},
		{"grant to its category", in("DE", recipients(grant, "crm")), "allow"},
		{"grant to another", in("DE", recipients(grant, "broker", "payment")), "consent_unknown"},
		{"refusal to the recipient", in("DE", grant, recipients(no, "helpdesk")), "consent_refused"},
		{"refusal to its category", in("DE", grant, recipients(no, "crm")), "consent_refused"},
		{"refusal to another", in("DE", grant, recipients(no, "broker")), "allow"},

		{"grant under the regime", in("DE", regimes(grant, rules.EEA)), "allow"},
		{"grant under another regime", in("DE", regimes(grant, rules.UK|rules.APPI)), "consent_unknown"},
		{"refusal under the regime", in("DE", grant, regimes(no, rules.EEA)), "consent_refused"},
		{"refusal under another regime", in("DE", grant, regimes(no, rules.CCPA)), "allow"},
	})
}

// A9: a consent that names nobody does not reach third parties (K4).
func TestThirdPartyMustBeNamed(t *testing.T) {
	t.Parallel()
	grant := given("support", daysAgo(9))
	to := func(r ...string) rules.Event { return scoped(grant, func(s *rules.Scope) { s.Recipients = r }) }
	expect(t, plan(t, "broker", "support"), []expectation{
		{"none", in("JP"), "third_party_no_consent"},
		{"naming nobody", in("JP", grant), "third_party_no_consent"},
		{"naming another", in("JP", to("helpdesk")), "third_party_no_consent"},
		{"naming it", in("JP", to("broker")), "allow"},
		{"naming its category", in("JP", to("adtech")), "allow"},
		{"provision ceased", in("JP", to("broker"), event(rules.EventCeaseProvision, rules.StateUpheld, daysAgo(1))), "appi_provision_ceased"},
	})
}

// A12: abroad without a safeguard it takes a consent that was informed of the
// country, under APPI: what was told under another regime does not count.
func TestForeignConsent(t *testing.T) {
	t.Parallel()
	grant := given("support", daysAgo(9))
	informed := grant
	informed.Foreign = true
	elsewhere := scoped(informed, func(s *rules.Scope) { s.Regimes = rules.UK })
	expect(t, plan(t, "abroad", "support"), []expectation{
		{"none", in("JP"), "appi_foreign_no_safeguard"},
		{"not informed", in("JP", grant), "appi_foreign_no_safeguard"},
		{"informed", in("JP", informed), "allow"},
		{"informed under another regime", in("JP", grant, elsewhere), "appi_foreign_no_safeguard"},
		{"informed, but no transfer from the EEA (G11)", in("DE", informed), "transfer_no_safeguard"},
	})
}

// A regime never sees another regime's consent: an explicit one under the GDPR
// does not make a plain one under APPI explicit.
func TestExplicitConsentStaysInItsRegime(t *testing.T) {
	t.Parallel()
	p := plan(t, "helpdesk", "support")
	under := func(days int, r rules.Regimes, explicit bool) rules.Event {
		e := scoped(given("support", daysAgo(days)), func(s *rules.Scope) { s.Regimes = r })
		e.Explicit = explicit
		return e
	}
	for _, c := range []struct {
		what    string
		subject subject
		want    string
	}{
		{"no consent", in("JP"), "special_care_no_consent"},
		{"explicit", in("JP", under(5, 0, true)), "allow"},
		{"plain", in("JP", under(5, 0, false)), "special_care_no_consent"},
		{"plain under APPI, explicit in the EEA", in("JP", under(5, rules.APPI, false), under(4, rules.EEA, true)), "special_care_no_consent"},
		{"explicit, then plain", in("JP", under(5, 0, true), under(4, 0, false)), "special_care_no_consent"},
		{"explicit under APPI alone, in the EEA", in("DE", under(5, rules.APPI, true)), "special_category_no_condition"},
	} {
		if got := field(p, decide(p, c.subject), "health"); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// G7: below the age of digital consent it takes a parent's; 16 in the EEA and
// 13 in the UK unless the operator chose otherwise.
func TestChildsConsent(t *testing.T) {
	t.Parallel()
	own := given("analysis", daysAgo(3))
	claimed := own
	claimed.Parental = true
	parents := by(claimed, rules.ActorGuardian, true)
	elsewhere := scoped(parents, func(s *rules.Scope) { s.Regimes = rules.UK })
	expect(t, plan(t, "helpdesk", "analysis"), []expectation{
		{"14 in Germany", in("DE", own).born("2012-01-01"), "consent_child_invalid"},
		{"14 in Germany, a parent's", in("DE", parents).born("2012-01-01"), "allow"},
		{"14 in Germany, a parent's on record", in("DE", by(claimed, rules.ActorOperator, true)).born("2012-01-01"), "allow"},
		{"14 in Germany, a parent's by the child's word", in("DE", claimed).born("2012-01-01"), "consent_child_invalid"},
		{"14 in Germany, restricted, a parent's by the child's word", in("DE", active(rules.EventRestriction, daysAgo(9)), claimed).born("2012-01-01"), "restricted"},
		{"14 in Germany, restricted, a parent's", in("DE", active(rules.EventRestriction, daysAgo(9)), parents).born("2012-01-01"), "allow"},
		{"14 in Germany, a parent's under UK law", in("DE", own, elsewhere).born("2012-01-01"), "consent_child_invalid"},
		{"16 in Germany", in("DE", own).born("2010-01-01"), "allow"},
		{"14 in the UK", in("GB", own).born("2012-01-01"), "allow"},
		{"of unknown age in Germany", in("DE", own), "allow"},
	})
}

// S5 (c): a restriction yields to a consent for this processing given after it.
func TestRestrictionYieldsToLaterConsent(t *testing.T) {
	t.Parallel()
	restricted, earlier, later := active(rules.EventRestriction, daysAgo(9)), given("support", daysAgo(20)), given("support", daysAgo(5))
	narrow := scoped(later, func(s *rules.Scope) { s.Categories = []string{"user.name"} })
	ended, future := later, later
	ended.Until, future.Time = daysAgo(1), now.Add(time.Hour)
	refusal := consent(rules.ConsentRefused, "support", daysAgo(2))
	partly := scoped(refusal, func(s *rules.Scope) { s.Categories = []string{"user.health"} })
	expect(t, plan(t, "helpdesk", "support"), []expectation{
		{"none", in("JP", restricted), "restricted"},
		{"earlier", in("JP", restricted, earlier), "restricted"},
		{"later", in("JP", restricted, later), "allow"},
		{"at the same instant", in("JP", restricted, given("support", restricted.Time)), "restricted"},
		{"for another purpose", in("JP", restricted, given("delivery", daysAgo(5))), "restricted"},
		{"for one category", in("JP", restricted, narrow), "restricted"},
		{"ended", in("JP", restricted, ended), "restricted"},
		{"from later on", in("JP", restricted, future), "restricted"},
		{"withdrawn again", in("JP", restricted, later, refusal), "restricted"},
		{"withdrawn in part", in("JP", restricted, later, partly), "restricted"},
		{"withdrawn at the same instant", in("JP", restricted, consent(rules.ConsentRefused, "support", later.Time), later), "restricted"},
		{"restricted again", in("JP", restricted, later, active(rules.EventRestriction, daysAgo(1))), "restricted"},
		{"of a child without a parent's", in("DE", restricted, later).born("2012-01-01"), "restricted"},
	})
}

// An objection to direct marketing yields to a later opt-in of the person for
// this very purpose (rule 6 of 2.2).
func TestDMObjectionYieldsToLaterOptIn(t *testing.T) {
	t.Parallel()
	objection, earlier, later := active(rules.EventDMObjection, daysAgo(9)), given("news", daysAgo(20)), given("news", daysAgo(5))
	expect(t, plan(t, "helpdesk", "news"), []expectation{
		{"none", in("JP", objection), "dm_objection"},
		{"earlier", in("JP", objection, earlier), "dm_objection"},
		{"later", in("JP", objection, later), "allow"},
		{"later, by an agent", in("JP", objection, withAuthority(by(later, rules.ActorAgent, true))), "allow"},
		{"later, by an agent without authority", in("JP", objection, by(later, rules.ActorAgent, true)), "dm_objection"},
		{"later, by the operator", in("JP", objection, by(later, rules.ActorOperator, true)), "dm_objection"},
		{"for another purpose", in("JP", objection, given("support", daysAgo(5))), "dm_objection"},
		{"withdrawn again", in("JP", objection, later, consent(rules.ConsentWithdrawn, "news", daysAgo(1))), "dm_objection"},
	})
}

// G8: pending and upheld objections to legitimate interest withhold, for their
// purpose or for all; A3: so do requests to cease use.
func TestObjectionsByPurpose(t *testing.T) {
	t.Parallel()
	on := func(kind rules.EventKind, s rules.EventState, purpose string, days int) rules.Event {
		return scoped(event(kind, s, daysAgo(days)), func(sc *rules.Scope) { sc.Purpose = purpose })
	}
	const li, use = rules.EventLIObjection, rules.EventCeaseUse
	expect(t, plan(t, "helpdesk", "support"), []expectation{
		{"pending", in("DE", on(li, rules.StatePending, "support", 3)), "li_objection_pending"},
		{"upheld", in("DE", on(li, rules.StateUpheld, "support", 3)), "li_objection_upheld"},
		{"upheld for all", in("DE", on(li, rules.StateUpheld, "", 3)), "li_objection_upheld"},
		{"rejected", in("DE", on(li, rules.StatePending, "support", 3), on(li, rules.StateRejected, "support", 1)), "allow"},
		{"for another purpose", in("DE", on(li, rules.StateUpheld, "news", 3)), "allow"},
		{"lifted here, upheld for all", in("DE", on(li, rules.StateUpheld, "", 3), on(li, rules.StateLifted, "support", 1)), "li_objection_upheld"},
		{"outside the GDPR", in("JP", on(li, rules.StateUpheld, "support", 3)), "allow"},
		{"use ceased", in("JP", on(use, rules.StateUpheld, "support", 3)), "appi_use_ceased"},
		{"to cease, undecided", in("JP", on(use, rules.StatePending, "", 3)), "appi_use_ceased"},
		{"use ceased for another purpose", in("JP", on(use, rules.StateUpheld, "news", 3)), "allow"},
	})
}

// The sequences of the consents in force are told, each once, and no others.
func TestConsentsReliedOn(t *testing.T) {
	t.Parallel()
	p := plan(t, "helpdesk", "analysis")
	older, newer := given("analysis", daysAgo(9)), scoped(given("analysis", daysAgo(5)), func(s *rules.Scope) { s.Categories = []string{"user.name"} })
	_, got := decideWith(p, in("DE", older, newer, given("support", daysAgo(1))))
	if slices.Sort(got); !slices.Equal(got, []rules.Seq{1, 2}) {
		t.Errorf("relied on %v", got)
	}
	_, got = decideWith(p, in("DE", older, given("analysis", daysAgo(5))))
	if !slices.Equal(got, []rules.Seq{2}) {
		t.Errorf("relied on %v, though the second replaces the first", got)
	}
	if _, got = decideWith(p, in("DE", older, consent(rules.ConsentWithdrawn, "analysis", daysAgo(1)))); len(got) != 0 {
		t.Errorf("relied on %v, though it was withdrawn", got)
	}
}
