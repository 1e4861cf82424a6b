package exchange

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// refuse answers with a problem document, after its record. A caller without a
// credential is counted and leaves no record, and so is a recipient that is refused
// before the upstream is asked more than [DefaultRefusalRecords] times a minute: they
// could fill the disk.
func (q *request) refuse(reason rules.Reason) {
	now := q.g.Clock()
	if !q.identity.Presented() {
		q.g.Refused.Count(reason, now)
		q.g.meter().Request(ledger.Refused, reason)
		q.problem(reason, "")
		return
	}
	// Who makes the upstream answer is bounded by it, and it is about somebody.
	if !q.asked && !q.g.Refused.admit(q.caller.Recipient, now) {
		q.g.Refused.CountOf(q.caller.Recipient, reason, now)
		q.g.meter().Request(ledger.Refused, reason)
		q.problem(reason, "") // an id leads to a record
		return
	}
	if !q.record(reason, now) {
		if q.asked {
			reason = unrecorded(reason)
		}
		q.g.Refused.CountOf(q.caller.Recipient, reason, now)
		q.g.meter().Request(ledger.Refused, reason)
	}
	q.problem(reason, q.id)
}

// problem tells the caller. One that reads slowly holds nothing of the answer that
// it did not get.
func (q *request) problem(reason rules.Reason, disclosure string) {
	q.people = nil
	q.buffers.release()
	var retry time.Duration
	if reason == rules.VolumeExceeded {
		retry = q.retry
	}
	writeReason(q.w, reason, disclosure, retry)
}

// unrecorded is what is told instead of a refusal that could not be recorded.
// What the upstream's answer or a subject's state has led to, even that there is
// nothing, is not told without a record.
func unrecorded(reason rules.Reason) rules.Reason {
	switch reason {
	case rules.StateUnavailable, rules.ClientGone:
		return reason
	default:
		return rules.LedgerUnavailable
	}
}

// record appends the record of a refusal and reports whether it is kept.
func (q *request) record(reason rules.Reason, now time.Time) bool {
	rec, err := q.refused(reason, now)
	if err == nil {
		_, err = q.g.Ledger.Append(context.WithoutCancel(q.r.Context()), rec)
	}
	if err != nil {
		q.outage("refusal not recorded", err)
		return false
	}
	q.count(rec.Disclosure, reason)
	return true
}

// warn tells the operator what failed. Errors of the packages below hold no
// content, by their contracts.
func (q *request) warn(msg string, err error) {
	if syntax, ok := errors.AsType[*redact.SyntaxError](err); ok {
		q.log(msg, slog.String("error", syntax.Kind.String()), slog.Int("offset", syntax.Offset))
		return
	}
	q.log(msg, slog.String("error", err.Error()))
}

// unusable notes what is wrong with the upstream's answer as a whole.
func (q *request) unusable(cause string) {
	q.cause = cause
	q.g.meter().Unusable(q.match.Resource.API, q.match.Resource.Name, cause)
}

// outage tells the operator what fails for every request, now and then.
func (q *request) outage(msg string, err error) {
	if skipped, ok := q.g.throttle.pass(msg, 1, throttleInterval, q.g.Clock()); ok {
		q.log(msg, slog.String("error", err.Error()), slog.Int("skipped", skipped))
	}
}

func (q *request) log(msg string, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("disclosure_id", q.id))
	if q.mapped {
		attrs = append(attrs, slog.String("resource", q.match.Resource.API+"."+q.match.Resource.Name))
	}
	q.g.Log.LogAttrs(q.r.Context(), slog.LevelWarn, msg, attrs...)
}
