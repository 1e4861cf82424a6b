package caddymodule

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// stopTimeout bounds how long a stop waits for stores to close. What is not
// closed by then goes on closing in the background: a disk that hangs must not
// keep a process from ending, or an old configuration from being replaced.
const stopTimeout = 10 * time.Second

// place is what tells runtimes apart: configurations with the same one share a
// runtime.
type place struct {
	state, keys, ledger string
	// origin is in the names of the ledger's checkpoints, which cannot
	// change within an epoch.
	origin string
}

// place returns where a configuration's stores are, independently of how the
// paths are written.
func (a *App) place() (place, error) {
	at := place{state: a.State.Path, keys: a.Keys.Path, ledger: a.Ledger, origin: a.Origin}
	for _, path := range []*string{&at.state, &at.keys, &at.ledger} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return place{}, err
		}
		*path = abs
	}
	return at, nil
}

// registry holds the runtimes of the process. Caddy starts a new configuration
// before it stops the old one, and cleans the old one up while its requests
// still run: so a runtime is counted, by configurations and by requests, and the
// last to let go of it closes it.
type registry struct {
	// opening makes the acquisitions wait for each other, and nobody else:
	// opening takes as long as the disk does.
	opening sync.Mutex

	mu      sync.Mutex // of what follows; nothing that can block is done with it held
	open    map[place]*runtime
	closing map[*runtime]struct{}
}

var runtimes = registry{open: make(map[place]*runtime), closing: make(map[*runtime]struct{})}

// acquire returns the runtime of a configuration's place, opened if nobody has
// it. It belongs to a until release.
func (g *registry) acquire(a *App) (*runtime, error) {
	at, err := a.place()
	if err != nil {
		return nil, err
	}
	g.opening.Lock()
	defer g.opening.Unlock()
	if rt := g.share(at, a); rt != nil {
		return rt, nil
	}
	rt, err := openRuntime(a, at)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	rt.users = []*App{a}
	// One that is closing may still stand here; it finds out when it goes.
	g.open[at] = rt
	return rt, nil
}

// share gives a configuration the open runtime of a place; nil if there is none.
func (g *registry) share(at place, a *App) *runtime {
	g.mu.Lock()
	defer g.mu.Unlock()
	rt := g.open[at]
	if rt == nil || !rt.hold() {
		return nil
	}
	rt.users = append(rt.users, a)
	rt.heed(a)
	return rt
}

// heed lets a configuration whose policy was replaced act for its runtime, if it
// is the one that does.
func (g *registry) heed(rt *runtime, a *App) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(rt.users); n > 0 && rt.users[n-1] == a {
		rt.heed(a)
	}
}

// each calls f for every runtime that is open.
func (g *registry) each(f func(*runtime)) {
	g.mu.Lock()
	open := slices.Collect(maps.Values(g.open))
	g.mu.Unlock()
	for _, rt := range open {
		f(rt)
	}
}

// release ends a configuration's use of a runtime. If that was the last use it
// waits until everything is closed; if the process is exiting it waits for every
// runtime that is closing, because nothing runs on in the background then. The
// error of ctx means that the disk has not answered.
func (g *registry) release(ctx context.Context, rt *runtime, a *App) error {
	g.mu.Lock()
	rt.users = slices.DeleteFunc(rt.users, func(have *App) bool { return have == a })
	if n := len(rt.users); n > 0 {
		rt.heed(rt.users[n-1])
	}
	g.mu.Unlock()
	g.drop(rt)

	var ending []*runtime
	g.mu.Lock()
	switch _, last := g.closing[rt]; {
	case caddy.Exiting():
		ending = slices.Collect(maps.Keys(g.closing))
	case last:
		ending = append(ending, rt)
	}
	g.mu.Unlock()
	for _, rt := range ending {
		select {
		case <-rt.closed:
		case <-ctx.Done():
			return fmt.Errorf("closing stores: %w", ctx.Err())
		}
	}
	return nil
}

// drop counts one user less. The last one closes the runtime, in the background:
// it may be a request.
func (g *registry) drop(rt *runtime) {
	if rt.refs.Add(-1) > 0 {
		return
	}
	g.mu.Lock()
	if g.open[rt.at] == rt {
		delete(g.open, rt.at)
	}
	g.closing[rt] = struct{}{}
	g.mu.Unlock()
	go func() {
		rt.close()
		g.mu.Lock()
		delete(g.closing, rt)
		g.mu.Unlock()
		close(rt.closed)
	}()
}

// hold counts one more user, unless the last one has gone: what is closing stays
// closed.
func (rt *runtime) hold() bool {
	for {
		n := rt.refs.Load()
		if n == 0 {
			return false
		}
		if rt.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}
