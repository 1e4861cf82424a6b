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
// An event that relaxes has no effect when its actor was not verified or when it
// is dated after it was recorded. Times hold back nothing else here: a refusal
// counts from when it is seen, and whether a consent has begun or ended is
// decided when the state is read.
func Fold(events []Event) *State {
	if len(events) == 0 {
		return nil
	}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq))
	})
	s := new(State)
	for i := range sorted {
		s.apply(&sorted[i])
	}
	return s
}

func (s *State) apply(e *Event) {
	if e.Actor.Type != ActorGateway {
		s.Seen = true
	}
	switch e.Kind {
	case EventAge:
		s.applyAge(e)
	case EventLocation:
		s.applyLocation(e)
	case EventNotice:
		s.Notices = append(s.Notices, NoticeTold{Document: e.Document, Version: e.Version, Since: e.Time})
	case EventConsent:
		if !e.Consent.Valid() || e.Actor.Verified {
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
		if s.Erasure.State != StateExecuted {
			s.Erasure = s.Erasure.after(e)
		}
	case EventRetention:
		s.Retention = s.Retention.after(e)
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
		if e.Kind == EventMinorOptIn {
			was = 0
		}
	}
	relaxes := rank > was
	held := !e.Actor.Verified || e.Time.Equal(s.Since) || e.Time.After(e.Recorded)
	if relaxes && held {
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

// applyAge lets a fact from outside replace what was known, and an observation
// of the gateway only add to it.
func (s *State) applyAge(e *Event) {
	if e.Actor.Type != ActorGateway && e.Actor.Verified {
		s.Ages = s.Ages[:0]
	}
	if !slices.Contains(s.Ages, e.Age) {
		s.Ages = append(s.Ages, e.Age)
	}
}

func (s *State) applyLocation(e *Event) {
	if e.Actor.Type != ActorGateway && e.Actor.Verified {
		s.Locations = s.Locations[:0]
	}
	if !slices.Contains(s.Locations, e.Location) {
		s.Locations = append(s.Locations, e.Location)
	}
}

func (s *State) applyAccuracy(e *Event) {
	for _, c := range e.Scope.Categories {
		i := slices.Index(s.Contested, c)
		switch {
		case e.State == StateActive && i < 0:
			s.Contested = append(s.Contested, c)
		case e.State == StateLifted && i >= 0 && e.Actor.Verified:
			s.Contested = slices.Delete(s.Contested, i, i+1)
		}
	}
}

// AgeAt returns the strictest band that the state supports.
func (s *State) AgeAt(now time.Time) AgeBand {
	if s == nil {
		return AgeUnknown
	}
	band := AgeUnknown
	for _, f := range s.Ages {
		band = stricter(band, f.At(now))
	}
	return band
}
