package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/internal/flock"
)

// Server serves the control endpoint of one gateway.
type Server struct {
	// Path is that of the socket ([SocketPath]).
	Path   string
	Writer *subject.Writer
	Log    *slog.Logger // nil: nothing is logged
}

// Run serves until ctx ends. Of several gateways that share a store on a host one
// serves and the others wait: <socket>.lock is held by the one that serves, so a
// socket found without a holder is left over from a crash and replaced.
func (s *Server) Run(ctx context.Context) (err error) {
	if len(s.Path) > DefaultMaxPath {
		return ErrSocketPath
	}
	lock, err := s.takeover(ctx)
	if err != nil {
		return err
	}
	if lock == nil {
		return nil // ctx ended first
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	listener, err := listen(ctx, s.Path)
	if err != nil {
		return fmt.Errorf("opening control socket: %w", err)
	}
	defer func() { err = errors.Join(err, removed(os.Remove(s.Path))) }()
	return s.serve(ctx, listener)
}

// takeover waits for the lock; nil without an error means that ctx ended.
func (s *Server) takeover(ctx context.Context) (*flock.Lock, error) {
	tick := time.NewTicker(DefaultTakeover)
	defer tick.Stop()
	for {
		lock, err := flock.Exclusive(s.Path + ".lock")
		if err == nil || !errors.Is(err, flock.ErrHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, nil //nolint:nilnil // documented above
		case <-tick.C:
		}
	}
}

// listen puts a socket of mode 0600 at path. It is bound in a folder that nobody
// else enters and then moved, so that it is never reachable with another mode.
func listen(ctx context.Context, path string) (_ net.Listener, err error) {
	if conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
		return nil, errors.Join(errors.New("somebody without our lock listens there"), conn.Close())
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	at := filepath.Join(dir, "s")
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", at)
	if err != nil {
		return nil, err
	}
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false) // it moves
	}
	if err := errors.Join(os.Chmod(at, 0o600), os.Rename(at, path)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       DefaultTimeout,
		IdleTimeout:       DefaultTimeout,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), DefaultTimeout)
	defer cancel()
	err := server.Shutdown(end)
	if e := <-done; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", s.bounded(s.events))
	mux.HandleFunc("GET /subject", s.bounded(s.subject))
	return mux
}

// bounded gives a handler its time and turns its error into a problem.
func (s *Server) bounded(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), DefaultTimeout)
		defer cancel()
		err := h(w, r.WithContext(ctx))
		if err == nil {
			return
		}
		problem, ok := errors.AsType[*ProblemError](err)
		if !ok {
			problem = problemOf(err)
		}
		if s.Log != nil && problem.Status >= http.StatusInternalServerError {
			s.Log.LogAttrs(ctx, slog.LevelError, "control request failed", slog.Any("error", err))
		}
		problem.write(w)
	}
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	batch, lines, err := readBatch(http.MaxBytesReader(w, r.Body, DefaultMaxBody))
	if err != nil {
		return err
	}
	pos, err := s.Writer.RecordOnce(r.Context(), r.Header.Get(batchHeader), batch)
	if bad, ok := errors.AsType[*subject.BatchError](err); ok {
		problem := problemOf(err)
		problem.Lines = []LineProblem{{Line: lines[bad.Index], Problem: bad.Err.Error()}}
		return problem
	}
	if err != nil {
		return err
	}
	return answer(w, receipt{Store: pos.Store, Seq: uint64(pos.Seq), Head: pos.HeadHex()})
}

// DefaultMaxLineProblems is how many lines of a refused batch are named.
const DefaultMaxLineProblems = 100

// readBatch reads all lines, so that one refusal names every bad one. Empty
// lines are passed over. It returns the line number of each event.
func readBatch(body io.Reader) ([]subject.Envelope, []int, error) {
	var batch []subject.Envelope
	var lines []int
	var bad []LineProblem
	scan := bufio.NewScanner(body)
	scan.Buffer(nil, subject.DefaultMaxLine+1)
	n := 0
	for scan.Scan() {
		n++
		line := bytes.TrimSpace(scan.Bytes())
		if len(line) == 0 {
			continue
		}
		e, err := subject.DecodeEnvelope(line)
		if err != nil {
			if len(bad) < DefaultMaxLineProblems {
				bad = append(bad, LineProblem{Line: n, Problem: err.Error()})
			}
			continue
		}
		if batch, lines = append(batch, e), append(lines, n); len(batch) > subject.DefaultMaxBatch {
			return nil, nil, subject.ErrBatchSize
		}
	}
	switch err := scan.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		bad = append(bad, LineProblem{Line: n + 1, Problem: "event: is too long"})
	case err != nil:
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, nil, subject.ErrBatchSize
		}
		return nil, nil, &ProblemError{Type: typePrefix + "body", Title: "the body could not be read", Status: http.StatusBadRequest}
	}
	if len(bad) > 0 {
		problem := problemOf(subject.ErrEvent)
		problem.Lines = bad
		return nil, nil, problem
	}
	return batch, lines, nil
}

func (s *Server) subject(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var asOf time.Time
	if text := q.Get("as_of"); text != "" {
		var err error
		if asOf, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return &ProblemError{Type: typePrefix + "as-of", Title: "as_of is not a time as in 2026-05-01T00:00:00Z", Status: http.StatusBadRequest}
		}
	}
	summary, err := s.Writer.Show(r.Context(), q.Get("population"), q.Get("id"), asOf)
	if member, ok := errors.AsType[*subject.MemberError](err); ok {
		return &ProblemError{Type: typePrefix + "event", Title: member.Error(), Status: http.StatusUnprocessableEntity}
	}
	if err != nil {
		return err
	}
	return answer(w, summary)
}

func answer(w http.ResponseWriter, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(text, '\n')) // the client has gone, if anything
	return nil
}
