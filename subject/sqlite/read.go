package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// querier is a connection or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Head implements [subject.Store].
func (s *Store) Head(ctx context.Context) (subject.Link, error) {
	if err := s.present(); err != nil {
		return subject.Link{}, err
	}
	return s.head(ctx, s.read)
}

func (s *Store) head(ctx context.Context, q querier) (subject.Link, error) {
	at, err := scanLink(q.QueryRowContext(ctx, `SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return subject.Link{Hash: subject.Genesis(s.id, s.fingerprint)}, nil
	}
	return at, reason(err)
}

// HeadAt implements [subject.Store].
func (s *Store) HeadAt(ctx context.Context, seq rules.Seq) (subject.Link, error) {
	return s.headAt(ctx, s.read, seq)
}

func (s *Store) headAt(ctx context.Context, q querier, seq rules.Seq) (subject.Link, error) {
	if seq == 0 {
		return subject.Link{Hash: subject.Genesis(s.id, s.fingerprint)}, nil
	}
	if seq > 1<<62 {
		return subject.Link{}, subject.ErrSequence
	}
	at, err := scanLink(q.QueryRowContext(ctx, `SELECT seq, hash FROM event WHERE seq = ?`, int64(seq)))
	if errors.Is(err, sql.ErrNoRows) {
		return subject.Link{}, subject.ErrSequence
	}
	return at, reason(err)
}

func scanLink(row *sql.Row) (subject.Link, error) {
	var seq int64
	var hash []byte
	if err := row.Scan(&seq, &hash); err != nil {
		return subject.Link{}, err
	}
	at := subject.Link{Seq: rules.Seq(seq)} //nolint:gosec // sequences are positive
	if copy(at.Hash[:], hash) != len(at.Hash) {
		return subject.Link{}, subject.ErrStoreCorrupt
	}
	return at, nil
}

// Changes implements [subject.Store].
func (s *Store) Changes(ctx context.Context, after rules.Seq, limit int) ([]subject.Change, error) {
	rows, err := s.read.QueryContext(ctx,
		`SELECT seq, key, recorded, payload, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?`, int64(after), limit) //nolint:gosec // sequences fit
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = rows.Close() }()
	changes, err := collect(nil, rows)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		if changes[i].Seq != after+1+rules.Seq(i) {
			return nil, fmt.Errorf("events are missing after sequence %d: %w", after, subject.ErrStoreCorrupt)
		}
	}
	return changes, nil
}

// Events implements [subject.Store].
func (s *Store) Events(ctx context.Context, keys []rules.Key, upTo rules.Seq) ([]subject.Change, error) {
	return s.find(ctx, keys, upTo, false)
}

// Live implements [subject.Store].
func (s *Store) Live(ctx context.Context, keys []rules.Key, upTo rules.Seq) ([]subject.Change, error) {
	return s.find(ctx, keys, upTo, true)
}

func (s *Store) find(ctx context.Context, keys []rules.Key, upTo rules.Seq, live bool) ([]subject.Change, error) {
	conn, err := s.read.Conn(ctx) // one, for the prepared statements
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = conn.Close() }()
	history, err := conn.PrepareContext(ctx, `SELECT seq, key, recorded, payload, NULL FROM event WHERE key = ? AND seq <= ? ORDER BY seq`)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = history.Close() }()
	current, err := conn.PrepareContext(ctx, `SELECT events FROM current WHERE key = ? AND seq <= ?`)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = current.Close() }()
	var changes []subject.Change
	for i := range keys {
		if live {
			var row []byte
			err := current.QueryRowContext(ctx, keys[i][:], int64(upTo)).Scan(&row) //nolint:gosec // sequences fit
			if err == nil {
				if changes, err = subject.ParseLive(changes, keys[i], row); err != nil {
					return nil, err
				}
				continue
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return nil, reason(err)
			} // the view is ahead, or the subject has no events
		}
		if changes, err = eventsOf(ctx, history, changes, &keys[i], upTo); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func eventsOf(ctx context.Context, stmt *sql.Stmt, dst []subject.Change, key *rules.Key, upTo rules.Seq) ([]subject.Change, error) {
	rows, err := stmt.QueryContext(ctx, key[:], int64(upTo)) //nolint:gosec // sequences fit
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = rows.Close() }()
	return collect(dst, rows)
}

// collect appends the events of a result to dst.
func collect(dst []subject.Change, rows *sql.Rows) ([]subject.Change, error) {
	for rows.Next() {
		var seq, recorded int64
		var keyBytes, hash sql.RawBytes
		var payload []byte
		if err := rows.Scan(&seq, &keyBytes, &recorded, &payload, &hash); err != nil {
			return nil, reason(err)
		}
		var key rules.Key
		if copy(key[:], keyBytes) != len(key) {
			return nil, subject.ErrStoreCorrupt
		}
		c, err := subject.NewChange(key, rules.Seq(seq), recorded, payload) //nolint:gosec // sequences are positive
		if err != nil {
			return nil, fmt.Errorf("sequence %d: %w", seq, err)
		}
		copy(c.Hash[:], hash)
		dst = append(dst, c)
	}
	return dst, reason(rows.Err())
}

// Current implements [subject.Store].
func (s *Store) Current(ctx context.Context, yield func(rules.Key, []rules.Event) error) (subject.Link, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return subject.Link{}, reason(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	at, err := s.head(ctx, tx)
	if err != nil {
		return subject.Link{}, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT key, events FROM current`)
	if err != nil {
		return subject.Link{}, reason(err)
	}
	defer func() { _ = rows.Close() }()
	var changes []subject.Change
	var events []rules.Event
	for rows.Next() {
		var keyBytes, row sql.RawBytes
		if err := rows.Scan(&keyBytes, &row); err != nil {
			return subject.Link{}, reason(err)
		}
		var key rules.Key
		if copy(key[:], keyBytes) != len(key) {
			return subject.Link{}, subject.ErrStoreCorrupt
		}
		if changes, err = subject.ParseLive(changes[:0], key, row); err != nil {
			return subject.Link{}, fmt.Errorf("current view: %w", err)
		}
		events = events[:0]
		for i := range changes {
			if changes[i].Seq > at.Seq {
				return subject.Link{}, fmt.Errorf("current view is ahead of the events: %w", subject.ErrStoreCorrupt)
			}
			events = append(events, changes[i].Event)
		}
		if err := yield(key, events); err != nil {
			return subject.Link{}, err
		}
	}
	return at, reason(rows.Err())
}
