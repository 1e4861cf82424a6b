// Package ledger is the durable, provable memory of every disclosure.
//
// A ledger is a folder of append-only segments, one JSON line a record. Each
// line is a leaf of an RFC 6962 Merkle tree. [Log] appends and answers only when
// the record is durable; [Reader] replays. The package knows nothing of the
// policy language: a record is strings, numbers and bytes, and never a value, a
// token or a raw subject id.
//
// The file format is documented in docs/ledger-format.md.
package ledger

import (
	"context"
	"errors"
)

// Sentinels of a log. Every error that an Append returns matches exactly one of
// them, or is the error of its context; none of them says anything about the
// content of a record.
var (
	// ErrUnavailable is returned while the log cannot record: it is not open
	// yet, its folder is gone, or an earlier write or sync failed.
	ErrUnavailable = errors.New("ledger cannot record")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("ledger is closed")
	// ErrTooLarge is returned for a record, or a fact that it uses, of more
	// than DefaultMaxRecord bytes. Nothing of it was written.
	ErrTooLarge = errors.New("ledger record too large")
	// ErrInvalid is returned for a record that breaks the format: its kind
	// and its member do not fit, a fact is not what its hash says, or it
	// names a fact that it does not use. Nothing of it was written.
	ErrInvalid = errors.New("ledger record is invalid")
	// ErrCorrupt is returned by a Reader at bytes that are not a record where
	// a record must stand. It wraps the file and the offset, never content.
	ErrCorrupt = errors.New("ledger is corrupt")
)

// DefaultMaxRecord bounds one record in bytes: 10,000 subjects of a list fit.
// A larger one is refused with [ErrTooLarge], so its response is refused too; a
// record is never truncated.
const DefaultMaxRecord = 4 << 20

// Log accepts records. It is safe for concurrent use.
type Log interface {
	// Ready returns nil when Append can be expected to work, and otherwise
	// the reason, matching [ErrUnavailable] or [ErrClosed].
	Ready() error
	// Append returns when r, and every fact that r uses, is on disk. An
	// error means that r must be treated as not recorded: nothing may be
	// disclosed on the strength of it. A cancelled context returns early
	// with its error, although the record may still become durable.
	//
	// The log keeps r for the followers in its process: neither r nor what
	// it refers to may be changed any more, whatever Append returns.
	Append(ctx context.Context, r *Record) (Receipt, error)
	// Close waits for the appends under way, writes a last checkpoint and
	// releases the epoch.
	Close(ctx context.Context) error
}

// Receipt is the proof of an append: where the record stands.
type Receipt struct {
	Epoch string   // the epoch's id, a UUIDv7
	Seq   uint64   // the record's number in its epoch, from 0; the leaf's index
	Leaf  [32]byte // its RFC 6962 leaf hash
}

// Cursor names a place between two records. The zero Cursor is before the
// first record of the ledger. It marshals to JSON.
type Cursor struct {
	Epoch string `json:"epoch,omitempty"`
	Seq   uint64 `json:"seq"` // the next record to read in Epoch
}

// Entry is one record as it stands in the ledger. It may be shared: it must not be
// changed.
type Entry struct {
	Record
	Receipt
	Line []byte // the bytes of the line without its newline; valid until the next call
}

// Reader replays a ledger in order: epochs by the time they were opened, records
// by sequence. At the present end of the ledger Next returns [io.EOF] with an
// unchanged cursor; a later call goes on from there. An epoch that is still
// being written by a process is read up to its last durable record.
type Reader interface {
	Next(ctx context.Context, c Cursor) (Entry, Cursor, error)
}
