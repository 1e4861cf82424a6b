package command

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// people gathers what is known. The store, if there is one, is open until closeStore.
func (f *tryFlags) people(ctx context.Context, policy *rules.Policy, at time.Time) (people *policytest.People, closeStore func() error, err error) {
	people, closeStore = new(policytest.People), func() error { return nil }
	if f.state != "" {
		if people.Events, err = readEvents(f.state); err != nil {
			return nil, nil, err
		}
	}
	events, err := f.given(at)
	if err != nil {
		return nil, nil, err
	}
	if len(f.onSubjects) > 0 && len(events) == 0 {
		return nil, nil, usage("--subject is whom --consent and --event are about: add one of them")
	}
	if len(f.onSubjects) == 0 {
		people.Everybody = events
	}
	for _, s := range f.onSubjects {
		population, id, ok := splitSubject(s)
		if !ok {
			return nil, nil, usage("--subject is population:id, for example customer:1008")
		}
		if policy.Populations()[population] == nil {
			return nil, nil, usage("the policy has no population %q", population)
		}
		for _, e := range events {
			people.Events = append(people.Events, subject.Envelope{Population: population, ID: id, Event: e})
		}
	}
	if f.config == "" {
		return people, closeStore, nil
	}
	store, err := openTried(ctx, f.config)
	if err != nil {
		return nil, nil, err
	}
	people.Store = store
	return people, store.store.Close, nil
}

// given are the events that flags say. They happened at the instant that is asked for,
// by the word of a verified person.
func (f *tryFlags) given(at time.Time) (events []rules.Event, err error) {
	for _, text := range f.consents {
		purpose, status, _ := strings.Cut(text, "=")
		word := rules.ConsentGiven
		if status != "" {
			var ok bool
			if word, ok = statusWords[status]; !ok {
				if word, ok = rules.ParseConsentStatus(status); !ok {
					return nil, usage("--consent is PURPOSE or PURPOSE=STATUS, with given, renewed, refused, withdrawn, or a status such as ConsentExpired")
				}
			}
		}
		members := map[string]any{"kind": rules.EventConsent.String(), "status": word.String(), "purpose": purpose}
		if word.Valid() {
			members["explicit"], members["foreign_info"], members["recipients"] = true, true, []string{f.request.Recipient}
		}
		e, err := decoded(at, members)
		if err != nil {
			return nil, fmt.Errorf("--consent %s: %w", purpose, err)
		}
		events = append(events, e)
	}
	for _, text := range f.events {
		kind, value, _ := strings.Cut(text, "=")
		k, ok := rules.ParseEventKind(kind)
		if !ok || k == rules.EventConsent {
			return nil, usage("--event is KIND or KIND=VALUE; a kind is age, location, notice, %s", strings.Join(names(rightKinds), ", "))
		}
		if hint := needsValue[k]; hint != "" && value == "" {
			return nil, usage("--event %s needs a value, for example %s=%s", kind, kind, hint)
		}
		e, err := decoded(at, eventMembers(k, value))
		if err != nil {
			return nil, fmt.Errorf("--event %s: %w", kind, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// needsValue has an example for each kind of event that means nothing without a value.
var needsValue = map[rules.EventKind]string{
	rules.EventAge: "under13", rules.EventLocation: "US-CA", rules.EventNotice: "general:2023-11-01", rules.EventAccuracy: "user.name",
	rules.EventLegalOrder: "tax-2026-031",
}

// eventMembers are the members of an event by the one value that a flag has for it.
func eventMembers(kind rules.EventKind, value string) map[string]any {
	m := map[string]any{"kind": kind.String()}
	switch kind {
	case rules.EventLocation:
		country, region, _ := strings.Cut(value, "-")
		m["country"] = country
		if region != "" {
			m["region"] = region
		}
	case rules.EventNotice:
		m["document"], m["version"], _ = strings.Cut(value, ":")
	case rules.EventAccuracy: // of a category
		m["state"], m["categories"] = rules.StateActive.String(), []string{value}
	case rules.EventLegalOrder: // by its ref
		m["state"], m["order"] = rules.StateActive.String(), value
	default:
		if m["state"] = value; value == "" {
			m["state"] = firstState(kind).String()
		}
	}
	return m
}

// firstState is what a kind of event means without a word: that it is in force.
func firstState(kind rules.EventKind) rules.EventState {
	states := kind.States()
	switch {
	case slices.Contains(states, rules.StateActive) && kind != rules.EventRetention:
		return rules.StateActive
	case len(states) > 0:
		return states[0]
	}
	return rules.StateNone
}

// decoded reads an event as an import would, so that nothing is tried that no store
// takes.
func decoded(at time.Time, members map[string]any) (rules.Event, error) {
	members["population"], members["id"] = "any", "1"
	members["event_time"] = at.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	members["actor"] = map[string]any{"type": rules.ActorSubject.String(), "verified": true}
	line, err := json.Marshal(members)
	if err != nil {
		return rules.Event{}, fmt.Errorf("writing an event: %w", err)
	}
	e, err := subject.DecodeEnvelope(line)
	return e.Event, err
}

// readEvents reads a file of events, an NDJSON line each.
func readEvents(path string) ([]subject.Envelope, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	var events []subject.Envelope
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, subject.DefaultMaxLine+1)
	for n := 1; lines.Scan(); n++ {
		e, err := subject.DecodeEnvelope(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("reading events: %s:%d: %w", path, n, err)
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading events from %s: %w", path, err)
	}
	return events, nil
}

// triedStore is the state of a gateway, which may be running. It is only read.
type triedStore struct {
	store  *sqlite.Store
	digest *pseudonym.Digester
}

func openTried(ctx context.Context, config string) (*triedStore, error) {
	app, err := loadApp(config)
	if err != nil {
		return nil, err
	}
	set, err := caddymodule.LoadKeys(app.Keys.Path)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, app.State.Path, set.Fingerprint(), sqlite.ReadOnly())
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", app.State.Path, err)
	}
	return &triedStore{store: store, digest: set.Digester()}, nil
}

// Key implements [policytest.Store].
func (s *triedStore) Key(p *rules.Population, id string) rules.Key { return s.digest.Key(p, id) }

// Events implements [policytest.Store].
func (s *triedStore) Events(ctx context.Context, keys []rules.Key) ([]subject.Change, error) {
	head, err := s.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	return s.store.Events(ctx, keys, head.Seq)
}
