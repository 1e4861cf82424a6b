package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// TestOverlap is an upgrade on one host: the new process starts beside the old one
// on the same stores and the same port, then the old one is told to end while a
// request is under way in it, and under load.
func TestOverlap(t *testing.T) {
	t.Parallel()
	h := newHolder(demoUpstream(mustAbs(t)), "/v1/customers/1001")
	o := &overlap{world: newWorld(t, h)}
	older := o.startBeside(t, "older")
	held := h.hold(t, supported(h.path), older.own)
	newer := o.startBeside(t, "newer")
	stopLoad := o.load(t)

	// A consent or its withdrawal is obeyed at once by the one that the
	// command reaches, and by the other one as soon as it sees it.
	for _, c := range []struct {
		status string
		want   int
	}{{"given", http.StatusOK}, {"withdrawn", http.StatusNotFound}} {
		if said := o.consent(t, c.status); !strings.Contains(said, obeys) {
			t.Errorf("recording a consent beside two gateways: %s", said)
		}
		if got := o.profile(t, older); got != c.want {
			t.Errorf("consent %s: the gateway that acknowledged it answers %d", c.status, got)
		}
		eventually(t, "the newer one obeys too", func() bool { return o.profile(t, newer) == c.want })
	}

	o.ending.Store(true)
	ended := make(chan error, 1)
	go func() { ended <- older.process.end(syscall.SIGTERM) }()
	awaitRefused(t, older.own)
	after := o.ask(t, supported("/v1/customers/1002"), newer.own)
	close(h.free)
	first := <-held
	if first.err != nil || first.status != http.StatusOK {
		t.Fatalf("the request under way: %d %v", first.status, first.err)
	}
	o.keep(first.reply)
	if err := <-ended; err != nil {
		t.Errorf("the older process ended with %v", err)
	}
	o.ended.Store(true)
	eventually(t, "the newer one takes the commands over", func() bool { return strings.Contains(o.consent(t, "given"), obeys) })
	if got := o.profile(t, newer); got != http.StatusOK {
		t.Errorf("after the takeover the gateway that acknowledged a consent answers %d", got)
	}
	stopLoad()

	a := newAudit(t, o.ledgerDir())
	o.awaitSpans(t, a)
	if err := newer.process.end(syscall.SIGTERM); err != nil {
		t.Errorf("the newer process ended with %v", err)
	}
	if err := a.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	epochs, err := ledger.Epochs(o.ledgerDir())
	if err != nil || len(epochs) != 2 {
		t.Fatal(epochs, err)
	}
	if got := fmt.Sprint(o.ends(t)); got != "[closed closed]" {
		t.Errorf("the epochs ended %s", got)
	}
	if got := a.records[first.id]; got != (entry{ledger.KindReleased, epochs[0]}) {
		t.Errorf("the request under way is on record as %+v", got)
	}
	if got := a.records[after.id]; got != (entry{ledger.KindReleased, epochs[1]}) {
		t.Errorf("the request after it is on record as %+v", got)
	}
	for _, r := range o.replies {
		if err := a.check(r); err != nil {
			t.Error(err)
		}
	}
	// What was cut off had not begun: it left no record, so it can be repeated.
	if len(a.records)+a.summarised != len(o.replies) || len(a.extra) > 0 {
		t.Errorf("%d answers and %d records, %d of them aborted", len(o.replies), len(a.records), len(a.extra))
	}
	if n := a.spansUnfounded(o.collector.received()); n > 0 {
		t.Errorf("%d spans have no record", n)
	}
	t.Logf("%d answers, %d new connections cut off and repeated", len(o.replies), o.cut)
}

// Of two processes one is killed. The other one goes on, records how the epoch of
// the first ended, exports the spans of both and takes the commands.
func TestOverlapWithACrash(t *testing.T) {
	t.Parallel()
	o := &overlap{world: newWorld(t, demoUpstream(mustAbs(t)))}
	older := o.startBeside(t, "older")
	newer := o.startBeside(t, "newer")
	for range 20 {
		o.ask(t, supported("/v1/customers/1001"), older.own)
		o.ask(t, supported("/v1/customers/1002"), newer.own)
	}
	if err := older.process.end(syscall.SIGKILL); older.process.cmd.ProcessState == nil {
		t.Fatal(err)
	}
	after := o.ask(t, supported("/v1/customers/1003"), o.gateway)
	eventually(t, "the newer one takes the commands over", func() bool { return strings.Contains(o.consent(t, "given"), obeys) })
	a := newAudit(t, o.ledgerDir())
	o.awaitSpans(t, a)
	eventually(t, "the last answer has its span", func() bool { return o.collector.received()[after.id] > 0 })
	if err := newer.process.end(syscall.SIGTERM); err != nil {
		t.Errorf("the newer process ended with %v", err)
	}
	if err := a.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(o.ends(t)); got != "[recovered closed]" {
		t.Errorf("the epochs ended %s", got)
	}
	for _, r := range o.replies {
		if err := a.check(r); err != nil {
			t.Error(err)
		}
	}
	if len(a.recovered) != 1 || a.spansUnfounded(o.collector.received()) > 0 {
		t.Errorf("recovered: %v; %d spans have no record", a.recovered, a.spansUnfounded(o.collector.received()))
	}
}

