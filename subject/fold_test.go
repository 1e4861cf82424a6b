package subject_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// The state is a function of what happened, not of the order in which anybody
// heard of it.
func TestFoldOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := genHistory(t, 1, 8)
		want := rules.Fold(eventsOf(history...))
		shuffled := rapid.Permutation(history).Draw(t, "order")
		if got := rules.Fold(eventsOf(shuffled...)); !reflect.DeepEqual(got, want) {
			t.Fatalf("folded\n%+v, want\n%+v", got, want)
		}
	})
}

// What Live leaves out makes no difference, then or ever after.
func TestLiveLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := genHistory(t, 1, 8)
		after := genHistory(t, 100, 4)
		want := rules.Fold(eventsOf(append(slices.Clone(before), after...)...))
		live := subject.Live(slices.Clone(before))
		if len(live) > len(before) {
			t.Fatal("events out of nothing")
		}
		if got := rules.Fold(eventsOf(live...)); !reflect.DeepEqual(plain(got), plain(rules.Fold(eventsOf(before...)))) {
			t.Fatalf("present state\n%+v", got)
		}
		if got := rules.Fold(eventsOf(append(live, after...)...)); !reflect.DeepEqual(plain(got), plain(want)) {
			t.Fatalf("later state\n%+v, want\n%+v", got, want)
		}
	})
}

func TestLiveIsBounded(t *testing.T) {
	t.Parallel()
	var live []subject.Change
	for i := range 1000 {
		e := rules.Event{
			Seq: rules.Seq(i + 1), Kind: rules.EventDMObjection, State: rules.StateActive,
			Time: day0.Add(time.Duration(i) * time.Hour), Recorded: day0.Add(time.Duration(i) * time.Hour),
			Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
		}
		if i%2 == 1 {
			e.State = rules.StateLifted
		}
		live = subject.Live(append(live, subject.Change{Keyed: subject.Keyed{Event: e}}))
	}
	if len(live) > 2 {
		t.Errorf("%d live events of one right that was used and lifted 500 times", len(live))
	}
}

