package ledger

import "time"

// What ends with an [Expired] record.
const (
	ExpiredSegment = "segment" // a segment; its leaves stay
	ExpiredPeriod  = "period"  // the keys of subject references, up to a month
)

// Expired says that something reached its end of retention. It is durable before
// anything is removed.
type Expired struct {
	What string `json:"what"` // ExpiredSegment or ExpiredPeriod

	// Of a segment.
	Epoch   string `json:"epoch,omitempty"`
	Segment string `json:"segment,omitempty"` // its file name
	First   uint64 `json:"first,omitempty"`   // the sequence of its first record
	Records uint64 `json:"records,omitempty"`
	Hash    string `json:"hash,omitempty"` // base64 of the SHA-256 of the file of its leaves

	// Of keys: the last month whose key ends, 2026-11. Those before end with it.
	Period string `json:"period,omitempty"`

	KeepUntil  time.Time `json:"keep_until"` // UTC: when its retention ended, or would have
	By         string    `json:"by,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Forced     bool      `json:"forced,omitempty"`     // before KeepUntil
	Signatures []string  `json:"signatures,omitempty"` // of a forced end: the keys that signed the request, NAME+HASH
}

// Hold is a legal hold: nothing that was recorded from From to To ends while it
// is in force. A later record with the same id and Lifted set ends it.
type Hold struct {
	ID     string    `json:"id"` // UUIDv7
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
	By     string    `json:"by,omitempty"`
	Lifted string    `json:"lifted,omitempty"` // the id of the hold that this record lifts
}
