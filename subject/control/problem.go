package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/modicum-dev/modicum/subject"
)

// ProblemError is an error of the control endpoint (RFC 9457). It is an error of the
// client too.
type ProblemError struct {
	Type   string        `json:"type"` // urn:modicum:state:...
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Lines  []LineProblem `json:"lines,omitempty"`
}

// LineProblem says what is wrong with one line of a batch.
type LineProblem struct {
	Line    int    `json:"line"` // from 1
	Problem string `json:"problem"`
}

// Error implements error.
func (p *ProblemError) Error() string {
	var b strings.Builder
	b.WriteString(p.Title)
	for _, l := range p.Lines {
		fmt.Fprintf(&b, "\nline %d: %s", l.Line, l.Problem)
	}
	return b.String()
}

// known lists the reasons that have a type of their own.
var known = []struct {
	err    error
	name   string
	status int
}{
	{subject.ErrEvent, "event", http.StatusUnprocessableEntity},
	{subject.ErrBatchSize, "batch-size", http.StatusRequestEntityTooLarge},
	{subject.ErrBatchReused, "batch-reused", http.StatusConflict},
	{subject.ErrNotYetVisible, "not-yet-visible", http.StatusGatewayTimeout},
	{subject.ErrRollback, "rollback", http.StatusServiceUnavailable},
	{subject.ErrLoading, "loading", http.StatusServiceUnavailable},
	{subject.ErrStale, "stale", http.StatusServiceUnavailable},
	{subject.ErrLocked, "locked", http.StatusServiceUnavailable},
	{subject.ErrReadOnly, "read-only", http.StatusServiceUnavailable},
	{subject.ErrStoreFull, "full", http.StatusInsufficientStorage},
	{subject.ErrStoreMissing, "missing", http.StatusServiceUnavailable},
	{subject.ErrStoreCorrupt, "corrupt", http.StatusServiceUnavailable},
	{context.DeadlineExceeded, "timeout", http.StatusGatewayTimeout},
}

const typePrefix = "urn:modicum:state:"

// problemOf turns an error into its problem. What is not known is not shown.
func problemOf(err error) *ProblemError {
	for _, k := range known {
		if errors.Is(err, k.err) {
			return &ProblemError{Type: typePrefix + k.name, Title: k.err.Error(), Status: k.status}
		}
	}
	return &ProblemError{Type: typePrefix + "internal", Title: "the gateway could not do it; its log says why", Status: http.StatusInternalServerError}
}

// Is makes errors.Is of the client's side work as on the gateway's.
func (p *ProblemError) Is(target error) bool {
	for _, k := range known {
		if k.err == target {
			return p.Type == typePrefix+k.name
		}
	}
	return false
}

func (p *ProblemError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", problemJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone, if anything
}
