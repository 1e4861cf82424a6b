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
	attrSequence           = "modicum.ledger.sequence"
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

// ownParts is what a span does not share, in one piece: thousands of them are made
// a second.
type ownParts struct {
	span       tracepb.Span
	trace, id  [sha256.Size]byte
	attributes [ownAttributes + 24]*commonpb.KeyValue
	pairs      [ownAttributes]commonpb.KeyValue
	values     [ownAttributes]commonpb.AnyValue
	disclosure commonpb.AnyValue_StringValue
	sequence   commonpb.AnyValue_IntValue
	link       tracepb.Span_Link
	links      [1]*tracepb.Span_Link
	linkTrace  [16]byte
	linkSpan   [8]byte
}

// ownAttributes is how many attributes name the record: its id and its sequence.
const ownAttributes = 2

// span renders a record. Its ids come from the record alone, so that a span that is
// sent twice is the same span.
func (r *renderer) span(e *ledger.Entry) *tracepb.Span {
	d := e.Disclosure
	end := e.Time
	start := d.Received
	if start.IsZero() || start.After(end) {
		start = end
	}
	c := r.common(d)
	own := new(ownParts)
	own.trace, own.id = r.derive("trace", e.Epoch, d.ID), r.derive("span", e.Epoch, d.ID)
	s := &own.span
	s.TraceId, s.SpanId = own.trace[:16], own.id[:8]
	s.Flags = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK) | sampled
	s.Name, s.Kind = c.name, tracepb.Span_SPAN_KIND_INTERNAL
	s.StartTimeUnixNano, s.EndTimeUnixNano = nanos(start), nanos(end)
	s.Attributes = append(own.name(d.ID, e.Seq), c.attributes...)
	if own.linkTo(d.Trace) {
		s.Links = own.links[:]
	}
	if e.Kind == ledger.KindRefused && d.Status >= faultStatus {
		s.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: d.Reason}
	}
	return s
}

const sampled = 1

// derive hashes what names a span.
func (r *renderer) derive(what, epoch, id string) [sha256.Size]byte {
	r.key = append(append(append(append(append(r.key[:0], what...), '\n'), epoch...), '\n'), id...)
	return sha256.Sum256(r.key)
}

// name returns the attributes that name the record, with room for the others.
func (o *ownParts) name(id string, seq uint64) []*commonpb.KeyValue {
	o.disclosure.StringValue = id
	o.sequence.IntValue = int64(seq) //nolint:gosec // a log of 2^63 records takes longer than there is time
	o.pairs[0].Key, o.values[0].Value = attrDisclosureID, &o.disclosure
	o.pairs[1].Key, o.values[1].Value = attrSequence, &o.sequence
	for i := range o.pairs {
		o.pairs[i].Value = &o.values[i]
		o.attributes[i] = &o.pairs[i]
	}
	return o.attributes[:ownAttributes]
}

func nanos(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) }

// spanName is "disclose" and the route's id: a bounded set.
func spanName(d *ledger.Disclosure) string {
	if d.Resource.Name == "" {
		return "disclose unmapped"
	}
	return "disclose " + d.Resource.API + "." + d.Resource.Name
}

// linkTo makes the link to the context of a W3C traceparent, and returns false if
// that is not valid.
func (o *ownParts) linkTo(traceparent string) bool {
	const size = len("00-") + 32 + len("-") + 16 + len("-00")
	t := traceparent
	if len(t) < size || t[2] != '-' || t[35] != '-' || t[52] != '-' || strings.ToLower(t) != t {
		return false
	}
	// Later versions may have more to say, the present one has not.
	version := t[:2]
	if version == "ff" || len(t) > size && (version == "00" || t[size] != '-') {
		return false
	}
	var numbers [2]byte
	for _, part := range []struct {
		dst []byte
		hex string
	}{{numbers[:1], version}, {o.linkTrace[:], t[3:35]}, {o.linkSpan[:], t[36:52]}, {numbers[1:], t[53:size]}} {
		if _, err := hex.Decode(part.dst, []byte(part.hex)); err != nil {
			return false
		}
	}
	if o.linkTrace == ([16]byte{}) || o.linkSpan == ([8]byte{}) {
		return false
	}
	remote := uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	o.link.TraceId, o.link.SpanId, o.link.Flags = o.linkTrace[:], o.linkSpan[:], remote|uint32(numbers[1])
	o.links[0] = &o.link
	return true
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
