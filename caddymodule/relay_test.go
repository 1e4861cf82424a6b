package caddymodule

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// What is shared over reloads logs where the configuration in force logs: the
// one before it may have closed its file.
func TestRelayFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	var before, after strings.Builder
	var sink relay
	sink.set(slog.New(slog.NewTextHandler(&before, nil)))
	log := slog.New(&sink)
	log.LogAttrs(t.Context(), slog.LevelInfo, "one")
	sink.set(slog.New(slog.NewTextHandler(&after, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.LogAttrs(t.Context(), slog.LevelInfo, "two")
	log.LogAttrs(t.Context(), slog.LevelWarn, "three")
	if got := before.String(); !strings.Contains(got, "one") || strings.Contains(got, "three") {
		t.Errorf("before: %s", got)
	}
	if got := after.String(); strings.Contains(got, "two") || !strings.Contains(got, "three") {
		t.Errorf("after: %s", got)
	}
}

// Why nothing can be recorded is logged once, not each second; and again when it
// comes back after the ledger had recovered.
func TestOutageIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	r := &recorder{log: slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))}
	for range 2 {
		for range 3 {
			r.report(t.Context(), errors.New("disk is gone"))
		}
		r.recovered(t.Context())
	}
	if n := strings.Count(text.String(), "disk is gone"); n != 2 {
		t.Errorf("two outages were logged %d times:\n%s", n, text.String())
	}
}
