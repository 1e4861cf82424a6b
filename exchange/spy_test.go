package exchange_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// trace is the order in which things happened.
type trace struct {
	mu     sync.Mutex
	events []string
}

func (t *trace) add(event string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, event)
}

func (t *trace) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.events)
}

// spy is the writer to the client. What it is sent it keeps, and when.
type spy struct {
	trace  *trace
	header http.Header // as the handler has it
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
	short  int // bytes that the next write takes; 0: all
	fail   error
}

func (s *spy) Header() http.Header { return s.header }

func (s *spy) WriteHeader(status int) {
	s.trace.add("status")
	if s.status == 0 {
		s.status, s.sent = status, s.header.Clone()
	}
}

func (s *spy) Write(p []byte) (int, error) {
	s.trace.add("body")
	if s.fail != nil {
		n, _ := s.body.Write(p[:s.short])
		return n, s.fail
	}
	return s.body.Write(p)
}

// everything is all that the client got, for a search for canaries.
func (s *spy) everything() string {
	var b strings.Builder
	_ = s.sent.Write(&b)
	b.Write(s.body.Bytes())
	return b.String()
}

// lines is the operator's log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
