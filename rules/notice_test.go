package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// K3, in A2, G3 and U3: a purpose that a later version of a notice adds is for data of
// people who were told that version. Each notice counts by itself, but that A2 takes
// any that applies.
func TestPurposeOfALaterNotice(t *testing.T) {
	t.Parallel()
	const general, regional, californian = "general", "eea_uk", "california"
	told := func(e rules.Event, change func(*rules.Event)) rules.Event {
		change(&e)
		return e
	}
	naming := func(e rules.Event, document, version string) rules.Event {
		e.Document, e.Version = document, version
		return e
	}
	later := told(notice(general, "2"), func(e *rules.Event) { e.Time, e.Recorded = now.Add(time.Hour), now.Add(time.Hour) })
	dated := told(notice(general, "2"), func(e *rules.Event) { e.Recorded = e.Time.Add(-time.Hour) })
	narrowed := told(notice(general, "2"), func(e *rules.Event) { e.Scope.Purpose = "support" })
	club := request{purpose: "club"}
	answer(t, inputs(t), []question{
		{"listed from the beginning", request{purpose: "support"}, in("JP"), "allow"},
		{"told nothing", club, in("JP"), "purpose_out_of_scope"},
		{"told the first version", club, in("JP", notice(general, "1")), "purpose_out_of_scope"},
		{"told", club, in("JP", notice(general, "2")), "allow"},
		{"told a later one", club, in("JP", notice(general, "3")), "allow"},
		{"told, and the first one again", club, in("JP", notice(general, "2"), notice(general, "1")), "allow"},
		{"told a version that there is not", club, in("JP", notice(general, "9")), "purpose_out_of_scope"},
		{"told another document", club, in("JP", notice("cookies", "2")), "purpose_out_of_scope"},
		{"told by somebody unverified", club, in("JP", by(notice(general, "2"), rules.ActorOperator, false)), "purpose_out_of_scope"},
		{"told by a gateway", club, in("JP", by(notice(general, "2"), rules.ActorGateway, true)), "purpose_out_of_scope"},
		{"told an hour from now", club, in("JP", later), "purpose_out_of_scope"},
		{"told after it was recorded", club, in("JP", dated), "purpose_out_of_scope"},
		{"told for one purpose, which a notice has none of", club, in("JP", narrowed), "purpose_out_of_scope"},

		{"told by a consent to something else", club, in("JP", naming(given("support", daysAgo(3)), general, "2")), "allow"},
		{"told by a consent that was withdrawn", club, in("JP", naming(given("support", daysAgo(3)), general, "2"), consent(rules.ConsentWithdrawn, "support", daysAgo(2))), "allow"},
		{"a refusal tells nothing", club, in("JP", naming(consent(rules.ConsentRefused, "support", daysAgo(3)), general, "2")), "purpose_out_of_scope"},
		{"nor a consent of somebody unverified", club, in("JP", by(naming(given("support", daysAgo(3)), general, "2"), rules.ActorSubject, false)), "purpose_out_of_scope"},
		{"nor one from later on", club, in("JP", naming(given("support", now.Add(time.Hour)), general, "2")), "purpose_out_of_scope"},
		{"a consent to the purpose needs no notice (A2)", club, in("JP", given("club", daysAgo(3))), "allow"},

		{"a regional notice does for A2", club, in("DE", notice(regional, "2")), "allow"},
		{"the general one does not for G3", club, in("DE", notice(general, "2")), "purpose_out_of_scope"},
		{"but a consent beside it does", club, in("DE", notice(general, "2"), given("club", daysAgo(3))), "allow"},
		{"a consent in place of the row (G3)", club, in("DE", given("club", daysAgo(3))), "allow"},
		{"a regional notice that does not apply", club, in("JP", notice(regional, "2")), "purpose_out_of_scope"},
		{"the Californian one does for A2 and U3", club, in("US", notice(californian, "2")), "allow"},
		{"the general one does not for U3", club, in("US", notice(general, "2")), "purpose_out_of_scope"},
		{"everywhere, told two of three", club, subject{events: []rules.Event{notice(regional, "2"), notice(general, "2")}}, "purpose_out_of_scope"},
		{"everywhere, told all", club, subject{events: []rules.Event{notice(regional, "2"), notice(general, "2"), notice(californian, "2")}}, "allow"},

		{"collected under the second version", request{purpose: "club", path: "members"}, in("DE"), "allow"},
	})
}

// J11: a version counts once it is in effect, though somebody was told it before; the
// edition ends there.
func TestVersionNotInEffect(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	asOf := func(s subject, at time.Time) subject {
		s.at = at
		return s
	}
	early := func(document, version string) rules.Event {
		e := notice(document, version)
		e.Time, e.Recorded = day("2025-01-01"), day("2025-01-01")
		return e
	}
	second, third := day("2026-03-01"), day("2027-06-01")
	club, lounge := request{purpose: "club"}, request{purpose: "lounge"}
	answer(t, p, []question{
		{"told early", club, asOf(in("JP", early("general", "2")), second.Add(-1)), "purpose_out_of_scope"},
		{"on the day", club, asOf(in("JP", early("general", "2")), second), "allow"},
		{"told early, EEA", club, asOf(in("DE", early("eea_uk", "2")), second.Add(-1)), "purpose_out_of_scope"},
		{"on the day, EEA", club, asOf(in("DE", early("eea_uk", "2")), second), "allow"},
		{"told early, California", club, asOf(in("US", early("california", "2")), second.Add(-1)), "purpose_out_of_scope"},
		{"on the day, California", club, asOf(in("US", early("california", "2")), second), "allow"},
		{"the third, told early", lounge, asOf(in("JP", early("general", "3")), third.Add(-1)), "purpose_out_of_scope"},
		{"the third, on the day", lounge, asOf(in("JP", early("general", "3")), third), "allow"},
		{"the third, told the second", lounge, asOf(in("JP", early("general", "2")), third), "purpose_out_of_scope"},
		{"collected under the second, before it is in effect", request{purpose: "club", path: "members"}, asOf(in("JP"), second.Add(-1)), "purpose_out_of_scope"},
	})
	for _, c := range []struct{ at, until time.Time }{
		{second.Add(-1), second}, {second, day("2026-06-01")}, {now, day("2026-12-01")}, {day("2027-01-01"), third},
	} {
		if got := p.At(c.at).Until(); !got.Equal(c.until) {
			t.Errorf("the edition of %v ends %v, want %v", c.at, got, c.until)
		}
	}
}

