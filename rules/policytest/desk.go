package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// desk runs requests through a gateway of its own: with keys that it draws and throws
// away, with what is known of people as an argument, and with a ledger in memory.
// Nothing that a real gateway has is touched.
type desk struct {
	keys   *pseudonym.Keyset
	digest *pseudonym.Digester
}

// newDesk draws the keys. Their file is gone before anything is made with them, so that
// none is left behind however the process ends.
func newDesk() (*desk, error) {
	dir, err := os.MkdirTemp("", "modicum-policytest-")
	if err != nil {
		return nil, fmt.Errorf("making throw-away keys: %w", err)
	}
	keys, err := pseudonym.Create(filepath.Join(dir, "keys"))
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return nil, fmt.Errorf("making throw-away keys: %w", err)
	}
	return &desk{keys: keys, digest: keys.Digester()}, nil
}

// errCaller is returned where a recipient has no credential to call with.
var errCaller = errors.New("its recipient has neither a user nor a certificate: say the caller instead")

// credential is one that stands for a recipient: one that is not narrowed to other
// purposes, if there is any.
func credential(d *rules.RecipientDef, purpose string) (rules.Identity, error) {
	var all []rules.Identity
	var narrowed [][]rules.Name
	for _, u := range d.Users {
		all, narrowed = append(all, rules.Identity{User: u.Name.Value, Method: "basic"}), append(narrowed, u.Purposes)
	}
	for i := range d.Certificates {
		c := &d.Certificates[i]
		all = append(all, rules.Identity{Certificate: &rules.Certificate{CA: c.CA.Value, DNS: values(c.DNS), URIs: values(c.URIs)}})
		narrowed = append(narrowed, c.Purposes)
	}
	for i := range all {
		if len(narrowed[i]) == 0 || slices.Contains(values(narrowed[i]), purpose) {
			return all[i], nil
		}
	}
	if len(all) == 0 {
		return rules.Identity{}, errCaller
	}
	return all[0], nil
}

// question is one request, and what the upstream answers.
type question struct {
	edition      *rules.Edition // nil: none is in effect
	at           time.Time
	api, method  string
	url          *url.URL
	identity     rules.Identity
	purpose, ref string
	gpc          bool
	states       exchange.States
	keys         exchange.Keys
	upstream     exchange.Next
}

// jsonUpstream is an upstream that answers with a body.
func jsonUpstream(body []byte) exchange.Next {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, err := w.Write(body)
		return err
	}
}

// ask asks a gateway. Limits of a contract begin at nothing.
func ask(q *question) (*answer, *memory, error) {
	log := &memory{}
	g := &exchange.Gateway{
		Policy: edition{q.edition}, State: q.states, Ledger: log, Keys: q.keys, Clock: func() time.Time { return q.at },
		Log: slog.New(slog.DiscardHandler), Refused: new(exchange.Refusals), Memory: new(exchange.Memory),
	}
	// As a server has it: its URL was not made of a text again.
	request := (&http.Request{Method: q.method, URL: q.url, Header: make(http.Header), Body: http.NoBody}).WithContext(context.Background())
	declared := q.purpose
	if q.ref != "" {
		declared += fmt.Sprintf(";ref=%q", q.ref)
	}
	request.Header.Set(exchange.PurposeHeader, declared)
	if q.gpc {
		request.Header.Set("Sec-GPC", "1")
	}
	w := &answer{header: make(http.Header)}
	if err := g.Serve(w, request, q.api, q.identity, q.upstream); err != nil {
		return nil, nil, fmt.Errorf("asking the gateway: %w", err)
	}
	return w, log, nil
}

// refused returns why an answer is a problem document; ReasonNone: it is none.
func (a *answer) refused() (rules.Reason, error) {
	if a.status == http.StatusOK {
		return rules.ReasonNone, nil
	}
	var problem struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(a.body.Bytes(), &problem); err != nil {
		return rules.ReasonNone, fmt.Errorf("reading the gateway's problem document: %w", err)
	}
	reason, _ := rules.ParseReason(problem.Reason)
	return reason, nil
}

// Subject implements [exchange.Keys].
func (d *desk) Subject(p *rules.Population, id string) rules.Key { return d.digest.Key(p, id) }

// Refs implements [exchange.Keys]. The keys begin with this month, whenever the
// test is.
func (d *desk) Refs(time.Time) (*pseudonym.Refs, error) { return d.keys.Refs(d.keys.FirstPeriod()) }

// Domain implements [exchange.Keys].
func (d *desk) Domain(recipient, group string) *pseudonym.Domain {
	return d.keys.Domain(recipient, group)
}

type edition struct{ of *rules.Edition }

// Edition implements [exchange.Editions].
func (e edition) Edition(time.Time) *rules.Edition { return e.of }

// states is what is known of the subjects of one test.
type states map[rules.Key]*rules.State

// Ready implements [exchange.States].
func (states) Ready() error { return nil }

// Read implements [exchange.States].
func (s states) Read(keys []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	for i, k := range keys {
		into[i] = s[k]
	}
	return ledger.Snapshot{Store: "test", Head: "00000000000000000000000000000000"}, nil
}

// Observe implements [exchange.States]. Nobody asks a second time.
func (states) Observe(context.Context, []exchange.Observation) error { return nil }

// memory is a ledger that remembers the facts of its records, and the last record.
type memory struct {
	facts []*ledger.Fact
	last  *ledger.Disclosure
}

// inspected reports whether the last record is of an answer that the upstream gave.
func (m *memory) inspected() bool {
	return m.last != nil && (m.last.Resource.Upstream == http.StatusOK || m.last.Resource.Upstream == http.StatusCreated)
}

// Ready implements [ledger.Log].
func (*memory) Ready() error { return nil }

// Append implements [ledger.Log].
func (m *memory) Append(_ context.Context, r *ledger.Record) (ledger.Receipt, error) {
	m.facts = append(m.facts, r.Uses...)
	m.last = r.Disclosure
	return ledger.Receipt{}, nil
}

// Close implements [ledger.Log].
func (*memory) Close(context.Context) error { return nil }

// answer keeps what a gateway writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
