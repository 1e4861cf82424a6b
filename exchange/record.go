package exchange

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// unmappedResource names what the policy does not describe. The path itself may
// hold an id and is never recorded.
const unmappedResource = "unmapped"

// otherMethod stands for a method that HTTP does not define: its name is the
// caller's own text.
const otherMethod = "OTHER"

func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return name
	}
	return otherMethod
}

// base fills what every record of this request says.
func (q *request) base(now time.Time) (*ledger.Record, error) {
	how, client := q.edition.Credential(q.identity)
	d := &ledger.Disclosure{
		ID: q.id, Received: milliseconds(q.received), Recipient: q.caller.Recipient,
		Auth:     ledger.Auth{Method: how, Client: client},
		Resource: ledger.Resource{API: q.api, Name: unmappedResource, Method: method(q.r.Method), Upstream: q.upstream},
		GPC:      gpc(q.r.Header["Sec-Gpc"]), State: q.snapshot, Trace: traceparent(q.r.Header["Traceparent"]),
	}
	rec := &ledger.Record{Time: milliseconds(now), Disclosure: d}
	q.buffers.work.tallies = q.buffers.work.tallies[:0] // of a record that was not kept
	if q.mapped {
		d.Resource.Name, d.Resource.Route = q.match.Resource.Name, q.match.Resource.Route
	}
	if q.edition == nil {
		return rec, nil
	}
	facts, err := q.g.facts.of(q.edition, q.g.PolicySignature)
	if err != nil {
		return nil, err
	}
	d.Policy, d.PolicyFact, rec.Uses = facts.version, facts.policy.Hash, append(rec.Uses, facts.policy)
	recipient, err := facts.recipient(q.caller.Recipient)
	if err != nil {
		return nil, err
	}
	if recipient != nil {
		d.RecipientFact, rec.Uses = recipient.Hash, append(rec.Uses, recipient)
	}
	// What neither the policy nor the contract knows is the caller's own text.
	if q.edition.Policy().HasPurpose(q.declared.purpose) {
		d.Purpose = q.declared.purpose
	}
	if q.plan != nil {
		d.Ref = q.declared.ref
	}
	return rec, nil
}

// released is the record of an answer that is about to leave. Nobody's data
// leaves with a HEAD.
func (q *request) released(head bool) (*ledger.Record, error) {
	rec, err := q.base(q.decided)
	if err != nil {
		return nil, err
	}
	rec.Kind = ledger.KindReleased
	rec.Disclosure.Status = 200
	if head {
		rec.Disclosure.Outcome = ledger.AllWithheld
		return rec, nil
	}
	rec.Disclosure.Bytes = int64(len(q.out))
	return rec, q.subjects(rec)
}

// refused is the record of an answer that discloses nothing.
func (q *request) refused(reason rules.Reason, now time.Time) (*ledger.Record, error) {
	rec, err := q.base(now)
	if err != nil {
		return nil, err
	}
	rec.Kind = ledger.KindRefused
	d := rec.Disclosure
	d.Status, d.Outcome, d.Reason, d.Cause = statusOf(reason), ledger.Refused, reason.String(), q.cause
	if reason != rules.NotFound || len(q.people) == 0 {
		return rec, nil
	}
	// Asked about somebody of whom nothing may be seen: that is for the
	// auditor, though the recipient cannot tell.
	if err := q.subjects(rec); err != nil {
		return nil, err
	}
	d.Outcome = ledger.AllWithheld
	return rec, nil
}

// subjects adds a line for each subject, and the sums.
func (q *request) subjects(rec *ledger.Record) error {
	d, doc := rec.Disclosure, &q.buffers.work.doc
	q.defects(&d.Counts)
	if len(q.people) == 0 {
		d.Outcome = outcome(d.Counts)
		return nil
	}
	facts, err := q.g.facts.of(q.edition, q.g.PolicySignature)
	if err != nil {
		return err
	}
	refs, err := q.g.Keys.Refs(q.decided)
	if err != nil {
		return err
	}
	d.RefPeriod, d.Subjects = refs.Period(), make([]ledger.Subject, len(q.people))
	// The lines of a long list share their room.
	names := make([]byte, 0, refSize*len(q.people))
	emitted := make([]byte, 0, 4*len(q.people))
	var last *profile
	for i := range q.people {
		p, line := &q.people[i], &d.Subjects[i]
		pr, err := facts.profile(q.plan, p.actions, q.domain.KeyID())
		if err != nil {
			return err
		}
		if pr != last {
			rec.Uses, last = use(rec.Uses, pr.fact), pr
		}
		q.buffers.work.tally(pr)
		line.Profile = pr.fact.Hash
		for _, seq := range p.consent {
			line.Consent = append(line.Consent, uint64(seq))
		}
		if p.known {
			ref := refs.Ref(p.key)
			names = append(names, ref[:]...)
			line.Ref = names[len(names)-refSize : len(names) : len(names)]
		}
		d.Counts.Subjects++
		d.Counts.Withheld += p.actions.Withheld
		if !doc.Released(i) {
			d.Counts.SubjectsWithheld++
			continue
		}
		if pr.order {
			d.Order = q.declared.ref
		}
		from := len(emitted)
		var transformed, allowed int
		emitted, transformed, allowed = pr.appendEmitted(emitted, doc.Emitted(i), p.actions.Fields)
		line.Emitted = emitted[from:len(emitted):len(emitted)]
		d.Counts.Pseudonymised += transformed
		d.Counts.Allowed += allowed
	}
	d.Outcome = outcome(d.Counts)
	return nil
}

// refSize is the length of a reference in the ledger.
const refSize = 16

// use adds a fact that a record names, once: two decisions may have one profile.
func use(uses []*ledger.Fact, fact *ledger.Fact) []*ledger.Fact {
	for _, known := range uses {
		if known.Hash == fact.Hash {
			return uses
		}
	}
	return append(uses, fact)
}

func outcome(c ledger.Counts) ledger.Outcome {
	switch {
	case c.Subjects > 0 && c.SubjectsWithheld == c.Subjects:
		return ledger.AllWithheld
	case c.SubjectsWithheld > 0 || c.Withheld > 0:
		return ledger.PartlyWithheld
	}
	return ledger.Disclosed
}

func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// gpc reads Sec-GPC: one value 1 among several counts, every other value is
// ignored.
func gpc(values []string) bool { return slices.Contains(values, "1") }

// traceparent keeps a caller's trace context only if it has its exact form: it
// is recorded as it is.
func traceparent(values []string) string {
	if len(values) != 1 || len(values[0]) != 55 {
		return ""
	}
	v := values[0]
	for i := range len(v) {
		c := v[i]
		dash := i == 2 || i == 35 || i == 52
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		if dash != (c == '-') || !dash && !hex {
			return ""
		}
	}
	if v[:2] == "ff" || strings.Trim(v[3:35], "0") == "" || strings.Trim(v[36:52], "0") == "" {
		return "" // forbidden by the standard, which uses them for "none"
	}
	return v
}