// S7 asks for the bases that the current edition lists, whatever the subject was told
// (2.8b.5).
func TestPendingErasureAndAVersionUntold(t *testing.T) {
	t.Parallel()
	pending := event(rules.EventErasure, rules.StatePending, day("2025-05-01"))
	welcome := request{purpose: "welcome"}
	before := in("JP", pending)
	before.at = day("2026-03-01").Add(-1)
	answer(t, inputs(t), []question{
		{"of contract alone, for everybody", welcome, in("JP", pending), "allow"},
		{"in the EEA, untold", welcome, in("DE", pending), "purpose_out_of_scope"},
		{"before the row is in effect", welcome, before, "erasure_pending"},
		{"of legitimate interest", request{purpose: "support"}, in("JP", pending), "erasure_pending"},
	})
}

// A material change of a notice ends the consents that were given under an earlier
// version: of the document that a consent names, else of any (rule 3 of 2.2).
func TestMaterialChange(t *testing.T) {
	t.Parallel()
	change := day("2026-06-01") // of the notice on cookies
	naming := func(at time.Time, document, version string) subject {
		e := given("analysis", at)
		e.Document, e.Version = document, version
		return in("DE", e)
	}
	asOf := func(s subject, at time.Time) subject {
		s.at = at
		return s
	}
	analysis := request{purpose: "analysis"}
	answer(t, inputs(t), []question{
		{"names none, before", analysis, naming(change.Add(-1), "", ""), "consent_invalidated"},
		{"names none, before, as of before", analysis, asOf(naming(change.AddDate(0, -1, 0), "", ""), change.Add(-1)), "allow"},
		{"names none, before, on the day", analysis, asOf(naming(change.AddDate(0, -1, 0), "", ""), change), "consent_invalidated"},
		{"names none, on the day", analysis, naming(change, "", ""), "allow"},
		{"names a version and no document", analysis, naming(change.Add(-1), "", "2"), "consent_invalidated"},
		{"names another document", analysis, naming(change.Add(-1), "general", "1"), "allow"},
		{"names the old version", analysis, naming(change.Add(-1), "cookies", "1"), "consent_invalidated"},
		{"names the old version, after", analysis, naming(daysAgo(3), "cookies", "1"), "consent_invalidated"},
		{"names the new version", analysis, naming(daysAgo(3), "cookies", "2"), "allow"},
		{"names a version that there is not, before", analysis, naming(change.Add(-1), "cookies", "0"), "consent_invalidated"},
		{"names a version that there is not, after", analysis, naming(change, "cookies", "0"), "allow"},
		{"names a document that there is not, before", analysis, naming(change.Add(-1), "leaflet", "1"), "consent_invalidated"},
		{"names a document that there is not, after", analysis, naming(change, "leaflet", "1"), "allow"},
	})

	// A change that lies ahead ends nothing yet.
	ahead := inputs(t, `version: "3", effective_from: 2027-06-01`, `version: "3", effective_from: 2027-06-01, material_change: true`)
	answer(t, ahead, []question{
		{"ahead", analysis, asOf(naming(daysAgo(3), "general", "1"), day("2027-06-01").Add(-1)), "allow"},
		{"on the day", analysis, asOf(naming(daysAgo(3), "general", "1"), day("2027-06-01")), "consent_invalidated"},
		{"ahead, the notice of then", analysis, asOf(naming(daysAgo(3), "general", "3"), day("2027-06-01")), "allow"},
	})

	// What has ended lifts nothing: S5 (c), and an objection to direct marketing.
	restricted, objected := active(rules.EventRestriction, day("2026-01-01")), active(rules.EventDMObjection, day("2026-01-01"))
	old, young := change.AddDate(0, -1, 0), daysAgo(3)
	answer(t, inputs(t), []question{
		{"restriction, consent before", request{purpose: "support"}, in("JP", restricted, given("support", old)), "restricted"},
		{"restriction, consent after", request{purpose: "support"}, in("JP", restricted, given("support", young)), "allow"},
		{"objection, consent before", request{purpose: "news"}, in("JP", objected, given("news", old)), "dm_objection"},
		{"objection, consent after", request{purpose: "news"}, in("JP", objected, given("news", young)), "allow"},
		{"provision to a third party, before", request{recipient: "broker", purpose: "support"}, in("JP", scoped(given("support", old), func(s *rules.Scope) { s.Recipients = []string{"broker"} })), "third_party_no_consent"},
	})
}
