package exchange_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// upstream is the next handler: it records what reached it.
type upstream struct {
	answer func(http.ResponseWriter, *http.Request) error

	mu   sync.Mutex
	seen []*http.Request
}

func (u *upstream) serve(w http.ResponseWriter, r *http.Request) error {
	u.mu.Lock()
	u.seen = append(u.seen, r)
	u.mu.Unlock()
	if u.answer == nil {
		return errBroken
	}
	return u.answer(w, r)
}

// asked returns the one request that reached the upstream.
func (u *upstream) asked(t *testing.T) *http.Request {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seen) != 1 {
		t.Fatalf("upstream was asked %d times, want once", len(u.seen))
	}
	return u.seen[0]
}

func (u *upstream) untouched(t *testing.T) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seen) != 0 {
		t.Errorf("%s %s reached the upstream", u.seen[0].Method, u.seen[0].RequestURI)
	}
}

// The canaries stand in everything that an upstream sends and must not be seen.
const (
	bodyCanary   = "CANARY-BODY"
	headerCanary = "CANARY-HEADER"
)

// answers is an upstream that answers with JSON, a status and headers, each
// "Name: value".
func answers(status int, body string, headers ...string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("X-Upstream", headerCanary)
		h.Set("Set-Cookie", headerCanary)
		for _, line := range headers {
			name, value, ok := strings.Cut(line, ": ")
			if !ok {
				h.Del(line)
				continue
			}
			if name == "Content-Type" {
				h.Del(name)
			}
			h.Add(name, value)
		}
		w.WriteHeader(status)
		_, err := io.WriteString(w, body)
		return err
	}
}

// one is a customer as the upstream stores it.
const one = `{"id":17,"object":"customer","name":"Ada","email":"ada@example.com","secret":"` + bodyCanary + `","address":{"country":"JP"},"notes":"` + bodyCanary + `"}`

var errBroken = errors.New("broken")

// errCanary quotes a path, as errors of proxies do.
var errCanary = errors.New("get http://crm/v1/customers/17: " + bodyCanary)
