package ledger

import (
	"fmt"
	"time"
)

// Finding is something that is not as a ledger must be.
type Finding struct {
	Problem Problem `json:"problem"`
	Epoch   string  `json:"epoch,omitempty"`
	File    string  `json:"file,omitempty"` // in the epoch's folder
	// Record is the first record that is concerned, or the number of records
	// that the finding is about the end of.
	Record uint64 `json:"record"`
	Text   string `json:"text"`
}

// String is one line for people.
func (f Finding) String() string {
	place := "ledger"
	if f.Epoch != "" {
		place = "epoch " + f.Epoch
	}
	if f.File != "" {
		place += ", " + f.File
	}
	return fmt.Sprintf("%s: %s: %s", place, f.Problem, f.Text)
}

// Problem is what kind of finding it is. The list is closed.
type Problem string

// The problems.
const (
	// ProblemDamaged: a line is not the one that was written.
	ProblemDamaged Problem = "damaged"
	// ProblemRewritten: the records are in good order and are not those that
	// were signed.
	ProblemRewritten Problem = "rewritten"
	// ProblemTruncated: records are missing at the end.
	ProblemTruncated Problem = "truncated"
	// ProblemAdded: there are records after the end.
	ProblemAdded Problem = "added"
	// ProblemRemoved: a whole epoch, a segment or a file is missing.
	ProblemRemoved Problem = "removed"
	// ProblemContent: a line is intact, and is no record of this format.
	ProblemContent Problem = "content"
	// ProblemKey: somebody else's key signed.
	ProblemKey Problem = "key"
	// ProblemSignature: a checkpoint is not signed as it must be.
	ProblemSignature Problem = "signature"
	// ProblemTime: time went back without a word.
	ProblemTime Problem = "time"
)

// Report is what [Verify] found.
type Report struct {
	Epochs   []EpochReport `json:"epochs"`
	Gaps     []Gap         `json:"gaps"` // intervals in which no log was alive
	Findings []Finding     `json:"findings"`
	Bytes    int64         `json:"bytes"` // read
}

// EpochReport sums up an epoch.
type EpochReport struct {
	Epoch       string    `json:"epoch"`
	Origin      string    `json:"origin,omitempty"`
	How         string    `json:"how"` // EndClosed, EndRecovered or EndOpen
	Records     uint64    `json:"records"`
	Expired     uint64    `json:"expired"`     // of the records: only their hashes are left
	Disclosures uint64    `json:"disclosures"` // released, aborted and unknown
	Refusals    uint64    `json:"refusals"`
	Signed      uint64    `json:"signed"` // records that the newest checkpoint covers
	Torn        int64     `json:"torn"`   // bytes of a write that a crash cut off
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
}

// EndOpen is how an epoch stands that is being written, or that crashed and was not
// recovered yet.
const EndOpen = "open"

// Gap is an interval without a record.
type Gap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Epoch string    `json:"epoch"` // in which, or after which
	How   string    `json:"how"`   // how that epoch ended; empty for a gap in it
}

// DefaultGap is the longest time that two records of a living log are apart: twice
// what it goes without a heartbeat.
const DefaultGap = 2 * time.Minute
