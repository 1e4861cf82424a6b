package integration

import (
	"net/http"
	"testing"
)

// holder is an upstream that keeps the requests for one path until told, once.
type holder struct {
	next  http.Handler
	path  string
	asked chan struct{} // gets one for each request that is held
	free  chan struct{} // closed to let them go
}

func newHolder(next http.Handler, path string) *holder {
	return &holder{next: next, path: path, asked: make(chan struct{}, 1), free: make(chan struct{})}
}

func (h *holder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == h.path {
		select {
		case <-h.free:
		case h.asked <- struct{}{}:
			select {
			case <-h.free:
			case <-r.Context().Done():
			}
		}
	}
	h.next.ServeHTTP(w, r)
}

// hold asks for the path that is held, and returns when upstream has been asked.
func (h *holder) hold(t *testing.T, c call, base string) <-chan outcome {
	t.Helper()
	done := make(chan outcome, 1)
	go func() {
		r, err := c.do(t.Context(), newClient(false), base)
		done <- outcome{r, err}
	}()
	select {
	case <-h.asked:
	case o := <-done:
		t.Fatalf("upstream was not asked: %d %v", o.status, o.err)
	}
	return done
}

// outcome is what became of a request.
type outcome struct {
	reply
	err error
}

// supported is a request that the support vendor makes.
func supported(path string) call { return call{"support-desk", "support.provide", path, 200} }
