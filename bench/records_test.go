package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
)

func TestReleased(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	for range 2 { // epochs
		l, err := segment.Open(t.Context(), segment.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []ledger.Kind{ledger.KindReleased, ledger.KindRefused, ledger.KindReleased, ledger.KindHeartbeat} {
			r := &ledger.Record{Kind: kind, Time: time.Now()}
			if kind != ledger.KindHeartbeat {
				r.Disclosure = &ledger.Disclosure{ID: "0193578a-9c00-7000-8000-000000000001"}
			}
			if _, err := l.Append(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := released(t.Context(), dir); n != 4 || err != nil {
		t.Fatalf("%d records of 4, %v", n, err)
	}

	segments, err := filepath.Glob(filepath.Join(dir, "*", "*.seg"))
	if err != nil || len(segments) != 2 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	text, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(segments[0], bytes.Replace(text, []byte(`released`), []byte(`Released`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := released(t.Context(), dir); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("a damaged ledger was counted: %v", err)
	}
}
