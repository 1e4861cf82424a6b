//go:build unix

package otlp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
)

// ahead is how many records a benchmark lets wait for the follower: some that are
// still in memory, as those of a follower that keeps up are.
const ahead = 2048

// BenchmarkFollower is one record from its append until a receiver in the same
// process accepted its span, 64 appending at a time. The follower of "none" does
// not run: what is above it is the price of the export, and the receiver's, which
// reads and does not decode. The CPU time is that of the process; the other time is
// mostly waiting.
func BenchmarkFollower(b *testing.B) {
	for _, rate := range []int{0, 5000} {
		pace := "fast"
		if rate > 0 {
			pace = fmt.Sprintf("%d a second", rate)
		}
		b.Run(pace+"/none", func(b *testing.B) { benchFollower(b, false, rate) })
		b.Run(pace+"/http", func(b *testing.B) { benchFollower(b, true, rate) })
	}
}

// pace returns what gives its receivers rate turns a second, or as many as they
// want.
func pace(ctx context.Context, rate int) <-chan struct{} {
	turns := make(chan struct{}, max(rate, 1))
	if rate == 0 {
		close(turns)
		return turns
	}
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		given := 0
		for start := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for ; given < int(time.Since(start).Seconds()*float64(rate)); given++ {
				select {
				case turns <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return turns
}

func benchFollower(b *testing.B, follow bool, rate int) {
	b.Helper()
	dir := b.TempDir()
	log, err := segment.Open(b.Context(), segment.Options{Dir: dir, Recent: segment.DefaultRecent})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer server.Close()
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	config, _, err := FromEnv(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	reader, err := ledger.OpenReader(dir, log)
	if err != nil {
		b.Fatal(err)
	}
	linger := DefaultLinger
	if rate == 0 {
		linger = time.Millisecond
	}
	follower, err := New(Options{
		Linger: linger,
		Config: config, Source: reader, Cursor: filepath.Join(b.TempDir(), "otlp.json"), Changed: log.Changed,
		OnError: func(err error) { b.Error(err) },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	if follow {
		go func() { done <- follower.Run(ctx) }()
	} else {
		done <- context.Canceled
	}
	var n atomic.Int64
	b.ReportAllocs()
	turns := pace(ctx, rate)
	before := cpu(b)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			<-turns
			i := n.Add(1)
			for follow && uint64(i) > follower.Status().Spans+ahead { //nolint:gosec // not negative
				time.Sleep(time.Millisecond)
			}
			if _, err := log.Append(b.Context(), released(int(i))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	for follow && follower.Status().Spans < uint64(b.N) { //nolint:gosec // not negative
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		b.Error(err)
	}
	if err := errors.Join(reader.Close(), log.Close(context.WithoutCancel(b.Context()))); err != nil {
		b.Error(err)
	}
}

// cpu returns the CPU time of the process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMarshal is what the exporter does with a full batch before it posts it.
func BenchmarkMarshal(b *testing.B) {
	facts := factMap{}
	for _, f := range released(1).Uses {
		facts[f.Hash] = f
	}
	render := newRenderer(facts)
	scope := &tracepb.ScopeSpans{}
	for i := range DefaultBatch {
		e := &ledger.Entry{Record: *released(i), Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: uint64(i)}}
		scope.Spans = append(scope.Spans, render.span(e))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := proto.Marshal(scope); err != nil {
			b.Fatal(err)
		}
	}
}
