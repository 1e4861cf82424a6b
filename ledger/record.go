package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Kind says what a record is. The list is closed.
type Kind string

// The kinds of record.
const (
	KindReleased  Kind = "released"  // a response was released to the recipient
	KindRefused   Kind = "refused"   // a request was answered without disclosing anything
	KindIntent    Kind = "intent"    // an unsafe request is about to go upstream
	KindAborted   Kind = "aborted"   // the release of a response broke off; it still counts as disclosed
	KindUnknown   Kind = "unknown"   // an intent whose end is not known; it counts as disclosed
	KindState     Kind = "state"     // an event of the subject state was accepted
	KindPolicy    Kind = "policy"    // fact: a policy edition
	KindRecipient Kind = "recipient" // fact: a recipient, by value
	KindProfile   Kind = "profile"   // fact: what one class of subject gets under one plan, and why
	KindConfig    Kind = "config"    // the first record of an epoch, and each change of configuration
	KindResolved  Kind = "resolved"  // a token was turned back into an id
	KindLookup    Kind = "lookup"    // a subject was searched for by a member in clear
	KindHeartbeat Kind = "heartbeat" // nothing happened, and the log is alive
	KindRecovered Kind = "recovered" // an earlier epoch ended without a close
	KindExpired   Kind = "expired"   // a segment or a period key reached its end of retention
	KindHold      Kind = "hold"      // a legal hold was set or lifted
	KindSummary   Kind = "summary"   // counted refusals that have no record each
)

// Record is one line of the ledger. Exactly one of the pointers is set, the one
// that belongs to Kind; heartbeat has none. It must not be changed once it was given
// to a log.
type Record struct {
	Kind Kind      `json:"kind"`
	Time time.Time `json:"time"` // UTC, milliseconds: decided_at of a disclosure

	Disclosure *Disclosure     `json:"disclosure,omitempty"` // released, refused, intent, aborted, unknown
	Fact       json.RawMessage `json:"fact,omitempty"`       // policy, recipient, profile: PolicyFact, RecipientFact, ProfileFact
	Hash       string          `json:"hash,omitempty"`       // of a fact: its name
	Config     *Config         `json:"config,omitempty"`
	Recovered  *Recovered      `json:"recovered,omitempty"`
	Summary    *Summary        `json:"summary,omitempty"`
	State      *StateChange    `json:"state,omitempty"`
	Clock      *Clock          `json:"clock,omitempty"` // of a heartbeat, when the clock went back
	Expired    *Expired        `json:"expired,omitempty"`
	Hold       *Hold           `json:"hold,omitempty"`

	// Uses lists the facts that this record names by hash. The log writes
	// each of them once per segment, before the first record that uses it.
	Uses []*Fact `json:"-"`
}

// Disclosure is the record of one request: what was released to whom, for what,
// about whom (by reference), under which policy and state.
type Disclosure struct {
	ID        string    `json:"id"`       // UUIDv7, the same as in header and span
	Received  time.Time `json:"received"` // UTC, milliseconds
	Recipient string    `json:"recipient,omitempty"`
	Auth      Auth      `json:"auth"`
	Purpose   string    `json:"purpose,omitempty"`
	Ref       string    `json:"ref,omitempty"` // the caller's own case reference
	Policy    string    `json:"policy,omitempty"`
	State     Snapshot  `json:"state"`
	Resource  Resource  `json:"resource"`
	GPC       bool      `json:"gpc,omitempty"`
	Outcome   Outcome   `json:"outcome"`
	Reason    string    `json:"reason,omitempty"` // of a refusal, or the detail of an abort
	Cause     string    `json:"cause,omitempty"`  // of a refusal for the upstream's answer: what is wrong with it
	Status    int       `json:"status"`           // the HTTP status that the recipient was or would have been sent
	Bytes     int64     `json:"bytes"`            // of the body: released, or handed to the connection before an abort
	Counts    Counts    `json:"counts"`
	RefPeriod string    `json:"ref_period,omitempty"`   // "2026-11": names the key of the subject references
	Subjects  []Subject `json:"-"`                      // in JSON: profiles and subjects
	Order     string    `json:"order,omitempty"`        // reference of the legal order relied on
	Trace     string    `json:"caller_trace,omitempty"` // the caller's W3C traceparent, linked and never a parent
	Of        string    `json:"of,omitempty"`           // aborted, unknown: the disclosure this one ends

	// Facts, by hash. Recipient above is the id, which stays readable in a
	// refusal; these name what it was at the time.
	RecipientFact string `json:"recipient_fact,omitempty"`
	PolicyFact    string `json:"policy_fact,omitempty"`
}

// Auth is how the caller proved who it is.
type Auth struct {
	Method string   `json:"method,omitempty"` // basic, certificate, jwt, ...
	Client string   `json:"client,omitempty"` // the credential's name, never a secret
	Actors []string `json:"actors,omitempty"` // RFC 8693 chain, outermost first
}

