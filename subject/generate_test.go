package subject_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// genTime draws few instants, so that ties are common.
func genTime(t *rapid.T, label string) time.Time {
	return day0.AddDate(0, 0, rapid.IntRange(0, 6).Draw(t, label))
}

// genEvent draws an event as a store may hold it.
func genEvent(t *rapid.T) rules.Event {
	kinds := []rules.EventKind{
		rules.EventAge, rules.EventLocation, rules.EventNotice, rules.EventConsent, rules.EventRestriction, rules.EventDMObjection,
		rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision, rules.EventOptOutSaleShare, rules.EventLimitSPI,
		rules.EventMinorOptIn, rules.EventErasure, rules.EventRetention, rules.EventAccuracy, rules.EventLegalOrder,
	}
	purposes := []string{"", "support.provide", "newsletter.send"}
	e := rules.Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Time: genTime(t, "time")}
	e.Actor = rules.Actor{
		Type:     rapid.SampledFrom([]rules.ActorType{rules.ActorSubject, rules.ActorAgent, rules.ActorGuardian, rules.ActorOperator}).Draw(t, "actor"),
		Verified: rapid.Bool().Draw(t, "verified"),
	}
	if states := e.Kind.States(); states != nil {
		e.State = rapid.SampledFrom(states).Draw(t, "state")
	}
	switch e.Kind {
	case rules.EventAge:
		e.Age.Band = rapid.SampledFrom([]rules.AgeBand{rules.Under13, rules.Age13To15, rules.Age16To17, rules.Adult}).Draw(t, "band")
		if e.Age.Band != rules.Adult && rapid.Bool().Draw(t, "ends") {
			e.Age.Until = genTime(t, "until").AddDate(1, 0, 0)
		}
	case rules.EventLocation:
		e.Location = rapid.SampledFrom([]rules.Location{{Country: "DE"}, {Country: "US", Region: "CA"}, {Country: "JP"}}).Draw(t, "location")
	case rules.EventNotice:
		e.Document, e.Version = "E", rapid.SampledFrom([]string{"2023-11-01", "2026-01-01"}).Draw(t, "version")
	case rules.EventConsent:
		e.Consent = rapid.SampledFrom([]rules.ConsentStatus{rules.ConsentGiven, rules.ConsentWithdrawn, rules.ConsentUnknown}).Draw(t, "status")
		e.Scope = rules.Scope{
			Purpose:    rapid.SampledFrom(purposes).Draw(t, "purpose"),
			Recipients: rapid.SampledFrom([][]string{nil, {"mailer"}, {"mailer", "crm"}}).Draw(t, "recipients"),
			Categories: rapid.SampledFrom([][]string{nil, {"user.contact"}}).Draw(t, "categories"),
			Regimes:    rapid.SampledFrom([]rules.Regimes{0, rules.EEA, rules.APPI, rules.EEA | rules.CCPA}).Draw(t, "regimes"),
		}
		e.Explicit, e.TwoStep = rapid.Bool().Draw(t, "explicit"), rapid.Bool().Draw(t, "two-step")
		if rapid.Bool().Draw(t, "ends") {
			e.Until = genTime(t, "until").AddDate(1, 0, 0)
		}
	case rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision, rules.EventRetention:
		e.Scope.Purpose = rapid.SampledFrom(purposes).Draw(t, "purpose")
	case rules.EventAccuracy:
		e.Scope.Categories = rapid.SampledFrom([][]string{{"user.name"}, {"user.contact"}, {"user.name", "user.contact"}}).Draw(t, "categories")
	case rules.EventRestriction, rules.EventDMObjection, rules.EventOptOutSaleShare, rules.EventLimitSPI, rules.EventMinorOptIn,
		rules.EventErasure, rules.EventLegalOrder:
	}
	if e.State == rules.StateExcepted {
		e.Exceptions = rapid.SampledFrom([][]string{nil, {"support.provide"}, {"support.provide", "newsletter.send"}}).Draw(t, "exceptions")
	}
	if e.Kind == rules.EventLegalOrder {
		e.Order = rapid.SampledFrom([]string{"order-1", "order-2"}).Draw(t, "order")
	}
	return e
}

// genHistory draws the changes of one subject with sequences and recorded times.
func genHistory(t *rapid.T, from rules.Seq, most int) []subject.Change {
	changes := make([]subject.Change, rapid.IntRange(0, most).Draw(t, "events"))
	for i := range changes {
		e := genEvent(t)
		e.Seq = from + rules.Seq(i)
		e.Recorded = genTime(t, "recorded")
		changes[i] = subject.Change{Keyed: subject.Keyed{Event: e}}
	}
	return changes
}

func eventsOf(changes ...subject.Change) []rules.Event {
	var events []rules.Event
	for _, c := range changes {
		events = append(events, c.Event)
	}
	return events
}

// plain orders what has no order.
func plain(s *rules.State) *rules.State {
	if s == nil {
		return nil
	}
	c := *s
	for _, list := range []*[]rules.PurposeStanding{&c.Retention, &c.LIObjections, &c.CeaseUse, &c.CeaseProvision} {
		*list = slices.Clone(*list)
		slices.SortFunc(*list, func(a, b rules.PurposeStanding) int {
			if a.Purpose < b.Purpose {
				return -1
			}
			return 1
		})
	}
	c.Orders = slices.Clone(c.Orders)
	slices.SortFunc(c.Orders, func(a, b rules.OrderStanding) int { return strings.Compare(a.Order, b.Order) })
	return &c
}
