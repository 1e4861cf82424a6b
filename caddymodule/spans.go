package caddymodule

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/otlp"
	"github.com/modicum-dev/modicum/ledger/segment"
)

// spans exports the spans of one epoch's ledger after the other, if the
// environment names a collector. start and stop are called by one goroutine at a
// time.
type spans struct {
	dir string
	log *slog.Logger

	work   sync.WaitGroup
	cancel context.CancelFunc // nil while nothing runs

	following atomic.Pointer[otlp.Follower] // nil while nothing runs
	broken    atomic.Pointer[error]         // why nothing is exported although it should be
}

// status returns how the export is doing; ok is false while there is none of this
// process.
func (s *spans) status() (st otlp.Status, ok bool) {
	if err := s.broken.Load(); err != nil {
		return otlp.Status{Err: *err}, true
	}
	f := s.following.Load()
	if f == nil {
		return otlp.Status{}, false
	}
	st = f.Status()
	return st, st.Following
}

// start follows the ledger with a log that was just opened. That nothing can be
// exported is reported and no more: the ledger is the record.
func (s *spans) start(l *segment.Log) {
	ctx, cancel := context.WithCancel(context.Background())
	s.broken.Store(nil)
	f, reader, err := s.follower(ctx, l)
	if err != nil {
		s.broken.Store(&err)
		s.log.LogAttrs(ctx, slog.LevelError, "no spans are exported", slog.String("error", err.Error()))
	}
	if f == nil {
		cancel()
		return
	}
	s.cancel = cancel
	s.following.Store(f)
	s.work.Go(func() {
		if err := f.Run(ctx); err != nil && ctx.Err() == nil {
			s.broken.Store(&err)
			s.log.LogAttrs(ctx, slog.LevelError, "span export ended", slog.String("error", err.Error()))
		}
		if err := reader.Close(); err != nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "span export", slog.String("error", err.Error()))
		}
	})
}

// stop ends the export. What the collector has not accepted is sent when it
// starts again.
func (s *spans) stop() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.cancel = nil
	s.following.Store(nil)
	s.work.Wait()
}

// follower returns nil without an error when no spans are wanted.
func (s *spans) follower(ctx context.Context, l *segment.Log) (*otlp.Follower, *ledger.FolderReader, error) {
	config, wanted, err := otlp.FromEnv(ctx)
	if err != nil || !wanted {
		return nil, nil, err
	}
	cursors := filepath.Join(s.dir, "followers")
	if err := os.MkdirAll(cursors, 0o700); err != nil {
		return nil, nil, err
	}
	reader, err := ledger.OpenReader(s.dir, l)
	if err != nil {
		return nil, nil, err
	}
	f, err := otlp.New(otlp.Options{
		Config: config, Source: reader, Cursor: filepath.Join(cursors, "otlp.json"), Changed: l.Changed, Version: version(),
		OnError: func(err error) {
			s.log.LogAttrs(ctx, slog.LevelWarn, "spans not exported yet", slog.String("error", err.Error()))
		},
	})
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return f, reader, nil
}
