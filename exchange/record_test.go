package exchange_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// factOf returns the fact of a record with a hash, which must be there once.
func factOf[T any](t *testing.T, rec *ledger.Record, kind ledger.Kind, hash string) T {
	t.Helper()
	var v T
	found := 0
	for _, f := range rec.Uses {
		if f.Hash != hash {
			continue
		}
		found++
		if f.Kind != kind || f.Hash != ledger.FactHash(kind, f.JSON) {
			t.Errorf("fact %s is a %s", hash, f.Kind)
		}
		if err := json.Unmarshal(f.JSON, &v); err != nil {
			t.Fatal(err)
		}
	}
	if found != 1 {
		t.Fatalf("%d facts of hash %q, want one", found, hash)
	}
	return v
}

// emitted lists the paths that a subject's line says have left.
func emitted(t *testing.T, rec *ledger.Record, s ledger.Subject) []string {
	t.Helper()
	var paths []string
	for i, f := range factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, s.Profile).Fields {
		if i/8 < len(s.Emitted) && s.Emitted[i/8]>>(i%8)&1 == 1 {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

func TestReleasedRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("17", &rules.State{Seen: true, Consents: []rules.Event{{
		Seq: 7, Kind: rules.EventConsent, Consent: rules.ConsentGiven, Time: w.now.Add(-1), Recorded: w.now.Add(-1),
		Scope: rules.Scope{Purpose: "support.provide"}, Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}}})
	w.upstream.answer = answers(200, one)
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	s := w.serve(t, get("/v1/customers/17", "Data-Purpose", `support.provide;ref="case-812"`, "Traceparent", parent, "Sec-Gpc", "0", "Sec-Gpc", "1"))
	if s.status != 200 {
		t.Fatal(s.body.String())
	}
	rec := w.ledger.only(t, ledger.KindReleased)
	d := rec.Disclosure
	if !rec.Time.Equal(w.now) || !d.Received.Equal(w.now) {
		t.Errorf("times %v, %v", rec.Time, d.Received)
	}
	if d.Recipient != "support-desk" || d.Auth.Method != "basic" || d.Auth.Client != "support-desk" || d.Purpose != "support.provide" || d.Ref != "case-812" {
		t.Errorf("%+v", d)
	}
	if want := (ledger.Resource{API: "crm", Name: "customer", Route: "GET /v1/customers/{id}", Method: "GET", Upstream: 200}); d.Resource != want {
		t.Errorf("resource %+v", d.Resource)
	}
	if d.State != snapshot || !d.GPC || d.Trace != parent || d.Outcome != ledger.PartlyWithheld || d.Status != 200 || d.Reason != "" {
		t.Errorf("%+v", d)
	}
	if want := (ledger.Counts{Subjects: 1, Allowed: 2, Pseudonymised: 1, Withheld: 3}); !reflect.DeepEqual(d.Counts, want) {
		t.Errorf("counts %+v, want %+v", d.Counts, want)
	}
	policy := factOf[ledger.PolicyFact](t, rec, ledger.KindPolicy, d.PolicyFact)
	if len(policy.Bundle) != 64 || policy.RulePack != rules.RulePack || policy.Controller != "example-software-vendor" || len(policy.Documents) != 1 {
		t.Errorf("policy %+v", policy)
	}
	recipient := factOf[ledger.RecipientFact](t, rec, ledger.KindRecipient, d.RecipientFact)
	if recipient.ID != "support-desk" || recipient.LegalName == "" || recipient.ContractRef != "c-1" || recipient.EvaluationRef != "ev-1" || len(recipient.Transfers) != 3 {
		t.Errorf("recipient %+v", recipient)
	}
	if len(d.Subjects) != 1 {
		t.Fatalf("subjects %+v", d.Subjects)
	}
	line := d.Subjects[0]
	refs, err := w.keys.set.Refs(pseudonym.Period(w.now))
	if err != nil {
		t.Fatal(err)
	}
	if ref := refs.Ref(w.key("17")); !slices.Equal(line.Ref, ref[:]) || d.RefPeriod != refs.Period() {
		t.Errorf("ref %x of %s", line.Ref, d.RefPeriod)
	}
	if !slices.Equal(line.Consent, []uint64{7}) {
		t.Errorf("consents %v", line.Consent)
	}
	profile := factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, line.Profile)
	if profile.Resource != "crm.customer" || profile.Shape != "customer" || profile.Purpose != "support.provide" || profile.Category != "customer" || profile.Gate != "" {
		t.Errorf("profile %+v", profile)
	}
	if got, want := emitted(t, rec, line), []string{"id", "name", "email"}; !slices.Equal(got, want) {
		t.Errorf("emitted %q, want %q", got, want)
	}
	for _, f := range profile.Fields {
		if (f.Transform != "") != (f.Path == "email") || (f.KeyID != "") != (f.Path == "email") || len(f.Reasons) == 0 {
			t.Errorf("field %+v", f)
		}
	}
}

