package segment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// BenchmarkFdatasync is the yardstick: one record's bytes and one data sync,
// alone, into a zero-filled file.
func BenchmarkFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "lone"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	line := make([]byte, 900)
	const size = 8 << 20
	if _, err := f.Write(make([]byte, size)); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	var took latencies
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := f.WriteAt(line, int64(i*len(line)%(size-len(line)))); err != nil {
			b.Fatal(err)
		}
		if err := disk.Datasync(f); err != nil {
			b.Fatal(err)
		}
		took.add(time.Since(start))
	}
	took.report(b)
}

// BenchmarkAppend is the same through the log: alone, and by many writers at once.
// It reports how many times a lone data sync's rate that is, measured in the run.
func BenchmarkAppend(b *testing.B) {
	lone := loneRate(b)
	for _, writers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchAppend(b, writers, lone) })
	}
}

// loneRate returns the data syncs a second of one record each.
func loneRate(b *testing.B) float64 {
	b.Helper()
	s, err := createSegment(disk.OS{}, filepath.Join(b.TempDir(), "lone"), DefaultFirstSegment)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	line := make([]byte, 900)
	const n = 2000
	start := time.Now()
	for i := range n {
		if _, err := s.WriteAt(line, int64(i*len(line)%(DefaultFirstSegment-len(line)))); err != nil {
			b.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(start).Seconds()
}

func benchAppend(b *testing.B, writers int, lone float64) {
	b.Helper()
	l, err := Open(b.Context(), Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	r := released(0)
	var (
		took latencies
		wg   sync.WaitGroup
		left atomic.Int64
	)
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			var mine latencies
			for left.Add(-1) >= 0 {
				start := time.Now()
				if _, err := l.Append(b.Context(), r); err != nil {
					b.Error(err)
					return
				}
				mine.add(time.Since(start))
			}
			took.merge(&mine)
		})
	}
	wg.Wait()
	b.StopTimer()
	took.report(b)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/lone, "x-lone-sync")
}

// BenchmarkEncode is what an append costs the caller's goroutine.
func BenchmarkEncode(b *testing.B) {
	r := released(0)
	b.ReportAllocs()
	var n atomic.Int64
	for b.Loop() {
		body, err := ledger.AppendBody(nil, r)
		if err != nil {
			b.Fatal(err)
		}
		n.Store(int64(len(body)))
	}
	b.ReportMetric(float64(n.Load()), "B/record")
}

type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(d time.Duration) { l.all = append(l.all, d) }

func (l *latencies) merge(other *latencies) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, other.all...)
}

func (l *latencies) report(b *testing.B) {
	b.Helper()
	if len(l.all) == 0 {
		return
	}
	slices.Sort(l.all)
	b.ReportMetric(float64(l.all[len(l.all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(l.all[len(l.all)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(len(l.all))/b.Elapsed().Seconds(), "records/s")
}
