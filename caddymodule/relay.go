package caddymodule

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// relay hands what a runtime logs to the logger of the configuration in force.
// A runtime outlives configurations, and the logger of an old one may write to a
// file that was closed with it.
type relay struct{ to atomic.Pointer[slog.Handler] }

func (r *relay) set(log *slog.Logger) {
	h := log.Handler()
	r.to.Store(&h)
}

func (r *relay) handler() slog.Handler { return *r.to.Load() }

// Enabled implements [slog.Handler].
func (r *relay) Enabled(ctx context.Context, level slog.Level) bool {
	return r.handler().Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (r *relay) Handle(ctx context.Context, rec slog.Record) error {
	return r.handler().Handle(ctx, rec)
}

// WithAttrs implements [slog.Handler]. What is derived keeps the present logger,
// so a runtime's parts give their attributes with each record.
func (r *relay) WithAttrs(attrs []slog.Attr) slog.Handler { return r.handler().WithAttrs(attrs) }

// WithGroup implements [slog.Handler]. See WithAttrs.
func (r *relay) WithGroup(name string) slog.Handler { return r.handler().WithGroup(name) }

var _ slog.Handler = (*relay)(nil)
