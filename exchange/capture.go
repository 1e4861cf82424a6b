package exchange

import (
	"context"
	"net/http"
)

// DefaultMaxBody bounds an upstream body in bytes. A longer one is answered with
// 502 and nothing of it is passed on.
const DefaultMaxBody = 16 << 20

// capture is the writer that the next handler sees. It keeps headers and body to
// itself. On purpose it has no Unwrap, Hijack or Push: each would be a way to
// the client around the inspection.
type capture struct {
	header   http.Header
	status   int
	body     []byte
	max      int
	overflow bool
	cancel   context.CancelFunc // of the upstream request
}

var (
	_ http.ResponseWriter = (*capture)(nil)
	_ http.Flusher        = (*capture)(nil)
)

// Header returns the private headers.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader notes the final status. Interim answers (1xx) end here: their
// headers come from the upstream. Switching protocols is none: it is kept, and
// refused like any unexpected status.
func (c *capture) WriteHeader(status int) {
	if c.status != 0 || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	c.status = status
}

// Write keeps the body up to the limit and then drops everything. It never
// fails: an error would make a proxy cut the client's connection.
func (c *capture) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if c.overflow || len(c.body)+len(p) > c.max {
		c.overflow, c.body = true, c.body[:0]
		c.cancel()
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
