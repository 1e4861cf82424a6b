package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/internal/flock"
)

// Store is a state store in one file.
type Store struct {
	options
	path        string
	file        fs.FileInfo // of the file that was opened
	lock        *flock.Lock
	write, read *sql.DB
	id          string
	fingerprint string
	closing     sync.Once
	closed      error
}

// ID implements [subject.Store].
func (s *Store) ID() string { return s.id }

// Fingerprint implements [subject.Store].
func (s *Store) Fingerprint() string { return s.fingerprint }

// Path returns the path of the file.
func (s *Store) Path() string { return s.path }

// Close implements [subject.Store].
func (s *Store) Close() error {
	s.closing.Do(func() {
		var errs []error
		for _, db := range []*sql.DB{s.read, s.write} { // the last to close writes the WAL back
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		s.closed = errors.Join(append(errs, s.lock.Release())...)
	})
	return s.closed
}

// identify checks that the file is a store of ours that we can read, and the one
// of our digest key.
func (s *Store) identify(ctx context.Context, fingerprint string, list []migration) error {
	var app int
	if err := s.write.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&app); err != nil {
		return reason(err)
	}
	if app != applicationID {
		return fmt.Errorf("a file of another application: %w", subject.ErrStoreCorrupt)
	}
	if err := s.version(ctx, list); err != nil {
		return err
	}
	err := s.write.QueryRowContext(ctx, `SELECT id, fingerprint FROM store`).Scan(&s.id, &s.fingerprint)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("store without identity: %w", subject.ErrStoreCorrupt)
	case err != nil:
		return reason(err)
	case s.fingerprint != fingerprint:
		return subject.ErrFingerprint
	}
	return s.checkEnd(ctx)
}

// version migrates, or only looks when the store is not to be written.
func (s *Store) version(ctx context.Context, list []migration) error {
	if !s.readOnly {
		return migrate(ctx, s.write, list)
	}
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return reason(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	version, minReader, err := versions(ctx, tx)
	if err != nil {
		return err
	}
	last := list[len(list)-1].version
	switch {
	case minReader > last:
		return fmt.Errorf("schema %d needs a program of schema %d: %w", version, minReader, subject.ErrStoreNewer)
	case version < last:
		return fmt.Errorf("schema %d must be migrated to %d first: %w", version, last, subject.ErrReadOnly)
	}
	return nil
}

// checkEnd recomputes the last link: the cheap part of what [subject.Verify] does.
func (s *Store) checkEnd(ctx context.Context) error {
	head, err := s.Head(ctx)
	if err != nil || head.Seq == 0 {
		return err
	}
	before, err := s.HeadAt(ctx, head.Seq-1)
	if err != nil {
		return err
	}
	last, err := s.Changes(ctx, head.Seq-1, 1)
	if err != nil {
		return err
	}
	if len(last) != 1 || before.Hash.Next(head.Seq, last[0].Key, last[0].Recorded, last[0].Payload) != head.Hash {
		return fmt.Errorf("the chain's end is broken: %w", subject.ErrStoreCorrupt)
	}
	return nil
}

// present fails when the file is not at its path any more: what is written to a
// file without a name is lost with the process.
func (s *Store) present() error {
	info, err := os.Stat(s.path) //nolint:gosec // the path is the operator's configuration
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return subject.ErrStoreMissing
	case err != nil:
		return err
	case !os.SameFile(info, s.file):
		return fmt.Errorf("the file was replaced: %w", subject.ErrStoreMissing)
	}
	return nil
}
