package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// S6 with E6.1: data is kept for the period of the purpose after it was achieved, and
// not beyond; a purpose without a period keeps nothing after that.
func TestRetentionOfAnAchievedPurpose(t *testing.T) {
	t.Parallel()
	achieved := day("2025-11-01")
	of := func(state rules.EventState, purpose string, at time.Time) rules.Event {
		return scoped(event(rules.EventRetention, state, at), func(s *rules.Scope) { s.Purpose = purpose })
	}
	asOf := func(at time.Time, e ...rules.Event) subject {
		s := in("JP", e...)
		s.at = at
		return s
	}
	const done, hold, expired, on = rules.StateAchieved, rules.StateHold, rules.StateExpired, rules.StateActive
	support, delivery := request{purpose: "support"}, request{purpose: "delivery"}
	year := achieved.AddDate(1, 0, 0)
	unverified := func(e rules.Event) rules.Event { return by(e, rules.ActorSubject, false) }
	answer(t, inputs(t), []question{
		{"nothing achieved", support, in("JP"), "allow"},
		{"a year less an instant", support, asOf(year.Add(-1), of(done, "support", achieved)), "allow"},
		{"a year", support, asOf(year, of(done, "support", achieved)), "retention_expired"},
		{"achieved for all purposes", support, asOf(year, of(done, "", achieved)), "retention_expired"},
		{"achieved for all purposes, within the period of this one", support, asOf(year.Add(-1), of(done, "", achieved)), "allow"},
		{"another purpose achieved", support, asOf(year, of(done, "delivery", achieved)), "allow"},
		{"no period", delivery, asOf(achieved, of(done, "delivery", achieved)), "retention_expired"},
		{"no period, an instant before", delivery, asOf(achieved.Add(-1), of(done, "delivery", achieved)), "allow"},
		{"achieved again later", support, asOf(year, of(done, "support", achieved), of(done, "support", achieved.Add(time.Hour))), "allow"},
		{"achieved again later, says somebody unverified", support, asOf(year, of(done, "support", achieved), unverified(of(done, "support", achieved.Add(time.Hour)))), "retention_expired"},
		{"achieved twice at one instant", support, asOf(year, of(done, "support", achieved), of(done, "support", achieved)), "retention_expired"},
		{"achieved, says somebody unverified", support, asOf(year, unverified(of(done, "support", achieved))), "retention_expired"},
		{"taken up again", support, asOf(year, of(done, "support", achieved), of(on, "support", achieved.AddDate(0, 1, 0))), "allow"},
		{"taken up again, says somebody unverified", support, asOf(year, of(done, "support", achieved), unverified(of(on, "support", achieved.AddDate(0, 1, 0)))), "retention_expired"},
		{"taken up for this purpose, achieved for all", support, asOf(year, of(done, "", achieved), of(on, "support", achieved.AddDate(0, 1, 0))), "retention_expired"},

		{"on hold", support, in("JP", of(hold, "support", achieved)), "retention_hold"},
		{"on hold for all purposes", support, in("JP", of(hold, "", achieved)), "retention_hold"},
		{"on hold for another purpose", support, in("JP", of(hold, "delivery", achieved)), "allow"},
		{"expired", support, in("JP", of(expired, "support", achieved)), "retention_expired"},
		{"expired here, on hold for all", support, in("JP", of(expired, "support", achieved), of(hold, "", achieved)), "retention_expired"},
		{"a hold is lifted", support, in("JP", of(hold, "support", achieved), of(on, "support", daysAgo(3))), "allow"},
		{"a hold is lifted at its instant", support, in("JP", of(hold, "support", achieved), of(on, "support", achieved)), "retention_hold"},
		{"a hold outlasts an achievement told by nobody", support, in("JP", of(hold, "support", achieved), unverified(of(done, "support", daysAgo(3)))), "retention_hold"},
	})
}

// S7b: of an erasure that was refused for a reason, the purposes of the exception are
// left (C6.2b, E7.5).
func TestExceptedErasure(t *testing.T) {
	t.Parallel()
	excepted := func(days int, purposes ...string) rules.Event {
		e := event(rules.EventErasure, rules.StateExcepted, daysAgo(days))
		e.Exceptions = purposes
		return e
	}
	unverified := func(e rules.Event) rules.Event { return by(e, rules.ActorSubject, false) }
	erasure := func(s rules.EventState, days int) rules.Event { return event(rules.EventErasure, s, daysAgo(days)) }
	p := inputs(t)
	for _, c := range []struct {
		what              string
		events            []rules.Event
		support, delivery string
	}{
		{"no purpose", []rules.Event{excepted(5)}, "erasure_excepted", "erasure_excepted"},
		{"one purpose", []rules.Event{excepted(5, "support")}, "allow", "erasure_excepted"},
		{"both", []rules.Event{excepted(5, "delivery", "support")}, "allow", "allow"},
		{"of somebody unverified", []rules.Event{unverified(excepted(5, "support"))}, "erasure_excepted", "erasure_excepted"},
		{"another one later", []rules.Event{excepted(5, "support"), excepted(3, "delivery")}, "erasure_excepted", "allow"},
		{"two at one instant", []rules.Event{excepted(5, "support"), excepted(5, "delivery")}, "erasure_excepted", "erasure_excepted"},
		{"two at one instant with a common purpose", []rules.Event{excepted(5, "support", "delivery"), excepted(5, "support")}, "allow", "erasure_excepted"},
		{"two at one instant, told backwards", []rules.Event{excepted(5, "support"), excepted(5, "support", "delivery")}, "allow", "erasure_excepted"},
		{"an unverified one later takes away", []rules.Event{excepted(5, "support", "delivery"), unverified(excepted(3, "support"))}, "allow", "erasure_excepted"},
		{"and gives nothing", []rules.Event{excepted(5, "delivery"), unverified(excepted(3, "support", "delivery"))}, "erasure_excepted", "allow"},
		{"asked again", []rules.Event{excepted(5, "support"), erasure(rules.StatePending, 3)}, "erasure_pending", "allow"}, // delivery rests on contract alone
		{"decided", []rules.Event{erasure(rules.StatePending, 5), excepted(3, "support")}, "allow", "erasure_excepted"},
		{"decided by somebody unverified", []rules.Event{erasure(rules.StatePending, 5), unverified(excepted(3, "support"))}, "erasure_pending", "allow"},
		{"asked and decided at one instant", []rules.Event{erasure(rules.StatePending, 5), excepted(5, "support")}, "erasure_pending", "allow"},
		{"rejected", []rules.Event{excepted(5, "support"), erasure(rules.StateRejected, 3)}, "allow", "allow"},
		{"rejected by somebody unverified", []rules.Event{excepted(5, "support"), unverified(erasure(rules.StateRejected, 3))}, "allow", "erasure_excepted"},
		{"executed", []rules.Event{excepted(5, "support"), erasure(rules.StateExecuted, 3)}, "subject_erased", "subject_erased"},
		{"executed is final", []rules.Event{erasure(rules.StateExecuted, 5), excepted(3, "support")}, "subject_erased", "subject_erased"},
	} {
		answer(t, p, []question{
			{c.what + ", support", request{purpose: "support"}, in("JP", c.events...), c.support},
			{c.what + ", delivery", request{purpose: "delivery"}, in("JP", c.events...), c.delivery},
		})
	}
}
