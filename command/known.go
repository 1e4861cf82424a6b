package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
)

// known is what is said of a person on the command line, in a file or in a store.
type known struct {
	config        *string
	subject, file string
	said          []string
}

func (k *known) flags(c *cobra.Command) {
	k.config = configFlag(c)
	c.Flags().StringVar(&k.subject, "subject", "", "a person of the store, or of --events, as population:id (customer:1008)")
	c.Flags().StringVar(&k.file, "events", "", "file of events, a JSON object a line, in place of the store")
	c.Flags().StringArrayVar(&k.said, "event", nil,
		"what happened besides: KIND[=STATE][,MEMBER[=VALUE]]..., as in consent=given,purpose=P,explicit or erasure=pending; repeatable")
}

// events are those of the state at an instant, then those of the flags.
func (k *known) events(ctx context.Context, policy *rules.Policy, at time.Time) (events []rules.Event, err error) {
	population, id, ok := splitSubject(k.subject)
	switch {
	case k.subject != "" && !ok:
		return nil, usage("--subject is population:id, for example customer:1008")
	case k.file != "":
		events, err = fromFile(k.file, policy, population, id)
	case k.subject != "":
		events, err = fromStore(ctx, *k.config, population, id, at)
	}
	if err != nil {
		return nil, err
	}
	for i, s := range k.said {
		e, err := saidEvent(s, at.Add(time.Duration(i-len(k.said))*time.Millisecond))
		if err != nil {
			return nil, err
		}
		if err := named(policy, &e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	for i := range events { // told later than asked: it has been recorded by then
		if e := &events[i]; e.Recorded.IsZero() {
			if e.Recorded = e.Time; at.Before(e.Recorded) {
				e.Recorded = at
			}
		}
	}
	return events, nil
}

// fromStore reads the events of a person from the store that a configuration names, by
// the gateway that holds it if one runs.
func fromStore(ctx context.Context, config, population, id string, at time.Time) ([]rules.Event, error) {
	app, err := loadApp(config)
	if err != nil {
		return nil, err
	}
	var s *subject.Summary
	client, err := gateway(app)
	if err == nil {
		s, err = client.Show(ctx, population, id, at)
	}
	if errors.Is(err, control.ErrNoGateway) {
		err = withWriter(ctx, app, func(w *subject.Writer) error {
			s, err = w.Show(ctx, population, id, at)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	events := make([]rules.Event, len(s.Events))
	for i := range s.Events {
		if events[i], _, err = subject.DecodePayload(s.Events[i].Event); err != nil {
			return nil, err
		}
		events[i].Recorded = s.Events[i].Recorded
	}
	return events, nil
}

// fromFile reads the events of one person from an import. Without a name everything in
// it is about one person.
func fromFile(path string, policy *rules.Policy, population, id string) ([]rules.Event, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	type who struct{ population, id string }
	people := make(map[who][]rules.Event)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, subject.DefaultMaxLine+1)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		e, err := subject.DecodeEnvelope(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		w, err := canonical(policy, e.Population, e.ID)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		people[who{e.Population, w}] = append(people[who{e.Population, w}], e.Event)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	if population == "" {
		if len(people) > 1 {
			return nil, usage("--events holds events of %d people: say which one, by --subject", len(people))
		}
		for _, events := range people {
			return events, nil
		}
		return nil, nil
	}
	if id, err = canonical(policy, population, id); err != nil {
		return nil, usage("--subject: %v", err)
	}
	return people[who{population, id}], nil
}

// canonical is an id in the one spelling that its population has for it.
func canonical(policy *rules.Policy, population, id string) (string, error) {
	p := policy.Populations()[population]
	if p == nil {
		return "", fmt.Errorf("the policy has no population %q", population)
	}
	c, err := p.Canonical(id, false)
	if err != nil {
		return "", fmt.Errorf("the id has not the form of population %q", population)
	}
	return c, nil
}

// saidEvent reads KIND[=STATE][,MEMBER[=VALUE]]... as the line of an import, so that it
// says nothing that a store would not take.
func saidEvent(s string, at time.Time) (rules.Event, error) {
	parts := strings.Split(s, ",")
	kind, state, _ := strings.Cut(parts[0], "=")
	k, ok := rules.ParseEventKind(kind)
	if !ok {
		return rules.Event{}, usage("--event: there is no event %q (%s)", kind, orList(kind, eventKinds()))
	}
	e := map[string]any{"population": "person", "id": "1", "kind": kind, "event_time": at.UTC().Format(time.RFC3339Nano)}
	actor := map[string]any{"type": rules.ActorSubject.String(), "verified": true}
	if err := standing(e, k, state); err != nil {
		return rules.Event{}, err
	}
	switch k {
	case rules.EventAge, rules.EventLocation, rules.EventNotice, rules.EventLegalOrder, rules.EventRetention:
		actor["type"] = rules.ActorOperator.String()
	case rules.EventOptOutSaleShare, rules.EventLimitSPI, rules.EventMinorOptIn:
		e["two_step"] = true
	default: // the person acts, in one step
	}
	for _, p := range parts[1:] {
		name, value, has := strings.Cut(p, "=")
		switch {
		case name == "unverified" && !has:
			actor["verified"] = false
		case name == "actor":
			actor["type"] = value
		case name == "parental" && !has:
			e[name], actor["type"] = true, rules.ActorGuardian.String()
		case !has:
			e[name] = true
		case slices.Contains([]string{"recipients", "categories", "regimes", "exceptions"}, name):
			list, _ := e[name].([]string)
			e[name] = append(list, value)
		default:
			e[name] = value
		}
	}
	e["actor"] = actor
	line, err := json.Marshal(e)
	if err != nil {
		return rules.Event{}, fmt.Errorf("reading --event: %w", err)
	}
	envelope, err := subject.DecodeEnvelope(line)
	if bad, ok := errors.AsType[*subject.MemberError](err); ok {
		if n, err := strconv.Atoi(strings.TrimPrefix(bad.Member, "member ")); err == nil { // one that is unknown, by its place
			bad.Member = slices.Sorted(maps.Keys(e))[n-1]
		}
		return rules.Event{}, usage("--event %s: %s %s (docs/subject-state.md has the members of each kind)", kind, bad.Member, bad.Problem)
	}
	if err != nil {
		return rules.Event{}, usage("--event %s: %v", kind, err)
	}
	return envelope.Event, nil
}

// standing puts what an event sets into its line. What is mostly meant may be left out.
func standing(e map[string]any, k rules.EventKind, state string) error {
	switch states := k.States(); {
	case k == rules.EventConsent:
		status, ok := statusWords[state]
		if !ok && state == "" {
			status, ok = rules.ConsentGiven, true
		}
		if !ok {
			if status, ok = rules.ParseConsentStatus(state); !ok {
				return usage("--event consent is given, renewed, refused, withdrawn, or a status such as ConsentExpired")
			}
		}
		e["status"] = status.String()
	case k == rules.EventLocation:
		l, err := location(state)
		if err != nil || state == "" {
			return usage("--event location is location=DE, or location=US-CA")
		}
		if e["country"] = l.Country; l.Region != "" {
			e["region"] = l.Region
		}
	case k == rules.EventNotice:
		e["version"] = state
	case state != "":
		e["state"] = state
	case slices.Contains(states, rules.StateActive) && k != rules.EventRetention:
		e["state"] = rules.StateActive.String()
	case k == rules.EventAge:
		return usage("--event age needs a band: age=adult")
	default:
		return usage("--event %s needs its state, one of %s: %s=%s", k, strings.Join(names(states), ", "), k, states[0])
	}
	return nil
}

// named refuses names that the policy does not have: an event with a slip of the pen
// would change nothing, and explain something else.
func named(policy *rules.Policy, e *rules.Event) error {
	b := policy.Bundle
	check := func(what, name string, known []string, ok bool) error {
		if name == "" || ok || slices.Contains(known, name) {
			return nil
		}
		return usage("--event %s: the policy has no %s %q (%s)", e.Kind, what, name, orList(name, known))
	}
	purposes := listed(b.Purposes, func(d *rules.PurposeDef) string { return d.Name.Value })
	recipients := listed(b.Recipients, func(d *rules.RecipientDef) string { return d.Name.Value })
	categories := listed(b.Categories, func(d *rules.CategoryDef) string { return d.Name.Value })
	err := errors.Join(
		check("purpose", e.Scope.Purpose, purposes, false),
		check("order", e.Order, listed(b.Orders, func(d *rules.OrderDef) string { return d.Name.Value }), false),
		check("document", e.Document, listed(b.Documents, func(d *rules.Document) string { return d.ID }), false),
	)
	var versions []string
	for i := range b.Documents {
		if d := &b.Documents[i]; d.ID == e.Document {
			versions = append(versions, d.Version)
		}
	}
	if err == nil {
		err = check(fmt.Sprintf("version of %q called", e.Document), e.Version, versions, false)
	}
	for _, p := range e.Exceptions {
		err = errors.Join(err, check("purpose", p, purposes, false))
	}
	for _, r := range e.Scope.Recipients {
		_, category := rules.ParseRecipientCategory(r)
		err = errors.Join(err, check("recipient, and no category of recipients,", r, recipients, category))
	}
	for _, c := range e.Scope.Categories {
		within := slices.ContainsFunc(categories, func(k string) bool { return strings.HasPrefix(k, c+".") || strings.HasPrefix(c, k+".") })
		err = errors.Join(err, check("category", c, categories, within))
	}
	return err
}

func listed[T any](list []T, name func(*T) string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = name(&list[i])
	}
	return out
}

// orList says what may be meant: the nearest name, else all.
func orList(word string, known []string) string {
	if s := rules.DidYouMean(word, known); s != "" {
		return s
	}
	return "there are " + strings.Join(known, ", ")
}

func eventKinds() (out []string) {
	for k := rules.EventAge; k <= rules.EventLegalOrder; k++ {
		out = append(out, k.String())
	}
	return out
}

// location reads a country, or a state of the United States.
func location(s string) (rules.Location, error) {
	country, region, dash := strings.Cut(s, "-")
	l := rules.Location{Country: country, Region: region}
	if s == "" {
		return l, nil
	}
	if !rules.KnownCountry(country) || dash && (country != "US" || region == "") {
		return rules.Location{}, usage("--location is an ISO 3166-1 code of a country, of the United States with a state: DE, US, US-CA")
	}
	return l, nil
}
