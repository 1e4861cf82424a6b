package exchange_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

const referredBody = `{"id":17,"name":"Ada","spent":3,"referrer":{"id":18,"name":"Bo","country":"JP","born":"1980-02-29"},"country":"JP","born":"1990-01-01"}`

// A field about another person leaves if both that person and the one in whose object
// it stands may be seen, and not otherwise.
func TestBothPersonsMustAllow(t *testing.T) {
	t.Parallel()
	const both, enclosing = `{"id":17,"name":"Ada","spent":3,"referrer":{"id":18,"name":"Bo"}}`, `{"id":17,"name":"Ada","spent":3}`
	for name, c := range map[string]struct {
		states map[string]*rules.State
		body   string
		want   string // empty: 404
	}{
		"both allow":                  {nil, referredBody, both},
		"the enclosing is restricted": {map[string]*rules.State{"17": restricted()}, referredBody, ""},
		"the other is restricted":     {map[string]*rules.State{"18": restricted()}, referredBody, enclosing},
		"the other is erased":         {map[string]*rules.State{"18": {Seen: true, Erasure: rules.Standing{State: rules.StateExecuted}}}, referredBody, enclosing},
		"the other is a child":        {nil, strings.Replace(referredBody, "1980", "2020", 1), enclosing},
		"the enclosing is a child":    {nil, strings.Replace(referredBody, "1990", "2020", 1), ""},
		"the id of the other is none": {nil, strings.Replace(referredBody, `"id":18`, `"id":"x"`, 1), enclosing},
		"the other has no id":         {nil, strings.Replace(referredBody, `"id":18,`, "", 1), enclosing},
		"the other has two ids":       {nil, strings.Replace(referredBody, `"id":18`, `"id":18,"id":18`, 1), enclosing},
		"the other cannot be placed":  {nil, strings.Replace(referredBody, `"Bo","country":"JP"`, `"Bo","country":7`, 1), enclosing},
		"both are one":                {nil, strings.Replace(referredBody, "18", "17", 1), strings.Replace(both, "18", "17", 1)},
		"both are one and restricted": {map[string]*rules.State{"17": restricted()}, strings.Replace(referredBody, "18", "17", 1), ""},
		"there is no other":           {nil, `{"id":17,"name":"Ada","spent":3,"referrer":null,"country":"JP","born":"1990-01-01"}`, enclosing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for id, s := range c.states {
				w.customer(id, s)
			}
			w.upstream.answer = answers(200, c.body)
			s := w.serve(t, get("/v1/referred/17"))
			if c.want == "" {
				if s.status != 404 || reason(t, s) != "not_found" {
					t.Errorf("%d %s", s.status, s.body.String())
				}
				return
			}
			if s.body.String() != c.want {
				t.Errorf("%s, want %s", s.body.String(), c.want)
			}
		})
	}
}

// The record has a line for each of the two, and what left is in both.
func TestBothPersonsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, referredBody)
	w.serve(t, get("/v1/referred/17"))
	rec := w.ledger.only(t, ledger.KindReleased)
	if n := len(rec.Disclosure.Subjects); n != 2 {
		t.Fatalf("%d subjects", n)
	}
	for i, c := range []struct {
		shape string
		paths []string
	}{{"referred", []string{"id", "name", "spent", "referrer.name", "referrer.id"}}, {"referred.referrer.name", []string{"referrer.name", "referrer.id"}}} {
		line := rec.Disclosure.Subjects[i]
		profile := factOf[ledger.ProfileFact](t, rec, ledger.KindProfile, line.Profile)
		var left []string
		for bit, f := range profile.Fields {
			if bit/8 < len(line.Emitted) && line.Emitted[bit/8]>>(bit%8)&1 == 1 {
				left = append(left, f.Path)
			}
		}
		if profile.Shape != c.shape || !slices.Equal(left, c.paths) || len(line.Ref) == 0 {
			t.Errorf("%s: %v, ref %d bytes", profile.Shape, left, len(line.Ref))
		}
	}
	if string(rec.Disclosure.Subjects[0].Ref) == string(rec.Disclosure.Subjects[1].Ref) {
		t.Error("both lines name one person")
	}
}

