package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/subject"
)

// line is an event as a strict reader takes it: a member beyond these is an error.
type line struct {
	Population  string
	ID          string
	Kind        string
	Purpose     string
	Status      string
	State       string
	Until       string
	Country     string
	Region      string
	Recipients  []string
	Categories  []string
	Regimes     []string
	Explicit    bool
	Parental    bool
	ForeignInfo bool   `json:"foreign_info"`
	EventTime   string `json:"event_time"`
	Actor       struct {
		Type      string
		Verified  bool
		Authority string `json:"authority_ref"`
	}
}

func events(t *testing.T) []line {
	t.Helper()
	var out []line
	for _, text := range lines(generate()["events.ndjson"]) {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.DisallowUnknownFields()
		var e line
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		out = append(out, e)
	}
	return out
}

func TestEventsUseTheirVocabulary(t *testing.T) {
	t.Parallel()
	states := map[string][]string{
		"age":                {"under13", "13_15", "16_17", "adult"},
		"location":           {""},
		"restriction":        {"active", "lifted"},
		"dm_objection":       {"active", "lifted"},
		"li_objection":       {"pending", "upheld", "rejected", "lifted"},
		"erasure":            {"pending", "executed"},
		"opt_out_sale_share": {"active"},
		"limit_spi":          {"active"},
		"consent":            {""},
	}
	statuses := []string{"ConsentGiven", "RenewedConsentGiven", "ConsentRefused", "ConsentWithdrawn"}
	today := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	seen := map[string]int{}
	for _, e := range events(t) {
		if !slices.Contains(states[e.Kind], e.State) {
			t.Errorf("%+v: unknown kind or state", e)
		}
		if (e.Kind == "consent") != slices.Contains(statuses, e.Status) {
			t.Errorf("%+v: a status belongs to a consent", e)
		}
		if (e.Kind == "consent" || e.Kind == "li_objection") != (e.Purpose != "") {
			t.Errorf("%+v: a purpose belongs to a consent or an objection", e)
		}
		if (e.Kind == "location") != (e.Country != "") {
			t.Errorf("%+v: a country belongs to a location", e)
		}
		if at, err := time.Parse(time.RFC3339, e.EventTime); err != nil || !at.Before(today) {
			t.Errorf("%+v: not in the past", e)
		}
		if !slices.Contains([]string{"subject", "guardian", "agent"}, e.Actor.Type) || (e.Actor.Type == "subject") != (e.Actor.Authority == "") {
			t.Errorf("%+v: actor", e)
		}
		seen[e.Kind+e.State+e.Status]++
	}
	for what, least := range map[string]int{
		"restrictionactive": 5, "dm_objectionactive": 10, "dm_objectionlifted": 1, "consentConsentGiven": 12, "consentConsentWithdrawn": 5,
		"erasureexecuted": 2, "erasurepending": 2, "opt_out_sale_shareactive": 3, "limit_spiactive": 2, "li_objectionpending": 1, "li_objectionupheld": 2,
	} {
		if seen[what] < least {
			t.Errorf("%d events %s, want at least %d", seen[what], what, least)
		}
	}
}

// Each event is about somebody whom the upstream knows.
func TestEventsNameKnownSubjects(t *testing.T) {
	t.Parallel()
	files := generate()
	folder := map[string]string{"customer": "customers", "partner": "partners", "staff": "staff", "visitor": "visitors"}
	for _, e := range events(t) {
		if _, ok := files["upstream/v1/"+folder[e.Population]+"/"+e.ID+".json"]; !ok {
			t.Errorf("%s %q is in no file", e.Population, e.ID)
		}
	}
}

// The store that the demo makes takes every one of them.
func TestEventsAreEventsOfTheStore(t *testing.T) {
	t.Parallel()
	for i, text := range lines(generate()["events.ndjson"]) {
		if _, err := subject.DecodeEnvelope([]byte(text)); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
	}
}

// What the body of an order does not say, the state must.
func TestRegistrationEventsAreComplete(t *testing.T) {
	t.Parallel()
	ages, places := map[string]line{}, map[string]line{}
	for _, e := range events(t) {
		if e.Population != "customer" {
			continue
		}
		switch e.Kind {
		case "age":
			ages[e.ID] = e
		case "location":
			places[e.ID] = e
		}
	}
	for i, c := range customerList(t) {
		id, band := strconv.Itoa(c.ID), customers()[i].band
		if age, ok := ages[id]; band < adult && (!ok || age.State != band.String()) || ok && age.State != band.String() {
			t.Errorf("customer %s is %v, the age event says %q", id, band, age.State)
		}
		if band < adult {
			checkUntil(t, ages[id], *c.Birth, band)
		}
		place, known := places[id]
		want := location{}
		switch c.zone() {
		case nowhere:
		case mixed:
			want = *c.Residence
		default:
			want = *c.Address
			if want.Country != "US" {
				want.State = ""
			}
		}
		if got := (location{place.Country, place.Region}); got != want || known != (want.Country != "") {
			t.Errorf("customer %s lives in %v, the location event says %v", id, want, got)
		}
	}
}

// The band must not end before the birthday, nor more than a month after it.
func checkUntil(t *testing.T, age line, born string, b band) {
	t.Helper()
	birth, err := time.Parse(time.DateOnly, born)
	if err != nil {
		t.Fatal(err)
	}
	until, err := time.Parse(time.DateOnly, age.Until)
	if err != nil {
		t.Fatal(err)
	}
	ends := birth.AddDate(map[band]int{under13: 13, from13: 16, from16: 18}[b], 0, 0)
	if until.Day() != 1 || until.Before(ends) || until.After(ends.AddDate(0, 1, 0)) {
		t.Errorf("customer %s, born %s, is %v until %s", age.ID, born, b, age.Until)
	}
}
