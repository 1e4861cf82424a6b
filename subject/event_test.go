package subject_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

func TestEnvelopeForm(t *testing.T) {
	t.Parallel()
	line := `{"population":"customer","id":"1007","kind":"consent","status":"ConsentGiven","event_time":"2026-05-01T02:00:00+02:00",` +
		`"actor":{"type":"subject","verified":true,"authority_ref":null},"purpose":"newsletter.send","recipients":["mailer"],` +
		`"categories":["user.contact"],"regimes":["EEA","UK"],"until":"2027-05-01T00:00:00Z","explicit":true,"parental":true,` +
		`"foreign_info":true,"two_step":true,"document":"E","version":"2023-11-01","evidence":"sha256:00"}`
	got, err := subject.DecodeEnvelope([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	want := subject.Envelope{
		Population: "customer", ID: "1007", Evidence: "sha256:00",
		Event: rules.Event{
			Kind: rules.EventConsent, Consent: rules.ConsentGiven,
			Time: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC),
			Scope: rules.Scope{
				Purpose: "newsletter.send", Recipients: []string{"mailer"}, Categories: []string{"user.contact"}, Regimes: rules.EEA | rules.UK,
			},
			Explicit: true, Parental: true, Foreign: true, TwoStep: true, Document: "E", Version: "2023-11-01",
			Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	age, err := subject.DecodeEnvelope([]byte(`{"population":"customer","id":1007,"kind":"age","state":"under13","until":"2027-07-01",` +
		`"event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator"},"purpose":null}`))
	if err != nil || age.ID != "1007" || age.Event.Age != (rules.AgeFact{Band: rules.Under13, Until: time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)}) {
		t.Errorf("age: %+v, %v", age, err)
	}
}

// The bytes that the chain is computed over may never change.
func TestPayloadBytes(t *testing.T) {
	t.Parallel()
	e := rules.Event{
		Kind: rules.EventConsent, Consent: rules.ConsentWithdrawn, Time: time.Date(2026, 5, 1, 2, 0, 0, 5e6, time.FixedZone("", 7200)),
		Until: day0, Actor: rules.Actor{Type: rules.ActorAgent, Verified: true, Authority: "poa\n\"1\""},
		Scope:    rules.Scope{Purpose: "p", Recipients: []string{"a", "é"}, Categories: []string{"user"}, Regimes: rules.UK | rules.CCPA | rules.APPI},
		Explicit: true, Parental: true, Foreign: true, TwoStep: true, Document: "E", Version: "1",
	}
	want := `{"kind":"consent","status":"ConsentWithdrawn","event_time":"2026-05-01T00:00:00.005Z","until":"2026-01-01T00:00:00Z",` +
		`"actor":{"type":"agent","verified":true,"authority_ref":"poa\u000a\"1\""},"purpose":"p","recipients":["a","é"],` +
		`"categories":["user"],"regimes":["UK","CCPA","APPI"],"explicit":true,"parental":true,"foreign_info":true,"two_step":true,` +
		`"document":"E","version":"1","evidence":"sha256:1","writer":"w"}`
	got := subject.AppendPayload(nil, &e, subject.Provenance{Writer: "w", Evidence: "sha256:1"})
	if string(got) != want || !json.Valid(got) {
		t.Errorf("payload\n%s, want\n%s", got, want)
	}
	next := subject.Genesis("store", "fingerprint").Next(1, rules.Key{1}, time.UnixMicro(1), got)
	if hex := (subject.Link{Seq: 1, Hash: next}).Position("store").HeadHex(); hex != "39623e96484be2054987f094595b3786" {
		t.Errorf("chain head %s", hex)
	}
	age := rules.Event{Kind: rules.EventAge, Age: rules.AgeFact{Band: rules.Age13To15, Until: day0.Add(time.Hour)}, Time: day0, Actor: rules.Actor{Type: rules.ActorGateway}}
	want = `{"kind":"age","state":"13_15","event_time":"2026-01-01T00:00:00Z","until":"2026-01-02","actor":{"type":"gateway","verified":false}}`
	if got := subject.AppendPayload(nil, &age, subject.Provenance{}); string(got) != want {
		t.Errorf("payload\n%s, want\n%s", got, want)
	}
}

func TestEventRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := genEvent(t)
		from := subject.Provenance{Writer: rapid.StringN(0, 20, 100).Draw(t, "writer"), Evidence: "sha256:1"}
		payload := subject.AppendPayload(nil, &e, from)
		got, gotFrom, err := subject.DecodePayload(payload)
		if err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		if !reflect.DeepEqual(got, e) || gotFrom != from {
			t.Fatalf("payload %s gives\n%+v, want\n%+v", payload, got, e)
		}
		env := subject.Envelope{Population: "customer", ID: rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "id"), Event: e}
		line := subject.AppendEnvelope(nil, &env)
		back, err := subject.DecodeEnvelope(line)
		if err != nil || !reflect.DeepEqual(back, env) {
			t.Fatalf("line %s gives\n%+v, %v, want\n%+v", line, back, err, env)
		}
	})
}

