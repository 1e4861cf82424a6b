package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver

	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/internal/flock"
)

// Defaults.
const (
	// DefaultBusyTimeout is how long a write waits for another process's
	// before it fails with [subject.ErrLocked].
	DefaultBusyTimeout = 5 * time.Second
	// DefaultReaders is how many reads run at once; more wait.
	DefaultReaders = 4
)

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	clock    func() time.Time
	readOnly bool
	busy     time.Duration
}

// WithClock sets the clock of the recorded times; by default [time.Now].
func WithClock(clock func() time.Time) Option { return func(o *options) { o.clock = clock } }

// ReadOnly opens a store that is only read: Append is [subject.ErrReadOnly].
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// WithBusyTimeout sets how long a write waits for another process's.
func WithBusyTimeout(d time.Duration) Option { return func(o *options) { o.busy = d } }

func newOptions(opts []Option) options {
	o := options{clock: time.Now, busy: DefaultBusyTimeout}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// LockPath returns the path of a store's lock file.
func LockPath(path string) string { return path + ".lock" }

// Create makes an empty store, which must not exist yet ([subject.ErrStoreExists]),
// for subject keys of one digest key, and opens it. The file appears complete or
// not at all.
func Create(ctx context.Context, path, fingerprint string, opts ...Option) (*Store, error) {
	if err := create(ctx, path, fingerprint, newOptions(opts)); err != nil {
		return nil, fmt.Errorf("creating state store: %w", err)
	}
	return Open(ctx, path, fingerprint, opts...)
}

func create(ctx context.Context, path, fingerprint string, o options) (err error) {
	lock, err := flock.Exclusive(LockPath(path))
	if errors.Is(err, flock.ErrHeld) {
		return subject.ErrLocked
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(subject.ErrStoreExists, err)
	}
	// A folder of its own keeps an interrupted attempt from being mistaken for
	// anything; SQLite gives its files the mode of the first one.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".state-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made := filepath.Join(dir, "state.db")
	f, err := os.OpenFile(made, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fill(ctx, made, fingerprint, o); err != nil {
		return err
	}
	if err := syncFile(made); err != nil {
		return err
	}
	if err := os.Link(made, path); err != nil { // unlike Rename it never replaces
		if errors.Is(err, fs.ErrExist) {
			return subject.ErrStoreExists
		}
		return err
	}
	return syncFile(filepath.Dir(path))
}

// fill writes the schema and the identity of a new store.
func fill(ctx context.Context, path, fingerprint string, o options) (err error) {
	db, err := sql.Open("sqlite", dsn(path, o, true))
	if err != nil {
		return reason(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `PRAGMA application_id = `+strconv.Itoa(applicationID)); err != nil {
		return reason(err)
	}
	if err := migrate(ctx, db, migrations); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO store VALUES (1, ?, ?, ?)`, uuid.NewString(), fingerprint, o.clock().UnixMicro())
	return reason(err)
}

// Open opens a store: [subject.ErrStoreMissing] where there is none,
// [subject.ErrStoreNewer], [subject.ErrFingerprint], [subject.ErrStoreCorrupt].
// An older schema is migrated. The whole chain is verified by [subject.Verify]
// only; Open looks at its end.
func Open(ctx context.Context, path, fingerprint string, opts ...Option) (*Store, error) {
	s, err := open(ctx, path, fingerprint, newOptions(opts), migrations)
	if err != nil {
		return nil, fmt.Errorf("opening state store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, path, fingerprint string, o options, list []migration) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	file, err := inspect(path)
	if err != nil {
		return nil, err
	}
	lock, err := flock.Shared(LockPath(path))
	switch {
	case errors.Is(err, flock.ErrHeld):
		return nil, subject.ErrLocked
	case err != nil && !o.readOnly: // a reader may have no right to leave a lock
		return nil, err
	}
	s := &Store{path: path, file: file, options: o, lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.write, err = sql.Open("sqlite", dsn(path, o, true)); err != nil {
		return nil, reason(err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path, o, false)); err != nil {
		return nil, reason(err)
	}
	s.read.SetMaxOpenConns(DefaultReaders)
	s.read.SetMaxIdleConns(DefaultReaders)
	if err := s.identify(ctx, fingerprint, list); err != nil {
		return nil, err
	}
	return s, nil
}

// inspect looks at the file before SQLite does, which would make a store of a
// missing or an empty one.
func inspect(path string) (fs.FileInfo, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's configuration
	if errors.Is(err, fs.ErrNotExist) {
		return nil, subject.ErrStoreMissing
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(magic)) {
		return nil, fmt.Errorf("not a SQLite file: %w", subject.ErrStoreCorrupt)
	}
	return info, nil
}

// dsn names the file to the driver. Write transactions take the write lock when
// they begin, so that none fails half-way for having read first.
func dsn(path string, o options, write bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(" + strconv.FormatInt(o.busy.Milliseconds(), 10) + ")",
		"foreign_keys(1)",
	}}
	switch {
	case o.readOnly:
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(1)")
	case write:
		q.Set("mode", "rw")
		q.Set("_txlock", "immediate")
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
	default:
		q.Set("mode", "rw") // a reader in WAL mode writes the shared index
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // the operator's path or its folder
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
