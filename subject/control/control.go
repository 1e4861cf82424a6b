// Package control is how commands reach a running gateway: HTTP over a Unix
// socket beside the state store. An event recorded through it is acknowledged
// when the gateway obeys it.
//
// The socket is for its owner alone (mode 0600); who may open it may also open
// the store. It speaks
//
//	POST /events                   NDJSON of envelopes, accepted together or not at all
//	GET  /subject?population=&id=  what is known of a subject; &as_of= for an earlier time
//
// and answers errors as application/problem+json (RFC 9457), which names lines
// and members and never values.
package control

import (
	"errors"
	"time"
)

// Limits.
const (
	// DefaultMaxBody bounds the body of a request in bytes. Beyond it the
	// answer is 413 and nothing is recorded.
	DefaultMaxBody = 32 << 20
	// DefaultTakeover is how often a gateway tries to take the socket over
	// from the one before it.
	DefaultTakeover = 200 * time.Millisecond
	// DefaultTimeout bounds the handling of one request.
	DefaultTimeout = 30 * time.Second
	// DefaultMaxPath is how long the path of a socket may be in bytes; the
	// systems' own limits lie between 104 and 108.
	DefaultMaxPath = 96
)

// Errors.
var (
	// ErrNoGateway is returned when no gateway listens: the caller may open
	// the store itself.
	ErrNoGateway = errors.New("no gateway answers at the control socket")
	// ErrSocketPath is returned for a socket path longer than
	// [DefaultMaxPath].
	ErrSocketPath = errors.New("path of the control socket is too long")
)

// SocketPath returns the path of the socket of a state store.
func SocketPath(statePath string) string { return statePath + ".sock" }

const (
	ndjson      = "application/x-ndjson"
	problemJSON = "application/problem+json"
	batchHeader = "Idempotency-Key"
)

// receipt answers POST /events.
type receipt struct {
	Store string `json:"store"`
	Seq   uint64 `json:"seq"`
	Head  string `json:"head"`
}