const secretID = "SECRET-4711"

// Each error names its member; none shows the id or a value.
func TestEnvelopeRefused(t *testing.T) {
	t.Parallel()
	const good = `{"population":"customer","id":"SECRET-4711","kind":"restriction","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"}}`
	consent := strings.Replace(good, `"kind":"restriction","state":"active"`, `"kind":"consent","status":"ConsentGiven"`, 1)
	for name, c := range map[string]struct{ line, old, new, want string }{
		"unknown member":       {good, `"state"`, `"SECRET-4711":1,"state"`, "member 4: is unknown"},
		"misspelt member":      {good, `"event_time"`, `"event_tyme"`, "did you mean event_time?"},
		"other case":           {good, `"kind"`, `"Kind"`, "did you mean kind?"},
		"twice":                {good, `"kind"`, `"kind":"age","kind"`, "kind: is given twice"},
		"writer":               {good, `"kind"`, `"writer":"SECRET-4711","kind"`, "member 3: is unknown"},
		"no population":        {good, `"population":"customer",`, ``, "population: is missing"},
		"no id":                {good, `"SECRET-4711"`, `null`, "id: is missing"},
		"empty id":             {good, `"SECRET-4711"`, `""`, "id: is empty"},
		"float id":             {good, `"SECRET-4711"`, `4711.5`, "id: is not a string"},
		"list id":              {good, `"SECRET-4711"`, `["SECRET-4711"]`, "id: is not a string"},
		"no kind":              {good, `"kind":"restriction",`, ``, "kind: is missing"},
		"unknown kind":         {good, `"restriction"`, `"SECRET-4711"`, "kind: is not a kind of event"},
		"no state":             {good, `"state":"active",`, ``, "state: is missing"},
		"foreign state":        {good, `"active"`, `"upheld"`, "state: is not a state of this kind"},
		"unknown state":        {good, `"active"`, `"SECRET-4711"`, "state: is not a state of this kind"},
		"empty state":          {good, `"active"`, `""`, "state: is empty"},
		"no time":              {good, `"event_time":"2026-05-01T00:00:00Z",`, ``, "event_time: is missing"},
		"day as time":          {good, `2026-05-01T00:00:00Z`, `2026-05-01`, "event_time: is not a time"},
		"time in milliseconds": {good, `"2026-05-01T00:00:00Z"`, `1764000000000`, "event_time: is not a string"},
		"no actor":             {good, `,"actor":{"type":"subject"}`, ``, "actor: is missing"},
		"no actor type":        {good, `{"type":"subject"}`, `{"verified":true}`, "actor.type: is missing"},
		"unknown actor":        {good, `"type":"subject"`, `"type":"SECRET-4711"`, "actor.type: is not a type"},
		"extra in actor":       {good, `"type":"subject"`, `"type":"subject","name":"SECRET-4711"`, "actor: is not an object of"},
		"scope on a right":     {good, `"kind"`, `"purpose":"newsletter.send","kind"`, "purpose: does not belong to this kind"},
		"status on a right":    {good, `"kind"`, `"status":"ConsentGiven","kind"`, "status: does not belong to this kind"},
		"until on a right":     {good, `"kind"`, `"until":"2027-01-01T00:00:00Z","kind"`, "until: does not belong to this kind"},
		"no status":            {consent, `"status":"ConsentGiven",`, ``, "status: is missing"},
		"unknown status":       {consent, `"ConsentGiven"`, `"given"`, "status: is not a consent status"},
		"state on a consent":   {consent, `"status"`, `"state":"active","status"`, "state: does not belong to this kind"},
		"unknown regime":       {consent, `"status"`, `"regimes":["SECRET-4711"],"status"`, "regimes: names an unknown regime"},
		"empty regime":         {consent, `"status"`, `"regimes":[""],"status"`, "regimes: is empty"},
		"text as list":         {consent, `"status"`, `"recipients":"SECRET-4711","status"`, "recipients: is not a list"},
		"empty in list":        {consent, `"status"`, `"recipients":[""],"status"`, "recipients: is empty"},
		"empty categories":     {consent, `"status"`, `"categories":[],"status"`, "categories: is empty"},
		"empty recipients":     {consent, `"status"`, `"recipients":[],"status"`, "recipients: is empty"},
		"empty regimes":        {consent, `"status"`, `"regimes":[],"status"`, "regimes: is empty"},
		"flag as text":         {consent, `"status"`, `"explicit":"true","status"`, "explicit: is neither true nor false"},
		"long text":            {consent, `"status"`, `"purpose":"` + strings.Repeat("x", 257) + `","status"`, "purpose: is too long"},
		"long list":            {consent, `"status"`, `"recipients":["a"` + strings.Repeat(`,"a"`, 64) + `],"status"`, "recipients: is too long"},
		"adult until":          {good, `"kind":"restriction","state":"active"`, `"kind":"age","state":"adult","until":"2027-01-01"`, "until: does not belong"},
		"unknown age":          {good, `"kind":"restriction","state":"active"`, `"kind":"age","state":"unknown"`, "state: is not an age band"},
		"age until a time":     {good, `"kind":"restriction","state":"active"`, `"kind":"age","state":"under13","until":"2027-01-01T00:00:00Z"`, "until: is not a day"},
		"country in words":     {good, `"kind":"restriction","state":"active"`, `"kind":"location","country":"Germany"`, "country: is not an ISO"},
		"accuracy of all":      {good, `"kind":"restriction"`, `"kind":"accuracy"`, "categories: is missing"},
		"exceptions elsewhere": {good, `"kind":"restriction","state":"active"`, `"kind":"erasure","state":"pending","exceptions":["p"]`, "exceptions: belongs to the state excepted"},
		"exceptions of rights": {good, `"kind"`, `"exceptions":["p"],"kind"`, "exceptions: does not belong to this kind"},
		"order without a ref":  {good, `"restriction"`, `"legal_order"`, "order: is missing"},
		"order of a right":     {good, `"kind"`, `"order":"SECRET-4711","kind"`, "order: does not belong to this kind"},
		"order upheld":         {good, `"kind":"restriction","state":"active"`, `"kind":"legal_order","order":"o","state":"upheld"`, "state: is not a state of this kind"},
		"trailing":             {good, `}}`, `}} {}`, "event: is followed by something else"},
		"cut":                  {good, `}}`, `}`, "event: is not well-formed"},
		"no object":            {`["SECRET-4711"]`, `[`, `[ `, "event: is not a JSON object"},
		"no UTF-8":             {good, `customer`, "customer\xff", "event: is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := strings.Replace(c.line, c.old, c.new, 1)
			if line == c.line {
				t.Fatal("the case changes nothing")
			}
			_, err := subject.DecodeEnvelope([]byte(line))
			if !errors.Is(err, subject.ErrEvent) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), secretID) {
				t.Errorf("the error shows the id or a value: %v", err)
			}
		})
	}
	if _, err := subject.DecodeEnvelope([]byte(good)); err != nil {
		t.Errorf("the good line: %v", err)
	}
	if _, err := subject.DecodeEnvelope(make([]byte, subject.DefaultMaxLine+1)); !errors.Is(err, subject.ErrEvent) {
		t.Errorf("a long line: %v", err)
	}
}

