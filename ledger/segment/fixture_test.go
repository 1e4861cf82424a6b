package segment

import (
	"fmt"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// instant is when the tests' records were decided.
var instant = time.Date(2026, 11, 23, 9, 30, 15, 123e6, time.UTC)

var (
	policy = mustFact(ledger.KindPolicy, ledger.PolicyFact{
		Bundle: "6b1d0f3c", RulePack: "1", Signature: "unsigned", Controller: "The example software vendor",
		Documents: []ledger.PolicyDocument{{ID: "privacy-notice", Version: "2023-11-01", EffectiveFrom: instant.AddDate(-3, 0, 0)}},
	})
	recipient = mustFact(ledger.KindRecipient, ledger.RecipientFact{
		ID: "support-desk", LegalName: "Support Desk K.K.", Kind: "processor", Category: "support", Country: "JP",
		Transfers: []ledger.Transfer{{Regime: "APPI", Class: "jp"}, {Regime: "GDPR", Class: "adequate", Mechanism: "adequacy_decision"}},
	})
	profile = mustFact(ledger.KindProfile, ledger.ProfileFact{
		Resource: "customers", Shape: "customer", Purpose: "support.provide", Category: "customer",
		Regimes: []string{"APPI", "GDPR"}, AgeBand: "adult",
		Fields: []ledger.ProfileField{
			{Path: "data[].name", Category: "user.name", Outcome: "allow", Reasons: []string{"need_clear"}, Basis: "contract"},
			{Path: "data[].email", Category: "user.contact.email", Outcome: "transform", Transform: "pseudonymise", Reasons: []string{"need_transform"}, Basis: "contract", KeyID: "k1"},
			{Path: "data[].date_of_birth", Category: "user.demographic.date_of_birth", Outcome: "withhold", Reasons: []string{"need_none"}},
		},
	})
)

func mustFact(kind ledger.Kind, v any) *ledger.Fact {
	f, err := ledger.NewFact(kind, v)
	if err != nil {
		panic(err)
	}
	return f
}

// disclosureID is a UUIDv7 that tells which record it is of.
func disclosureID(i int) string { return fmt.Sprintf("0193578a-9c00-7000-8000-%012d", i) }

// released is a disclosure of the usual size about one subject.
func released(i int) *ledger.Record { return releasedOf(i, 1) }

func releasedOf(i, subjects int) *ledger.Record {
	d := &ledger.Disclosure{
		ID: disclosureID(i), Received: instant.Add(-20 * time.Millisecond), Recipient: "support-desk",
		Auth:    ledger.Auth{Method: "basic", Client: "support-desk"},
		Purpose: "support.provide", Ref: "case-812", Policy: "2026-11-01+3",
		State: ledger.Snapshot{Store: "0193578a-9c00-7000-8000-00000000cafe", Seq: 10_000, Head: "00112233445566778899aabbccddeeff"},
		Resource: ledger.Resource{
			API: "crm", Name: "customers", Route: "GET /v1/customers", Method: "GET", Upstream: 200,
		},
		Outcome: ledger.PartlyWithheld, Status: 200, Bytes: 4711,
		Counts:        ledger.Counts{Subjects: subjects, Allowed: subjects, Pseudonymised: subjects, Withheld: subjects},
		RefPeriod:     "2026-11",
		Trace:         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		RecipientFact: recipient.Hash, PolicyFact: policy.Hash,
	}
	for range subjects {
		d.Subjects = append(d.Subjects, ledger.Subject{
			Ref: []byte("0123456789abcdef"), Profile: profile.Hash, Emitted: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0x03}, Consent: []uint64{104_211, 104_212},
		})
	}
	return &ledger.Record{Kind: ledger.KindReleased, Time: instant, Disclosure: d, Uses: []*ledger.Fact{policy, recipient, profile}}
}

// intent is the record of an unsafe request.
func intent(i int) *ledger.Record {
	r := releasedOf(i, 0)
	r.Kind = ledger.KindIntent
	r.Disclosure.Resource.Method = "POST"
	r.Disclosure.Outcome, r.Disclosure.Status, r.Disclosure.Bytes = "", 0, 0
	return r
}

func openLog(t *testing.T, opt Options) *Log {
	t.Helper()
	l, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatalf("opening log: %v", err)
	}
	return l
}
