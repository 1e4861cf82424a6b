package integration

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP/HTTP receiver: POST /v1/traces with the published
// protobuf messages.
type collector struct {
	server *httptest.Server

	mu     sync.Mutex
	spans  []*tracepb.Span
	counts map[string]int // spans by disclosure id
	// countOnly keeps no spans: there may be more of them than memory.
	countOnly bool
}

func newCollector() *collector {
	c := &collector{counts: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.receive)
	c.server = httptest.NewServer(mux)
	return c
}

func (c *collector) receive(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, "not gzip", http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var req collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(b, &req); err != nil {
		http.Error(w, "not protobuf", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				c.counts[attribute(s, "modicum.disclosure.id")]++
			}
			if !c.countOnly {
				c.spans = append(c.spans, ss.GetSpans()...)
			}
		}
	}
	c.mu.Unlock()
	answer, err := proto.Marshal(&collectorpb.ExportTraceServiceResponse{})
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(answer)
}

// find returns the spans of one disclosure.
func (c *collector) find(disclosure string) []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*tracepb.Span
	for _, s := range c.spans {
		if attribute(s, "modicum.disclosure.id") == disclosure {
			found = append(found, s)
		}
	}
	return found
}

// received returns how many spans each disclosure has.
func (c *collector) received() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// text is everything that was received, for a search of what must not be there.
func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []byte
	for _, s := range c.spans {
		all = append(all, s.String()...)
	}
	return string(all)
}

func attribute(s *tracepb.Span, key string) string {
	for _, kv := range s.GetAttributes() {
		if kv.GetKey() == key {
			return kv.GetValue().GetStringValue()
		}
	}
	return ""
}
