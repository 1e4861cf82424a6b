package otlp

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/modicum-dev/modicum/ledger"
)

// maxRemembered bounds how many facts, and how many combinations of them, a
// renderer remembers of each kind. Beyond it they are forgotten and read again.
const maxRemembered = 1024

// renderer makes spans. Facts repeat in nearly every record, and what they say
// takes longer to read than the record itself, so it is read once: a fact is named
// by its hash. Spans share the attributes that are made of it. It must not be used
// concurrently.
type renderer struct {
	facts      ledger.Facts
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

func (r *renderer) recipient(hash string) recipientAttributes {
	if known, ok := r.recipients[hash]; ok {
		return known
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
		return a
	}
	return r.recipients.put(hash, a)
}

func (r *renderer) policy(hash string) *commonpb.KeyValue {
	if known, ok := r.policies[hash]; ok {
		return known
	}
	f, found := decode[ledger.PolicyFact](r.facts, hash)
	a := text(attrPolicyHash, f.Bundle)
	if !found {
		return a
	}
	return r.policies.put(hash, a)
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

// summarise gathers what the subjects of a disclosure have in common.
func (r *renderer) summarise(d *ledger.Disclosure) summaryAttributes {
	r.parts = r.parts[:0]
	for i := range d.Subjects {
		p := part{d.Subjects[i].Profile, string(d.Subjects[i].Emitted)}
		if !slices.Contains(r.parts, p) {
			r.parts = append(r.parts, p)
		}
	}
	slices.SortFunc(r.parts, func(a, b part) int {
		if c := strings.Compare(a.profile, b.profile); c != 0 {
			return c
		}
		return strings.Compare(a.emitted, b.emitted)
	})
	r.key = append(r.key[:0], d.Reason...)
	for _, p := range r.parts {
		r.key = append(append(r.key, '\n'), p.profile...)
		r.key = append(strconv.AppendInt(append(r.key, ' '), int64(len(p.emitted)), 10), ' ')
		r.key = append(r.key, p.emitted...)
	}
	if known, ok := r.summaries[string(r.key)]; ok {
		return known
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
		return a
	}
	return r.summaries.put(string(r.key), a)
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

// attributes returns the attributes of a record's span, in the order of their list.
func (r *renderer) attributes(e *ledger.Entry) []*commonpb.KeyValue {
	d := e.Disclosure
	recipient := r.recipient(d.RecipientFact)
	s := r.summarise(d)
	errorType := ""
	if d.Outcome == ledger.Refused {
		errorType = d.Reason
	}
	a := make(attributeList, 0, 24)
	a.add(text(attrDisclosureID, d.ID))
	a.add(text(attrPolicyVersion, d.Policy))
	a.add(r.policy(d.PolicyFact))
	a.add(text(attrRecipientID, d.Recipient))
	a.add(recipient.kind)
	a.add(recipient.category)
	a.add(recipient.country)
	a.add(text(attrPurposeID, d.Purpose))
	a.add(s.bases)
	a.add(s.regimes)
	a.add(text(attrOutcome, string(d.Outcome)))
	a.number(attrSubjects, int64(d.Counts.Subjects))
	a.number(attrSubjectsWithheld, int64(d.Counts.SubjectsWithheld))
	a.number(attrAllowed, int64(d.Counts.Allowed))
	a.number(attrPseudonymised, int64(d.Counts.Pseudonymised))
	a.number(attrWithheld, int64(d.Counts.Withheld))
	a.add(s.allowed)
	a.add(s.withheld)
	a.add(s.reasons)
	a.add(recipient.mechanism)
	a.truth(attrGPC, d.GPC)
	a.number(attrSequence, int64(e.Seq)) //nolint:gosec // a log of 2^63 records takes longer than there is time
	a.add(s.keys)
	a.add(text(attrErrorType, errorType))
	return a
}
