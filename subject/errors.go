package subject

import "errors"

// Errors of stores. A store refuses rather than guesses: none of these is ever
// turned into an empty state.
var (
	// ErrStoreMissing is returned when there is no store at the place, or when
	// it was removed or replaced while it was open. None is created on the way.
	ErrStoreMissing = errors.New("state store is missing")
	// ErrStoreExists is returned when a store is to be created where one is.
	ErrStoreExists = errors.New("state store exists already")
	// ErrStoreNewer is returned for a store that needs a newer program.
	ErrStoreNewer = errors.New("state store is of a newer schema")
	// ErrStoreCorrupt is returned for a store whose content contradicts itself,
	// its chain of hashes above all, and for a file that is no store.
	ErrStoreCorrupt = errors.New("state store is corrupt")
	// ErrFingerprint is returned for a store whose subject keys were made with
	// another digest key: no subject would be found in it.
	ErrFingerprint = errors.New("state store belongs to another digest key")
	// ErrLocked is returned when the store stays locked by another process for
	// longer than the store's busy timeout.
	ErrLocked = errors.New("state store is locked")
	// ErrReadOnly is returned when events are appended to a store that cannot
	// be written.
	ErrReadOnly = errors.New("state store is read-only")
	// ErrStoreFull is returned when the disk has no room for the events.
	ErrStoreFull = errors.New("no room for the state store")
	// ErrSequence is returned by [Store.HeadAt] for a sequence that the store
	// has not reached.
	ErrSequence = errors.New("state store has not reached the sequence")
	// ErrBatchSize is returned for a batch without events or with more than
	// [DefaultMaxBatch].
	ErrBatchSize = errors.New("batch is empty or too large")
	// ErrBatchReused is returned when a batch has the id of an accepted one and
	// other events.
	ErrBatchReused = errors.New("batch id was used for other events")
)

// Errors of a replica. Each is a reason to refuse a request.
var (
	// ErrLoading is returned before the replica has loaded completely.
	ErrLoading = errors.New("subject state is loading")
	// ErrStale is returned when the replica has not seen its store for longer
	// than [Options.MaxStaleness].
	ErrStale = errors.New("subject state is stale")
	// ErrRollback is returned when the store is not a continuation of what was
	// seen of it before: an older copy, another store, an edited one. It stays
	// until an operator adopts the store.
	ErrRollback = errors.New("subject state was rolled back")
)

// Errors of writing.
var (
	// ErrEvent is the error of every event that is not accepted; see
	// [MemberError] and [BatchError].
	ErrEvent = errors.New("event is not acceptable")
	// ErrFutureGrant is returned for an event that relaxes and is dated in the
	// future: it would never take effect.
	ErrFutureGrant = errors.New("an event that relaxes must not be dated in the future")
	// ErrNotYetVisible is returned when events are durable and the replica of
	// this process was not seen to have them before the context ended.
	ErrNotYetVisible = errors.New("events are recorded and not yet visible here")
)