func TestStoredEventOfALaterVersion(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]error{
		`{"kind":"teleport","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"}}`:                                     subject.ErrStoreNewer,
		`{"kind":"notice","document":"E","version":"1","mood":1,"event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"}}`: subject.ErrStoreNewer,
		`{"kind":"notice","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"}}`:                                       subject.ErrStoreCorrupt,
		`{"id":"1","kind":"restriction","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"}}`:        subject.ErrStoreNewer,
		``: subject.ErrStoreCorrupt,
	} {
		if _, _, err := subject.DecodePayload([]byte(payload)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", payload, err, want)
		}
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	f.Add([]byte(`{"population":"customer","id":"1","kind":"consent","status":"ConsentGiven","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject"},"purpose":"p","regimes":["EEA"]}`))
	f.Add([]byte(`{"population":"customer","id":"1","kind":"retention","state":"achieved","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true},"purpose":"customer.fulfil"}`))
	f.Add([]byte(`{"population":"customer","id":"1","kind":"erasure","state":"excepted","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true},"exceptions":["legal.claims","p"]}`))
	f.Add([]byte(`{"population":"customer","id":"1","kind":"legal_order","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true},"order":"order-1"}`))
	f.Add([]byte(`{"population":"customer","id":7,"kind":"age","state":"under13","until":"2027-07-01","event_time":"2026-05-01T00:00:00.5+02:00","actor":{"type":"operator","verified":true}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := subject.DecodeEnvelope(line)
		if err != nil {
			if !errors.Is(err, subject.ErrEvent) {
				t.Fatalf("%v is no ErrEvent", err)
			}
			return
		}
		again, err := subject.DecodeEnvelope(subject.AppendEnvelope(nil, &e))
		if err != nil {
			t.Fatalf("own line: %v", err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatal(diff)
		}
		payload := subject.AppendPayload(nil, &e.Event, subject.Provenance{})
		back, _, err := subject.DecodePayload(payload)
		if err != nil {
			t.Fatalf("own payload: %v", err)
		}
		if second := subject.AppendPayload(nil, &back, subject.Provenance{}); string(second) != string(payload) {
			t.Fatalf("payload %s, then %s", payload, second)
		}
	})
}

// What later versions of the format have added stands after everything else.
func TestPayloadsAddedSince(t *testing.T) {
	t.Parallel()
	operator := rules.Actor{Type: rules.ActorOperator, Verified: true}
	for want, e := range map[string]rules.Event{
		`{"kind":"retention","state":"achieved","event_time":"2026-01-01T00:00:00Z","actor":{"type":"operator","verified":true},"purpose":"p"}`: {
			Kind: rules.EventRetention, State: rules.StateAchieved, Time: day0, Actor: operator, Scope: rules.Scope{Purpose: "p"},
		},
		`{"kind":"erasure","state":"excepted","event_time":"2026-01-01T00:00:00Z","actor":{"type":"operator","verified":true},"exceptions":["p","q"]}`: {
			Kind: rules.EventErasure, State: rules.StateExcepted, Time: day0, Actor: operator, Exceptions: []string{"p", "q"},
		},
		`{"kind":"legal_order","state":"lifted","event_time":"2026-01-01T00:00:00Z","actor":{"type":"operator","verified":true},"order":"o-1"}`: {
			Kind: rules.EventLegalOrder, State: rules.StateLifted, Time: day0, Actor: operator, Order: "o-1",
		},
	} {
		if got := subject.AppendPayload(nil, &e, subject.Provenance{}); string(got) != want {
			t.Errorf("payload\n%s, want\n%s", got, want)
		}
		if got, _, err := subject.DecodePayload([]byte(want)); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s gives\n%+v, %v, want\n%+v", want, got, err, e)
		}
	}
}

// Payloads of every kind as the first version of the format wrote them. They must
// read, and be written again to the last byte: a chain is computed over them.
func TestPayloadsOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"kind":"age","state":"13_15","event_time":"2026-05-01T00:00:00Z","until":"2027-07-01","actor":{"type":"gateway","verified":false}}`,
		`{"kind":"location","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true},"country":"US","region":"CA","writer":"w"}`,
		`{"kind":"notice","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true},"document":"E","version":"2023-11-01"}`,
		`{"kind":"consent","status":"RenewedConsentGiven","event_time":"2026-05-01T00:00:00.5Z","until":"2027-05-01T00:00:00Z",` +
			`"actor":{"type":"guardian","verified":true,"authority_ref":"poa-1"},"purpose":"newsletter.send","recipients":["mailer"],` +
			`"categories":["user.contact"],"regimes":["EEA","UK"],"explicit":true,"parental":true,"foreign_info":true,"two_step":true,` +
			`"document":"E","version":"2023-11-01","evidence":"sha256:1","writer":"w"}`,
		`{"kind":"restriction","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":false}}`,
		`{"kind":"dm_objection","state":"lifted","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":true},"two_step":true}`,
		`{"kind":"li_objection","state":"pending","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":true},"purpose":"support.provide"}`,
		`{"kind":"cease_use","state":"upheld","event_time":"2026-05-01T00:00:00Z","actor":{"type":"agent","verified":true},"purpose":"support.provide"}`,
		`{"kind":"cease_provision","state":"rejected","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true}}`,
		`{"kind":"opt_out_sale_share","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":false}}`,
		`{"kind":"limit_spi","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":false}}`,
		`{"kind":"minor_opt_in","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":true},"two_step":true}`,
		`{"kind":"erasure","state":"excepted","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true}}`,
		`{"kind":"retention","state":"hold","event_time":"2026-05-01T00:00:00Z","actor":{"type":"operator","verified":true}}`,
		`{"kind":"accuracy","state":"active","event_time":"2026-05-01T00:00:00Z","actor":{"type":"subject","verified":true},"categories":["user.name"]}`,
	} {
		e, from, err := subject.DecodePayload([]byte(payload))
		if err != nil {
			t.Errorf("%s: %v", payload, err)
			continue
		}
		if got := subject.AppendPayload(nil, &e, from); string(got) != payload {
			t.Errorf("written again\n%s, was\n%s", got, payload)
		}
	}
}
