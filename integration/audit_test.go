package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// audit is what a ledger says, read with the reader that everybody else uses. It
// goes on from where it was, so a ledger can be read while it grows.
type audit struct {
	dir    string
	reader *ledger.FolderReader
	at     ledger.Cursor

	records   map[string]entry  // released and refused, by disclosure id
	released  map[string]int    // by epoch
	recovered map[string]string // the epoch that says so, by the epoch that had no end
	counted   map[string]int64  // refusals without a record, by reason
	// summarised counts the replies that say by having no id that they are among
	// those: refusals of a recipient that is refused often.
	summarised int
	// extra counts what else has a span: releases that broke off.
	extra map[string]struct{}
}

// entry is the record of one answer.
type entry struct {
	kind  ledger.Kind
	epoch string
}

func newAudit(t *testing.T, dir string) *audit {
	t.Helper()
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return &audit{
		dir: dir, reader: reader, records: make(map[string]entry), released: make(map[string]int),
		recovered: make(map[string]string), counted: make(map[string]int64), extra: make(map[string]struct{}),
	}
}

// read goes on to the present end.
func (a *audit) read(ctx context.Context) error {
	for {
		e, next, err := a.reader.Next(ctx, a.at)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		a.at = next
		if err := a.add(&e); err != nil {
			return err
		}
	}
}

func (a *audit) add(e *ledger.Entry) error {
	switch e.Kind {
	case ledger.KindReleased, ledger.KindRefused:
		id := e.Disclosure.ID
		if _, twice := a.records[id]; twice {
			return fmt.Errorf("disclosure %s has two records", id)
		}
		a.records[id] = entry{kind: e.Kind, epoch: e.Epoch}
		if e.Kind == ledger.KindReleased {
			a.released[e.Epoch]++
		}
	case ledger.KindAborted:
		a.extra[e.Disclosure.ID] = struct{}{}
	case ledger.KindRecovered:
		if by, twice := a.recovered[e.Recovered.Epoch]; twice {
			return fmt.Errorf("epoch %s was recovered by %s and by %s", e.Recovered.Epoch, by, e.Epoch)
		}
		if e.Recovered.Damaged {
			return fmt.Errorf("epoch %s is damaged", e.Recovered.Epoch)
		}
		a.recovered[e.Recovered.Epoch] = e.Epoch
	case ledger.KindSummary:
		for reason, n := range e.Summary.Reasons {
			a.counted[reason] += n
		}
	default:
	}
	return nil
}

// check returns what is wrong with the record of a reply: each 200 is released and
// each refusal refused.
func (a *audit) check(r reply) error {
	want := ledger.KindRefused
	if r.status == 200 {
		want = ledger.KindReleased
	}
	switch e, ok := a.records[r.id]; {
	case r.id == "" && r.status == 403:
		a.summarised++
	case !ok:
		return fmt.Errorf("an answer %d with disclosure id %q has no record", r.status, r.id)
	case e.kind != want:
		return fmt.Errorf("the record of an answer %d is %s", r.status, e.kind)
	}
	return nil
}

// count returns how many records have a kind.
func (a *audit) count(kind ledger.Kind) int {
	n := 0
	for _, e := range a.records {
		if e.kind == kind {
			n++
		}
	}
	return n
}

// ends returns how each epoch of the world's ledger ended.
func (w *world) ends(t *testing.T) []string {
	t.Helper()
	how, err := endsOf(w.ledgerDir())
	if err != nil {
		t.Fatal(err)
	}
	return how
}

// spansMissing returns how many records have no span yet.
func (a *audit) spansMissing(spans map[string]int) int {
	missing := 0
	for id := range a.records {
		if spans[id] == 0 {
			missing++
		}
	}
	for id := range a.extra {
		if spans[id] == 0 {
			missing++
		}
	}
	return missing
}

// spansUnfounded returns how many spans tell of a record that there is not.
func (a *audit) spansUnfounded(spans map[string]int) int {
	unfounded := 0
	for id := range spans {
		_, record := a.records[id]
		if _, extra := a.extra[id]; !record && !extra {
			unfounded++
		}
	}
	return unfounded
}

// awaitSpans waits until every record has its span.
func (w *world) awaitSpans(t *testing.T, a *audit) {
	t.Helper()
	eventually(t, "every record has its span", func() bool {
		if err := a.read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return a.spansMissing(w.collector.received()) == 0
	})
}

// ledgerDir is where the demo's ledger is.
func (w *world) ledgerDir() string { return filepath.Join(w.dir, "data", "ledger") }

// patience bounds every wait for something that must come.
const patience = 2 * time.Minute

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