// In a list each object has its own other person, and one refuses for itself alone.
func TestOthersInAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("18", restricted())
	w.upstream.answer = answers(200, `{"data":[{"id":1,"referrer":{"id":18,"name":"Bo"}},{"id":18,"referrer":{"id":2,"name":"Cy"}},{"id":3,"referrer":{"id":2,"name":"Cy"}}]}`)
	if s := w.serve(t, get("/v1/referred")); s.body.String() != `{"data":[{"id":1},{"id":3,"referrer":{"id":2,"name":"Cy"}}]}` {
		t.Error(s.body.String())
	}
}

// A pseudonym is that of the person whom the value is about, so that it can be joined
// with those of her own object, and with nobody else's.
func TestPseudonymsOfOthersAreTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"data":[{"id":17,"email":"a@example.com","referrer":{"id":18,"email":"b@example.com"}},{"id":18,"email":"b@example.com"}]}`)
	var got struct {
		Data []struct {
			Email    string
			Referrer struct{ Email string }
		}
	}
	if err := json.Unmarshal(w.serve(t, get("/v1/referred")).body.Bytes(), &got); err != nil || len(got.Data) != 2 {
		t.Fatal(got, err)
	}
	ada, bo := got.Data[0], got.Data[1]
	if bo.Email == "" || ada.Referrer.Email != bo.Email || ada.Email == bo.Email || strings.Contains(bo.Email, "b@") {
		t.Errorf("%+v", got)
	}
}

// The value itself may be the id, of another population: a person of the same number
// there is somebody else.
func TestTheValueIsTheID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.customer("17", restricted())
	w.upstream.answer = answers(200, `{"data":[{"id":1,"contact":"17"},{"id":2,"contact":[17]},{"id":3,"contact":null}]}`)
	if s := w.serve(t, get("/v1/referred")); s.body.String() != `{"data":[{"id":1,"contact":"17"},{"id":2},{"id":3}]}` {
		t.Error(s.body.String())
	}
	rec := w.ledger.only(t, ledger.KindReleased)
	if n := len(rec.Disclosure.Subjects); n != 5 {
		t.Errorf("%d subjects", n)
	}
}

// Of what is about another person nothing is the caller's own.
func TestOwnDataHoldsNoOtherPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := strings.Replace(referredBody, `"id":17`, `"id":`+ownID, 1)
	if s := w.own(t, "/v1/referred/17", body); s.body.String() != `{"id":`+ownID+`,"name":"Ada","spent":3}` {
		t.Errorf("%d %s", s.status, s.body.String())
	}
}

// A route without an id is about the person whom the caller's credential names; of
// anybody else there is nobody.
func TestTheCallerIsTheSubject(t *testing.T) {
	t.Parallel()
	const body = `{"name":"Ada","orders":[{"id":1,"total":2}]}`
	w := newWorld(t)
	if s := w.own(t, "/v1/me", body); s.status != 200 || s.body.String() != body {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	if d := w.ledger.only(t, ledger.KindReleased).Disclosure; len(d.Subjects) != 1 || len(d.Subjects[0].Ref) == 0 {
		t.Errorf("the record names nobody: %+v", d.Subjects)
	}
	// What the state says of that very person counts.
	w = newWorld(t)
	w.customer(ownID, &rules.State{Seen: true, Erasure: rules.Standing{State: rules.StateExecuted}})
	if s := w.own(t, "/v1/me", body); s.status != 404 || reason(t, s) != "not_found" {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	// A service names no person.
	w = newWorld(t)
	w.upstream.answer = answers(200, body)
	if s := w.serve(t, get("/v1/me")); s.status != 404 || reason(t, s) != "not_found" {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	if d := w.ledger.only(t, ledger.KindRefused).Disclosure; len(d.Subjects) != 1 || len(d.Subjects[0].Ref) != 0 {
		t.Errorf("%+v", d)
	}
}
