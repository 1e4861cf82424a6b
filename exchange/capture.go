package exchange

import (
	"context"
	"net/http"
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
	header  http.Header
	buffers *buffers
	max     int
	cancel  context.CancelFunc // of the upstream request

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
		c.grow(n)
	}
}

// grow makes room for n bytes more.
func (c *capture) grow(n int) {
	b := c.buffers
	if page := b.memory.grow(b.body, n, c.max); page != nil {
		b.body = page
		return
	}
	c.refuse(rules.Overloaded, causeNoMemory)
}

// Write keeps the body up to the limit and drops what is refused. It never
// fails: an error would make a proxy cut the client's connection.
func (c *capture) Write(p []byte) (int, error) {
	if !c.final {
		c.WriteHeader(http.StatusOK)
	}
	if c.reason == rules.ReasonNone {
		if len(p) > c.max-len(c.buffers.body) {
			c.refuse(rules.ResponseUninspectable, causeTooLong)
		} else {
			c.grow(len(p))
		}
	}
	if c.reason != rules.ReasonNone {
		if c.dropped += len(p); c.dropped > c.max {
			c.cancel()
		}
		return len(p), nil
	}
	c.buffers.body = append(c.buffers.body, p...)
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
	c.buffers.body = c.buffers.body[:0]
	switch reason {
	case rules.ResponseUninspectable, rules.StreamingUnsupported, rules.Overloaded:
		c.cancel()
	default:
	}
}

// end ends the capture. A handler that keeps its writer beyond its return reaches
// nothing any more: the body's memory will belong to another request.
func (c *capture) end() {
	c.final = true
	if c.reason == rules.ReasonNone {
		c.reason = rules.UpstreamUnavailable
	}
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
