package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// event is one line of the seed, in the form that commands import.
type event struct {
	Population string `json:"population"`
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	State      string `json:"state,omitempty"`
	Status     string `json:"status,omitempty"`
	Purpose    string `json:"purpose,omitempty"`
	Country    string `json:"country,omitempty"`
	EventTime  string `json:"event_time"`
	Actor      actor  `json:"actor"`
}

type actor struct {
	Type     string `json:"type"`
	Verified bool   `json:"verified"`
}

// lastInBodies is the id of the last customer whom a body holds.
const lastInBodies = firstCustomer + 1000 - 1

// history returns what is known of one customer. Those who stand in bodies have
// made choices that change nothing for the benchmark's purpose: the contestants
// remove the same members from every record. The others are there to be looked
// past, with every kind of choice.
func history(id int) []event {
	d := newDice(1<<32 + uint64(id)) //nolint:gosec // G115: ids are positive
	about := event{Population: "customer", ID: fmt.Sprint(id), EventTime: d.day(2025) + d.clock("Z"), Actor: actor{Type: "subject", Verified: true}}
	with := func(change func(*event)) event {
		e := about
		change(&e)
		return e
	}
	events := []event{
		with(func(e *event) { e.Kind, e.State = "age", "adult" }),
		with(func(e *event) { e.Kind, e.Country = "location", home(id).code }),
	}
	switch d.below(4) {
	case 0:
		events = append(events, with(func(e *event) { e.Kind, e.State = "dm_objection", "active" }))
	case 1:
		events = append(events, with(func(e *event) { e.Kind, e.Status, e.Purpose = "consent", "ConsentGiven", "marketing.profile" }))
	case 2:
		events = append(events, with(func(e *event) { e.Kind, e.State, e.Purpose = "li_objection", "upheld", "survey.request" }))
	}
	if id <= lastInBodies {
		return events
	}
	switch d.below(10) {
	case 0:
		events = append(events, with(func(e *event) { e.Kind, e.State = "restriction", "active" }))
	case 1:
		events = append(events, with(func(e *event) { e.Kind, e.State = "erasure", "pending" }))
	}
	return events
}

// writeEvents writes the seed of the state store: the histories of so many
// customers, those in the bodies first.
func writeEvents(path string, subjects int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	lines := json.NewEncoder(w)
	for id := firstCustomer; id < firstCustomer+subjects; id++ {
		for _, e := range history(id) {
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}
