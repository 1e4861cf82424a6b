package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// Append implements [subject.Store].
func (s *Store) Append(ctx context.Context, batch subject.Batch) (subject.Position, error) {
	if len(batch.Events) == 0 || len(batch.Events) > subject.DefaultMaxBatch {
		return subject.Position{}, subject.ErrBatchSize
	}
	if s.readOnly {
		return subject.Position{}, subject.ErrReadOnly
	}
	if err := s.present(); err != nil {
		return subject.Position{}, err
	}
	changes := prepare(batch.Events)
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return subject.Position{}, reason(err)
	}
	defer tx.Rollback() //nolint:errcheck // of no consequence after a commit
	digest := digestOf(changes)
	if batch.ID != "" {
		if at, done, err := s.accepted(ctx, tx, batch.ID, digest); done || err != nil {
			return at.Position(s.id), err
		}
	}
	at, err := s.head(ctx, tx)
	if err != nil {
		return subject.Position{}, err
	}
	// Inside the transaction, so that recorded times follow the sequence.
	now := time.UnixMicro(s.clock().UnixMicro()).UTC()
	if at, err = insert(ctx, tx, at, now, changes); err != nil {
		return subject.Position{}, err
	}
	if err := project(ctx, tx, changes); err != nil {
		return subject.Position{}, err
	}
	if batch.ID != "" {
		if _, err := tx.ExecContext(ctx, `INSERT INTO batch VALUES (?, ?, ?)`, batch.ID, digest, int64(at.Seq)); err != nil { //nolint:gosec // sequences fit
			return subject.Position{}, reason(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return subject.Position{}, reason(err)
	}
	return at.Position(s.id), nil
}

// prepare encodes the events before the write lock is taken.
func prepare(events []subject.Keyed) []subject.Change {
	changes := make([]subject.Change, len(events))
	for i := range events {
		changes[i] = subject.Change{Keyed: events[i], Payload: subject.AppendPayload(nil, &events[i].Event, events[i].Provenance)}
	}
	return changes
}

// digestOf stands for the events of a batch.
func digestOf(changes []subject.Change) []byte {
	h := sha256.New()
	var size [4]byte
	for i := range changes {
		h.Write(changes[i].Key[:])
		binary.BigEndian.PutUint32(size[:], uint32(len(changes[i].Payload))) //nolint:gosec // payloads are bounded
		h.Write(size[:])
		h.Write(changes[i].Payload)
	}
	return h.Sum(nil)
}

// accepted looks for an earlier batch of the same id.
func (s *Store) accepted(ctx context.Context, tx *sql.Tx, id string, digest []byte) (subject.Link, bool, error) {
	var had []byte
	var seq int64
	err := tx.QueryRowContext(ctx, `SELECT digest, seq FROM batch WHERE id = ?`, id).Scan(&had, &seq)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return subject.Link{}, false, nil
	case err != nil:
		return subject.Link{}, false, reason(err)
	case !bytes.Equal(had, digest):
		return subject.Link{}, false, subject.ErrBatchReused
	}
	at, err := s.headAt(ctx, tx, rules.Seq(seq)) //nolint:gosec // sequences are positive
	return at, true, err
}

// insert appends the events to the log, and completes the changes by what only
// the store knows.
func insert(ctx context.Context, tx *sql.Tx, at subject.Link, now time.Time, changes []subject.Change) (subject.Link, error) {
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO event VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return at, reason(err)
	}
	defer func() { _ = stmt.Close() }()
	for i := range changes {
		c := &changes[i]
		c.Seq, c.Recorded = at.Seq+1, now
		c.Hash = at.Hash.Next(c.Seq, c.Key, now, c.Payload)
		at = subject.Link{Seq: c.Seq, Hash: c.Hash}
		if _, err := stmt.ExecContext(ctx, int64(c.Seq), c.Key[:], now.UnixMicro(), c.Payload, c.Hash[:]); err != nil { //nolint:gosec // sequences fit
			return at, reason(err)
		}
	}
	return at, nil
}

// project brings the current view up to the events.
func project(ctx context.Context, tx *sql.Tx, changes []subject.Change) error {
	read, err := tx.PrepareContext(ctx, `SELECT events FROM current WHERE key = ?`)
	if err != nil {
		return reason(err)
	}
	defer func() { _ = read.Close() }()
	store, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO current VALUES (?, ?, ?)`)
	if err != nil {
		return reason(err)
	}
	defer func() { _ = store.Close() }()
	byKey := make(map[rules.Key][]subject.Change)
	var order []rules.Key
	for i := range changes {
		k := changes[i].Key
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], changes[i])
	}
	var row []byte
	for _, key := range order {
		var had []byte
		if err := read.QueryRowContext(ctx, key[:]).Scan(&had); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return reason(err)
		}
		list, err := subject.ParseLive(nil, key, had)
		if err != nil {
			return err
		}
		list = subject.Live(append(list, byKey[key]...))
		row = row[:0]
		for i := range list {
			row = subject.AppendLive(row, &list[i])
		}
		added := byKey[key]
		if _, err := store.ExecContext(ctx, key[:], int64(added[len(added)-1].Seq), row); err != nil { //nolint:gosec // sequences fit
			return reason(err)
		}
	}
	return nil
}
