package caddymodule

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// createSeeded makes a state store with the events of a file in it: all of them,
// or there is no store. Half a seed would be a store that has forgotten
// objections, and the next start would take it for complete. So the store is
// filled in a folder of its own and then put in place.
func createSeeded(ctx context.Context, a *App, set *pseudonym.Keyset) (err error) {
	events, err := readEvents(a.State.Seed)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(a.State.Path), ".seed-")
	if err != nil {
		return fmt.Errorf("making a state store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made := filepath.Join(dir, "state.db")
	if err := fillStore(ctx, made, a, set, events); err != nil {
		return fmt.Errorf("importing events from %s: %w", a.State.Seed, err)
	}
	// Everything must be in the file itself: what moves is one file.
	if _, err := os.Lstat(made + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New("the seeded store was not written completely"), err)
	}
	if err := syncFile(made); err != nil {
		return fmt.Errorf("making a state store: %w", err)
	}
	// Unlike a rename a link replaces nothing: who made a store meanwhile has it.
	if err := os.Link(made, a.State.Path); err != nil {
		return fmt.Errorf("making a state store: %w", err)
	}
	return syncFile(filepath.Dir(a.State.Path))
}

// fillStore makes a store at path and records the events in it.
func fillStore(ctx context.Context, path string, a *App, set *pseudonym.Keyset, events []subject.Envelope) (err error) {
	store, err := sqlite.Create(ctx, path, set.Fingerprint())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	w := subject.NewWriter(subject.WriterOptions{
		Store: store, Digester: set.Digester(), Populations: a.policies.Policy().Populations(), Name: "gateway",
	})
	line := 0
	for batch := range slices.Chunk(events, subject.DefaultMaxBatch) {
		_, err := w.Record(ctx, batch)
		if bad, ok := errors.AsType[*subject.BatchError](err); ok {
			return fmt.Errorf("event %d: %w", line+bad.Index+1, bad.Err)
		}
		if err != nil {
			return err
		}
		line += len(batch)
	}
	return nil
}

// readEvents reads a file of events, an NDJSON line each.
func readEvents(path string) ([]subject.Envelope, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("importing events: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	var events []subject.Envelope
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, subject.DefaultMaxLine+1)
	for n := 1; lines.Scan(); n++ {
		e, err := subject.DecodeEnvelope(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("importing events: %s:%d: %w", path, n, err)
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("importing events from %s: %w", path, err)
	}
	return events, nil
}

// syncFile makes a file, or the entries of a folder, durable.
func syncFile(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
