// Package flock locks files between processes. A lock belongs to an open file
// and ends with it, whatever becomes of the process.
package flock

import (
	"errors"
	"fmt"
	"os"
)

// ErrHeld is returned when somebody else holds the lock.
var ErrHeld = errors.New("lock is held")

// Lock is a held lock.
type Lock struct{ file *os.File }

// Shared takes a lock that others may share. The file is created if need be and
// stays.
func Shared(path string) (*Lock, error) { return take(path, false) }

// Exclusive takes a lock that nobody shares, without waiting.
func Exclusive(path string) (*Lock, error) { return take(path, true) }

func take(path string, exclusive bool) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // beside the operator's path
	if err != nil {
		return nil, fmt.Errorf("opening lock file: %w", err)
	}
	if err := lock(f, exclusive); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f}, nil
}

// Release gives the lock back. A nil Lock has nothing to give.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	// Unlocked before it is closed: a child that is being forked has the file
	// open too, and would hold the lock until it has become another program.
	return errors.Join(unlock(l.file), l.file.Close())
}
