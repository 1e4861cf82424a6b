package segment

import (
	"crypto/ed25519"
	"time"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// DefaultFirstSegment is the size in bytes of an epoch's first segment. Each
// further one is four times as large as the one before, up to the segment size:
// a start is instantaneous, a process that crashes in a loop wastes little, and a
// busy one rotates rarely.
const DefaultFirstSegment = 1 << 20

// DefaultSegmentSize is the size in bytes that segments grow to. A record that
// does not fit the rest of a segment goes to the next one; a record that, with
// its facts, does not fit a segment at all gets a larger one.
const DefaultSegmentSize = 64 << 20

// DefaultAdoptInterval is how often a log looks whether an epoch that another
// process was writing when it opened has ended without a close, so that it can
// record that.
const DefaultAdoptInterval = time.Second

// DefaultPrepareInterval is how often a next segment is tried that could not be
// filled, because the disk is full for example.
const DefaultPrepareInterval = time.Second

// DefaultHeadroom is the share of a segment that must be free while there is no
// next one. With less the log still records, and says that it will not for long.
const DefaultHeadroom = 4 // a quarter

// DefaultReserve is how many bytes of a segment are kept, while there is no next one,
// for what must be recorded when nothing is disclosed any more: ends of intents,
// expiries, the close. An eighth of the segment if that is less. Heartbeats may use
// half of it. Refusals stop earlier, when a quarter of the segment is left: nobody
// can take from disclosures what room there is by being refused.
const DefaultReserve = 256 << 10

// DefaultSegmentAge is how long a segment takes records. A segment is what expires
// as a whole when the retention of its records has ended.
const DefaultSegmentAge = 24 * time.Hour

// DefaultTimeout is how long the disk may take for a write and its sync. A log whose
// disk takes longer is poisoned: who waits must get an answer.
const DefaultTimeout = 10 * time.Second

// DefaultCheckpointInterval and DefaultCheckpointRecords are after how long, and after
// how many records, a log that has new records signs a checkpoint.
const (
	DefaultCheckpointInterval = 10 * time.Second
	DefaultCheckpointRecords  = 10_000
)

// DefaultHeartbeat is how long a log goes without a record before it writes a
// heartbeat. An interval without any record is one in which no log was alive.
const DefaultHeartbeat = time.Minute

// DefaultLookInterval is how long [Log.Ready] trusts the last look at the folder.
// Every request asks, and every batch looks before anything of it is acknowledged:
// a ledger that is gone costs the requests of that time a 503 later, never a
// record.
const DefaultLookInterval = 50 * time.Millisecond

// DefaultOrigin begins the names of the epochs' logs when Options names none.
// Logs of two organisations must not share an origin: set your own before you
// hand checkpoints to anybody.
const DefaultOrigin = "modicum.invalid/ledger"

// Options configure a log.
type Options struct {
	Dir        string // the ledger's folder; it is made if its parent can be written
	Instance   string // of the gateway, for the config record
	Version    string // of the binary, for the config record
	Revision   string // of the source of the binary, for the config record
	ConfigHash string // of the adapted configuration, for the config record

	// Origin begins the epochs' log names: origin, slash, epoch id. No
	// spaces and no plus signs. Empty means DefaultOrigin.
	Origin string
	// Key signs the checkpoints. Nil means that there are none.
	Key ed25519.PrivateKey

	// SegmentSize is the size in bytes that segments grow to. Zero means
	// DefaultSegmentSize.
	SegmentSize int64

	// SegmentAge is how long a segment takes records. Zero means
	// DefaultSegmentAge.
	SegmentAge time.Duration

	// Timeout is how long the disk may take for a write and its sync. Zero
	// means DefaultTimeout.
	Timeout time.Duration

	// Recent is how many bytes of lines the log keeps in memory for readers
	// of this process, with their records. Zero keeps none; DefaultRecent is
	// a good choice where there is a follower.
	Recent int

	// Clock tells the time of the log's own records. Nil means time.Now.
	Clock func() time.Time
	// OnError is told what went wrong beside an Append: a checkpoint that
	// could not be written, damage in an earlier epoch. It is called from
	// any goroutine. Nil means that nobody is told.
	OnError func(error)
	// OnCommit is told of each batch that became durable: how many records
	// and facts it had, and how long it took to write and sync them. It is
	// called by the one goroutine that commits, so it must return at once.
	// Nil means that nobody is told.
	OnCommit func(records int, took time.Duration)

	fs      disk.FS          // nil means the operating system's
	adopt   <-chan time.Time // nil means a ticker of DefaultAdoptInterval
	prepare time.Duration    // zero means DefaultPrepareInterval
	look    time.Duration    // zero means DefaultLookInterval
	beat    time.Duration    // zero means DefaultHeartbeat
	sign    time.Duration    // zero means DefaultCheckpointInterval
}

func (o Options) withDefaults() Options {
	if o.Origin == "" {
		o.Origin = DefaultOrigin
	}
	if o.SegmentSize <= 0 {
		o.SegmentSize = DefaultSegmentSize
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.OnCommit == nil {
		o.OnCommit = func(int, time.Duration) {}
	}
	if o.SegmentAge <= 0 {
		o.SegmentAge = DefaultSegmentAge
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.beat <= 0 {
		o.beat = DefaultHeartbeat
	}
	if o.sign <= 0 {
		o.sign = DefaultCheckpointInterval
	}
	if o.prepare <= 0 {
		o.prepare = DefaultPrepareInterval
	}
	if o.look <= 0 {
		o.look = DefaultLookInterval
	}
	if o.fs == nil {
		o.fs = disk.OS{}
	}
	return o
}
