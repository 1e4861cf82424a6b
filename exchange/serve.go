package exchange

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// request is one request on its way through the steps. Each step fills what the
// next ones and the record need.
type request struct {
	g        *Gateway
	w        http.ResponseWriter
	r        *http.Request
	api      string
	identity rules.Identity
	id       string // of the disclosure
	received time.Time

	edition   *rules.Edition
	recipient string
	declared  declaration
	path      canonicalPath
	match     rules.Match
	mapped    bool
	plan      *rules.Plan
	query     string
	values    url.Values

	upstream  int
	mediaType string
	buffers   *buffers
	people    []person
	snapshot  ledger.Snapshot
	decided   time.Time
	out       []byte
}

// buffers are reused between requests.
type buffers struct {
	doc    redact.Document
	body   []byte
	out    []byte
	keys   []rules.Key
	states []*rules.State
}

// maxPooled bounds what a pooled buffer keeps, in bytes: one large answer must
// not hold its memory for ever.
const maxPooled = 1 << 20

// Serve answers one request of a caller whose credential was verified; the zero
// identity is nobody. It writes the answer itself, a problem document where a
// step fails. next is asked for the upstream's answer at most once.
func (g *Gateway) Serve(w http.ResponseWriter, r *http.Request, api string, identity rules.Identity, next Next) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	q := &request{g: g, w: w, r: r, api: api, identity: identity, id: id.String(), received: g.Clock()}
	q.buffers = g.takeBuffers()
	defer g.putBuffers(q.buffers)
	for _, step := range []func() rules.Reason{
		q.identify, q.admit, q.check, q.ready,
		func() rules.Reason { return q.capture(next) },
		q.open, q.state, q.emit, q.release,
	} {
		if reason := step(); reason != rules.ReasonNone {
			q.refuse(reason)
			return nil
		}
	}
	return nil
}

// identify finds who asks.
func (q *request) identify() rules.Reason {
	q.edition = q.g.Policy.Edition(q.received)
	if q.edition == nil {
		return rules.PolicyUnavailable
	}
	var reason rules.Reason
	q.recipient, reason = q.edition.Identify(q.identity)
	return reason
}

// admit reads the purpose and applies the request gates.
func (q *request) admit() rules.Reason {
	q.declared = declared(q.r.Header)
	var plain bool
	q.path, plain = canonical(q.r.URL)
	if plain {
		q.match, q.mapped = q.edition.Route(q.api, q.r.Method, q.path.segments)
	}
	var reason rules.Reason
	q.plan, reason = q.edition.Admit(rules.RequestFacts{
		Recipient: q.recipient, Match: q.match, Mapped: q.mapped,
		Purpose: q.declared.purpose, PurposeReason: q.declared.purposeReason, Ref: q.declared.ref, RefReason: q.declared.refReason,
	})
	if reason == rules.RouteUnmapped && !plain {
		return rules.PathNotCanonical
	}
	return reason
}

// check refuses what a request must not carry.
func (q *request) check() rules.Reason {
	if q.r.ContentLength != 0 || len(q.r.TransferEncoding) > 0 {
		return rules.BodyRefused
	}
	var ok bool
	if q.query, q.values, ok = allowedQuery(q.r.URL, q.match.Resource); !ok {
		return rules.ProbeRefused
	}
	return rules.ReasonNone
}

// ready asks for what the end of the request will need, before the upstream is
// bothered.
func (q *request) ready() rules.Reason {
	if err := q.g.State.Ready(); err != nil {
		q.warn("state not ready", err)
		return rules.StateUnavailable
	}
	if err := q.g.Ledger.Ready(); err != nil {
		q.warn("ledger not ready", err)
		return rules.LedgerUnavailable
	}
	return rules.ReasonNone
}

// capture asks the upstream.
func (q *request) capture(next Next) rules.Reason {
	ctx, cancel := context.WithCancel(q.r.Context())
	defer cancel()
	c := &capture{header: make(http.Header, 8), body: q.buffers.body[:0], max: q.g.maxBody(), cancel: cancel}
	reason := c.ask(next, rebuild(ctx, q.r, q.path, q.query, q.id))
	q.buffers.body, q.upstream = c.body, c.status
	switch {
	case q.r.Context().Err() != nil:
		return rules.ClientGone
	case reason != rules.ReasonNone:
		return reason
	}
	q.mediaType, reason = c.inspectable()
	return reason
}

// open checks the whole document and finds its subjects.
func (q *request) open() rules.Reason {
	d := &q.buffers.doc
	if err := d.Open(q.plan.Resource().Shape, q.plan.Wants(), q.buffers.body, redact.Limits{}); err != nil {
		q.warn("response uninspectable", err)
		return rules.ResponseUninspectable
	}
	q.people = q.g.people(q.plan, q.match, q.values, d.Subjects())
	return rules.ReasonNone
}

