package exchange_test

import (
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

const ownID = "4711000042"

var ownCaller = rules.Identity{Method: "bearer", User: "customer:" + ownID}

// own asks under the purpose of people's own requests.
func (w *world) own(tb testing.TB, target, body string) *spy {
	tb.Helper()
	w.upstream.answer = answers(200, body)
	return w.serveAs(tb, ownCaller, get(target, "Data-Purpose", "rights.fulfil"))
}

const ownBody = `{"id":` + ownID + `,"name":"Ada","email":"ada@example.com","born":"1980-02-29","country":"DE","postcode":"10115","spent":7,"password":"CANARY"}`

// A person gets its own data as it is: no pseudonym, nothing coarser, and all of it but
// what is disclosed to nobody. What it has restricted is still its own.
func TestOwnDataIsClear(t *testing.T) {
	t.Parallel()
	for _, state := range []*rules.State{nil, restricted(), {Seen: true, DMObjection: rules.Standing{State: rules.StateActive}}} {
		w := newWorld(t)
		w.customer(ownID, state)
		s := w.own(t, "/v1/panel/"+ownID, ownBody)
		if want := strings.Replace(ownBody, `,"password":"CANARY"`, "", 1); s.status != 200 || s.body.String() != want {
			t.Fatalf("%d %s, want %s", s.status, s.body.String(), want)
		}
		rec := w.ledger.only(t, ledger.KindReleased)
		for _, f := range factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, rec.Disclosure.Subjects[0].Profile).Fields {
			if credential := f.Path == "password"; (f.Outcome == "allow") == credential || !credential && f.Reasons[0] != "rights_fulfil" || f.KeyID != "" {
				t.Errorf("%+v", f)
			}
		}
	}
}

// Somebody else's data is nobody's: alone it does not exist, and in a list it is not.
func TestOthersDataIsNotOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if s := w.own(t, "/v1/panel/17", strings.Replace(ownBody, ownID, "17", 1)); s.status != 404 || reason(t, s) != "not_found" {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	w = newWorld(t)
	s := w.own(t, "/v1/panel", `{"data":[{"id":17,"name":"Bo"},{"id":`+ownID+`,"name":"Ada"},{"id":"`+ownID+`x","name":"Eve"}]}`)
	if s.body.String() != `{"data":[{"id":`+ownID+`,"name":"Ada"}]}` {
		t.Error(s.body.String())
	}
	// The same id in another population is another person.
	w = newWorld(t)
	if s := w.own(t, "/v1/members/"+ownID, `{"name":"Mem"}`); s.status != 404 {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	// A route that takes its subject from the path goes by the same key, however the
	// id is spelt.
	w = newWorld(t)
	if s := w.own(t, "/v1/customers/"+ownID+"/orders", `{"data":[{"id":1,"total":2}]}`); s.body.String() != `{"data":[{"id":1,"total":2}]}` {
		t.Errorf("%d %s", s.status, s.body.String())
	}
}

// No person's own request is made under another purpose, nor anybody else's under this.
func TestOwnRequestsHaveAPurposeOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, ownBody)
	if s := w.serveAs(t, ownCaller, get("/v1/panel/"+ownID)); reason(t, s) != "purpose_not_permitted" {
		t.Error(s.body.String())
	}
	if s := w.serve(t, get("/v1/panel/"+ownID, "Data-Purpose", "rights.fulfil")); reason(t, s) != "purpose_not_permitted" {
		t.Error(s.body.String())
	}
	w.upstream.untouched(t)
}

// Whatever becomes of the request, the caller's id is neither in the ledger nor in the
// log: the record names the form of the credential, and the person by reference alone.
func TestRecordsHoldNoCallersID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target, body string
		spoil        func(*world)
		status       int
	}{
		"released":         {"/v1/panel/" + ownID, ownBody, nil, 200},
		"another person":   {"/v1/panel/17", strings.Replace(ownBody, ownID, "17", 1), nil, 404},
		"not inspectable":  {"/v1/panel/" + ownID, ownBody + "x", nil, 502},
		"no such route":    {"/v1/nobody/" + ownID, ownBody, nil, 403},
		"policy missing":   {"/v1/panel/" + ownID, ownBody, func(w *world) { w.policy.edition = nil }, 503},
		"state unreadable": {"/v1/panel/" + ownID, ownBody, func(w *world) { w.states.unreadable = errBroken }, 503},
	} {
		w := newWorld(t)
		if c.spoil != nil {
			c.spoil(w)
		}
		if s := w.own(t, c.target, c.body); s.status != c.status {
			t.Errorf("%s: %d %s", name, s.status, s.body.String())
		}
		if text := w.ledger.text() + w.logged.String(); strings.Contains(text, ownID) || len(w.ledger.records) != 1 {
			t.Errorf("%s: %d records: %s", name, len(w.ledger.records), text)
		}
		d := w.ledger.records[0].Disclosure
		if want := map[bool]string{true: "customer:", false: ""}[w.policy.edition != nil]; d.Auth.Client != want || d.Auth.Method != "bearer" {
			t.Errorf("%s: %+v", name, d.Auth)
		}
	}
}
