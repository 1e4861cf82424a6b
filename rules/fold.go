package rules

import (
	"cmp"
	"slices"
	"time"
)

// Fold returns the state after a subject's events, in whatever order they are
// given. The replica, replay of the past and tests all use it.
//
// The latest event time wins; at equal times the more restrictive event does.
// An event that relaxes has no effect unless it may ([Event.mayRelax]). Times
// hold back nothing else here: a refusal counts from when it is seen, and
// whether a consent has begun or ended is decided when the state is read.
func Fold(events []Event) *State {
	if len(events) == 0 {
		return nil
	}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(b.leniency(), a.leniency()), compareEnd(b.Until, a.Until), cmp.Compare(a.Seq, b.Seq))
	})
	s := new(State)
	for i := range sorted {
		s.apply(&sorted[i])
	}
	return s
}

// leniency orders events of one kind and one instant: the most restrictive has 0
// and is applied last, so that it wins.
func (e *Event) leniency() int {
	switch e.Kind {
	case EventConsent:
		if e.Consent.Valid() {
			return 1
		}
		return 0
	case EventAge, EventLocation: // a fact that replaces, before what adds to it
		if e.mayRelax() {
			return 1
		}
		return 0
	default:
		return slices.Index(e.Kind.States(), e.State)
	}
}