// Snapshot is the subject state that a decision was made on.
type Snapshot struct {
	Store string `json:"store,omitempty"` // the store's identity
	Seq   uint64 `json:"seq"`
	Head  string `json:"head,omitempty"` // hex of the first 16 bytes of the chain head at Seq
}

// Resource is what was asked for: a route template, never the path of a request.
type Resource struct {
	API      string `json:"api,omitempty"`
	Name     string `json:"name,omitempty"`
	Route    string `json:"route,omitempty"`
	Method   string `json:"method,omitempty"`   // in JSON only where it is not the first word of Route
	Upstream int    `json:"upstream,omitempty"` // the upstream's status, 0 when it was not asked
}

// Outcome is the result of a request as a whole.
type Outcome string

// The outcomes.
const (
	Disclosed      Outcome = "disclosed"
	PartlyWithheld Outcome = "partly_withheld"
	AllWithheld    Outcome = "all_withheld"
	Refused        Outcome = "refused"
)

// Counts sums up a disclosure. Fields are counted as they really left.
type Counts struct {
	Subjects         int `json:"subjects,omitempty"`
	SubjectsWithheld int `json:"subjects_withheld,omitempty"`
	Allowed          int `json:"allowed,omitempty"`
	Pseudonymised    int `json:"pseudonymised,omitempty"` // fields that a pseudonym or a coarser value stood for
	Withheld         int `json:"withheld,omitempty"`      // fields that a decision withheld
	Defects          int `json:"defects,omitempty"`       // values that a defect of their own withheld

	DefectsBy    map[string]int `json:"defects_by,omitempty"`    // the same, by reason
	UnresolvedBy map[string]int `json:"unresolved_by,omitempty"` // subjects withheld because a deciding member is not understood, by reason; one with two reasons is under both
}

// Subject is one line of a disclosure. In JSON it is the array
// [ref, profile, emitted, [consent sequences]], tens of bytes: profile is an
// index into the disclosure's list of profiles.
type Subject struct {
	Ref     []byte   // 16 bytes, HMAC under the key of the period; empty when the id could not be resolved
	Profile string   // hash of the profile fact
	Emitted []byte   // bitset over the profile's fields, little endian, trailing zero bytes cut
	Consent []uint64 // state sequences of the consents relied on
}

// Config is what runs: the first record of every epoch, and again on a change.
type Config struct {
	Format   int       `json:"format"` // of the ledger, see docs/ledger-format.md
	Origin   string    `json:"origin"` // the epoch's log name
	Epoch    string    `json:"epoch"`
	Instance string    `json:"instance"`           // of the gateway
	Version  string    `json:"version"`            // of the binary
	Revision string    `json:"revision,omitempty"` // of the source that the binary was built from
	Hash     string    `json:"hash,omitempty"`     // of the adapted configuration
	Key      string    `json:"key,omitempty"`      // note verifier key of the checkpoints
	Previous *Previous `json:"previous,omitempty"` // the end of the epoch before
}

// Previous names the end of an earlier epoch: its tree.
type Previous struct {
	Epoch string `json:"epoch"`
	Size  uint64 `json:"size"`
	Root  string `json:"root"` // base64
}

// Recovered says how an epoch ended that was not closed.
type Recovered struct {
	Epoch   string `json:"epoch"`
	Size    uint64 `json:"size"`              // records that survived
	Root    string `json:"root"`              // base64, of the tree over them
	Segment string `json:"segment"`           // the last segment's file name
	Torn    int64  `json:"torn"`              // bytes after the last record that are not one
	Damaged bool   `json:"damaged,omitempty"` // something of those bytes had been durable: more than a torn write
}

// Summary counts refusals that were not recorded one by one.
type Summary struct {
	From      time.Time        `json:"from"`
	To        time.Time        `json:"to"`
	Recipient string           `json:"recipient,omitempty"` // who was refused; empty: callers that are no recipient
	Reasons   map[string]int64 `json:"reasons"`
}

// StateChange says that a store accepted events up to Seq.
type StateChange struct {
	Snapshot
	Kinds map[string]int `json:"kinds,omitempty"` // events by kind since the record before
}

// Fact is a dictionary entry: something that many records share. Its name is
// the hash of its bytes, so that a reader can check it.
type Fact struct {
	Kind Kind
	Hash string // base64url without padding, the first 16 bytes of SHA-256 over kind, newline and JSON
	JSON []byte
}

// NewFact returns v as a fact of the given kind: [KindPolicy], [KindRecipient]
// or [KindProfile] with the struct of that name. Equal values have equal hashes.
func NewFact(kind Kind, v any) (*Fact, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %s fact: %w", kind, err)
	}
	return &Fact{Kind: kind, Hash: FactHash(kind, b), JSON: b}, nil
}

// FactHash names a fact by its content.
func FactHash(kind Kind, b []byte) string {
	h := sha256.New()
	h.Write([]byte(kind))
	h.Write([]byte{'\n'})
	h.Write(b)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
