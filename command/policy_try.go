package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// ErrRefused is returned by `policy try` for an answer that the recipient would not
// get, after it was explained.
var ErrRefused = errors.New("the recipient is refused")

// ErrUnnamed is returned by `policy try --har` for traffic of which the policy does
// not name everything, after it was printed.
var ErrUnnamed = errors.New("the policy does not name everything in this traffic")

// DefaultMaxTried is how many bytes `policy try` reads of a body: more than a gateway
// takes of its upstream, so that it is told as refused. A longer file is an error.
const DefaultMaxTried = 64 << 20

// tryFlags are what is asked, and what is known of the people in the answer.
type tryFlags struct {
	request                      policytest.Request
	params                       []string
	at, state, config, har       string
	consents, events, onSubjects []string
	asJSON                       bool
}

func policyTry() *cobra.Command {
	var f tryFlags
	c := &cobra.Command{
		Use: "try DIR FILE|-", Short: "Show what becomes of a body: the answer beside the original, with the reason of each member", Args: cobra.RangeArgs(1, 2),
		Long: `Show what becomes of a body of an internal API, member by member: the original
beside what the recipient would get, and why. It is decided by the functions that
a gateway decides by. Nothing is sent anywhere, and no store or ledger is written.

What it prints holds the personal data of the body. Pseudonyms are made with a
key that is drawn for this run and thrown away.

Without --state, --config, --consent and --event nothing is known of anybody.
It exits with 3 when the recipient is refused, and with --har when the traffic
has routes or members that the policy does not name.`,
		Example: `  modicum policy try policy --recipient mailer --purpose newsletter.send --resource customer customer.json
  curl -s http://crm:8080/v1/customers | modicum policy try policy --recipient mailer --purpose newsletter.send --resource customers -
  modicum policy try policy --recipient mailer --purpose newsletter.send --resource customer --event dm_objection customer.json
  modicum policy try policy --recipient support-desk --purpose support.provide --path '/v1/customers/1001/orders' orders.json
  modicum policy try policy --recipient support-desk --purpose support.provide --config Caddyfile --har monday.har`,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	s := c.Flags()
	s.StringVar(&f.request.Recipient, "recipient", "", "who asks, by id")
	s.StringVar(&f.request.Purpose, "purpose", "", "what for")
	s.StringVar(&f.request.Ref, "ref", "", "case reference, or the ref of a legal order")
	s.StringVar(&f.request.API, "api", "", "the api, where the policy has several")
	s.StringVar(&f.request.Resource, "resource", "", "the resource that the body is of, by name")
	s.StringVar(&f.request.Path, "path", "", "in place of --resource: the path that was asked for, with its query if there is one")
	s.StringArrayVar(&f.params, "param", nil, "NAME=VALUE of a parameter of the resource's route; without it the id of the one person in the body")
	s.StringVar(&f.request.Own, "own", "", "POPULATION:ID of the caller, where the recipient is people who ask for their own data")
	s.BoolVar(&f.request.GPC, "gpc", false, "the person's browser sends Sec-GPC: 1")
	s.StringVar(&f.at, "at", "", "the day, or the instant (RFC 3339), for which to ask; now if empty")
	s.StringVar(&f.state, "state", "", "a file of events (NDJSON) of what is known of people")
	s.StringVarP(&f.config, "config", "c", "", "a gateway's configuration, whose state is read")
	s.StringArrayVar(&f.consents, "consent", nil, "PURPOSE[=STATUS]: a consent, given in every respect, or withdrawn, refused, ...")
	s.StringArrayVar(&f.events, "event", nil, "KIND[=VALUE]: restriction, dm_objection=lifted, age=under13, location=US-CA, ...")
	s.StringArrayVar(&f.onSubjects, "subject", nil, "POPULATION:ID: --consent and --event are about this person, not about everybody in the body")
	s.StringVar(&f.har, "har", "", "a file of recorded traffic (HAR) in place of a body: what the policy would make of all of it")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	for _, name := range []string{"recipient", "purpose"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was defined above
		}
	}
	return c
}

func (f *tryFlags) run(c *cobra.Command, args []string) (err error) {
	switch {
	case f.har != "" && len(args) > 1:
		return usage("--har takes the place of a body: give one of them")
	case f.har != "" && (f.request.Resource != "" || f.request.Path != "" || len(f.params) > 0):
		return usage("--har has its own paths: leave out --resource, --path and --param")
	case f.har == "" && len(args) < 2:
		return usage("say which body: a file, or - for the standard input")
	case f.request.Resource != "" && f.request.Path != "":
		return usage("--path says the resource: leave out --resource")
	}
	at, err := instant(f.at)
	if err != nil {
		return err
	}
	f.request.Params = make(map[string]string)
	for _, p := range f.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return usage("--param is NAME=VALUE, for example id=1001")
		}
		f.request.Params[name] = value
	}
	policy, err := caddymodule.LoadPolicy(args[0])
	if err != nil {
		return err
	}
	people, closeStore, err := f.people(c.Context(), policy, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	trial, err := policytest.NewTrial(policy, at, people)
	if err != nil {
		return err
	}
	if f.har != "" {
		return f.traffic(c, trial)
	}
	body, err := readBody(c.InOrStdin(), args[1])
	if err != nil {
		return err
	}
	tried, err := trial.Try(&f.request, body)
	if err != nil {
		return err
	}
	if err := tell(c, f.asJSON, tried.Text, tried.JSON); err != nil {
		return err
	}
	if tried.Refused != rules.ReasonNone {
		return found(c, fmt.Errorf("%w: %s", ErrRefused, tried.Refused))
	}
	return nil
}

// tell prints for people, or for a program.
func tell(c *cobra.Command, asJSON bool, text func() string, object func() ([]byte, error)) error {
	if !asJSON {
		return say(c.OutOrStdout(), "%s", text())
	}
	b, err := object()
	if err != nil {
		return err
	}
	return say(c.OutOrStdout(), "%s", b)
}

func (f *tryFlags) traffic(c *cobra.Command, trial *policytest.Trial) error {
	file, err := os.Open(filepath.Clean(f.har))
	if err != nil {
		return fmt.Errorf("reading traffic: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written to it
	traffic, err := trial.Traffic(&f.request, file)
	if err != nil {
		return err
	}
	if err := tell(c, f.asJSON, traffic.Text, traffic.JSON); err != nil {
		return err
	}
	if n := traffic.Unnamed(); n > 0 {
		return found(c, fmt.Errorf("%w: %s", ErrUnnamed, number(n, "path")))
	}
	return nil
}

// readBody reads a file, or the standard input.
func readBody(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(filepath.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		defer func() { _ = file.Close() }() // nothing was written to it
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, DefaultMaxTried+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) > DefaultMaxTried {
		return nil, usage("the body has more than %d bytes", DefaultMaxTried)
	}
	return body, nil
}

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
