package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("MODICUM_TEST_APPEND"); path != "" {
		appendForever(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(tb testing.TB) storetest.Place {
		tb.Helper()
		path := filepath.Join(tb.TempDir(), "state with ? and #.db")
		return storetest.Place{
			Create: func(ctx context.Context, fp string) (subject.Store, error) { return asStore(Create(ctx, path, fp)) },
			Open:   func(ctx context.Context, fp string) (subject.Store, error) { return asStore(Open(ctx, path, fp)) },
			OpenReadOnly: func(ctx context.Context, fp string) (subject.Store, error) {
				return asStore(Open(ctx, path, fp, ReadOnly()))
			},
			Damage: func(tb testing.TB, d storetest.Damage) { tb.Helper(); damage(tb, path, d) },
		}
	})
}

// asStore keeps a nil pointer from becoming a store that is not nil.
func asStore(s *Store, err error) (subject.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func damage(tb testing.TB, path string, d storetest.Damage) {
	tb.Helper()
	db, err := sql.Open("sqlite", dsn(path, newOptions(nil), true))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const free = `DROP TRIGGER IF EXISTS event_update; DROP TRIGGER IF EXISTS event_delete;`
	statement := map[storetest.Damage]string{
		storetest.PayloadChanged: free + `UPDATE event SET payload = CAST(replace(CAST(payload AS TEXT), 'active', 'lifted') AS BLOB) WHERE seq = 4`,
		storetest.EventRemoved:   free + `DELETE FROM event WHERE seq = 5`,
		storetest.LastRemoved:    free + `DELETE FROM current WHERE seq = (SELECT max(seq) FROM event); DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)`,
		storetest.CurrentChanged: `UPDATE current SET events = (SELECT events FROM current WHERE seq = 1) WHERE seq = 2`,
		storetest.SchemaNext:     `UPDATE schema SET version = 2, min_reader = 1; ALTER TABLE batch ADD COLUMN later TEXT`,
		storetest.SchemaNewer:    `UPDATE schema SET version = 3, min_reader = 2`,
		storetest.Emptied:        free + `DELETE FROM event; DELETE FROM current; DELETE FROM store`,
	}[d]
	if _, err := db.ExecContext(tb.Context(), statement); err != nil {
		tb.Fatal(err)
	}
}

func TestNotAStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	for name, content := range map[string]string{"empty": "", "text": "this is not a database, and long enough to be one"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path, storetest.Fingerprint); !errors.Is(err, subject.ErrStoreCorrupt) {
			t.Errorf("%s: %v, want ErrStoreCorrupt", name, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE recipes (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, storetest.Fingerprint); !errors.Is(err, subject.ErrStoreCorrupt) {
		t.Errorf("another application's file: %v, want ErrStoreCorrupt", err)
	}
}

func TestTruncatedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := s.Append(t.Context(), subject.Batch{Events: []subject.Keyed{storetest.Event(storetest.Key(i), i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := info.Size() - 4096; size > 0; size -= 8192 {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path, storetest.Fingerprint)
		if err == nil {
			_, err = subject.Verify(t.Context(), s)
			if cerr := s.Close(); cerr != nil {
				t.Fatal(cerr)
			}
		}
		if !errors.Is(err, subject.ErrStoreCorrupt) {
			t.Fatalf("cut to %d bytes: %v, want ErrStoreCorrupt", size, err)
		}
	}
}

// What is written to a file that lost its name is lost with the process.
func TestRemovedWhileOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	batch := subject.Batch{Events: []subject.Keyed{storetest.Event(storetest.Key(1), 0)}}
	if _, err := s.Append(t.Context(), batch); !errors.Is(err, subject.ErrStoreMissing) {
		t.Errorf("appending to a removed file: %v, want ErrStoreMissing", err)
	}
	if _, err := s.Head(t.Context()); !errors.Is(err, subject.ErrStoreMissing) {
		t.Errorf("head of a removed file: %v, want ErrStoreMissing", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), batch); !errors.Is(err, subject.ErrStoreMissing) {
		t.Errorf("appending to a replaced file: %v, want ErrStoreMissing", err)
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Create(t.Context(), path, storetest.Fingerprint, WithBusyTimeout(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	other, err := sql.Open("sqlite", dsn(path, newOptions(nil), true))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	batch := subject.Batch{Events: []subject.Keyed{storetest.Event(storetest.Key(1), 0)}}
	if _, err := s.Append(t.Context(), batch); !errors.Is(err, subject.ErrLocked) {
		t.Errorf("under another writer: %v, want ErrLocked", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), batch); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestMigration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	old, err := Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	next := append(migrations[:1:1], migration{version: 2, minReader: 1, sql: `CREATE TABLE link (key BLOB PRIMARY KEY) STRICT`})
	after := append(next[:2:2], migration{version: 3, minReader: 2, sql: `CREATE TABLE later (key BLOB PRIMARY KEY) STRICT`})
	for range 2 { // the second finds nothing to do
		s, err := open(t.Context(), path, storetest.Fingerprint, newOptions(nil), next)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	batch := subject.Batch{Events: []subject.Keyed{storetest.Event(storetest.Key(1), 0)}}
	if _, err := old.Append(t.Context(), batch); err != nil {
		t.Errorf("version 1 under schema 2: %v", err)
	}
	s, err := open(t.Context(), path, storetest.Fingerprint, newOptions(nil), after)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := Open(t.Context(), path, storetest.Fingerprint); !errors.Is(err, subject.ErrStoreNewer) {
		t.Errorf("version 1 opens schema 3: %v, want ErrStoreNewer", err)
	}
}

func TestCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	s, err := Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files, %v, want the store and its lock", len(entries), err)
	}
	if _, err := Create(t.Context(), filepath.Join(dir, "no", "state.db"), storetest.Fingerprint); err == nil {
		t.Error("a store was created in a folder that does not exist")
	}
}

// A killed writer loses nothing that it acknowledged, and leaves no half of
// anything. (That commits survive a power failure is SQLite's synchronous=FULL,
// which a killed process does not prove.)
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Create(t.Context(), path, storetest.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for _, stopAfter := range []int{1, 140, 333, 526} { // 1,000 in all
		acknowledged = killAfter(t, path, stopAfter)
		s, err := Open(t.Context(), path, storetest.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		pos, err := subject.Verify(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if pos.Seq < rules.Seq(acknowledged) || pos.Seq > rules.Seq(acknowledged+2) { //nolint:gosec // small
			t.Fatalf("%d events after %d acknowledged", pos.Seq, acknowledged)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acknowledged < 1000 {
		t.Errorf("only %d appends", acknowledged)
	}
}

// killAfter runs a writer, kills it once it has acknowledged n more events, and
// returns the last sequence that it has acknowledged.
func killAfter(t *testing.T, path string, n int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test's own binary
	cmd.Env = append(os.Environ(), "MODICUM_TEST_APPEND="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		if i+1 == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return last
}

// appendForever is the writer that is killed.
func appendForever(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path, storetest.Fingerprint)
	for i := 0; err == nil; i++ {
		var pos subject.Position
		pos, err = s.Append(ctx, subject.Batch{Events: []subject.Keyed{storetest.Event(storetest.Key(i%50), i)}})
		if err == nil {
			fmt.Println(pos.Seq)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func BenchmarkAppend(b *testing.B) {
	s, err := Create(b.Context(), filepath.Join(b.TempDir(), "state.db"), storetest.Fingerprint)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, size := range []int{1, 100} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				events := make([]subject.Keyed, size)
				for i := range events {
					events[i] = storetest.Event(storetest.Key(n%10_000), n)
					n++
				}
				if _, err := s.Append(b.Context(), subject.Batch{Events: events}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