// The bits say what really left of each subject, and not what could have.
func TestEmittedIsWhatLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("4", restricted())
	// Decided apart from the others, with the same result: one profile.
	w.customer("2", &rules.State{Seen: true, OptOut: rules.Standing{State: rules.StateActive}})
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"A"},{"id":2,"email":"b@example.com"},{"id":3,"name":{"first":"C"},"email":""},{"id":4,"name":"D"},{"id":"x"}]}`)
	s := w.serve(t, get("/v1/customers"))
	rec := w.ledger.only(t, ledger.KindReleased)
	want := [][]string{{"data[].id", "data[].name"}, {"data[].id", "data[].email"}, {"data[].id"}, nil, nil}
	if len(rec.Disclosure.Subjects) != len(want) {
		t.Fatalf("%d subjects: %s", len(rec.Disclosure.Subjects), s.body.String())
	}
	for i, line := range rec.Disclosure.Subjects {
		if got := emitted(t, rec, line); !slices.Equal(got, want[i]) {
			t.Errorf("subject %d: emitted %q, want %q", i, got, want[i])
		}
		if (len(line.Ref) == 16) != (i != 4) {
			t.Errorf("subject %d: reference of %d bytes", i, len(line.Ref))
		}
	}
	if c := rec.Disclosure.Counts; c.Allowed != 4 || c.Pseudonymised != 1 || c.Defects != 1 || c.SubjectsWithheld != 2 {
		t.Errorf("counts %+v", c)
	}
	if gate := factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, rec.Disclosure.Subjects[3].Profile).Gate; gate != "restricted" {
		t.Errorf("gate %q", gate)
	}
	// The policy, the recipient, and one profile for each kind of decision.
	if len(rec.Uses) != 5 {
		t.Errorf("%d facts", len(rec.Uses))
	}
}

// A subject that can be told from others has its reference although another
// member was not understood.
func TestReferenceBesideDefect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"A","born":"soon"}]}`)
	w.serve(t, get("/v1/customers"))
	rec := w.ledger.only(t, ledger.KindReleased)
	line := rec.Disclosure.Subjects[0]
	if len(line.Ref) != 16 || factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, line.Profile).Gate != "subject_unresolved" {
		t.Errorf("%+v", line)
	}
}

// Facts are named by content: two requests that say the same name the same.
func TestFactsAreEqualAcrossRequests(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	hashes := func(w *world) string {
		w.upstream.answer = answers(200, one)
		w.serve(t, get("/v1/customers/17"))
		r := w.ledger.records[len(w.ledger.records)-1]
		d := r.Disclosure
		return strings.Join([]string{d.PolicyFact, d.RecipientFact, d.Subjects[0].Profile}, " ")
	}
	first := hashes(w)
	for _, again := range []string{hashes(w), hashes(other)} {
		if again != first {
			t.Errorf("%s\n%s", first, again)
		}
	}
}

// The record says who signed the policy, as the gateway was told.
func TestRecordNamesTheSigners(t *testing.T) {
	t.Parallel()
	for signers, want := range map[string]string{"": "unsigned", "privacy+0b1d495c security+453dfca5": "privacy+0b1d495c security+453dfca5"} {
		w := newWorld(t)
		w.gateway.PolicySignature = signers
		w.upstream.answer = answers(200, one)
		w.serve(t, get("/v1/customers/17"))
		rec := w.ledger.records[0]
		if got := factOf[ledger.PolicyFact](t, rec, ledger.KindPolicy, rec.Disclosure.PolicyFact).Signature; got != want {
			t.Errorf("signed by %q: the record says %q", signers, got)
		}
	}
}

