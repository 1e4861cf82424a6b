package integration

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

var (
	crashRounds = flag.Int("rounds", 3, "how often TestCrash kills the gateway")
	crashSeed   = flag.Uint64("seed", 0, "of TestCrash; 0 draws one, which is printed")
)

// TestCrash kills the gateway in the middle of load, again and again on the same
// ledger: whoever was answered is on record, and whatever is on record has a span
// in the end. A crash loses no page of the file cache, so this is no test of what
// a power loss leaves; package ledger/segment tears writes for that.
//
// It prints a line for each round, and a last one for scripts.
func TestCrash(t *testing.T) {
	c := &crash{world: startWorld(t, demoUpstream(mustAbs(t)))}
	defer func() {
		verdict := "ok"
		if t.Failed() {
			verdict = "FAIL"
		}
		fmt.Printf("bar crash.missing %d records 0 %s\n", c.missing, verdict)
	}()
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	fmt.Printf("seed %d\n", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	c.world.collector.countOnly = true
	c.audit = newAudit(t, c.world.ledgerDir())
	for n := range *crashRounds {
		after := 50*time.Millisecond + time.Duration(dice.Int64N(int64(350*time.Millisecond)))
		// Some die while they reload, as far as chance hits it.
		reload := time.Duration(0)
		if dice.IntN(3) == 0 {
			reload = time.Duration(dice.Int64N(int64(50 * time.Millisecond)))
		}
		c.round(t, n+1, after, reload)
		// And some again before they have come back.
		if dice.IntN(4) == 0 {
			c.crashAtStart(t, time.Duration(dice.Int64N(int64(200*time.Millisecond))))
		}
		c.settle(t)
	}
	c.world.awaitSpans(t, c.audit)
	if err := c.world.process.end(syscall.SIGTERM); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
	if err := c.audit.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.audit.spansUnfounded(c.world.collector.received()); n > 0 {
		t.Errorf("%d spans have no record", n)
	}
	c.epochs(t)
}

// crash is what TestCrash knows over its rounds.
type crash struct {
	world   *world
	audit   *audit
	missing int // answers without a record

	rounds  int     // that are done
	epoch   string  // that crashed last,
	replies []reply // what it answered
	line    string  // and how it ended
}

// warm is after how many answers a round counts: the first ones wait for password
// hashes.
const warm = 8 * callers

// round kills the running gateway a while after its first answers. If reload is
// positive, a reload begins that long before the kill.
func (c *crash) round(t *testing.T, n int, after, reload time.Duration) {
	t.Helper()
	var (
		client  = newClient(true)
		asked   atomic.Int64
		killing atomic.Bool
		begun   = make(chan struct{})
		mu      sync.Mutex
		replies []reply
		early   error // before the kill
	)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	defer client.CloseIdleConnections()
	killed := make(chan error, 1)
	cut := false // a reload was
	go func() {
		select {
		case <-begun:
		case <-ctx.Done():
			killed <- fmt.Errorf("too few answers: %w", ctx.Err())
			return
		}
		time.Sleep(after - reload)
		var reloaded chan error
		if reload > 0 {
			reloaded = c.beginReload(ctx, n)
			time.Sleep(reload)
		}
		killing.Store(true)
		err := c.world.stop(syscall.SIGKILL)
		if reload > 0 {
			cutOff := <-reloaded
			cut = cutOff != nil
			if errors.Is(cutOff, errReload) {
				err = errors.Join(err, cutOff)
			}
		}
		killed <- err
	}()
	drive(callers, mix, func() (int, bool) {
		return int(asked.Add(1)) - 1, !killing.Load() && ctx.Err() == nil
	}, func(call call) {
		r, err := call.do(ctx, client, c.world.gateway)
		if err != nil {
			if !killing.Load() {
				mu.Lock()
				early = err
				mu.Unlock()
			}
			return
		}
		r.header, r.body = nil, nil
		mu.Lock()
		defer mu.Unlock()
		replies = append(replies, r)
		if len(replies) == warm {
			close(begun)
		}
	})
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	// A listener that a reload closes resets what it had not accepted.
	if early != nil && reload == 0 {
		t.Errorf("round %d: a request failed before the crash: %v", n, early)
	}

	c.epoch, c.replies = newestEpoch(t, c.world.ledgerDir()), replies
	c.line = fmt.Sprintf("killed after %dms", after.Milliseconds())
	switch {
	case cut:
		c.line += " in a reload"
	case reload > 0:
		c.line += " after a reload"
	}
}

// crashAtStart starts the gateway and kills it, whatever it is at: most likely it
// recovers what the crash before left.
func (c *crash) crashAtStart(t *testing.T, after time.Duration) {
	t.Helper()
	p, err := startProcess(c.world.dir, c.world.collector.server.URL, "run")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := p.end(syscall.SIGKILL); p.cmd.ProcessState == nil {
		t.Fatal(err)
	}
	c.line += fmt.Sprintf(", and again %dms after its start", after.Milliseconds())
}

// settle starts the gateway again and looks for the records of the answers of the
// round.
func (c *crash) settle(t *testing.T) {
	t.Helper()
	c.rounds++
	c.world.restart(t)
	c.awaitRecovery(t, c.epoch)
	if err := c.audit.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, r := range c.replies {
		switch {
		case r.status == 401: // has no record
			continue
		case r.status >= 500:
			t.Errorf("round %d: an answer %d", c.rounds, r.status)
			continue
		case r.status == 200:
			answered++
		}
		if err := c.audit.check(r); err != nil {
			t.Errorf("round %d: %v", c.rounds, err)
			c.missing++
		}
	}
	fmt.Printf("round %d: %d answered, %d recorded, %s\n", c.rounds, answered, c.audit.released[c.epoch], c.line)
	if answered == 0 {
		t.Errorf("round %d: nobody was answered", c.rounds)
	}
}

// awaitRecovery waits until the end of an epoch that had none is on record.
func (c *crash) awaitRecovery(t *testing.T, epoch string) {
	t.Helper()
	eventually(t, "the crashed epoch has an end", func() bool {
		end, ended, err := ledger.ReadEnd(c.world.ledgerDir(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		return ended && end.How == ledger.EndRecovered
	})
}

// epochs checks that each epoch but the last was recovered, by a later one. A
// process that was killed at its start may have left none.
func (c *crash) epochs(t *testing.T) {
	t.Helper()
	all, err := ledger.Epochs(c.world.ledgerDir())
	if err != nil {
		t.Fatal(err)
	}
	how, last := c.world.ends(t), len(all)-1
	if last < *crashRounds || len(c.audit.recovered) != last {
		t.Fatalf("%d rounds left %d epochs and %d recovered records", *crashRounds, len(all), len(c.audit.recovered))
	}
	for i, epoch := range all[:last] {
		if how[i] != ledger.EndRecovered || c.audit.recovered[epoch] <= epoch {
			t.Errorf("epoch %d ended %s, recovered by %q", i+1, how[i], c.audit.recovered[epoch])
		}
	}
	if how[last] != ledger.EndClosed {
		t.Errorf("the last epoch ended %s", how[last])
	}
}

func newestEpoch(t *testing.T, dir string) string {
	t.Helper()
	all, err := ledger.Epochs(dir)
	if err != nil || len(all) == 0 {
		t.Fatal("no epoch: ", err)
	}
	return all[len(all)-1]
}

// beginReload reloads with a changed configuration, and tells when it is done, or
// was cut off.
func (c *crash) beginReload(ctx context.Context, n int) chan error {
	done := make(chan error, 1)
	changed := strings.Replace(c.world.text, "welcome ", fmt.Sprintf("max_body %dMiB\n\t\twelcome ", 8+n%8), 1)
	go func() { done <- c.world.reload(ctx, changed) }()
	return done
}
