package policytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
	"github.com/modicum-dev/modicum/subject"
)

// event reads an event with the members that an import has, but for the subject,
// which is the one that it stands at. So a test says nothing that a store would not
// take.
func (r *reader) event(v source.Value) Event {
	e := Event{Pos: v.Pos(), at: make(map[string]rules.Pos)}
	line := bytes.NewBufferString(`{"population":"test","id":"1"`)
	var names []rules.Name
	sound := v.Kind() == source.KindMapping
	v.Each(func(key rules.Name, v source.Value) {
		names = append(names, key)
		e.at[key.Value] = v.Pos()
		value := r.eventMember(key.Value, v)
		v.Any() // the form of a member is for the store's own reader
		if key.Value == "population" || key.Value == "id" {
			r.Problem(key.Pos, rules.ErrUnknownKey, fmt.Sprintf("%s has no place here: an event is about the subject at which it stands", key.Value), "")
			value = nil
		}
		name, err := json.Marshal(key.Value)
		if sound = sound && value != nil && err == nil; sound {
			fmt.Fprintf(line, ",%s:%s", name, value)
		}
	})
	if !sound {
		return e
	}
	line.WriteByte('}')
	envelope, err := subject.DecodeEnvelope(line.Bytes())
	if err != nil {
		r.eventProblem(e, names, err)
		return e
	}
	e.Event = envelope.Event
	return e
}

// eventMember returns a member as JSON. Texts need no quotes in a test, and a day
// stands for its first moment.
func (r *reader) eventMember(name string, v source.Value) json.RawMessage {
	if v.Kind() != source.KindScalar {
		return v.JSON()
	}
	text := v.Word().Value
	if text == "" {
		return nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil && name == "event_time" {
		text = t.Format(time.RFC3339)
	}
	b, err := json.Marshal(text)
	if err != nil { // a string is always JSON
		return nil
	}
	return b
}

// eventProblem finds the place of the member that is wrong.
func (r *reader) eventProblem(e Event, names []rules.Name, err error) {
	member, ok := errors.AsType[*subject.MemberError](err)
	if !ok {
		r.Problem(e.Pos, rules.ErrBadValue, "event: "+err.Error(), "")
		return
	}
	name, _, _ := strings.Cut(member.Member, ".")
	if n, ok := strings.CutPrefix(member.Member, "member "); ok { // one that is unknown, by its place
		if i, err := strconv.Atoi(n); err == nil && i >= 3 && i-3 < len(names) {
			key := names[i-3]
			r.Problem(key.Pos, rules.ErrUnknownKey, fmt.Sprintf("event: %q %s", key.Value, member.Problem), "")
			return
		}
	}
	pos, ok := e.at[name]
	if !ok {
		pos = e.Pos
	}
	r.Problem(pos, rules.ErrBadValue, fmt.Sprintf("event: %s %s", member.Member, member.Problem), eventHints[member.Member])
}

// eventHints say what may stand in the members that are closed lists.
var eventHints = map[string]string{
	"kind":       "docs/subject-state.md lists them",
	"state":      "docs/subject-state.md lists those of each kind",
	"status":     "of the W3C Data Privacy Vocabulary: ConsentGiven, ConsentRefused, ConsentWithdrawn, ...",
	"actor.type": "subject, agent, guardian or operator",
}

// state is what is known of a person at an instant: the events, and before them the
// facts that only the state can hold. Each event was recorded when it happened; one
// that is dated later than the test has been recorded by then, since it is known.
func (s *Subject) state(at time.Time, remembered []rules.Event) *rules.State {
	events := remembered
	for i := range s.Events {
		e := s.Events[i].Event
		e.Recorded = e.Time
		if at.Before(e.Recorded) {
			e.Recorded = at
		}
		events = append(events, e)
	}
	for i := range events {
		events[i].Seq = rules.Seq(i) + 1
	}
	return rules.Fold(events)
}

// remembered is what the state holds of the facts, in place of the bodies: from a
// verified source, before everything else that happened.
func remembered(f *rules.Facts, k *rules.SubjectKind, at time.Time) (events []rules.Event) {
	if !k.FromState {
		return nil
	}
	fact := rules.Event{Actor: rules.Actor{Type: rules.ActorOperator, Verified: true}}
	for _, l := range f.Locations {
		if l.Country != "" && !k.HasCountry {
			fact.Kind, fact.Location = rules.EventLocation, l
			events = append(events, fact)
		}
	}
	if !f.Born.IsZero() && !k.HasBorn {
		fact.Kind, fact.Location = rules.EventAge, rules.Location{}
		fact.Age.Band, fact.Age.Until = rules.BandAt(f.Born, at)
		events = append(events, fact)
		f.Born = time.Time{}
	}
	if !k.HasCountry {
		f.Locations = [2]rules.Location{}
	}
	return events
}
