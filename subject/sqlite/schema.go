package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/modicum-dev/modicum/subject"
)

// Version is the schema version that this package writes.
const Version = 1

// applicationID marks the file as a state store: "MODI".
const applicationID = 0x4d4f4449

// migration leads to one version of the schema. A file says the oldest version
// that can still use it, so that version n runs against n+1 while an upgrade is
// under way: a migration only adds, and what the version before it cannot bear
// is left to the next.
type migration struct {
	version   int
	minReader int
	sql       string
}

// migrations are in order of their versions and never change once released.
var migrations = []migration{{version: 1, minReader: 1, sql: `
CREATE TABLE schema (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	version    INTEGER NOT NULL, -- of the schema
	min_reader INTEGER NOT NULL  -- oldest version that may use it
) STRICT;
CREATE TABLE store (
	one         INTEGER PRIMARY KEY CHECK (one = 1),
	id          TEXT    NOT NULL, -- identity, a random UUID
	fingerprint TEXT    NOT NULL, -- of the digest key
	created     INTEGER NOT NULL  -- microseconds since 1970, as all times here
) STRICT;
CREATE TABLE event (
	seq      INTEGER PRIMARY KEY,
	key      BLOB    NOT NULL CHECK (length(key) = 16),
	recorded INTEGER NOT NULL,
	payload  BLOB    NOT NULL,
	hash     BLOB    NOT NULL CHECK (length(hash) = 32) -- head of the chain after this event
) STRICT;
CREATE INDEX event_key ON event (key, seq);
CREATE TRIGGER event_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TABLE current (
	key    BLOB    PRIMARY KEY CHECK (length(key) = 16),
	seq    INTEGER NOT NULL, -- of the newest event in it
	events BLOB    NOT NULL  -- live events, a line each: sequence, recorded, payload
) STRICT, WITHOUT ROWID;
CREATE TABLE batch (
	id     TEXT    PRIMARY KEY,
	digest BLOB    NOT NULL, -- of its events
	seq    INTEGER NOT NULL  -- of its last event
) STRICT, WITHOUT ROWID;
`}}

// migrate brings a store up to the last of the given migrations. It works in one
// transaction that no other writer is in, and looks at the version inside it: of
// two processes that start at once the second finds nothing to do.
func migrate(ctx context.Context, db *sql.DB, list []migration) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return reason(err)
	}
	defer tx.Rollback() //nolint:errcheck // of no consequence after a commit
	version, minReader, err := versions(ctx, tx)
	if err != nil {
		return err
	}
	last := list[len(list)-1].version
	if minReader > last {
		return fmt.Errorf("schema %d needs a program of schema %d: %w", version, minReader, subject.ErrStoreNewer)
	}
	if version >= last {
		return nil
	}
	for _, m := range list {
		if m.version <= version {
			continue
		}
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return fmt.Errorf("migrating to schema %d: %w", m.version, reason(err))
		}
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO schema VALUES (1, ?, ?)`, m.version, m.minReader); err != nil {
			return reason(err)
		}
	}
	return reason(tx.Commit())
}

// versions reads the schema versions, zero for a file without any table.
func versions(ctx context.Context, tx *sql.Tx) (version, minReader int, err error) {
	var tables int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return 0, 0, reason(err)
	}
	if tables == 0 {
		return 0, 0, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT version, min_reader FROM schema`).Scan(&version, &minReader)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, 0, fmt.Errorf("no schema version: %w", subject.ErrStoreCorrupt)
	case err != nil:
		return 0, 0, reason(err)
	}
	return version, minReader, nil
}
