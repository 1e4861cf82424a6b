package exchange

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// Editions gives the policy in effect.
type Editions interface {
	// Edition returns the edition as of now, or nil when none is in effect.
	Edition(now time.Time) *rules.Edition
}

// States reads and remembers what is known of subjects.
type States interface {
	// Ready returns nil when Read can be expected to work.
	Ready() error
	// Read fills into with the states of keys, all at the one snapshot that
	// it returns. A subject without any event gets nil, and so does the zero
	// key, which stands for a subject that could not be resolved.
	Read(keys []rules.Key, into []*rules.State) (ledger.Snapshot, error)
	// Observe makes observations durable before it returns. One of them may
	// stand there twice, or be known already.
	Observe(ctx context.Context, seen []Observation) error
}

// Keys makes what is keyed.
type Keys interface {
	// Subject digests a canonical id.
	Subject(p *rules.Population, canonicalID string) rules.Key
	// Refs returns the references of the ledger for the month of now.
	Refs(now time.Time) (*pseudonym.Refs, error)
	// Domain returns the tokens of one recipient and link group.
	Domain(recipient, linkGroup string) *pseudonym.Domain
}

// Gateway serves requests. Its fields are set once, before the first request.
type Gateway struct {
	Policy Editions
	// PolicySignature is what records say of the signatures of every policy
	// that Policy gives; empty: unsigned.
	PolicySignature string

	State   States
	Ledger  ledger.Log
	Keys    Keys
	Clock   func() time.Time
	Log     *slog.Logger // ids, reasons and offsets; never a value
	MaxBody int          // bytes of an upstream body; zero: DefaultMaxBody
	Memory  *Memory      // what all answers may take together; nil: a budget of its own
	Meter   Meter        // nil: nothing is counted
	Volumes Volumes      // what contracts limit; nil: a counter of its own

	// Observe names the apis that are observed: internal recipients are answered as
	// ever, and nobody else is.
	Observe map[string]bool
	// Observed remembers what answers of these show; nil: nothing is remembered.
	Observed *Observed

	// Refused counts what has no record of its own.
	Refused *Refusals

	facts    factCache
	domains  sync.Map // domainKey -> *pseudonym.Domain
	own      Memory
	counter  Counter
	throttle throttle
}

type domainKey struct{ recipient, group string }

// domain returns the tokens of a plan. Their number is bounded by the policy.
func (g *Gateway) domain(p *rules.Plan) *pseudonym.Domain {
	k := domainKey{p.Recipient().Name.Value, p.LinkGroup()}
	if d, ok := g.domains.Load(k); ok {
		if d, ok := d.(*pseudonym.Domain); ok {
			return d
		}
	}
	d := g.Keys.Domain(k.recipient, k.group)
	g.domains.Store(k, d)
	return d
}

// memory is the budget in force.
func (g *Gateway) memory() *Memory {
	if g.Memory != nil {
		return g.Memory
	}
	return &g.own
}

// maxBody is the limit in force.
func (g *Gateway) maxBody() int {
	if g.MaxBody > 0 {
		return g.MaxBody
	}
	return DefaultMaxBody
}
