package otlp

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/modicum-dev/modicum/ledger"
)

// The attributes of a span. The list is closed: nothing else is ever set, and
// none of them holds a value, a token or a reference to a person.
const (
	attrDisclosureID       = "modicum.disclosure.id"
	attrPolicyVersion      = "modicum.policy.version"
	attrPolicyHash         = "modicum.policy.hash"
	attrRecipientID        = "modicum.recipient.id"
	attrRecipientKind      = "modicum.recipient.kind"
	attrRecipientCategory  = "modicum.recipient.category"
	attrRecipientCountry   = "modicum.recipient.country"
	attrPurposeID          = "modicum.purpose.id"
	attrLegalBases         = "modicum.legal_bases"
	attrRegimes            = "modicum.regimes"
	attrOutcome            = "modicum.outcome"
	attrSubjects           = "modicum.subject.count"
	attrSubjectsWithheld   = "modicum.subject.withheld_count"
	attrAllowed            = "modicum.field.allowed_count"
	attrPseudonymised      = "modicum.field.pseudonymised_count"
	attrWithheld           = "modicum.field.withheld_count"
	attrCategoriesAllowed  = "modicum.data.categories_allowed"
	attrCategoriesWithheld = "modicum.data.categories_withheld"
	attrReasons            = "modicum.reasons"
	attrTransferMechanism  = "modicum.transfer.mechanism"
	attrGPC                = "modicum.signal.gpc"
	attrSequence           = "modicum.ledger.sequence"
	attrPseudonymKey       = "modicum.pseudonym.key_id"
	attrErrorType          = "error.type"
)

// faultStatus is the first HTTP status that is the gateway's or the upstream's
// fault: response_uninspectable, policy_unavailable, state_unavailable and
// ledger_unavailable have such a status, and every decision about the caller or
// a subject has a lower one. Only faults make the span's status an error.
const faultStatus = 500

// traced reports whether a record has a span. An intent has none: its end has.
func traced(kind ledger.Kind) bool {
	switch kind {
	case ledger.KindReleased, ledger.KindRefused, ledger.KindAborted, ledger.KindUnknown:
		return true
	default:
		return false
	}
}

// span renders a record. Its ids come from the record alone, so that a span that is
// sent twice is the same span.
func (r *renderer) span(e *ledger.Entry) *tracepb.Span {
	d := e.Disclosure
	end := e.Time
	start := d.Received
	if start.IsZero() || start.After(end) {
		start = end
	}
	trace := derive("trace", e.Epoch, d.ID)
	span := derive("span", e.Epoch, d.ID)
	s := &tracepb.Span{
		TraceId: trace[:16], SpanId: span[:8], Flags: uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK) | sampled,
		Name: spanName(d), Kind: tracepb.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanos(start), EndTimeUnixNano: nanos(end),
		Attributes: r.attributes(e),
	}
	if link := linkOf(d.Trace); link != nil {
		s.Links = []*tracepb.Span_Link{link}
	}
	if e.Kind == ledger.KindRefused && d.Status >= faultStatus {
		s.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: d.Reason}
	}
	return s
}

const sampled = 1

// derive hashes what names a span.
func derive(what, epoch, id string) [sha256.Size]byte {
	return sha256.Sum256([]byte(what + "\n" + epoch + "\n" + id))
}

func nanos(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) }

// spanName is "disclose" and the route's id: a bounded set.
func spanName(d *ledger.Disclosure) string {
	if d.Resource.Name == "" {
		return "disclose unmapped"
	}
	return "disclose " + d.Resource.API + "." + d.Resource.Name
}

// linkOf returns a link to the context of a valid W3C traceparent, else nil.
func linkOf(traceparent string) *tracepb.Span_Link {
	parts := strings.Split(traceparent, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "ff" || parts[0] == "00" && len(parts) != 4 ||
		len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 || strings.ToLower(traceparent) != traceparent {
		return nil
	}
	version, err0 := hex.DecodeString(parts[0])
	trace, err1 := hex.DecodeString(parts[1])
	span, err2 := hex.DecodeString(parts[2])
	flags, err3 := hex.DecodeString(parts[3])
	if err0 != nil || err1 != nil || err2 != nil || err3 != nil || len(version) != 1 || allZero(trace) || allZero(span) {
		return nil
	}
	remote := uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	return &tracepb.Span_Link{TraceId: trace, SpanId: span, Flags: remote | uint32(flags[0])}
}

func allZero(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

type attributeList []*commonpb.KeyValue

// add appends an attribute that there is something to say of.
func (a *attributeList) add(kv *commonpb.KeyValue) {
	if kv != nil {
		*a = append(*a, kv)
	}
}

func (a *attributeList) number(key string, value int64) {
	*a = append(*a, &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: value}}})
}

func (a *attributeList) truth(key string, value bool) {
	*a = append(*a, &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: value}}})
}

// text makes an attribute, or nil if there is nothing to say.
func text(key, value string) *commonpb.KeyValue {
	if value == "" {
		return nil
	}
	return keyValue(key, value)
}

func keyValue(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

// texts makes an attribute of several values, each once and sorted, or nil.
func texts(key string, values []string) *commonpb.KeyValue {
	list := new(commonpb.ArrayValue)
	for _, v := range distinct(values) {
		list.Values = append(list.Values, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: v}})
	}
	if len(list.Values) == 0 {
		return nil
	}
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}}
}

// distinct returns the values that are not empty, sorted, each once.
func distinct(values []string) []string {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	slices.Sort(values)
	return slices.Compact(values)
}
