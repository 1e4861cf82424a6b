package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/modicum-dev/modicum/subject"
)

// reason puts SQLite's codes into the words of package subject. SQLite's texts
// name tables and conditions, never values.
func reason(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	code, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return fmt.Errorf("sqlite: %w", err)
	}
	var why error
	switch code.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		why = subject.ErrLocked
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		why = subject.ErrReadOnly
	case sqlite3.SQLITE_FULL:
		why = subject.ErrStoreFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
		why = subject.ErrStoreCorrupt
	case sqlite3.SQLITE_ERROR:
		if strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column") {
			why = subject.ErrStoreCorrupt
		}
	}
	if why == nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return fmt.Errorf("%w: %w", why, err)
}