// obeys is what a command says that reached a gateway.
const obeys = "the gateway obeys it"

// overlap is a world with two processes, and everything that they answered.
type overlap struct {
	*world
	ending, ended atomic.Bool // the older process is told to end; it has

	mu      sync.Mutex
	replies []reply
	cut     int // requests on new connections that were not answered
}

// beside is one of the processes.
type beside struct {
	process *process
	own     string // base URL of a port that the other one does not have
}

// startBeside starts a process that serves the shared port and one of its own.
func (o *overlap) startBeside(t *testing.T, name string) *beside {
	t.Helper()
	text, err := o.caddyfile()
	if err != nil {
		t.Fatal(err)
	}
	own, err := o.port(name)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := o.port(name + " admin")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(o.ownUpstream(text), strings.TrimPrefix(o.admin, "http://"), admin, 1)
	text = strings.Replace(text, o.gateway+" {", o.gateway+", http://"+own+" {", 1)
	p, err := o.run(t.Context(), name+".Caddyfile", text, "http://"+admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.end(syscall.SIGKILL) })
	return &beside{process: p, own: "http://" + own}
}

func (o *overlap) keep(r reply) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.replies = append(o.replies, r)
}

// ask is answered.
func (o *overlap) ask(t *testing.T, c call, base string) reply {
	t.Helper()
	r, err := c.do(t.Context(), newClient(false), base)
	if err != nil {
		t.Fatal(err)
	}
	o.keep(r)
	return r
}

// profile asks for the customer whose consent comes and goes.
func (o *overlap) profile(t *testing.T, b *beside) int {
	t.Helper()
	return o.ask(t, call{"analytics", "marketing.profile", "/v1/customers/1008", 0}, b.own).status
}

// consent records one, or its withdrawal, and returns what the command says.
func (o *overlap) consent(t *testing.T, status string) string {
	t.Helper()
	args := []string{"consent", "record", "--config", "older.Caddyfile", "--subject", "customer:1008", "--purpose", "marketing.profile", "--verified", "--status", status}
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Dir = o.dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// load asks on the shared port until it is stopped, over kept connections and over
// new ones. Over a kept one nothing may fail: the client repeats by itself what a
// closing server did not read. A new one that the older process has not begun to
// serve when it ends is cut off without an answer; asked again, the request is
// answered.
func (o *overlap) load(t *testing.T) (stop func()) {
	t.Helper()
	calls := slices.DeleteFunc(slices.Clone(mix), func(c call) bool {
		return c.path == "/v1/customers/1001" || c.path == "/v1/customers/1008" || c.status == http.StatusUnauthorized
	})
	var (
		ctx, cancel = context.WithCancel(t.Context())
		asked       atomic.Int64
		work        sync.WaitGroup
	)
	for _, kept := range []bool{false, true} {
		client := newClient(kept)
		t.Cleanup(client.CloseIdleConnections)
		work.Go(func() {
			drive(8, calls, func() (int, bool) { return int(asked.Add(1)), ctx.Err() == nil }, func(c call) {
				for tries := 0; ; tries++ {
					late, reused := o.ended.Load(), false
					traced := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
					r, err := c.do(traced, client, o.gateway)
					if err == nil {
						if r.status != c.status {
							t.Errorf("%s: %d, want %d", c.path, r.status, c.status)
						}
						o.keep(r)
						break
					}
					cut := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, io.EOF)
					if !cut || reused || late || !o.ending.Load() || tries > 20 {
						t.Errorf("a request failed (kept connection: %t): %v", reused, err)
						break
					}
					o.mu.Lock()
					o.cut++
					o.mu.Unlock()
				}
				time.Sleep(2 * time.Millisecond) // it is light
			})
		})
	}
	return func() {
		cancel()
		work.Wait()
	}
}
