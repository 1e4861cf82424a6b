package otlp

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is an OTLP/HTTP server over the published protocol.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	answers  []func(http.ResponseWriter) // one for each request to come; then it accepts
	spans    []*tracepb.Span             // of every request that was read, accepted or not
	accepted []*tracepb.Span
	resource *resourcepb.Resource
	requests int
	limit    int // refuses once it has that many
	grew     chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{grew: make(chan struct{}), limit: math.MaxInt}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// then queues answers to the next requests.
func (r *receiver) then(answers ...func(http.ResponseWriter)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, answers...)
}

// takeOnly makes the receiver refuse everything once it has accepted n spans or more.
func (r *receiver) takeOnly(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = n
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "not an OTLP request", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(req.Body)
	if err == nil && req.Header.Get("Content-Encoding") == "gzip" {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(z)
		}
	}
	var message coltracepb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &message)
	}
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	var spans []*tracepb.Span
	for _, rs := range message.GetResourceSpans() {
		r.resource = rs.GetResource()
		for _, ss := range rs.GetScopeSpans() {
			spans = append(spans, ss.GetSpans()...)
		}
	}
	r.spans = append(r.spans, spans...)
	defer func() {
		close(r.grew)
		r.grew = make(chan struct{})
	}()
	if len(r.answers) > 0 {
		answer := r.answers[0]
		r.answers = r.answers[1:]
		answer(w)
		return
	}
	if len(r.accepted) >= r.limit {
		// Not one that the exporter tries again by itself.
		status(http.StatusBadRequest)(w)
		return
	}
	r.accepted = append(r.accepted, spans...)
	respond(w, &coltracepb.ExportTraceServiceResponse{})
}

func respond(w http.ResponseWriter, message *coltracepb.ExportTraceServiceResponse) {
	b, err := proto.Marshal(message)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(b)
}

func status(code int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, http.StatusText(code), code)
	}
}

func partial(rejected int64, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		respond(w, &coltracepb.ExportTraceServiceResponse{
			PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: message},
		})
	}
}

// waitFor blocks until the receiver is as cond says.
func (r *receiver) waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	for {
		r.mu.Lock()
		done, grew := cond(), r.grew
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-grew:
		case <-t.Context().Done():
			t.Fatal("test ended while waiting for the receiver")
		}
	}
}

// waitLast blocks until the last of the ids was accepted.
func (r *receiver) waitLast(t *testing.T, ids []string) {
	t.Helper()
	last := ids[len(ids)-1]
	r.waitFor(t, func() bool { return slices.Contains(idsOf(r.accepted), last) })
}

// checkArrived compares the accepted spans with what was written. A batch may come
// twice when a follower was stopped between acceptance and the cursor's write: what
// counts is that every record arrives, and the first arrivals are in order.
func (r *receiver) checkArrived(t *testing.T, wrote []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var first []string
	seen := map[string]bool{}
	for _, id := range idsOf(r.accepted) {
		if !seen[id] {
			seen[id] = true
			first = append(first, id)
		}
	}
	if diff := cmp.Diff(wrote, first); diff != "" {
		t.Errorf("disclosure ids at the receiver (-wrote +arrived):\n%s", diff)
	}
}

func idsOf(spans []*tracepb.Span) []string {
	var ids []string
	for _, s := range spans {
		for _, kv := range s.GetAttributes() {
			if kv.GetKey() == attrDisclosureID {
				ids = append(ids, kv.GetValue().GetStringValue())
			}
		}
	}
	return ids
}
