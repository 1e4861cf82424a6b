package caddymodule

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
	"github.com/modicum-dev/modicum/pseudonym"
)

// A ledger whose newest state cannot be understood is tried again each second.
// The attempts share one epoch: they must not fill the disk with empty ones.
func TestAFailingCheckOpensOneEpoch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	earlier, err := segment.Open(t.Context(), segment.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = earlier.Append(t.Context(), &ledger.Record{Kind: ledger.KindRefused, Time: time.Now(), Disclosure: &ledger.Disclosure{
		ID: "01a20883-5776-7b08-b85d-484e70c1dc99", Outcome: ledger.Refused, State: ledger.Snapshot{Store: "store", Seq: 1, Head: "no chain head"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := earlier.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	set, err := pseudonym.Create(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder(new(App), set, &runtime{at: place{ledger: dir}, log: slog.New(slog.DiscardHandler)})
	for range 3 {
		r.reopen(t.Context(), nil)
		if r.Ready() == nil || r.current.Load() != nil {
			t.Fatal("the ledger is used, although the state was not held against it")
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	epochs, err := ledger.Epochs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(epochs) != 2 {
		t.Errorf("%d epochs, want the earlier one and one more", len(epochs))
	}
	for _, epoch := range epochs {
		if _, ended, err := ledger.ReadEnd(dir, epoch); err != nil || !ended {
			t.Errorf("epoch %s has no end: %v", epoch, err)
		}
	}
}
