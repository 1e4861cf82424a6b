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
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxSubjects is how many subjects one answer may hold: as many as one
// record of the ledger has room for. An answer with more is refused with 502
// before anything is decided about them; ask for shorter pages.
const DefaultMaxSubjects = 10_000

// request is one request on its way through the steps. Each step fills what the
// next ones and the record need.
type request struct {
	g        *Gateway
	w        http.ResponseWriter
	r        *http.Request
	next     Next
	api      string
	identity rules.Identity
	id       string // of the disclosure
	received time.Time

	edition  *rules.Edition
	caller   rules.Caller
	declared declaration
	path     canonicalPath
	match    rules.Match
	mapped   bool
	plan     *rules.Plan
	query    string
	values   url.Values

	asked     bool // the upstream was
	upstream  int
	mediaType string
	cause     string // why its answer was refused, a word of a closed list
	buffers   *buffers
	people    []person
	snapshot  ledger.Snapshot
	decided   time.Time
	domain    *pseudonym.Domain
	out       []byte
	emitted   bool          // out is what may leave, and people are decided
	read      []rules.Key   // who is in the answer, where a contract limits that
	reserved  bool          // read is reserved
	retry     time.Duration // when a limit that refused may have room; zero: nobody knows
}

// steps are the way of a request. The first one that gives a reason ends it.
var steps = [...]func(*request) rules.Reason{
	(*request).identify, (*request).admit, (*request).full, (*request).check, (*request).ready,
	(*request).capture, (*request).open, (*request).state, (*request).emit, (*request).reserve, (*request).release,
}

// Serve answers one request of a caller whose credential was verified; the zero
// identity is nobody. It writes the answer itself, a problem document where a
// step fails. next is asked for the upstream's answer at most once. A panic of
// next passes, except [http.ErrAbortHandler].
func (g *Gateway) Serve(w http.ResponseWriter, r *http.Request, api string, identity rules.Identity, next Next) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	q := &request{
		g: g, w: w, r: r, next: next, api: api, identity: identity, id: id.String(), received: g.Clock(),
		buffers: newBuffers(g.memory()),
	}
	// Of what was held when something panicked somebody may still have a part.
	defer q.buffers.abandon()
	defer q.settle(false) // unless it was released
	reason := rules.ReasonNone
	for _, step := range steps {
		if reason = step(q); reason != rules.ReasonNone {
			q.refuse(reason)
			break
		}
	}
	q.answered(reason)
	q.buffers.release()
	return nil
}

