package otlp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/modicum-dev/modicum/ledger"
)

var decided = time.Date(2026, 11, 23, 9, 30, 15, 123e6, time.UTC)

// Canaries stand where a person could be recognised. None may reach a span.
const canary = "CANARY"

var (
	policy    = mustFact(ledger.KindPolicy, ledger.PolicyFact{Bundle: "6b1d0f3c", RulePack: "1", Controller: canary})
	recipient = mustFact(ledger.KindRecipient, ledger.RecipientFact{
		ID: "support-desk", LegalName: canary, Address: canary, Representative: canary,
		Kind: "processor", Category: "support", Country: "JP",
		Transfers: []ledger.Transfer{{Regime: "GDPR", Class: "adequate", Mechanism: "adequacy_decision"}},
	})
	profile = mustFact(ledger.KindProfile, ledger.ProfileFact{
		Resource: "customers", Purpose: "support.provide", Regimes: []string{"GDPR", "APPI"}, AgeBand: "adult",
		Fields: []ledger.ProfileField{
			{Path: "name", Category: "user.name", Outcome: "allow", Reasons: []string{"need_clear"}, Basis: "contract"},
			{Path: "email", Category: "user.contact.email", Outcome: "transform", Reasons: []string{"need_transform"}, Basis: "contract", KeyID: "k1"},
			{Path: "born", Category: "user.demographic.date_of_birth", Outcome: "withhold", Reasons: []string{"need_none"}},
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

func released(i int) *ledger.Record {
	return &ledger.Record{
		Kind: ledger.KindReleased, Time: decided,
		Disclosure: &ledger.Disclosure{
			ID: fmt.Sprintf("0193578a-9c00-7000-8000-%012d", i), Received: decided.Add(-20 * time.Millisecond),
			Recipient: "support-desk", Auth: ledger.Auth{Method: "basic", Client: canary}, Purpose: "support.provide", Ref: canary,
			Policy: "2026-11-01+3", State: ledger.Snapshot{Store: canary, Seq: 7, Head: canary},
			Resource: ledger.Resource{API: "crm", Name: "customers", Route: "GET /v1/customers", Method: "GET", Upstream: 200},
			Outcome:  ledger.PartlyWithheld, Status: 200, Bytes: 4711, GPC: true,
			Counts: ledger.Counts{Subjects: 1, Allowed: 1, Pseudonymised: 1, Withheld: 1}, RefPeriod: "2026-11",
			Subjects: []ledger.Subject{{Ref: []byte(canary), Profile: profile.Hash, Emitted: []byte{3}}},
			Order:    canary, Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			RecipientFact: recipient.Hash, PolicyFact: policy.Hash,
		},
		Uses: []*ledger.Fact{policy, recipient, profile},
	}
}

func refused(status int, reason string) *ledger.Record {
	r := released(1)
	d := r.Disclosure
	r.Kind, r.Uses = ledger.KindRefused, nil
	d.Outcome, d.Status, d.Reason = ledger.Refused, status, reason
	d.Subjects, d.RecipientFact, d.PolicyFact, d.Resource, d.Counts = nil, "", "", ledger.Resource{Method: "GET"}, ledger.Counts{}
	return r
}

type factMap map[string]*ledger.Fact

func (m factMap) Fact(hash string) (*ledger.Fact, bool) {
	f, ok := m[hash]
	return f, ok
}

func render(r *ledger.Record) *tracepb.Span {
	facts := factMap{}
	for _, f := range r.Uses {
		facts[f.Hash] = f
	}
	return newRenderer(facts).span(&ledger.Entry{Record: *r, Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: 42}})
}

func attributeMap(s *tracepb.Span) map[string]any {
	m := map[string]any{}
	for _, kv := range s.GetAttributes() {
		switch v := kv.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			m[kv.GetKey()] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			m[kv.GetKey()] = v.IntValue
		case *commonpb.AnyValue_BoolValue:
			m[kv.GetKey()] = v.BoolValue
		case *commonpb.AnyValue_ArrayValue:
			var list []string
			for _, e := range v.ArrayValue.GetValues() {
				list = append(list, e.GetStringValue())
			}
			m[kv.GetKey()] = list
		default:
			m[kv.GetKey()] = "unexpected type"
		}
	}
	return m
}

func TestSpanOfADisclosure(t *testing.T) {
	s := render(released(1))
	if diff := cmp.Diff(map[string]any{
		"modicum.disclosure.id":             "0193578a-9c00-7000-8000-000000000001",
		"modicum.policy.version":            "2026-11-01+3",
		"modicum.policy.hash":               "6b1d0f3c",
		"modicum.recipient.id":              "support-desk",
		"modicum.recipient.kind":            "processor",
		"modicum.recipient.category":        "support",
		"modicum.recipient.country":         "JP",
		"modicum.purpose.id":                "support.provide",
		"modicum.legal_bases":               []string{"contract"},
		"modicum.regimes":                   []string{"APPI", "GDPR"},
		"modicum.outcome":                   "partly_withheld",
		"modicum.subject.count":             int64(1),
		"modicum.subject.withheld_count":    int64(0),
		"modicum.field.allowed_count":       int64(1),
		"modicum.field.pseudonymised_count": int64(1),
		"modicum.field.withheld_count":      int64(1),
		"modicum.data.categories_allowed":   []string{"user.contact.email", "user.name"},
		"modicum.data.categories_withheld":  []string{"user.demographic.date_of_birth"},
		"modicum.reasons":                   []string{"need_clear", "need_none", "need_transform"},
		"modicum.transfer.mechanism":        "adequacy_decision",
		"modicum.signal.gpc":                true,
		"modicum.ledger.sequence":           int64(42),
		"modicum.pseudonym.key_id":          "k1",
	}, attributeMap(s)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if s.GetName() != "disclose crm.customers" || s.GetKind() != tracepb.Span_SPAN_KIND_INTERNAL || len(s.GetParentSpanId()) != 0 {
		t.Errorf("name %q, kind %v, parent %x; want an internal root of the route", s.GetName(), s.GetKind(), s.GetParentSpanId())
	}
	if got := time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano()); got != 20*time.Millisecond { //nolint:gosec // small
		t.Errorf("span lasts %v, want the 20ms from received to decided", got)
	}
	if s.GetStatus() != nil {
		t.Errorf("status %v, want none: a withheld field is no fault", s.GetStatus())
	}
	if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 || hex.EncodeToString(s.GetTraceId()) == "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("trace %x, span %x; want ids of the record's own", s.GetTraceId(), s.GetSpanId())
	}
	if len(s.GetLinks()) != 1 || hex.EncodeToString(s.GetLinks()[0].GetTraceId()) != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("links %v, want the caller's context", s.GetLinks())
	}
}

