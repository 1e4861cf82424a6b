package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func genDisclosure(t *rapid.T) *Disclosure {
	text := rapid.String()
	d := &Disclosure{
		ID: text.Draw(t, "id"), Received: time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "received")).UTC(),
		Recipient: text.Draw(t, "recipient"),
		Auth:      Auth{Method: text.Draw(t, "method"), Client: text.Draw(t, "client"), Actors: rapid.SliceOf(text).Draw(t, "actors")},
		Purpose:   text.Draw(t, "purpose"), Ref: text.Draw(t, "ref"), Policy: text.Draw(t, "policy"),
		State: Snapshot{Store: text.Draw(t, "store"), Seq: rapid.Uint64().Draw(t, "seq"), Head: text.Draw(t, "head")},
		Resource: Resource{
			API: text.Draw(t, "api"), Name: text.Draw(t, "name"), Route: rapid.SampledFrom([]string{"", "GET /v1/x", "POST /v1/y/{id}", "odd"}).Draw(t, "route"),
			Method: rapid.SampledFrom([]string{"GET", "POST", "PATCH"}).Draw(t, "verb"), Upstream: rapid.IntRange(0, 599).Draw(t, "upstream"),
		},
		GPC: rapid.Bool().Draw(t, "gpc"), Outcome: Outcome(text.Draw(t, "outcome")), Reason: text.Draw(t, "reason"),
		Status: rapid.IntRange(0, 599).Draw(t, "status"), Bytes: rapid.Int64().Draw(t, "bytes"),
		Counts: Counts{
			Subjects: rapid.IntRange(0, 9).Draw(t, "subjects"), SubjectsWithheld: rapid.IntRange(0, 9).Draw(t, "hidden"), Allowed: rapid.IntRange(0, 9).Draw(t, "allowed"),
			Pseudonymised: rapid.IntRange(0, 9).Draw(t, "pseudonymised"), Withheld: rapid.IntRange(0, 9).Draw(t, "withheld"), Defects: rapid.IntRange(0, 9).Draw(t, "defects"),
		},
		Cause: text.Draw(t, "cause"), RefPeriod: text.Draw(t, "period"), Order: text.Draw(t, "order"), Trace: text.Draw(t, "trace"), Of: text.Draw(t, "of"),
		RecipientFact: text.Draw(t, "recipient fact"), PolicyFact: text.Draw(t, "policy fact"),
	}
	for _, by := range []*map[string]int{&d.Counts.DefectsBy, &d.Counts.UnresolvedBy} {
		if drawn := rapid.MapOf(text, rapid.IntRange(1, 9)).Draw(t, "by reason"); len(drawn) > 0 {
			*by = drawn
		}
	}
	if len(d.Auth.Actors) == 0 {
		d.Auth.Actors = nil
	}
	for range rapid.IntRange(0, 5).Draw(t, "lines") {
		s := Subject{
			Ref:     rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "reference"),
			Profile: rapid.SampledFrom([]string{"p1", "p2", "p3"}).Draw(t, "profile"),
			Emitted: bytes.TrimRight(rapid.SliceOf(rapid.Byte()).Draw(t, "emitted"), "\x00"),
			Consent: rapid.SliceOf(rapid.Uint64()).Draw(t, "consent"),
		}
		if rapid.Bool().Draw(t, "unresolved") {
			s.Ref = nil
		}
		if len(s.Emitted) == 0 {
			s.Emitted = nil
		}
		if len(s.Consent) == 0 {
			s.Consent = nil
		}
		d.Subjects = append(d.Subjects, s)
	}
	return d
}

// The encoder is written by hand; the struct's tags say what it has to write.
func TestEncoderFollowsTheTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDisclosure(t)
		d.Subjects = nil
		tagged := head(*d)
		if tagged.Resource.Method == routeMethod(tagged.Resource.Route) {
			tagged.Resource.Method = ""
		}
		want, err := json.Marshal(&tagged)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(appendDisclosure(nil, d))); diff != "" {
			t.Errorf("(-tags +encoder):\n%s", diff)
		}
	})
}

func TestDisclosureRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genDisclosure(t)
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Disclosure
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("(-wrote +read):\n%s\n%s", diff, b)
		}
	})
}

func TestSubjectLineIsAnArray(t *testing.T) {
	d := &Disclosure{Subjects: []Subject{
		{Ref: []byte("0123456789abcdef"), Profile: "b", Emitted: []byte{5, 0, 0}, Consent: []uint64{7, 9}},
		{Profile: "a"},
		{Profile: "b"},
	}}
	const want = `"profiles":["b","a"],"subjects":[["MDEyMzQ1Njc4OWFiY2RlZg==",0,"BQ==",[7,9]],["",1,"",[]],["",0,"",[]]]}`
	if got := string(appendDisclosure(nil, d)); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end in %s", got, want)
	}
}

func TestMalformedSubjectLines(t *testing.T) {
	for _, line := range []string{
		``, `[]`, `["",0,""]`, `["",0,"",[],1]`, `["",1,"",[]]`, `["",-1,"",[]]`, `["x",0,"",[]]`, `["",0,"",[1,]]`,
		`["",0,"",[,1]]`, `["",0,"",[1 ]]`, `[ "",0,"",[]]`, `["",0,"",[]`, `["",0,"",[99999999999999999999]]`, `["AB==",0,"",[]]`,
	} {
		var s Subject
		if err := s.parse([]byte(line), []string{"p"}); err == nil {
			t.Errorf("%s was read as %+v", line, s)
		}
	}
}

