package pseudonym

import "errors"

// Errors of key files. Their texts never hold key material.
var (
	// ErrKeyFileExists is returned by [Create] when something is at the path.
	ErrKeyFileExists = errors.New("key file exists already")
	// ErrKeyFileBusy is returned when another change of the file is under way,
	// or was interrupted and left its .new file behind; that one is to be
	// removed by hand.
	ErrKeyFileBusy = errors.New("another change of the key file is under way")
	// ErrKeyFileMissing is returned when there is no key file; none is ever
	// created on the way.
	ErrKeyFileMissing = errors.New("key file is missing")
	// ErrKeyFileMode is returned for a key file that others than its owner may
	// read or write, or that is no regular file.
	ErrKeyFileMode = errors.New("key file must be a regular file that its owner alone may read")
	// ErrKeysetVersion is returned for a file of a version that this program
	// does not know.
	ErrKeysetVersion = errors.New("key file has an unknown version")
	// ErrKeysetInvalid is returned for a file that is not a complete keyset.
	ErrKeysetInvalid = errors.New("key file is not a valid keyset")
	// ErrKeyShort is returned for a key of less than 32 bytes, or of 32 equal
	// bytes, which nobody drew at random.
	ErrKeyShort = errors.New("key is not 32 random bytes")
	// ErrKeyReused is returned when two keys of a file are the same: kinds of
	// key must not stand for one another.
	ErrKeyReused = errors.New("key material is used twice")
	// ErrPeriod is returned for a period that is not YYYY-MM or lies more than
	// [DefaultMaxPeriods] after the first readable one.
	ErrPeriod = errors.New("period is not a readable month")
	// ErrPeriodDestroyed is returned for a period whose key was destroyed. Its
	// references stay in the ledger and can no longer be attributed.
	ErrPeriodDestroyed = errors.New("key of the period was destroyed")
)
