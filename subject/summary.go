package subject

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Summary is a subject's state for people to read, with the events that made it.
// It holds no id and no key.
type Summary struct {
	Population string    `json:"population"`
	Store      string    `json:"store"`
	Seq        rules.Seq `json:"seq"`
	Head       string    `json:"head"`
	AsOf       time.Time `json:"as_of"`
	// Seen is false for a subject of whom only gateways, or people whom nobody
	// has verified, have said anything, if anybody has.
	Seen      bool              `json:"seen"`
	Age       string            `json:"age"`
	Locations []rules.Location  `json:"locations,omitempty"`
	Rights    []RightSummary    `json:"rights,omitempty"`
	Contested []string          `json:"contested,omitempty"`
	Notices   []NoticeSummary   `json:"notices,omitempty"`
	Consents  []ConsentSummary  `json:"consents,omitempty"`
	Events    []RecordedSummary `json:"events,omitempty"`
}

// RightSummary is where one right stands.
type RightSummary struct {
	Kind    string    `json:"kind"`
	Purpose string    `json:"purpose,omitempty"` // empty: every purpose
	Order   string    `json:"order,omitempty"`   // ref of a legal order that names the subject
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Seq     rules.Seq `json:"seq"`
	// Exceptions are the purposes that an excepted erasure leaves.
	Exceptions []string `json:"exceptions,omitempty"`
}

// NoticeSummary is a notice that the subject was told.
type NoticeSummary struct {
	Document string    `json:"document"`
	Version  string    `json:"version"`
	Since    time.Time `json:"since"`
}

// ConsentSummary is a consent event that can still decide something.
type ConsentSummary struct {
	Seq        rules.Seq  `json:"seq"`
	Status     string     `json:"status"`
	Purpose    string     `json:"purpose,omitempty"`
	Recipients []string   `json:"recipients,omitempty"`
	Categories []string   `json:"categories,omitempty"`
	Time       time.Time  `json:"event_time"`
	Until      *time.Time `json:"until,omitempty"`
}

// RecordedSummary is an event as it was recorded.
type RecordedSummary struct {
	Seq      rules.Seq       `json:"seq"`
	Recorded time.Time       `json:"recorded"`
	Event    json.RawMessage `json:"event"`
}

// Show returns what is known of a subject, or was at a time: what had been
// recorded by then. The zero time is now. It reads the store, not the replica.
func (w *Writer) Show(ctx context.Context, population, id string, asOf time.Time) (*Summary, error) {
	key, err := w.Key(population, id)
	if err != nil {
		return nil, err
	}
	head, err := w.opts.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := w.opts.Store.Events(ctx, []rules.Key{key}, head.Seq)
	if err != nil {
		return nil, err
	}
	if asOf.IsZero() {
		asOf = w.opts.Clock()
	} else {
		changes = slices.DeleteFunc(changes, func(c Change) bool { return c.Recorded.After(asOf) })
	}
	pos := head.Position(w.opts.Store.ID())
	s := &Summary{Population: population, Store: pos.Store, Seq: pos.Seq, Head: pos.HeadHex(), AsOf: asOf.UTC()}
	s.fill(rules.Fold(events(changes)), asOf)
	for i := range changes {
		c := &changes[i]
		s.Events = append(s.Events, RecordedSummary{Seq: c.Seq, Recorded: c.Recorded, Event: c.Payload})
	}
	return s, nil
}

func (s *Summary) fill(state *rules.State, at time.Time) {
	s.Age = state.AgeAt(at).String()
	if state == nil {
		return
	}
	s.Seen, s.Locations, s.Contested = state.Seen, state.Locations, state.Contested
	add := func(kind rules.EventKind, st rules.Standing, r RightSummary) {
		if st.State != rules.StateNone {
			r.Kind, r.State, r.Since, r.Seq = kind.String(), st.State.String(), st.Since, st.Seq
			s.Rights = append(s.Rights, r)
		}
	}
	right := func(kind rules.EventKind, purpose string, st rules.Standing) {
		add(kind, st, RightSummary{Purpose: purpose})
	}
	right(rules.EventRestriction, "", state.Restriction)
	right(rules.EventDMObjection, "", state.DMObjection)
	right(rules.EventOptOutSaleShare, "", state.OptOut)
	right(rules.EventLimitSPI, "", state.LimitSPI)
	right(rules.EventMinorOptIn, "", state.MinorOptIn)
	add(rules.EventErasure, state.Erasure, RightSummary{Exceptions: state.ErasureExceptions})
	for _, p := range state.Retention {
		right(rules.EventRetention, p.Purpose, p.Standing)
	}
	for _, p := range state.LIObjections {
		right(rules.EventLIObjection, p.Purpose, p.Standing)
	}
	for _, p := range state.CeaseUse {
		right(rules.EventCeaseUse, p.Purpose, p.Standing)
	}
	for _, p := range state.CeaseProvision {
		right(rules.EventCeaseProvision, p.Purpose, p.Standing)
	}
	for _, o := range state.Orders {
		add(rules.EventLegalOrder, o.Standing, RightSummary{Order: o.Order})
	}
	for _, n := range state.Notices {
		s.Notices = append(s.Notices, NoticeSummary(n))
	}
	for i := range state.Consents {
		e := &state.Consents[i]
		c := ConsentSummary{
			Seq: e.Seq, Status: e.Consent.String(), Purpose: e.Scope.Purpose, Recipients: e.Scope.Recipients,
			Categories: e.Scope.Categories, Time: e.Time,
		}
		if !e.Until.IsZero() {
			c.Until = &e.Until
		}
		s.Consents = append(s.Consents, c)
	}
}