func TestRestrictiveWins(t *testing.T) {
	t.Parallel()
	at := func(seq rules.Seq, state rules.EventState, days int, verified bool) rules.Event {
		return rules.Event{
			Seq: seq, Kind: rules.EventRestriction, State: state, Time: day0.AddDate(0, 0, days), Recorded: day0.AddDate(0, 0, 30),
			Actor: rules.Actor{Type: rules.ActorSubject, Verified: verified},
		}
	}
	future := at(2, rules.StateLifted, 31, true)
	for name, c := range map[string]struct {
		events []rules.Event
		want   rules.EventState
	}{
		"a later lift lifts":                 {[]rules.Event{at(1, rules.StateActive, 1, true), at(2, rules.StateLifted, 2, true)}, rules.StateLifted},
		"an earlier lift does not":           {[]rules.Event{at(1, rules.StateActive, 2, true), at(2, rules.StateLifted, 1, true)}, rules.StateActive},
		"at a tie the restriction holds":     {[]rules.Event{at(1, rules.StateActive, 1, true), at(2, rules.StateLifted, 1, true)}, rules.StateActive},
		"at a tie in the other order":        {[]rules.Event{at(1, rules.StateLifted, 1, true), at(2, rules.StateActive, 1, true)}, rules.StateActive},
		"an unverified lift does not":        {[]rules.Event{at(1, rules.StateActive, 1, true), at(2, rules.StateLifted, 2, false)}, rules.StateActive},
		"an unverified restriction does":     {[]rules.Event{at(1, rules.StateLifted, 1, true), at(2, rules.StateActive, 2, false)}, rules.StateActive},
		"a lift dated after it was recorded": {[]rules.Event{at(1, rules.StateActive, 1, true), future}, rules.StateActive},
		"a future restriction holds at once": {[]rules.Event{at(1, rules.StateActive, 300, true)}, rules.StateActive},
	} {
		if got := rules.Fold(c.events).Restriction.State; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// An achieved purpose leaves to what stands before it whether it counts, so that
// nothing before it is left out; a hold makes all before it void, of its purpose.
func TestLiveRetention(t *testing.T) {
	t.Parallel()
	at := func(day uint8, state rules.EventState, purpose string, verified bool) subject.Change {
		return subject.Change{Keyed: subject.Keyed{Event: rules.Event{
			Seq: rules.Seq(day), Kind: rules.EventRetention, State: state, Scope: rules.Scope{Purpose: purpose}, Time: day0.AddDate(0, 0, int(day)),
			Recorded: day0.AddDate(0, 0, 30), Actor: rules.Actor{Type: rules.ActorOperator, Verified: verified},
		}}}
	}
	for name, c := range map[string]struct {
		events []subject.Change
		live   []rules.Seq
		state  rules.EventState
		since  int // day
	}{
		"a claim does not end a hold":        {[]subject.Change{at(1, rules.StateHold, "p", true), at(2, rules.StateAchieved, "p", false)}, []rules.Seq{1, 2}, rules.StateHold, 1},
		"a claim does not move the period":   {[]subject.Change{at(1, rules.StateAchieved, "p", true), at(2, rules.StateAchieved, "p", false)}, []rules.Seq{1, 2}, rules.StateAchieved, 1},
		"a verified one does":                {[]subject.Change{at(1, rules.StateAchieved, "p", true), at(2, rules.StateAchieved, "p", true)}, []rules.Seq{1, 2}, rules.StateAchieved, 2},
		"a hold makes earlier events void":   {[]subject.Change{at(1, rules.StateAchieved, "p", true), at(2, rules.StateHold, "p", true)}, []rules.Seq{2}, rules.StateHold, 2},
		"a hold of another purpose does not": {[]subject.Change{at(1, rules.StateAchieved, "p", true), at(2, rules.StateHold, "q", true)}, []rules.Seq{1, 2}, rules.StateAchieved, 1},
	} {
		live := subject.Live(slices.Clone(c.events))
		var seqs []rules.Seq
		for i := range live {
			seqs = append(seqs, live[i].Seq)
		}
		if !slices.Equal(seqs, c.live) {
			t.Errorf("%s: live are %v, want %v", name, seqs, c.live)
		}
		s := rules.Fold(eventsOf(live...))
		if got := s.Retention[0]; got.Purpose != "p" || got.State != c.state || !got.Since.Equal(day0.AddDate(0, 0, c.since)) {
			t.Errorf("%s: %+v, want %v since day %d", name, got, c.state, c.since)
		}
	}
}

// A claim leaves what a verified person has said of the same right: by that alone the
// subject may be known.
func TestLiveKeepsWhoIsKnown(t *testing.T) {
	t.Parallel()
	at := func(day uint8, state rules.EventState, verified bool) subject.Change {
		return subject.Change{Keyed: subject.Keyed{Event: rules.Event{
			Seq: rules.Seq(day), Kind: rules.EventRestriction, State: state, Time: day0.AddDate(0, 0, int(day)),
			Recorded: day0.AddDate(0, 0, 30), Actor: rules.Actor{Type: rules.ActorSubject, Verified: verified},
		}}}
	}
	live := subject.Live([]subject.Change{at(1, rules.StateLifted, false), at(2, rules.StateLifted, true), at(3, rules.StateActive, false)})
	if s := rules.Fold(eventsOf(live...)); len(live) != 2 || !s.Seen || !s.Restriction.Active() {
		t.Errorf("%d events are live, known %v, restriction %v", len(live), s.Seen, s.Restriction.State)
	}
	live = subject.Live(append(live, at(4, rules.StateActive, true)))
	if s := rules.Fold(eventsOf(live...)); len(live) != 1 || !s.Seen || !s.Restriction.Active() {
		t.Errorf("%d events are live, known %v, restriction %v", len(live), s.Seen, s.Restriction.State)
	}
}

// Two orders do not make each other's events void.
func TestLiveOrders(t *testing.T) {
	t.Parallel()
	at := func(day uint8, state rules.EventState, ref string) subject.Change {
		return subject.Change{Keyed: subject.Keyed{Event: rules.Event{
			Seq: rules.Seq(day), Kind: rules.EventLegalOrder, State: state, Order: ref, Time: day0.AddDate(0, 0, int(day)),
			Recorded: day0.AddDate(0, 0, 30), Actor: rules.Actor{Type: rules.ActorOperator, Verified: true},
		}}}
	}
	live := subject.Live([]subject.Change{at(1, rules.StateActive, "a"), at(2, rules.StateActive, "b"), at(3, rules.StateLifted, "b")})
	if len(live) != 2 || live[0].Seq != 1 || live[1].Seq != 3 {
		t.Fatalf("live are %+v", live)
	}
	for _, o := range rules.Fold(eventsOf(live...)).Orders {
		if o.Active() != (o.Order == "a") {
			t.Errorf("order %s is %v", o.Order, o.State)
		}
	}
}
