package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// desk runs tests with a body through a gateway of its own, with keys that it
// draws and throws away.
type desk struct {
	dir    string
	keys   *pseudonym.Keyset
	digest *pseudonym.Digester
}

func newDesk() (*desk, error) {
	dir, err := os.MkdirTemp("", "modicum-policytest-")
	if err != nil {
		return nil, fmt.Errorf("making keys for the tests: %w", err)
	}
	d := &desk{dir: dir}
	if d.keys, err = pseudonym.Create(filepath.Join(dir, "keys")); err != nil {
		d.close()
		return nil, fmt.Errorf("making keys for the tests: %w", err)
	}
	d.digest = d.keys.Digester()
	return d, nil
}

// close removes the keys. What is left behind if that fails opens nothing.
func (d *desk) close() {
	if d != nil {
		_ = os.RemoveAll(d.dir)
	}
}

// errCaller is returned where a recipient has no credential to call with.
var errCaller = errors.New("its recipient has neither a user nor a certificate: say the caller instead")

// credential is one that stands for a recipient.
func credential(d *rules.RecipientDef) (rules.Identity, error) {
	switch {
	case len(d.Users) > 0:
		return rules.Identity{User: d.Users[0].Name.Value, Method: "basic"}, nil
	case len(d.Certificates) > 0:
		c := d.Certificates[0]
		return rules.Identity{Certificate: &rules.Certificate{CA: c.CA.Value, DNS: values(c.DNS), URIs: values(c.URIs)}}, nil
	}
	return rules.Identity{}, errCaller
}

func (t *resolved) identity(b *rules.Bundle) (rules.Identity, error) {
	if t.Caller != nil {
		return t.Caller.identity(), nil
	}
	for i := range b.Recipients {
		if d := &b.Recipients[i]; d.Name.Value == t.Recipient.Value {
			return credential(d)
		}
	}
	return rules.Identity{User: t.Recipient.Value, Method: "basic"}, nil // who is unknown is refused as such
}

// run asks a gateway whose upstream answers with the body of the test.
func (d *desk) run(t *resolved, policy *rules.Policy, seen *coverage) ([]Failure, error) {
	if _, _, reason := t.admit(); reason != rules.ReasonNone { // the credential may be narrowed further than the registry says
		seen.refused(reason)
		return t.admission(reason), nil
	}
	identity, err := t.identity(policy.Bundle)
	if err != nil {
		return nil, err
	}
	states, err := d.states(t)
	if err != nil {
		return nil, err
	}
	log := &memory{}
	g := &exchange.Gateway{
		Policy: edition{t.edition}, State: states, Ledger: log, Keys: d, Clock: func() time.Time { return t.At },
		Log: slog.New(slog.DiscardHandler), Refused: new(exchange.Refusals), Memory: new(exchange.Memory),
	}
	request, err := http.NewRequestWithContext(context.Background(), t.method, t.url.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	declared := t.Purpose.Value
	if t.Ref.Value != "" {
		declared += fmt.Sprintf(";ref=%q", t.Ref.Value)
	}
	request.Header.Set(exchange.PurposeHeader, declared)
	if t.GPC {
		request.Header.Set("Sec-GPC", "1")
	}
	w := &answer{header: make(http.Header)}
	upstream := func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, err := w.Write(t.Body)
		return err
	}
	if err := g.Serve(w, request, t.api, identity, upstream); err != nil {
		return nil, fmt.Errorf("asking the gateway: %w", err)
	}
	log.tell(seen)
	return t.answered(w, seen)
}

// answered compares an answer with the one that is expected.
func (t *resolved) answered(w *answer, seen *coverage) ([]Failure, error) {
	if w.status != http.StatusOK {
		var problem struct {
			Reason string `json:"reason"`
		}
		if err := json.Unmarshal(w.body.Bytes(), &problem); err != nil {
			return nil, fmt.Errorf("reading the gateway's problem document: %w", err)
		}
		reason, _ := rules.ParseReason(problem.Reason)
		seen.refused(reason)
		return t.admission(reason), nil
	}
	if t.Expect.Refused.Value != "" {
		return t.admission(rules.ReasonNone), nil
	}
	differences, err := compareJSON(t.Expect.Body, w.body.Bytes())
	if err != nil {
		return nil, err
	}
	var failures []Failure
	for _, d := range differences {
		failures = append(failures, Failure{Pos: t.Expect.BodyPos, What: d.path, Expected: d.want, Got: d.got})
	}
	return failures, nil
}

// states are those of the test's subjects.
func (d *desk) states(t *resolved) (states, error) {
	out := make(states)
	kinds := t.match.Resource.Shape.Subjects
	for i, s := range t.Subjects {
		p := kinds[t.kinds[i]].Population
		id, err := p.Canonical(s.ID.Value, false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID.Pos, err)
		}
		out[d.Subject(p, id)] = s.state(t.At, nil)
	}
	return out, nil
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

// memory is a ledger that remembers the facts of its records.
type memory struct{ facts []*ledger.Fact }

// Ready implements [ledger.Log].
func (*memory) Ready() error { return nil }

// Append implements [ledger.Log].
func (m *memory) Append(_ context.Context, r *ledger.Record) (ledger.Receipt, error) {
	m.facts = append(m.facts, r.Uses...)
	return ledger.Receipt{}, nil
}

// Close implements [ledger.Log].
func (*memory) Close(context.Context) error { return nil }

// tell reports what was decided.
func (m *memory) tell(seen *coverage) {
	var recipient ledger.RecipientFact
	for _, f := range m.facts {
		if f.Kind == ledger.KindRecipient {
			_ = json.Unmarshal(f.JSON, &recipient) // its own bytes
		}
	}
	for _, f := range m.facts {
		var p ledger.ProfileFact
		if f.Kind == ledger.KindProfile && json.Unmarshal(f.JSON, &p) == nil {
			seen.profile(recipient.ID, &p)
		}
	}
}

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
