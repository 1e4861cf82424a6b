package segment

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// rounds of BenchmarkBars, of which the median ratio counts: the disk is shared.
const (
	rounds   = 7
	roundFor = 700 * time.Millisecond
	writers  = 64
)

// BenchmarkBars measures what docs/performance.md promises of the ledger: how many
// records 64 writers get recorded in the time in which one sync after the other would
// record one, and how long they wait for it, in turns on the same disk.
func BenchmarkBars(b *testing.B) {
	l, err := Open(b.Context(), Options{Dir: b.TempDir(), Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	lone, err := createSegment(disk.OS{}, filepath.Join(b.TempDir(), "lone"), DefaultFirstSegment)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = lone.Close() })
	var rates, tails []float64
	for b.Loop() {
		rates, tails = nil, nil
		for range rounds {
			alone, together := loneRound(b, lone), groupRound(b, l)
			rates = append(rates, float64(len(together))/float64(len(alone)))
			tails = append(tails, float64(p99(together))/float64(p99(alone)))
		}
	}
	b.ReportMetric(median(rates), "append_64.vs_fdatasync")
	b.ReportMetric(median(tails), "append_64.p99_vs_fdatasync")
	b.ReportMetric(0, "ns/op") // of all rounds, which says nothing
}

// loneRound writes and syncs one record after the other.
func loneRound(b *testing.B, s *segment) (took []time.Duration) {
	b.Helper()
	line := make([]byte, 900)
	for begin := time.Now(); time.Since(begin) < roundFor; {
		start := time.Now()
		if _, err := s.WriteAt(line, int64(len(took)*len(line)%(DefaultFirstSegment-len(line)))); err != nil {
			b.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	return took
}

// groupRound has 64 writers append the same record as fast as they are answered.
func groupRound(b *testing.B, l *Log) (took []time.Duration) {
	b.Helper()
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	r := released(0)
	begin := time.Now()
	for range writers {
		wg.Go(func() {
			var mine []time.Duration
			for time.Since(begin) < roundFor {
				start := time.Now()
				if _, err := l.Append(b.Context(), r); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	wg.Wait()
	return took
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
