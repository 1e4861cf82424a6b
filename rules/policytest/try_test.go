package policytest_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/subject"
)

var tryAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func trial(t *testing.T, people *policytest.People) *policytest.Trial {
	t.Helper()
	tr, err := policytest.NewTrial(load(t, example), tryAt, people)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// exampleEvents are those of the example.
func exampleEvents(t *testing.T) []subject.Envelope {
	t.Helper()
	b, err := os.ReadFile("../../examples/software-vendor/events.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var out []subject.Envelope
	for line := range strings.Lines(string(b)) {
		e, err := subject.DecodeEnvelope([]byte(strings.TrimSpace(line)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// Every body of the example is explained for everybody who may ask for it: the
// explanation fits the answer to the last value, which Try itself checks, and no
// value is missing from it.
func TestTryExplainsEveryAnswer(t *testing.T) {
	t.Parallel()
	policy := load(t, example)
	tr := trial(t, &policytest.People{Events: exampleEvents(t)})
	var asked, answered, members int
	outcomes, seen := make(map[string]int), make(map[string]int)
	number := regexp.MustCompile(`[0-9]{3,}`)
	upstream := os.DirFS("../../examples/software-vendor/upstream")
	err := fs.WalkDir(upstream, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		// Of many who are alike three, and without the long list, which is the next test's.
		kind := number.ReplaceAllString(path, "")
		if seen[kind]++; seen[kind] > 3 || d.Name() == "customers.json" {
			return nil
		}
		body, err := fs.ReadFile(upstream, path)
		if err != nil {
			return err
		}
		for i := range policy.Bundle.Recipients {
			r := &policy.Bundle.Recipients[i]
			if r.Kind == rules.DataSubject || r.Contract == nil {
				continue
			}
			for _, p := range r.Contract.Purposes {
				got, err := tr.Try(&policytest.Request{
					Recipient: r.Name.Value, Purpose: p.Purpose.Value,
					Path: "/" + strings.TrimSuffix(path, ".json"),
				}, body)
				if err != nil {
					t.Fatalf("%s for %s, %s: %v", path, r.Name.Value, p.Purpose.Value, err)
				}
				asked++
				if got.Refused == rules.ReasonNone {
					answered++
				}
				for i := range got.Members {
					outcomes[got.Members[i].Outcome]++
				}
				members += len(got.Members)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []string{policytest.OutcomeClear, policytest.OutcomePseudonym, policytest.OutcomeGeneralised, policytest.OutcomeWithheld} {
		if outcomes[o] == 0 {
			t.Errorf("no member is %s", o)
		}
	}
	if answered == 0 || answered == asked {
		t.Errorf("%d of %d requests were answered", answered, asked)
	}
	t.Logf("%d requests, %d answered, %d members, %v", asked, answered, members, outcomes)
}

// Bodies in which anything stands where anything else should are explained as well.
func TestTryExplainsOddBodies(t *testing.T) {
	t.Parallel()
	odd := []string{`null`, `""`, `"\ud800"`, `{}`, `[]`, `[1]`, `{"a":1}`, `7`, `true`, `"1990-01-01"`, `"x"`, `{"1":{},"2":{"name":"B","licences":{"L":{}}}}`}
	r := rand.New(rand.NewPCG(1, 2))
	scalar := regexp.MustCompile(`"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9][0-9.eE+-]*|true|false|null`)
	tr := trial(t, &policytest.People{Everybody: []rules.Event{{
		Kind: rules.EventLocation, Location: rules.Location{Country: "JP"}, Time: tryAt, Actor: rules.Actor{Type: rules.ActorOperator, Verified: true},
	}}})
	for _, c := range []struct{ recipient, purpose, path string }{
		{"support-desk", "support.provide", "/v1/customers/1001"},
		{"support-desk", "support.provide", "/v1/licences_by_customer"},
		{"mailer", "newsletter.send", "/v1/customers"},
		{"analytics", "statistics.prepare", "/v1/customers"},
		{"analytics", "statistics.prepare", "/v1/licences_by_customer"},
		{"back-office", "partner.transact", "/v1/partners"},
		{"web-metrics", "web.analytics", "/v1/visitors"},
	} {
		original, err := os.ReadFile("../../examples/software-vendor/upstream" + c.path + ".json")
		if err != nil {
			t.Fatal(err)
		}
		answered := 0
		for range 12 {
			body := scalar.ReplaceAllFunc(original, func(b []byte) []byte {
				if r.IntN(20) > 0 || bytes.HasSuffix(b, []byte(":")) {
					return b
				}
				return []byte(odd[r.IntN(len(odd))])
			})
			got, err := tr.Try(&policytest.Request{Recipient: c.recipient, Purpose: c.purpose, Path: c.path}, body)
			if err != nil {
				t.Fatalf("%s for %s: %v in %s", c.path, c.recipient, err, body)
			}
			if got.Refused == rules.ReasonNone {
				answered++
			}
		}
		if answered == 0 {
			t.Errorf("%s for %s: nothing was answered", c.path, c.recipient)
		}
	}
}