// identify finds who asks.
func (q *request) identify() rules.Reason {
	q.edition = q.g.Policy.Edition(q.received)
	if q.edition == nil {
		return rules.PolicyUnavailable
	}
	var reason rules.Reason
	q.caller, reason = q.edition.Identify(q.identity)
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
	if q.observed() && !q.internal() {
		return rules.APIObserved
	}
	var reason rules.Reason
	q.plan, reason = q.edition.Admit(rules.RequestFacts{
		Caller: q.caller, Match: q.match, Mapped: q.mapped,
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
		q.outage("state not ready", err)
		return rules.StateUnavailable
	}
	if err := q.g.Ledger.Ready(); err != nil {
		q.outage("ledger not ready", err)
		return rules.LedgerUnavailable
	}
	if q.r.Context().Err() != nil {
		return rules.ClientGone
	}
	return rules.ReasonNone
}

// capture asks the upstream.
func (q *request) capture() rules.Reason {
	if !q.buffers.begin() {
		return rules.Overloaded
	}
	ctx, cancel := context.WithCancel(q.r.Context())
	defer cancel()
	c := &capture{header: make(http.Header, 8), buffers: q.buffers, max: q.g.maxBody(), cancel: cancel}
	q.asked = true
	c.ask(q.next, rebuild(ctx, q.r, q.path, q.query, q.id))
	reason, cause := c.reason, c.cause
	q.upstream, q.mediaType = c.status, c.mediaType
	c.end()
	switch {
	case q.r.Context().Err() != nil:
		return rules.ClientGone
	case reason == rules.ReasonNone, reason == rules.NotFound, reason == rules.UpstreamRefused:
		return reason
	}
	if reason != rules.Overloaded {
		q.unusable(cause)
	}
	q.log("answer of the upstream refused", slog.String("reason", reason.String()), slog.String("cause", cause), slog.Int("status", q.upstream))
	return reason
}

// open checks the whole document and finds its subjects.
func (q *request) open() rules.Reason {
	b, w := q.buffers, q.buffers.work
	if err := w.doc.Open(q.plan.Resource().Shape, q.plan.Wants(), b.body, redact.Limits{Subjects: DefaultMaxSubjects, Budget: b}); errors.Is(err, redact.ErrRoom) {
		return rules.Overloaded
	} else if err != nil {
		if syntax, ok := errors.AsType[*redact.SyntaxError](err); ok {
			q.unusable(syntax.Kind.String())
		}
		q.warn("answer of the upstream not inspectable", err)
		return rules.ResponseUninspectable
	}
	w.people = q.g.people(w.people[:0], q.caller.Person, q.match, q.values, w.doc.Subjects())
	q.people = w.people
	if !b.settle() {
		return rules.Overloaded
	}
	return rules.ReasonNone
}

// state reads what is known of the subjects, decides, and remembers what the
// answer taught about them.
func (q *request) state() rules.Reason {
	b := q.buffers.work
	b.keys, b.states = b.keys[:0], b.states[:0]
	for i := range q.people {
		b.keys = append(b.keys, q.people[i].key)
		b.states = append(b.states, nil)
	}
	var err error
	if q.snapshot, err = q.g.State.Read(b.keys, b.states); err != nil {
		q.outage("state not readable", err)
		return rules.StateUnavailable
	}
	q.decided = q.g.Clock()
	// A vendor's server speaks for no browser.
	signals := rules.Signals{GPC: q.plan.Resource().ConsumerFacing && gpc(q.r.Header["Sec-Gpc"])}
	for i := range q.people {
		p := &q.people[i]
		if p.known {
			p.state = b.states[i]
		}
		var class rules.Class
		class, p.consent = q.plan.Class(p.facts, p.state, signals, q.decided, nil)
		p.actions = q.plan.Actions(class)
	}
	if seen := observations(q.people, q.decided); len(seen) > 0 {
		if err := q.g.State.Observe(q.r.Context(), seen); err != nil {
			if q.r.Context().Err() != nil {
				return rules.ClientGone
			}
			q.warn("observation not remembered", err)
			return rules.StateUnavailable
		}
	}
	return rules.ReasonNone
}

// emit writes what may leave.
func (q *request) emit() rules.Reason {
	b, w, shape := q.buffers, q.buffers.work, q.plan.Resource().Shape
	w.actions = w.actions[:0]
	for i := range q.people {
		w.actions = append(w.actions, q.people[i].actions)
	}
	if !b.reserve(len(b.body)) {
		return rules.Overloaded
	}
	q.domain = q.g.domain(q.plan)
	var err error
	q.out, err = w.doc.Emit(b.out, w.actions, redact.Terms{
		Tokens: &tokens{domain: q.domain, fields: shape.Fields, people: q.people},
		At:     q.decided, MinCell: q.plan.MinCell(), Keys: w.keys, Complete: q.plan.Complete(),
	})
	switch {
	case errors.Is(err, redact.ErrRoom):
		return rules.Overloaded
	case err != nil:
		q.warn("answer not minimised", err)
		return rules.ResponseUninspectable
	}
	// What the document was granted to fill objects is in the page that emitted charges.
	if !b.settle() || !b.emitted(q.out) {
		return rules.Overloaded
	}
	q.emitted = true
	q.alert()
	released := 0
	for i := range q.people {
		if w.doc.Small(i) {
			q.people[i].actions = q.people[i].actions.Small()
		}
		if w.doc.Released(i) {
			released++
		}
	}
	// One subject of whom nothing may be seen is nobody.
	if released == 0 && shape.Single && len(shape.Subjects) > 0 || len(q.out) == 0 {
		return rules.NotFound
	}
	b.fit()
	q.out = b.out
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
		q.outage("disclosure not recorded", err)
		return rules.LedgerUnavailable
	}
	q.settle(true) // of a HEAD too: its status tells of each person that there is something
	q.count(rec.Disclosure, rules.ReasonNone)
	// A caller that reads slowly holds what it reads and nothing else; the
	// record itself is the ledger's now.
	d, facts := *rec.Disclosure, rec.Uses
	d.Subjects, q.people = nil, nil
	q.buffers.inspected()
	h := fresh(q.w.Header(), q.mediaType)
	h.Set("Disclosure-Id", q.id)
	h.Set(PurposeHeader, q.declared.purpose)
	if head {
		q.w.WriteHeader(http.StatusOK)
		return rules.ReasonNone
	}
	h.Set("Content-Length", strconv.Itoa(len(q.out)))
	q.w.WriteHeader(http.StatusOK)
	if n, err := q.w.Write(q.out); err != nil || n < len(q.out) {
		q.aborted(d, facts, n)
	}
	return rules.ReasonNone
}

// aborted notes that a release broke off. The disclosure counts all the same.
// The record has an id of its own, by which its span is named.
func (q *request) aborted(d ledger.Disclosure, facts []*ledger.Fact, written int) {
	id, err := uuid.NewV7()
	if err != nil {
		q.warn("abort not recorded", err)
		return
	}
	d.ID, d.Of, d.Bytes = id.String(), q.id, int64(written)
	end := &ledger.Record{Kind: ledger.KindAborted, Time: milliseconds(q.g.Clock()), Disclosure: &d, Uses: facts}
	if _, err := q.g.Ledger.Append(context.WithoutCancel(q.r.Context()), end); err != nil {
		q.warn("abort not recorded", err)
	}
}
