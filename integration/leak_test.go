package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Reloads leave nothing behind: no open file, no goroutine, no thread.
func TestReloadsLeakNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, odd, even string }{
		{"same stores", "welcome ", "max_body 8MiB\n\t\twelcome ", "max_body 9MiB\n\t\twelcome "},
		{"another ledger", "ledger data/ledger", "ledger data/odd", "ledger data/even"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWorld(t, demoUpstream(mustAbs(t)))
			// Caddy cleans up after a transport that is configured, and leaves
			// the default one's idle connections to their timeout of 2 minutes.
			upstream := "reverse_proxy " + strings.TrimPrefix(w.upstream.URL, "http://")
			text := strings.Replace(w.text, upstream, upstream+" {\n\t\ttransport http {\n\t\t\tkeepalive 2m\n\t\t}\n\t}", 1)
			texts := []string{strings.Replace(text, c.old, c.even, 1), strings.Replace(text, c.old, c.odd, 1)}
			if texts[0] == texts[1] {
				t.Fatalf("the Caddyfile has no %q", c.old)
			}
			client := newClient(false)
			reload := func(from, to int) {
				for n := from; n < to; n++ {
					if err := w.reload(t.Context(), texts[n%2]); err != nil {
						t.Fatal(err)
					}
					r, err := supported("/v1/customers/1001").do(t.Context(), client, w.gateway)
					for tries := 0; cutOff(err) && tries < 20; tries++ {
						r, err = supported("/v1/customers/1001").do(t.Context(), client, w.gateway)
					}
					if err != nil || r.status != 200 {
						t.Fatalf("after reload %d: %d %v", n+1, r.status, err)
					}
				}
			}
			reload(0, 2)
			few := w.settled(t)
			reload(2, 20)
			var many held
			defer func() { t.Logf("after 2 reloads %+v, after 20 %+v", few, many) }()
			// Of 18 reloads that leave something each, this finds all.
			slack := held{files: 3, goroutines: 6, threads: 10}
			eventually(t, "20 reloads hold no more than 2", func() bool {
				many = w.holds(t)
				return many.files <= few.files+slack.files && many.goroutines <= few.goroutines+slack.goroutines &&
					many.threads <= few.threads+slack.threads
			})
		})
	}
}

// held is what a process has open.
type held struct{ files, goroutines, threads int }

func (w *world) holds(t *testing.T) held {
	t.Helper()
	count := func(name string) int {
		entries, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(w.process.cmd.Process.Pid), name))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	n, err := goroutines(t.Context(), w.admin)
	if err != nil {
		t.Fatal(err)
	}
	return held{files: count("fd"), goroutines: n, threads: count("task")}
}

// settled is what the process holds once what a reload ends has ended.
func (w *world) settled(t *testing.T) held {
	t.Helper()
	last := w.holds(t)
	eventually(t, "what is held stays the same", func() bool {
		time.Sleep(time.Second) // longer than a server in shutdown looks for idle connections
		now := w.holds(t)
		same := now == last
		last = now
		return same
	})
	return last
}

// goroutines asks the admin endpoint how many there are.
func goroutines(ctx context.Context, admin string) (int, error) {
	b, err := fetch(ctx, admin+"/debug/pprof/goroutine?debug=1")
	if err != nil {
		return 0, err
	}
	var n int
	if _, err := fmt.Sscanf(string(b), "goroutine profile: total %d\n", &n); err != nil {
		return 0, fmt.Errorf("reading the goroutine profile: %w", err)
	}
	return n, nil
}
