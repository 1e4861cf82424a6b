package exchange

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxBody bounds an upstream body in bytes. A longer one is answered with
// 502 and nothing of it is passed on.
const DefaultMaxBody = 16 << 20

// capture is the writer that the next handler sees. It keeps headers and body to
// itself. On purpose it has no Unwrap, Hijack, Push or ReadFrom: each would be a
// way to the client around the inspection.
//
// It judges an answer as soon as its status and headers are final: what will be
// refused anyway is dropped as it comes, and what might never end, such as an
// event stream, is cut off at once.
type capture struct {
	header http.Header
	body   []byte
	max    int
	cancel context.CancelFunc // of the upstream request

	final     bool // status and headers have been judged
	status    int
	mediaType string       // what to send the body as
	reason    rules.Reason // why the answer is refused; ReasonNone while it may be opened
	cause     string       // the same for the operator's log, without a word of the upstream's
	dropped   int          // bytes of a refused body
}

var (
	_ http.ResponseWriter = (*capture)(nil)
	_ http.Flusher        = (*capture)(nil)
)

// Header returns the private headers. What is set after the final status, such
// as a trailer, is not read.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader takes the first final status and judges the answer by it and by
// its headers. Interim answers (1xx) end here: their headers come from the
// upstream. Switching protocols is none: it is refused like any unexpected
// status.
func (c *capture) WriteHeader(status int) {
	if c.final || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	c.final, c.status = true, status
	v := judge(status, c.header)
	if v.reason != rules.ReasonNone {
		c.refuse(v.reason, v.cause)
		return
	}
	c.mediaType = v.mediaType
	if n, ok := declaredLength(c.header); ok {
		if n > c.max {
			c.refuse(rules.ResponseUninspectable, causeTooLong)
			return
		}
		c.body = slices.Grow(c.body, n)
	}
}

// Write keeps the body up to the limit and drops what is refused. It never
// fails: an error would make a proxy cut the client's connection.
func (c *capture) Write(p []byte) (int, error) {
	if !c.final {
		c.WriteHeader(http.StatusOK)
	}
	if c.reason == rules.ReasonNone && len(p) > c.max-len(c.body) {
		c.refuse(rules.ResponseUninspectable, causeTooLong)
	}
	if c.reason != rules.ReasonNone {
		if c.dropped += len(p); c.dropped > c.max {
			c.cancel()
		}
		return len(p), nil
	}
	c.body = append(c.body, p...)
	return len(p), nil
}

// Flush does nothing: nothing leaves before it was inspected. A proxy's timer
// may call it at any moment, so it touches no state.
func (c *capture) Flush() {}

// FlushError is Flush for [http.ResponseController].
func (c *capture) FlushError() error { return nil }

// refuse drops the body, so far and to come. A refusal by status reads on, as an
// error has a short body and its connection can be used again; anything else may
// be endless and is cancelled.
func (c *capture) refuse(reason rules.Reason, cause string) {
	c.reason, c.cause = reason, cause
	c.body = c.body[:0]
	if reason == rules.ResponseUninspectable || reason == rules.StreamingUnsupported {
		c.cancel()
	}
}

// take ends the capture and returns the body. A handler that keeps its writer
// beyond its return reaches nothing any more: the body's memory will belong to
// another request.
func (c *capture) take() []byte {
	body := c.body
	c.body, c.final = nil, true
	if c.reason == rules.ReasonNone {
		c.reason = rules.UpstreamUnavailable
	}
	return body
}

// declaredLength reads a Content-Length that is one number.
func declaredLength(h http.Header) (int, bool) {
	v := h["Content-Length"]
	if len(v) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(v[0])
	return n, err == nil && n >= 0
}