func TestSpanHoldsNothingOfAPerson(t *testing.T) {
	for _, r := range []*ledger.Record{released(1), refused(403, "purpose_not_permitted")} {
		s := render(r)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s.String()+string(b), canary) {
			t.Errorf("a canary reached the span: %s", b)
		}
		for _, kv := range s.GetAttributes() {
			if !slices.Contains(allowed, kv.GetKey()) {
				t.Errorf("attribute %q is not on the list", kv.GetKey())
			}
		}
	}
}

var allowed = []string{
	"modicum.disclosure.id", "modicum.policy.version", "modicum.policy.hash", "modicum.recipient.id", "modicum.recipient.kind",
	"modicum.recipient.category", "modicum.recipient.country", "modicum.purpose.id", "modicum.legal_bases", "modicum.regimes",
	"modicum.outcome", "modicum.subject.count", "modicum.subject.withheld_count", "modicum.field.allowed_count",
	"modicum.field.pseudonymised_count", "modicum.field.withheld_count", "modicum.data.categories_allowed",
	"modicum.data.categories_withheld", "modicum.reasons", "modicum.transfer.mechanism", "modicum.signal.gpc",
	"modicum.ledger.sequence", "modicum.pseudonym.key_id", "error.type",
}

// Only the gateway's and the upstream's faults are errors of the span.
func TestSpanOfARefusal(t *testing.T) {
	for _, tt := range []struct {
		reason string
		status int
		fault  bool
	}{
		{"purpose_not_permitted", 403, false},
		{"purpose_missing", 400, false},
		{"volume_exceeded", 429, false},
		{"not_found", 404, false},
		{"response_uninspectable", 502, true},
		{"policy_unavailable", 503, true},
		{"state_unavailable", 503, true},
		{"ledger_unavailable", 503, true},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			s := render(refused(tt.status, tt.reason))
			if s.GetName() != "disclose unmapped" {
				t.Errorf("name %q, want the one of unmapped routes", s.GetName())
			}
			if got := s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR; got != tt.fault {
				t.Errorf("error status %v, want %v", got, tt.fault)
			}
			if got := attributeMap(s)["error.type"]; got != tt.reason {
				t.Errorf("error.type %v, want %q", got, tt.reason)
			}
		})
	}
}

func TestLinkNeedsAValidTraceparent(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, tt := range []struct {
		traceparent string
		want        bool
	}{
		{"00-" + trace + "-" + span + "-01", true},
		{"00-" + trace + "-" + span + "-00", true},
		{"cc-" + trace + "-" + span + "-01-later", true},
		{"", false},
		{"00-" + trace + "-" + span, false},
		{"00-" + trace + "-" + span + "-01-more", false},
		{"ff-" + trace + "-" + span + "-01", false},
		{"00-" + strings.Repeat("0", 32) + "-" + span + "-01", false},
		{"00-" + trace + "-" + strings.Repeat("0", 16) + "-01", false},
		{"00-" + strings.ToUpper(trace) + "-" + span + "-01", false},
		{"00-" + trace[:31] + "g-" + span + "-01", false},
	} {
		if got := new(ownParts).linkTo(tt.traceparent); got != tt.want {
			t.Errorf("link of %q: %v, want %v", tt.traceparent, got, tt.want)
		}
	}
}