// state reads what is known of the subjects, remembers what the answer taught
// about them, and decides.
func (q *request) state() rules.Reason {
	b := q.buffers
	b.keys, b.states = b.keys[:0], b.states[:0]
	for i := range q.people {
		b.keys = append(b.keys, q.people[i].key)
		b.states = append(b.states, nil)
	}
	var err error
	if q.snapshot, err = q.g.State.Read(b.keys, b.states); err != nil {
		q.warn("state not readable", err)
		return rules.StateUnavailable
	}
	q.decided = q.g.Clock()
	signals := rules.Signals{} // a vendor's server speaks for no browser
	for i := range q.people {
		p := &q.people[i]
		if !p.facts.Unresolved {
			p.state = b.states[i]
		}
		var class rules.Class
		class, p.consent = q.plan.Class(p.facts, p.state, signals, q.decided, nil)
		p.actions = q.plan.Actions(class)
	}
	if seen := observations(q.people, q.decided); len(seen) > 0 {
		if err := q.g.State.Observe(q.r.Context(), seen); err != nil {
			q.warn("observation not remembered", err)
			return rules.StateUnavailable
		}
	}
	return rules.ReasonNone
}

// emit writes what may leave.
func (q *request) emit() rules.Reason {
	actions := make([]*rules.Actions, len(q.people))
	released := 0
	for i := range q.people {
		if a := q.people[i].actions; !a.Nothing {
			actions[i] = a
		}
	}
	d, shape := &q.buffers.doc, q.plan.Resource().Shape
	var err error
	q.out, err = d.Emit(q.buffers.out[:0], actions, &tokens{domain: q.g.domain(q.plan), fields: shape.Fields, people: q.people})
	if err != nil {
		q.warn("response not minimised", err)
		return rules.ResponseUninspectable
	}
	q.buffers.out = q.out
	for i := range q.people {
		if d.Released(i) {
			released++
		}
	}
	// One subject of whom nothing may be seen is nobody.
	if released == 0 && shape.Single && len(shape.Subjects) > 0 || len(q.out) == 0 {
		return rules.NotFound
	}
	return rules.ReasonNone
}

// release records the disclosure and then lets it go.
func (q *request) release() rules.Reason {
	head := q.r.Method == http.MethodHead
	rec, err := q.released(head)
	if err != nil {
		q.warn("disclosure not recordable", err)
		return rules.LedgerUnavailable
	}
	if q.r.Context().Err() != nil {
		return rules.ClientGone
	}
	// The caller's going away must not decide whether the record is kept.
	if _, err := q.g.Ledger.Append(context.WithoutCancel(q.r.Context()), rec); err != nil {
		q.warn("disclosure not recorded", err)
		return rules.LedgerUnavailable
	}
	h := q.w.Header()
	clear(h)
	h.Set("Content-Type", q.mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Disclosure-Id", q.id)
	h.Set(PurposeHeader, q.declared.purpose)
	if !head {
		h.Set("Content-Length", strconv.Itoa(len(q.out)))
	}
	q.w.WriteHeader(http.StatusOK)
	if head {
		return rules.ReasonNone
	}
	if n, err := q.w.Write(q.out); err != nil || n < len(q.out) {
		q.aborted(rec, n)
	}
	return rules.ReasonNone
}

// aborted notes that a release broke off. The disclosure counts all the same.
func (q *request) aborted(rec *ledger.Record, written int) {
	d := *rec.Disclosure
	d.Of, d.Bytes, d.Subjects = q.id, int64(written), nil
	end := &ledger.Record{Kind: ledger.KindAborted, Time: q.g.Clock(), Disclosure: &d, Uses: rec.Uses}
	if _, err := q.g.Ledger.Append(context.WithoutCancel(q.r.Context()), end); err != nil {
		q.warn("abort not recorded", err)
	}
}

// refuse answers with a problem document, after its record.
func (q *request) refuse(reason rules.Reason) {
	now := q.g.Clock()
	id := q.id
	switch {
	case reason == rules.RecipientUnauthenticated:
		q.g.Refused.Count(reason, now)
		id = ""
	case reason == rules.ClientGone:
		q.record(reason, now)
		return
	case !q.record(reason, now):
		// Nothing is disclosed, so the refusal may be told; but a refusal
		// that cannot be recorded is a gateway that cannot record.
		if reason != rules.StateUnavailable && reason != rules.PolicyUnavailable {
			reason = rules.LedgerUnavailable
		}
		q.g.Refused.Count(reason, now)
	}
	WriteProblem(q.w, reason, id)
}

func (q *request) record(reason rules.Reason, now time.Time) bool {
	rec, err := q.refused(reason, now)
	if err == nil {
		_, err = q.g.Ledger.Append(context.WithoutCancel(q.r.Context()), rec)
	}
	if err != nil {
		q.warn("refusal not recorded", err)
	}
	return err == nil
}

func (q *request) warn(msg string, err error) {
	attrs := []slog.Attr{slog.String("disclosure_id", q.id), slog.String("error", err.Error())}
	if q.mapped {
		attrs = append(attrs, slog.String("resource", q.match.Resource.API+"."+q.match.Resource.Name))
	}
	var syntax *redact.SyntaxError
	if errors.As(err, &syntax) {
		attrs = append(attrs, slog.Int("offset", syntax.Offset))
	}
	q.g.Log.LogAttrs(q.r.Context(), slog.LevelWarn, msg, attrs...)
}

func (g *Gateway) takeBuffers() *buffers {
	if b, ok := g.pool.Get().(*buffers); ok {
		return b
	}
	return new(buffers)
}

func (g *Gateway) putBuffers(b *buffers) {
	if cap(b.body) > maxPooled || cap(b.out) > maxPooled {
		return
	}
	clear(b.states)
	g.pool.Put(b)
}
