package caddymodule

import (
	"path/filepath"
	"slices"
	"sync"
)

// loaded is the configurations that were provisioned and not cleaned up: the one in
// force, one that may take its place, and those whose requests still run.
type loaded struct {
	mu   sync.Mutex
	apps []*App // newest last

	limiting sync.Mutex // makes the limits be set in turn
}

var configurations loaded

func (l *loaded) add(a *App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apps = append(l.apps, a)
}

func (l *loaded) remove(a *App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apps = slices.DeleteFunc(l.apps, func(have *App) bool { return have == a })
}

// newest returns the newest configuration that has started; nil if there is none.
func (l *loaded) newest() *App {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range slices.Backward(l.apps) {
		if a.serving.Load() != nil {
			return a
		}
	}
	return nil
}

// limit gives the process the memory of the newest configuration that has started.
// One that fails later than that is cleaned up, and its limit goes with it.
func (l *loaded) limit() {
	l.limiting.Lock()
	defer l.limiting.Unlock()
	if a := l.newest(); a != nil {
		memory.SetLimit(a.maxMemory())
	}
}

// sharing returns the other configurations with the policy of one.
func (l *loaded) sharing(a *App) []*App {
	folder := absolute(a.Policy)
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*App
	for _, other := range l.apps {
		if other != a && absolute(other.Policy) == folder {
			out = append(out, other)
		}
	}
	return out
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
