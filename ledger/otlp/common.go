package otlp

import (
	"encoding/binary"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/modicum-dev/modicum/ledger"
)

// common is what a span shares with those of other records: its name, and every
// attribute but those that name the record.
type common struct {
	name       string
	attributes []*commonpb.KeyValue
}

// common returns the common part of a disclosure's span.
func (r *renderer) common(d *ledger.Disclosure) common {
	r.gather(d.Subjects)
	r.key = r.appendCommonKey(r.key[:0], d)
	if known, ok := r.commons[string(r.key)]; ok {
		return known
	}
	key := string(r.key)
	c, complete := r.newCommon(d)
	if !complete {
		return c
	}
	return r.commons.put(key, c)
}

// appendCommonKey appends everything that newCommon reads. A member that is
// missing here would give a record the attributes of another.
func (r *renderer) appendCommonKey(key []byte, d *ledger.Disclosure) []byte {
	for _, text := range [...]string{
		d.Resource.API, d.Resource.Name, d.Policy, d.PolicyFact, d.Recipient, d.RecipientFact, d.Purpose, string(d.Outcome),
	} {
		key = appendText(key, text)
	}
	for _, n := range [...]int{d.Counts.Subjects, d.Counts.SubjectsWithheld, d.Counts.Allowed, d.Counts.Pseudonymised, d.Counts.Withheld} {
		key = binary.AppendVarint(key, int64(n))
	}
	gpc := byte(0)
	if d.GPC {
		gpc = 1
	}
	return r.appendSummaryKey(append(key, gpc), d)
}

// newCommon returns false if the record names a fact that is not there: the next
// one may find it.
func (r *renderer) newCommon(d *ledger.Disclosure) (c common, complete bool) {
	recipient, recipientFound := r.recipient(d.RecipientFact)
	policy, policyFound := r.policy(d.PolicyFact)
	s, summaryFound := r.summarise(d)
	errorType := ""
	if d.Outcome == ledger.Refused {
		errorType = d.Reason
	}
	a := make(attributeList, 0, 24)
	a.add(text(attrPolicyVersion, d.Policy))
	a.add(policy)
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
	a.add(s.keys)
	a.add(text(attrErrorType, errorType))
	return common{name: spanName(d), attributes: a}, recipientFound && policyFound && summaryFound
}