// compareEnd orders the ends of two validities; a zero end never comes.
func compareEnd(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// Known reports whether the event is the word of somebody who was verified: not an
// anonymous claim, not what a gateway has seen, and not that of an agent who shows no
// authority (C7.2). Nobody else makes a subject one that is known.
func (e *Event) Known() bool {
	return e.Actor.Verified && e.Actor.Type.outside() && (e.Actor.Type != ActorAgent || e.Actor.Authority != "")
}

// mayRelax reports whether the event may widen what is disclosed. Grants are
// narrow: one of an unverified actor or of a gateway, dated after it was
// recorded, or narrowed by a scope that its kind does not have, grants nothing.
// What only the person may take back, only the person's word takes back.
func (e *Event) mayRelax() bool {
	narrowed := len(e.Scope.Recipients) > 0 || e.Scope.Regimes != 0 || len(e.Scope.Categories) > 0 && e.Kind != EventAccuracy
	if !e.Known() || e.Time.After(e.Recorded) || narrowed {
		return false
	}
	switch e.Kind {
	case EventLIObjection, EventCeaseUse, EventCeaseProvision, EventRetention:
		return true
	case EventDMObjection:
		return e.Scope.Purpose == "" && e.Actor.Type.personal()
	case EventOptOutSaleShare, EventLimitSPI:
		return e.Scope.Purpose == "" && e.Actor.Type.personal() && e.TwoStep
	case EventLegalOrder: // who keeps the file of orders
		return e.Scope.Purpose == "" && e.Actor.Type == ActorOperator
	case EventMinorOptIn: // nobody's but the minor's own (C4.2)
		return e.Scope.Purpose == "" && e.Actor.Type == ActorSubject && e.TwoStep
	default:
		return e.Scope.Purpose == ""
	}
}

func (s *State) apply(e *Event) {
	if e.Known() {
		s.Seen = true
	}
	switch e.Kind {
	case EventAge:
		s.applyAge(e)
	case EventLocation:
		s.applyLocation(e)
	case EventNotice:
		if e.mayRelax() { // whoever was told more may be asked for more
			s.Notices = append(s.Notices, NoticeTold{Document: e.Document, Version: e.Version, Since: e.Time})
		}
	case EventConsent:
		if !e.Consent.Valid() || e.Known() {
			s.Consents = append(s.Consents, *e)
		}
	case EventRestriction:
		s.Restriction = s.Restriction.after(e)
	case EventDMObjection:
		s.DMObjection = s.DMObjection.after(e)
	case EventOptOutSaleShare:
		s.OptOut = s.OptOut.after(e)
	case EventLimitSPI:
		s.LimitSPI = s.LimitSPI.after(e)
	case EventMinorOptIn:
		s.MinorOptIn = s.MinorOptIn.after(e)
	case EventErasure:
		s.applyErasure(e)
	case EventRetention:
		s.Retention = purposeAfter(s.Retention, e)
	case EventLegalOrder:
		s.applyOrder(e)
	case EventLIObjection:
		s.LIObjections = purposeAfter(s.LIObjections, e)
	case EventCeaseUse:
		s.CeaseUse = purposeAfter(s.CeaseUse, e)
	case EventCeaseProvision:
		s.CeaseProvision = purposeAfter(s.CeaseProvision, e)
	case EventAccuracy:
		s.applyAccuracy(e)
	}
}

// after returns the standing once e, which is not older, has happened.
func (s Standing) after(e *Event) Standing {
	order := e.Kind.States()
	rank := slices.Index(order, e.State)
	if rank < 0 {
		return s
	}
	was := slices.Index(order, s.State)
	if was < 0 {
		was = len(order) // no state yet is the least restrictive, except where a state grants
		if e.Kind == EventMinorOptIn || e.Kind == EventLegalOrder {
			was = 0
		}
	}
	// A purpose that was achieved later keeps its data longer.
	if (rank > was || e.State == StateAchieved && rank == was) && !e.mayRelax() {
		return s
	}
	return Standing{State: e.State, Since: e.Time, Seq: e.Seq}
}

func purposeAfter(list []PurposeStanding, e *Event) []PurposeStanding {
	for i := range list {
		if list[i].Purpose == e.Scope.Purpose {
			list[i].Standing = list[i].after(e)
			return list
		}
	}
	return append(list, PurposeStanding{Purpose: e.Scope.Purpose, Standing: Standing{}.after(e)})
}

// applyAge lets a fact from outside replace what was known before its time, and
// everything else only add to it. An unknown age says nothing.
func (s *State) applyAge(e *Event) {
	if e.Age.Band == AgeUnknown {
		return
	}
	if e.mayRelax() && s.ageFact.replaces(e) {
		s.Ages = s.Ages[:0]
	}
	if !slices.Contains(s.Ages, e.Age) {
		s.Ages = append(s.Ages, e.Age)
	}
}

// applyLocation is applyAge for locations.
func (s *State) applyLocation(e *Event) {
	if e.Location.Country == "" {
		return
	}
	if e.mayRelax() && s.locationFact.replaces(e) {
		s.Locations = s.Locations[:0]
	}
	if !slices.Contains(s.Locations, e.Location) {
		s.Locations = append(s.Locations, e.Location)
	}
}

// replaces notes a fact from outside. It is false for a second one of the same
// instant: both hold, and the stricter decides.
func (f *factStanding) replaces(e *Event) bool {
	if f.known && f.since.Equal(e.Time) {
		return false
	}
	f.known, f.since = true, e.Time
	return true
}

// applyErasure lets an executed erasure stay. Which purposes an exception leaves is
// the latest word of who may relax; any other word only takes away from them.
func (s *State) applyErasure(e *Event) {
	if s.Erasure.State == StateExecuted {
		return
	}
	before := s.Erasure
	s.Erasure = s.Erasure.after(e)
	switch {
	case s.Erasure.State != StateExcepted:
		s.ErasureExceptions = nil
	case e.State != StateExcepted: // it was not heard
	case e.mayRelax() && (before.State != StateExcepted || !before.Since.Equal(e.Time)):
		s.ErasureExceptions = e.Exceptions
	case before.State == StateExcepted:
		s.ErasureExceptions = slices.DeleteFunc(slices.Clone(s.ErasureExceptions), func(p string) bool { return !slices.Contains(e.Exceptions, p) })
	}
}

// applyOrder notes that an order names the subject, or does not any more.
func (s *State) applyOrder(e *Event) {
	for i := range s.Orders {
		if s.Orders[i].Order == e.Order {
			s.Orders[i].Standing = s.Orders[i].after(e)
			return
		}
	}
	s.Orders = append(s.Orders, OrderStanding{Order: e.Order, Standing: Standing{}.after(e)})
}

// applyAccuracy notes contested categories. Without any, all are contested.
func (s *State) applyAccuracy(e *Event) {
	categories := e.Scope.Categories
	if len(categories) == 0 {
		categories = []string{""}
	}
	for _, c := range categories {
		switch {
		case e.State == StateActive && !slices.Contains(s.Contested, c):
			s.Contested = append(s.Contested, c)
		case e.State == StateLifted && e.mayRelax():
			s.Contested = slices.DeleteFunc(s.Contested, func(contested string) bool { return categoryWithin(contested, c) })
		}
	}
}
