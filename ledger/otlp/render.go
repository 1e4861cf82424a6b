package otlp

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/modicum-dev/modicum/ledger"
)

// maxRemembered bounds how many facts, and how many combinations of them, a
// renderer remembers of each kind. Beyond it they are forgotten and read again.
const maxRemembered = 1024

// renderer makes spans. Most of a span is the same for thousands of records, and
// takes longer to make than the record to read, so it is made once: facts are named
// by their hashes. Spans share the attributes. It must not be used concurrently.
type renderer struct {
	facts      ledger.Facts
	commons    remembered[common]
	recipients remembered[recipientAttributes]
	policies   remembered[*commonpb.KeyValue]
	profiles   remembered[*ledger.ProfileFact]
	summaries  remembered[summaryAttributes]

	// Of the present record; kept for their room.
	parts []part
	key   []byte
}

func newRenderer(facts ledger.Facts) *renderer { return &renderer{facts: facts} }

// remembered is a bounded memory.
type remembered[T any] map[string]T

func (m *remembered[T]) put(key string, v T) T {
	if *m == nil || len(*m) >= maxRemembered {
		*m = make(remembered[T])
	}
	(*m)[key] = v
	return v
}

// recipientAttributes are what a recipient's fact says; nil where it says nothing.
type recipientAttributes struct{ kind, category, country, mechanism *commonpb.KeyValue }

// recipient returns false if the record names a fact that is not there.
func (r *renderer) recipient(hash string) (recipientAttributes, bool) {
	if known, ok := r.recipients[hash]; ok {
		return known, true
	}
	f, found := decode[ledger.RecipientFact](r.facts, hash)
	var mechanisms []string
	for _, t := range f.Transfers {
		mechanisms = append(mechanisms, t.Mechanism)
	}
	a := recipientAttributes{
		kind: text(attrRecipientKind, f.Kind), category: text(attrRecipientCategory, f.Category), country: text(attrRecipientCountry, f.Country),
		mechanism: text(attrTransferMechanism, strings.Join(distinct(mechanisms), ",")),
	}
	if !found {
		return a, hash == ""
	}
	return r.recipients.put(hash, a), true
}

// policy returns false if the record names a fact that is not there.
func (r *renderer) policy(hash string) (*commonpb.KeyValue, bool) {
	if known, ok := r.policies[hash]; ok {
		return known, true
	}
	f, found := decode[ledger.PolicyFact](r.facts, hash)
	a := text(attrPolicyHash, f.Bundle)
	if !found {
		return a, hash == ""
	}
	return r.policies.put(hash, a), true
}

func (r *renderer) profile(hash string) (p *ledger.ProfileFact, found bool) {
	if known, ok := r.profiles[hash]; ok {
		return known, true
	}
	p, found = decode[ledger.ProfileFact](r.facts, hash)
	if found {
		r.profiles.put(hash, p)
	}
	return p, found
}

// decode returns a fact, or an empty one if the record names none: a refusal may
// have come before there was one.
func decode[T any](facts ledger.Facts, hash string) (v *T, found bool) {
	v = new(T)
	f, found := facts.Fact(hash)
	if !found {
		return v, false
	}
	if err := json.Unmarshal(f.JSON, v); err != nil {
		return new(T), true
	}
	return v, true
}

// part is what left of one profile. A list has thousands of subjects and a few of
// these.
type part struct {
	profile string // the fact's hash
	emitted string
}

// summaryAttributes are what the profiles of a disclosure say about it.
type summaryAttributes struct{ bases, regimes, allowed, withheld, reasons, keys *commonpb.KeyValue }

// gather sets parts to what left of each profile, in the order of the profiles.
func (r *renderer) gather(subjects []ledger.Subject) {
	r.parts = r.parts[:0]
	for i := range subjects {
		profile, emitted := subjects[i].Profile, subjects[i].Emitted
		if !slices.ContainsFunc(r.parts, func(p part) bool { return p.profile == profile && p.emitted == string(emitted) }) {
			r.parts = append(r.parts, part{profile, string(emitted)})
		}
	}
	slices.SortFunc(r.parts, func(a, b part) int {
		if c := strings.Compare(a.profile, b.profile); c != 0 {
			return c
		}
		return strings.Compare(a.emitted, b.emitted)
	})
}

// appendText appends what cannot be taken for the beginning of something else.
func appendText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

// appendSummaryKey appends what the attributes of a summary depend on.
func (r *renderer) appendSummaryKey(key []byte, d *ledger.Disclosure) []byte {
	key = appendText(key, d.Reason)
	for _, p := range r.parts {
		key = appendText(appendText(key, p.profile), p.emitted)
	}
	return key
}

// summarise returns what parts have in common, and false if a fact is not there.
func (r *renderer) summarise(d *ledger.Disclosure) (summaryAttributes, bool) {
	key := string(r.appendSummaryKey(nil, d))
	if known, ok := r.summaries[key]; ok {
		return known, true
	}
	var s summary
	complete := true
	for _, p := range r.parts {
		profile, found := r.profile(p.profile)
		complete = complete && found
		s.add(profile, p.emitted)
	}
	a := summaryAttributes{
		bases: texts(attrLegalBases, s.bases), regimes: texts(attrRegimes, s.regimes),
		allowed: texts(attrCategoriesAllowed, s.allowed), withheld: texts(attrCategoriesWithheld, s.withheld),
		reasons: texts(attrReasons, append(s.reasons, d.Reason)), keys: text(attrPseudonymKey, strings.Join(distinct(s.keys), ",")),
	}
	if !complete {
		return a, false
	}
	return r.summaries.put(key, a), true
}

// summary gathers what profiles say.
type summary struct {
	bases, regimes, allowed, withheld, reasons, keys []string
}

func (s *summary) add(p *ledger.ProfileFact, emitted string) {
	s.regimes = append(s.regimes, p.Regimes...)
	s.reasons = append(s.reasons, p.Gate)
	for i, f := range p.Fields {
		s.reasons = append(s.reasons, f.Reasons...)
		if i/8 < len(emitted) && emitted[i/8]>>(i%8)&1 == 1 {
			s.allowed = append(s.allowed, f.Category)
			s.bases = append(s.bases, f.Basis)
			s.keys = append(s.keys, f.KeyID)
			continue
		}
		if f.Outcome == "withhold" {
			s.withheld = append(s.withheld, f.Category)
		}
	}
}
