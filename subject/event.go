package subject

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxBatch is how many events one batch may have. A batch is one
// transaction, so that a larger one would hold up every other writer
// ([ErrBatchSize]); larger imports are made of several.
const DefaultMaxBatch = 10_000

// Envelope is an event with the id of its subject, as imports and commands
// bring it. It is never stored.
type Envelope struct {
	Population string
	ID         string // of the subject, in any spelling that its population takes
	Event      rules.Event
	Evidence   string // hash of what proves the event: sha256:...
}

// Provenance is what a store keeps about an event beside it. No decision
// depends on it.
type Provenance struct {
	Writer   string // who recorded it, as authenticated by the gateway
	Evidence string // hash of what proves the event: sha256:...
}

// Keyed is an event with the key of its subject, ready to be stored.
type Keyed struct {
	Key rules.Key
	rules.Event
	Provenance
}

// Batch is a set of events that are accepted together or not at all.
type Batch struct {
	// ID makes a batch idempotent: appended again with equal events it
	// returns its first position, with others [ErrBatchReused]. Empty: none.
	ID     string
	Events []Keyed
}

// Change is an event as a store has it: with its sequence, when it was recorded,
// and where the chain of hashes stood after it.
type Change struct {
	Keyed
	Payload []byte // the canonical bytes of the event
	Hash    Hash   // zero where it was not asked for
}

// Position names what a store held at some time: it is what a ledger record says
// a decision was made on.
type Position struct {
	Store string // identity of the store, empty for no position
	Seq   rules.Seq
	Head  [16]byte // first half of the chain head after Seq
}

// HeadHex returns the head as the ledger writes it.
func (p Position) HeadHex() string { return hex.EncodeToString(p.Head[:]) }

// ParsePosition reads a position back from what the ledger has written.
func ParsePosition(store string, seq uint64, head string) (Position, error) {
	p := Position{Store: store, Seq: rules.Seq(seq)}
	b, err := hex.DecodeString(head)
	if err != nil || len(b) != len(p.Head) {
		return Position{}, errors.New("chain head is not 32 hexadecimal digits")
	}
	copy(p.Head[:], b)
	return p, nil
}

// MemberError says which member of an event is wrong. It never holds a value.
type MemberError struct {
	Member  string // path of the member: actor.type
	Problem string
}

// Error implements error.
func (e *MemberError) Error() string { return e.Member + ": " + e.Problem }

// Unwrap makes every MemberError an [ErrEvent].
func (e *MemberError) Unwrap() error { return ErrEvent }

// BatchError says which event of a batch was not accepted. The others were not
// accepted either.
type BatchError struct {
	Index int // from 0
	Err   error
}

// Error implements error.
func (e *BatchError) Error() string { return fmt.Sprintf("event %d: %v", e.Index+1, e.Err) }

// Unwrap returns the reason.
func (e *BatchError) Unwrap() error { return e.Err }

// Relaxes reports whether an event can only widen what may be disclosed, as
// against a subject that has made use of the right. Consents are not among them:
// their dates are weighed when they are read.
func Relaxes(e *rules.Event) bool {
	switch e.Kind {
	case rules.EventRestriction, rules.EventDMObjection, rules.EventOptOutSaleShare, rules.EventLimitSPI,
		rules.EventAccuracy, rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision:
		return e.State == rules.StateLifted || e.State == rules.StateRejected
	case rules.EventMinorOptIn, rules.EventRetention, rules.EventLegalOrder:
		return e.State == rules.StateActive
	case rules.EventErasure:
		return e.State == rules.StateExcepted || e.State == rules.StateRejected
	case rules.EventAge, rules.EventLocation:
		// A fact from outside replaces everything known.
		return e.Actor.Type != rules.ActorGateway && e.Actor.Verified
	case rules.EventNotice, rules.EventConsent:
		return false
	}
	return false
}

// acceptable refuses what a store must not take from outside.
func acceptable(e *rules.Event, now time.Time) error {
	switch {
	case e.Actor.Type == rules.ActorGateway:
		return &MemberError{Member: "actor.type", Problem: "gateway is for a gateway's own observations"}
	case Relaxes(e) && e.Time.After(now):
		return fmt.Errorf("event_time: %w: %w", ErrFutureGrant, ErrEvent)
	case e.State == rules.StateAchieved && e.Time.After(now):
		// Against a hold it would never take effect, and against nothing it would.
		return &MemberError{Member: "event_time", Problem: "a purpose is achieved once it is, not in the future"}
	case e.Kind == rules.EventLegalOrder && (e.Actor.Type != rules.ActorOperator || !e.Actor.Verified):
		// Nobody else's could take effect, and nobody lifts the order on himself.
		return &MemberError{Member: "actor", Problem: "must be a verified operator: orders are theirs to file and to lift"}
	}
	return nil
}
