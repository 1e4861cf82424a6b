package control_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
	"github.com/modicum-dev/modicum/subject/sqlite"
	"github.com/modicum-dev/modicum/subject/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type digest struct{}

func (digest) Key(p *rules.Population, id string) (key rules.Key) {
	copy(key[:], p.Name+id)
	return key
}

// gateway is what a running gateway has of subject state.
type gateway struct {
	path    string
	store   *sqlite.Store
	replica *subject.Replica
	writer  *subject.Writer
	stop    func() error
}

func newGateway(t *testing.T, path string) *gateway {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, storetest.Fingerprint)
	if errors.Is(err, subject.ErrStoreMissing) {
		store, err = sqlite.Create(t.Context(), path, storetest.Fingerprint)
	}
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{path: control.SocketPath(path), store: store, replica: subject.NewReplica(store, subject.Options{})}
	g.writer = subject.NewWriter(subject.WriterOptions{
		Store: store, Replica: g.replica, Digester: digest{}, Name: "control",
		Populations: subject.Populations{"customer": {Name: "customer", Type: rules.IDInteger}},
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 2)
	go func() { done <- g.replica.Run(ctx) }()
	server := &control.Server{Path: g.path, Writer: g.writer}
	go func() { done <- server.Run(ctx) }()
	stopped := false
	g.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return errors.Join(<-done, <-done, store.Close())
	}
	t.Cleanup(func() {
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func answering(t *testing.T, c *control.Client) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, err := c.Show(t.Context(), "customer", "1", time.Time{})
		if err == nil {
			return
		}
		if !errors.Is(err, control.ErrNoGateway) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func objection(id string) subject.Envelope {
	return subject.Envelope{Population: "customer", ID: id, Event: rules.Event{
		Kind: rules.EventDMObjection, State: rules.StateActive, Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
	}}
}

func TestControl(t *testing.T) {
	t.Parallel()
	g := newGateway(t, filepath.Join(t.TempDir(), "state.db"))
	c := control.NewClient(g.path)
	answering(t, c)
	info, err := os.Stat(g.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket mode %v, %v", info.Mode(), err)
	}
	pos, err := c.Record(t.Context(), "b1", []subject.Envelope{objection("17"), objection("18")})
	if err != nil || pos.Seq != 2 || pos.Store != g.store.ID() {
		t.Fatalf("position %+v, %v", pos, err)
	}
	into := make([]*rules.State, 1)
	if at, err := g.replica.Read([]rules.Key{digest{}.Key(&rules.Population{Name: "customer"}, "17")}, into); err != nil ||
		at != pos || into[0] == nil || !into[0].DMObjection.Active() {
		t.Errorf("the replica does not obey an acknowledged event: %+v, %v", into[0], err)
	}
	if again, err := c.Record(t.Context(), "b1", []subject.Envelope{objection("17"), objection("18")}); err != nil || again != pos {
		t.Errorf("the batch again: %+v, %v", again, err)
	}
	if _, err := c.Record(t.Context(), "b1", []subject.Envelope{objection("17")}); !errors.Is(err, subject.ErrBatchReused) {
		t.Errorf("its id again: %v, want ErrBatchReused", err)
	}
	s, err := c.Show(t.Context(), "customer", "17", time.Time{})
	if err != nil || !s.Seen || len(s.Events) != 1 || len(s.Rights) != 1 || s.Rights[0].Kind != "dm_objection" || s.Head != pos.HeadHex() {
		t.Errorf("summary %+v, %v", s, err)
	}
	if s, err := c.Show(t.Context(), "customer", "17", time.Now().Add(-time.Hour)); err != nil || s.Seen {
		t.Errorf("an hour ago: %+v, %v", s, err)
	}
	if _, err := c.Show(t.Context(), "nobody", "17", time.Time{}); !errors.Is(err, subject.ErrEvent) {
		t.Errorf("unknown population: %v", err)
	}
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	g := newGateway(t, filepath.Join(t.TempDir(), "state.db"))
	c := control.NewClient(g.path)
	answering(t, c)
	one := objection("17")
	good := string(subject.AppendEnvelope(nil, &one))
	for name, cs := range map[string]struct {
		body string
		line int
		want error
	}{
		"half a batch":      {good + "\n\n" + `{"id":"SECRET-4711"}` + "\n" + good, 3, subject.ErrEvent},
		"unknown subject":   {good + "\n" + strings.Replace(good, `"17"`, `"SECRET-4711"`, 1), 2, subject.ErrEvent},
		"not JSON":          {"SECRET-4711", 1, subject.ErrEvent},
		"a line too long":   {good + "\n" + strings.Repeat("x", subject.DefaultMaxLine+2), 2, subject.ErrEvent},
		"too many":          {strings.Repeat(good+"\n", subject.DefaultMaxBatch+1), 0, subject.ErrBatchSize},
		"nothing":           {"\n\n", 0, subject.ErrBatchSize},
		"a body too large":  {strings.Repeat("\n", control.DefaultMaxBody+1), 0, subject.ErrBatchSize},
		"no end of a event": {good[:len(good)-1], 1, subject.ErrEvent},
	} {
		_, err := c.RecordLines(t.Context(), "", strings.NewReader(cs.body))
		problem, ok := errors.AsType[*control.ProblemError](err)
		if !ok || !errors.Is(err, cs.want) {
			t.Errorf("%s: %v, want %v", name, err, cs.want)
			continue
		}
		if cs.line == 0 != (len(problem.Lines) == 0) || cs.line > 0 && problem.Lines[0].Line != cs.line {
			t.Errorf("%s: lines %+v, want %d", name, problem.Lines, cs.line)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the problem shows a value: %v", name, err)
		}
	}
	if head, err := g.store.Head(t.Context()); err != nil || head.Seq != 0 {
		t.Errorf("%d events after refusals alone, %v", head.Seq, err)
	}
}

func TestProblemDocument(t *testing.T) {
	t.Parallel()
	g := newGateway(t, filepath.Join(t.TempDir(), "state.db"))
	answering(t, control.NewClient(g.path))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", g.path)
	}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/events", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusUnprocessableEntity || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
}

func TestNoGateway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	c := control.NewClient(control.SocketPath(path))
	if _, err := c.Record(t.Context(), "", []subject.Envelope{objection("1")}); !errors.Is(err, control.ErrNoGateway) {
		t.Errorf("no socket: %v, want ErrNoGateway", err)
	}
	// What a crashed gateway leaves behind.
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", control.SocketPath(path))
	if err != nil {
		t.Fatal(err)
	}
	unix, ok := l.(*net.UnixListener)
	if !ok {
		t.Fatal("no Unix socket")
	}
	unix.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Record(t.Context(), "", []subject.Envelope{objection("1")}); !errors.Is(err, control.ErrNoGateway) {
		t.Errorf("a stale socket: %v, want ErrNoGateway", err)
	}
	newGateway(t, path)
	answering(t, c)
}

// During an upgrade two gateways hold the store: the second takes the socket over
// when the first ends, and both obey what either was told.
func TestTakeover(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	first := newGateway(t, path)
	c := control.NewClient(first.path)
	answering(t, c)
	second := newGateway(t, path)
	pos, err := c.Record(t.Context(), "", []subject.Envelope{objection("17")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := second.replica.WaitFor(ctx, pos.Seq); err != nil {
		t.Errorf("the second gateway has not heard: %v", err)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	answering(t, c)
	if pos, err := c.Record(t.Context(), "", []subject.Envelope{objection("18")}); err != nil || pos.Seq != 2 {
		t.Errorf("after the takeover: %+v, %v", pos, err)
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the last gateway left its socket: %v", err)
	}
}

func TestSocketPathTooLong(t *testing.T) {
	t.Parallel()
	s := &control.Server{Path: "/" + strings.Repeat("x", control.DefaultMaxPath)}
	if err := s.Run(t.Context()); !errors.Is(err, control.ErrSocketPath) {
		t.Errorf("%v, want ErrSocketPath", err)
	}
}
