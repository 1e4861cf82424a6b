package otlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a log, a receiver and a follower between them.
type fixture struct {
	dir, cursor string
	log         *segment.Log
	receiver    *receiver
	wrote       []string // disclosure ids, in order
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), cursor: filepath.Join(t.TempDir(), "otlp.json"), receiver: newReceiver(t)}
	f.openLog(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f.receiver.URL)
	return f
}

func (f *fixture) openLog(t *testing.T) {
	t.Helper()
	// Small segments, so that followers cross many of them.
	log, err := segment.Open(t.Context(), segment.Options{Dir: f.dir, SegmentSize: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	f.log = log
}

// append writes n disclosures.
func (f *fixture) append(t *testing.T, n int) {
	t.Helper()
	for range n {
		r := released(len(f.wrote))
		if _, err := f.log.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		f.wrote = append(f.wrote, r.Disclosure.ID)
	}
}

// start runs a follower; stop ends it and waits. Stop may be called again.
func (f *fixture) start(t *testing.T, change ...func(*Options)) (follower *Follower, stop func()) {
	t.Helper()
	config, ok, err := FromEnv(t.Context())
	if err != nil || !ok {
		t.Fatalf("FromEnv() = %v, %v", ok, err)
	}
	reader, err := ledger.OpenReader(f.dir, f.log)
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{
		Config: config, Source: reader, Cursor: f.cursor, Changed: f.log.Changed, Batch: 7,
		Poll: time.Millisecond, Linger: time.Millisecond, Backoff: Backoff{Min: time.Millisecond, Max: 4 * time.Millisecond},
	}
	for _, c := range change {
		c(&opt)
	}
	follower, err = New(opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- follower.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run() = %v, want context.Canceled", err)
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return follower, stop
}

func TestEveryRecordArrivesOnceInOrder(t *testing.T) {
	f := newFixture(t)
	f.append(t, 30)
	_, stop := f.start(t)
	f.append(t, 30)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)
	if got := len(f.receiver.spans); got != len(f.wrote) {
		t.Errorf("%d spans were sent for %d records", got, len(f.wrote))
	}
}

func TestCompressedByTheStandardVariable(t *testing.T) {
	f := newFixture(t)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	f.append(t, 3)
	_, stop := f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)
}

// Whatever the collector answers, the batch comes again until it is accepted, and
// nothing overtakes it.
func TestRetriesUntilAccepted(t *testing.T) {
	hangUp := func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter)
	}{
		{"500", status(http.StatusInternalServerError)},
		{"429 with Retry-After", status(http.StatusTooManyRequests, "Retry-After", "0")},
		{"429 for longer than an attempt may wait", status(http.StatusTooManyRequests, "Retry-After", "86400")},
		{"503", status(http.StatusServiceUnavailable)},
		{"400", status(http.StatusBadRequest)},
		{"partial success", partial(3, "three of them are not to my taste")},
		{"connection closed", hangUp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.receiver.then(tt.answer, tt.answer, tt.answer)
			f.append(t, 20)
			follower, stop := f.start(t)
			f.receiver.waitLast(t, f.wrote)
			stop()
			f.receiver.checkArrived(t, f.wrote)
			if got := follower.Status(); got.Spans != 20 {
				t.Errorf("Status().Spans = %d, want 20", got.Spans)
			}
		})
	}
}

// A warning that rejects nothing is an acceptance; treating it as a failure would
// send the same batch for ever.
func TestWarningIsAcceptance(t *testing.T) {
	f := newFixture(t)
	f.receiver.then(partial(0, "this exporter is getting old"))
	f.append(t, 1)
	_, stop := f.start(t)
	f.receiver.waitFor(t, func() bool { return f.receiver.requests == 1 })
	f.append(t, 1)
	f.receiver.waitLast(t, f.wrote)
	stop()
	if diff := cmp.Diff(f.wrote, idsOf(f.receiver.spans)); diff != "" {
		t.Error(diff)
	}
}