func line(t *testing.T, seq uint64, sync bool) []byte {
	t.Helper()
	body, err := AppendBody(nil, &Record{Kind: KindHeartbeat, Time: time.UnixMilli(1_800_000_000_123)})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(AppendLine(nil, seq, sync, body), []byte("\n"))
}

func TestLineIsFramedJSON(t *testing.T) {
	got := string(line(t, 7, true))
	const want = `{"crc":"efa285b6","seq":7,"sync":true,"kind":"heartbeat","time":"2027-01-15T08:00:00.123Z"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	l, err := ParseLine([]byte(got))
	if err != nil || l.Seq != 7 || !l.Sync || l.Kind != KindHeartbeat {
		t.Errorf("ParseLine() = %+v, %v", l, err)
	}
	if _, err := l.Record(); err != nil {
		t.Errorf("Record() = %v", err)
	}
}

// A line has one spelling, so that its hash does.
func TestLinesThatAreNone(t *testing.T) {
	sealed := func(rest string) string {
		b := AppendLine(nil, 0, false, nil) // {"crc":"........","seq":0,
		frame := string(b[:headSize])
		return frame[:len(lineOpen)] + crcOf(rest) + frame[len(lineOpen)+8:] + rest
	}
	good := string(line(t, 7, false))
	if _, err := ParseLine([]byte(sealed(good[headSize:]))); err != nil {
		t.Fatalf("the test seals wrongly: %v", err)
	}
	for _, text := range []string{
		``, `{}`, good[:len(good)-1], good + " ", good + good, " " + good,
		strings.Replace(good, `"crc":"`, `"crc":"X`, 1),
		good[:len(lineOpen)] + strings.ToUpper(good[len(lineOpen):len(lineOpen)+8]) + good[len(lineOpen)+8:],
		sealed(`"kind":"heartbeat"}`),
		sealed(`"seq":x,"kind":"heartbeat"}`),
		sealed(`"seq":-1,"kind":"heartbeat"}`),
		sealed(`"seq":1,"kind":""}`),
		sealed(`"seq":1,"time":"","kind":"heartbeat"}`),
		sealed(`"seq":1,"kind":"heartbeat"`),
		sealed(`"seq":0,"sync":true,"kind":"heartbeat"}`),
		sealed(`"seq":18446744073709551616,"kind":"heartbeat"}`),
	} {
		if l, err := ParseLine([]byte(text)); err == nil {
			t.Errorf("%s was read as %+v", text, l)
		}
	}
	for _, text := range []string{
		sealed(`"seq":1,"kind":"policy","fact":{},"hash":"AAAAAAAAAAAAAAAAAAAAAA"}`),
		sealed(`"seq":1,"kind":"heartbeat","time":"yesterday"}`),
		sealed(`"seq":1,"kind":"heartbeat",}`),
		sealed(`"seq":1,"kind":"heartbeat","kind":"policy"}`),
	} {
		l, err := ParseLine([]byte(text))
		if err != nil {
			t.Errorf("%s: the frame is intact: %v", text, err)
			continue
		}
		if r, err := l.Record(); err == nil {
			t.Errorf("%s was read as %+v", text, r)
		}
	}
}

// A reader passes over what a later version adds.
func TestLaterMembersArePassedOver(t *testing.T) {
	body := []byte(`"kind":"rumour","time":"2027-01-15T08:00:00Z","heard":{"where":"market"}}`)
	l, err := ParseLine(bytes.TrimSuffix(AppendLine(nil, 1, false, body), []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := l.Record(); err != nil || r.Kind != "rumour" {
		t.Errorf("Record() = %+v, %v", r, err)
	}
}

func TestFactHashCoversKindAndBytes(t *testing.T) {
	f, err := NewFact(KindRecipient, RecipientFact{ID: "a<b>&c"})
	if err != nil {
		t.Fatal(err)
	}
	if f.Hash == FactHash(KindPolicy, f.JSON) || f.Hash == FactHash(KindRecipient, append(f.JSON, ' ')) {
		t.Error("two facts have one name")
	}
	body, err := AppendBody(nil, &Record{Kind: f.Kind, Fact: f.JSON, Hash: f.Hash})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseLine(bytes.TrimSuffix(AppendLine(nil, 3, true, body), []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := l.Record(); err != nil || !bytes.Equal(r.Fact, f.JSON) {
		t.Errorf("fact %s came back as %s: %v", f.JSON, r.Fact, err)
	}
}

func TestErrorsSayNothingOfTheRecord(t *testing.T) {
	const secret = "CANARY"
	r := &Record{Kind: KindReleased, Disclosure: &Disclosure{ID: secret, PolicyFact: secret}}
	if _, err := AppendBody(nil, r); !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), secret) {
		t.Errorf("AppendBody() = %v", err)
	}
}

func TestTreeEqualsTheReference(t *testing.T) {
	var tree Tree
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for n := range int64(300) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := tree.Root(); got != want || tree.Size() != uint64(n) {
			t.Fatalf("tree of %d leaves: %v, want %v", n, got, want)
		}
		data := []byte{byte(n), byte(n >> 8)}
		hashes, err := tlog.StoredHashes(n, data, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		copied := tree.Clone()
		tree.Append(LeafHash(data))
		if copied.Root() != want {
			t.Fatal("a clone grew with its original")
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"crc":"efa285b6","seq":7,"sync":true,"kind":"heartbeat","time":"2027-01-15T08:00:00.123Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLine(b)
		if err != nil {
			return
		}
		if !bytes.Equal(l.Bytes, b) {
			t.Error("a line that was accepted is not what was given")
		}
		_, _ = l.Record()
	})
}
