package caddymodule

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/modicum-dev/modicum/ledger/segment"
	"github.com/modicum-dev/modicum/pseudonym"
)

// collector is an OTLP receiver that remembers the disclosures of the spans.
type collector struct {
	mu   sync.Mutex
	seen map[string]int
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{seen: make(map[string]int)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var req coltracepb.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(b, &req) != nil {
			t.Errorf("not understood: %v", err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range req.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, span := range scope.Spans {
					for _, kv := range span.Attributes {
						if kv.Key == "modicum.disclosure.id" {
							c.seen[kv.Value.GetStringValue()]++
						}
					}
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	return c
}

func (c *collector) spans() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.seen)
}

// Spans follow the ledger, over reloads to another ledger and back: each
// disclosure has one, under its own id.
func TestSpansFollowTheLedger(t *testing.T) {
	s := newSite(t)
	c := newCollector(t)
	want := make(map[string]int)
	for _, dir := range []string{"ledger", "other", "ledger"} {
		s.app["ledger"] = s.path(dir)
		s.load()
		for range 2 {
			a := s.get("/v1/customers/1001")
			if a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			want[a.header.Get("Disclosure-Id")] = 1
		}
	}
	eventually(t, "each disclosure has a span", func() bool { return len(c.spans()) == len(want) })
	s.stop()
	if got := c.spans(); !maps.Equal(got, want) {
		t.Errorf("spans: %v, want %v", got, want)
	}
}

// A graceful stop leaves no spans behind when the collector answers, although the
// export gathers.
func TestStopSendsTheLastSpans(t *testing.T) {
	s := newSite(t)
	c := newCollector(t)
	s.load()
	want := make(map[string]int)
	for range 5 {
		want[s.get("/v1/customers/1001").header.Get("Disclosure-Id")] = 1
	}
	s.stop()
	if got := c.spans(); !maps.Equal(got, want) {
		t.Errorf("spans: %v, want %v", got, want)
	}
}

// Without an export nothing is kept for it.
func TestRecordsAreKeptForTheExportAlone(t *testing.T) {
	set, err := pseudonym.Create(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	kept := func() int {
		return newRecorder(new(App), set, &runtime{at: place{ledger: t.TempDir()}, log: slog.New(slog.DiscardHandler)}).options.Recent
	}
	if got := kept(); got != 0 {
		t.Errorf("%d bytes are kept without an export", got)
	}
	newCollector(t)
	if got := kept(); got != segment.DefaultRecent {
		t.Errorf("%d bytes are kept for the export, want %d", got, segment.DefaultRecent)
	}
}

// An export that cannot even begin is failing, and keeps nobody from an answer.
func TestExportThatCannotBegin(t *testing.T) {
	s := newSite(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
	s.load()
	a := s.get("/v1/customers/1001")
	if failing, ok := metric(t, "modicum_follower_failing", map[string]string{"follower": "otlp"}); !ok || failing != 1 {
		t.Errorf("failing is %v %t", failing, ok)
	}
	s.stop()
	released(t, s.path("ledger"), a)
}

// A collector that is down stands between nobody and an answer, and holds up no
// stop.
func TestCollectorIsDown(t *testing.T) {
	s := newSite(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+closedPort(t))
	s.load()
	a := s.get("/v1/customers/1001")
	otlp := map[string]string{"follower": "otlp"}
	eventually(t, "it is known that the export is behind", func() bool {
		failing, _ := metric(t, "modicum_follower_failing", otlp)
		lag, _ := metric(t, "modicum_follower_lag_seconds", otlp)
		return failing == 1 && lag > 0
	})
	s.stop()
	released(t, s.path("ledger"), a)
	if got := open(); got != 0 {
		t.Errorf("%d runtimes are open", got)
	}
}