func TestOutageAndRestartFromTheCursor(t *testing.T) {
	f := newFixture(t)
	// Nobody listens at the endpoint: every connection is refused.
	gone := newReceiver(t)
	gone.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	f.append(t, 25)
	failed := make(chan struct{}, 100)
	follower, stop := f.start(t, func(o *Options) {
		o.OnError = func(error) {
			select {
			case failed <- struct{}{}:
			default:
			}
		}
	})
	<-failed
	<-failed
	if got := follower.Status(); got.Err == nil || got.Spans != 0 {
		t.Errorf("during the outage: %+v, want an error and no spans", got)
	}
	stop()

	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f.receiver.URL)
	_, stop = f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()

	// The process ends, another begins a new epoch and goes on.
	if err := f.log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.openLog(t)
	f.append(t, 25)
	_, stop = f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)
}

// A follower that is stopped anywhere and started again sends everything, in
// order; what it sends twice is the same span.
func TestRestartAnywhere(t *testing.T) {
	f := newFixture(t)
	f.append(t, 60)
	for n := 5; n <= 60; n += 5 {
		// The collector takes no more than that, also not at the end.
		f.receiver.takeOnly(n)
		_, stop := f.start(t, func(o *Options) { o.Batch = 3 })
		f.receiver.waitLast(t, f.wrote[:n])
		stop()
	}
	f.receiver.takeOnly(math.MaxInt)
	_, stop := f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)

	spans := map[string]string{} // disclosure id to span id
	f.receiver.mu.Lock()
	defer f.receiver.mu.Unlock()
	for i, id := range idsOf(f.receiver.accepted) {
		span := fmt.Sprintf("%x/%x", f.receiver.accepted[i].GetTraceId(), f.receiver.accepted[i].GetSpanId())
		if have, ok := spans[id]; ok && have != span {
			t.Errorf("%s was sent as %s and as %s", id, have, span)
		}
		spans[id] = span
	}
}

// Two processes overlap during an upgrade: the cursor has one follower.
func TestSecondFollowerWaitsForTheCursor(t *testing.T) {
	f := newFixture(t)
	_, stopFirst := f.start(t)
	_, stopSecond := f.start(t)
	f.append(t, 10)
	f.receiver.waitLast(t, f.wrote)
	stopFirst()
	f.append(t, 10)
	f.receiver.waitLast(t, f.wrote)
	stopSecond()
	f.receiver.checkArrived(t, f.wrote)
}

func TestFromEnv(t *testing.T) {
	const endpoint = "http://127.0.0.1:4318"
	for _, tt := range []struct {
		name     string
		env      map[string]string
		on       bool
		protocol string
		err      error
	}{
		{name: "no endpoint"},
		{name: "endpoint", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, on: true, protocol: ProtocolHTTP},
		{name: "traces endpoint", env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint}, on: true, protocol: ProtocolHTTP},
		{name: "exporter none", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}},
		{name: "exporter otlp", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "console, otlp"}, on: true, protocol: ProtocolHTTP},
		{name: "disabled", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "TRUE"}},
		{name: "grpc", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, on: true, protocol: ProtocolGRPC},
		{
			name: "traces protocol wins",
			env:  map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
			on:   true, protocol: ProtocolHTTP,
		},
		{name: "unknown protocol", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "carrier-pigeon"}, err: ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			got, on, err := FromEnv(t.Context())
			if on != tt.on || got.Protocol != tt.protocol || !errors.Is(err, tt.err) {
				t.Errorf("FromEnv() = %q, %v, %v; want %q, %v, %v", got.Protocol, on, err, tt.protocol, tt.on, tt.err)
			}
		})
	}
}

// While a collector is away the oldest record that waits is known, and none when
// everything was accepted.
func TestLag(t *testing.T) {
	f := newFixture(t)
	follower, _ := f.start(t)
	during := make(chan Status, 1)
	f.receiver.then(func(w http.ResponseWriter) {
		during <- follower.Status()
		status(http.StatusServiceUnavailable)(w)
	})
	f.append(t, 3)
	made := released(0).Time
	if s := <-during; !s.Oldest.Equal(made) || s.Lag(made.Add(time.Minute)) != time.Minute {
		t.Errorf("the oldest record that waits is of %v", s.Oldest)
	}
	f.receiver.waitLast(t, f.wrote)
	for follower.Status().Lag(time.Now()) != 0 {
		time.Sleep(time.Millisecond)
	}
}
