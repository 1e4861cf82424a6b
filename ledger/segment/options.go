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
	ConfigHash string // of the adapted configuration, for the config record

	// Origin begins the epochs' log names: origin, slash, epoch id. No
	// spaces and no plus signs. Empty means DefaultOrigin.
	Origin string
	// Key signs the checkpoints. Nil means that there are none.
	Key ed25519.PrivateKey

	// SegmentSize is the size in bytes that segments grow to. Zero means
	// DefaultSegmentSize.
	SegmentSize int64

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
