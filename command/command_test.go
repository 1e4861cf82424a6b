package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
)

var update = flag.Bool("update", false, "write the golden output anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"modicum": func() {
		caddy.CustomBinaryName = "modicum"
		caddycmd.Main()
	}})
}

// The commands are held to what they print, and to how they exit: each
// testdata/*.txtar tells one story of somebody at a terminal.
func TestCommands(t *testing.T) {
	policy, err := filepath.Abs("../examples/software-vendor/policy")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			if err := os.WriteFile(env.Cd+"/Caddyfile", []byte(caddyfile), 0o600); err != nil {
				return err
			}
			env.Setenv("HOME", env.WorkDir+"/home")
			return os.CopyFS(env.Cd+"/policy", os.DirFS(policy))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"ledger": writeLedger},
	})
}

const caddyfile = `{
	minimise {
		policy policy
		state sqlite data/state.db
		keys data/keyset.json
		ledger data/ledger
	}
}
`

// decided is when the records of writeLedger were.
var decided = time.Date(2026, 11, 23, 9, 30, 15, 0, time.UTC)

// writeLedger implements the command `ledger DIR`: it writes a ledger with a
// list of 200 customers, an answer about one, a refusal, and a summary.
func writeLedger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ledger DIR")
	}
	ctx := context.Background()
	now := decided
	log, err := segment.Open(ctx, segment.Options{Dir: ts.MkAbs(args[0]), Clock: func() time.Time { return now }})
	ts.Check(err)
	for _, r := range exampleRecords() {
		_, err := log.Append(ctx, r)
		ts.Check(err)
	}
	ts.Check(log.Close(ctx))
}

func exampleRecords() []*ledger.Record {
	fact := func(kind ledger.Kind, v any) *ledger.Fact {
		f, err := ledger.NewFact(kind, v)
		if err != nil {
			panic(err)
		}
		return f
	}
	policy := fact(ledger.KindPolicy, ledger.PolicyFact{Bundle: "6b1d0f3c"})
	vendor := fact(ledger.KindRecipient, ledger.RecipientFact{
		ID: "support-desk", LegalName: "Support Desk K.K.", Kind: "processor", Country: "JP", ContractRef: "c-2024-117",
	})
	profile := func(age, gate string) *ledger.Fact {
		p := ledger.ProfileFact{
			Resource: "crm.customers", Shape: "customer", Purpose: "support.provide", Category: "customer", Regimes: []string{"APPI", "EEA"}, AgeBand: age, Gate: gate,
			Fields: []ledger.ProfileField{
				{Path: "data[].name", Outcome: "allow"},
				{Path: "data[].email", Outcome: "transform", Transform: "pseudonym"},
				{Path: "data[].phone", Outcome: "withhold", Reasons: []string{"need_none"}},
			},
		}
		if gate != "" {
			p.Fields = nil
		}
		return fact(ledger.KindProfile, p)
	}
	adult, child := profile("adult", ""), profile("under13", "age_under_13")
	disclosure := func(n int, subjects ...ledger.Subject) *ledger.Record {
		d := &ledger.Disclosure{
			ID: fmt.Sprintf("0193578a-9c00-7000-8000-%012d", n), Received: decided, Recipient: "support-desk",
			Auth: ledger.Auth{Method: "basic", Client: "support-desk"}, Purpose: "support.provide", Ref: "case-812",
			State:    ledger.Snapshot{Store: "0193578a-9c00-7000-8000-00000000cafe", Seq: 7, Head: "00112233445566778899aabbccddeeff"},
			Resource: ledger.Resource{API: "crm", Name: "customers", Route: "GET /v1/customers", Method: "GET", Upstream: 200},
			Outcome:  ledger.PartlyWithheld, Status: 200, Bytes: 4711, RefPeriod: "2026-11",
			RecipientFact: vendor.Hash, PolicyFact: policy.Hash, Subjects: subjects,
		}
		d.Counts.Subjects = len(subjects)
		for i := range subjects {
			if len(subjects[i].Emitted) == 0 {
				d.Counts.SubjectsWithheld++
				continue
			}
			d.Counts.Allowed++
			d.Counts.Withheld++
			d.Counts.Pseudonymised += int(subjects[i].Emitted[0] >> 1)
		}
		uses := []*ledger.Fact{policy, vendor}
		for _, f := range []*ledger.Fact{adult, child} {
			for i := range subjects {
				if subjects[i].Profile == f.Hash {
					uses = append(uses, f)
					break
				}
			}
		}
		return &ledger.Record{Kind: ledger.KindReleased, Time: decided.Add(time.Duration(n) * time.Hour), Disclosure: d, Uses: uses}
	}
	var list []ledger.Subject
	for i := range 200 {
		s := ledger.Subject{Ref: fmt.Appendf(nil, "subject-%08d", i), Profile: adult.Hash, Emitted: []byte{3}}
		switch i % 25 {
		case 0:
			s.Profile, s.Emitted = child.Hash, nil
		case 1:
			s.Emitted = []byte{1} // her e-mail is null upstream
		}
		list = append(list, s)
	}
	first := disclosure(1, list...)
	second := disclosure(2, ledger.Subject{Ref: []byte("subject-00000003"), Profile: adult.Hash, Emitted: []byte{3}, Consent: []uint64{4, 9}})
	second.Disclosure.Purpose, second.Disclosure.Ref, second.Disclosure.Order = "legal.claims", "claim-7", "claim-7"
	third := disclosure(3)
	third.Kind = ledger.KindRefused
	d := third.Disclosure
	d.Recipient, d.Auth.Client, d.RecipientFact, d.Purpose, d.Ref = "mailer", "mailer", "", "newsletter.send", ""
	d.Outcome, d.Reason, d.Status, d.Bytes, d.RefPeriod = ledger.Refused, "evaluation_overdue", 403, 0, ""
	third.Uses = []*ledger.Fact{policy}
	summary := &ledger.Record{Kind: ledger.KindSummary, Time: decided.Add(4 * time.Hour), Summary: &ledger.Summary{
		From: decided, To: decided.Add(4 * time.Hour), Reasons: map[string]int64{"recipient_unauthenticated": 12, "ledger_unavailable": 3},
	}}
	return []*ledger.Record{first, second, third, summary}
}