// A new edition has facts of its own.
func TestFactsFollowEdition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	w.serve(t, get("/v1/customers/17"))
	policy, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	w.policy.edition = policy.At(w.now.AddDate(60, 0, 0)) // contracts still run, and the notice is the same
	w.serve(t, get("/v1/customers/17"))
	a, b := w.ledger.records[0], w.ledger.records[1]
	if a.Disclosure.PolicyFact != b.Disclosure.PolicyFact {
		t.Error("the same notices have two names")
	}
	if a.Uses[0] == b.Uses[0] {
		t.Error("the facts of the edition before are still in use")
	}
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"exact":            {[]string{good}, good},
		"none":             {nil, ""},
		"two":              {[]string{good, good}, ""},
		"upper case":       {[]string{strings.ToUpper(good)}, ""},
		"longer":           {[]string{good + "-x"}, ""},
		"shorter":          {[]string{good[:54]}, ""},
		"text":             {[]string{"00-ada@example.com-is-customer-17-and-lives-in-Tokyo-01"}, ""},
		"dashes elsewhere": {[]string{strings.Replace(good, "cd43", "c-43", 1)}, ""},
		"no trace id":      {[]string{"00-00000000000000000000000000000000-b7ad6b7169203331-01"}, ""},
		"no span id":       {[]string{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"}, ""},
		"forbidden":        {[]string{"ff" + good[2:]}, ""},
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, one)
		r := get("/v1/customers/17")
		r.Header["Traceparent"] = c.lines
		w.serve(t, r)
		if got := w.ledger.only(t, ledger.KindReleased).Disclosure.Trace; got != c.want {
			t.Errorf("%s: recorded %q", name, got)
		}
	}
}

func TestGPC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		want  bool
	}{{nil, false}, {[]string{"1"}, true}, {[]string{"0", "1"}, true}, {[]string{"0"}, false}, {[]string{"true"}, false}, {[]string{" 1"}, false}, {[]string{"1, 1"}, false}} {
		w := newWorld(t)
		w.upstream.answer = answers(200, one)
		r := get("/v1/customers/17")
		r.Header["Sec-Gpc"] = c.lines
		w.serve(t, r)
		if got := w.ledger.only(t, ledger.KindReleased).Disclosure.GPC; got != c.want {
			t.Errorf("%q: %v", c.lines, got)
		}
	}
}

// Whatever a caller writes into a request and whatever an upstream answers, of
// the values nothing is on record: no id, token, path, query or header.
func TestRecordsHoldNoValues(t *testing.T) {
	t.Parallel()
	const canary = "4711000042"
	w := newWorld(t)
	w.customer(canary+"1", restricted())
	body := `{"data":[{"id":` + canary + `,"name":"CANARY","email":"CANARY@example.com","born":"1971-02-03"},{"id":` + canary + `1,"name":"CANARY"}],"CANARY":1}`
	w.upstream.answer = answers(200, body, "Etag: CANARY")
	var tokens []string
	s := w.serve(t, get("/v1/customers?q=CANARY&limit="+canary, "X-Canary", "CANARY", "Traceparent", "CANARY"))
	if s.status != 200 || !strings.Contains(s.body.String(), canary) {
		t.Fatal(s.body.String())
	}
	if _, token, ok := strings.Cut(s.body.String(), `"email":"`); ok {
		token, _, _ = strings.Cut(token, "@")
		tokens = append(tokens, token)
	}
	for _, target := range []string{
		"/v1/customers/" + canary + "/orders", "/v1/orders?customer=" + canary, "/v1/CANARY/" + canary, "/v1/%43ANARY", "/v1/customers?CANARY=" + canary,
	} {
		w.serve(t, get(target))
	}
	w.serve(t, request("CANARY", "/v1/customers"))
	w.serve(t, get("/v1/customers", "Data-Purpose", "CANARY"))
	w.serve(t, get("/v1/customers", "Data-Purpose", `support.provide;ref="CANARY"`))
	if len(w.ledger.records) != 9 || len(tokens) != 1 || len(tokens[0]) < 16 {
		t.Fatalf("records %v, tokens %q", kinds(w.ledger.records), tokens)
	}
	for where, text := range map[string]string{"ledger": w.ledger.text(), "log": w.logged.String()} {
		for _, value := range append(tokens, "CANARY", canary, "1971", "example.com\"") {
			if strings.Contains(text, value) {
				t.Errorf("%q in the %s:\n%s", value, where, text)
			}
		}
	}
}
