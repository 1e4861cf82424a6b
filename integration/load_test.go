package integration

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// callers is how many requests the loads keep under way at once.
const callers = 32

// call is a request, and the status that it must be answered with.
type call struct {
	caller, purpose, path string
	status                int
}

// mix is what the loads ask: several callers and purposes, people, lists, hidden
// people, and requests that are refused. The guide of the example says who is who.
var mix = []call{
	{"support-desk", "support.provide", "/v1/customers/1001", 200},
	{"support-desk", "support.provide", "/v1/customers/1002", 200},
	{"support-desk", "support.provide;ref=\"case-812\"", "/v1/customers/1003", 200},
	{"support-desk", "support.provide", "/v1/customers/1005", 404}, // a child
	{"mailer", "newsletter.send", "/v1/customers/1001", 200},
	{"support-desk", "support.provide", "/v1/licences_by_customer", 200},
	{"mailer", "newsletter.send", "/v1/customers/1007", 404}, // objected
	{"support-desk", "newsletter.send", "/v1/customers/1001", 403},
	{"support-desk", "support.provide", "/v1/customers/1001/orders", 200},
	{"back-office", "hr.manage", "/v1/staff/1006", 200},
	{"support-desk", "support.provide", "/v1/customers/1006", 404}, // restricted
	{"support-desk", "support.provide", "/v1/products", 200},
	{"mailer", "newsletter.send", "/v1/customers/1002", 200},
	{"courier", "customer.fulfil", "/v1/customers/1001", 403},
	{"support-desk", "support.provide", "/v1/customers/999999", 404}, // nobody
	{"support-desk", "marketing.profile", "/v1/customers/1009", 200},
	{"analytics", "marketing.profile", "/v1/customers/1008", 404}, // withdrawn
	{"stranger", "support.provide", "/v1/customers/1001", 403},
	{"", "support.provide", "/v1/customers/1001", 401},
	{"support-desk", "support.provide", "/v1/customers", 200},
}

// reply is an answer that was received completely.
type reply struct {
	status int
	id     string // of the disclosure
	header http.Header
	body   []byte
}

// newClient returns a client with connections of its own.
func newClient(keepAlive bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: callers, DisableKeepAlives: !keepAlive, DisableCompression: true},
		Timeout:   time.Minute,
	}
}

// do asks at a base URL. An answer that breaks off, or that is not of the length
// that it announced, is an error.
func (c call) do(ctx context.Context, client *http.Client, base string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+c.path, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	if c.caller != "" {
		req.SetBasicAuth(c.caller, "demo")
	}
	req.Header.Set("Data-Purpose", c.purpose)
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	if resp.ContentLength != int64(len(body)) {
		return reply{}, fmt.Errorf("an answer of %d bytes that announced %d", len(body), resp.ContentLength)
	}
	return reply{status: resp.StatusCode, id: resp.Header.Get("Disclosure-Id"), header: resp.Header, body: body}, nil
}

// drive keeps a number of calls under way until next returns false, which is asked
// for the number of each, and waits for all of them.
func drive(workers int, calls []call, next func() (int, bool), each func(call)) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n, ok := next(); ok; n, ok = next() {
				each(calls[n%len(calls)])
			}
		})
	}
	all.Wait()
}

// demoUpstream is the upstream of the demo in a process that is not killed with
// the gateway.
func demoUpstream(root string) http.Handler {
	var (
		mu    sync.Mutex
		files = make(map[string][]byte)
	)
	w := &world{root: root}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		body, known := files[r.URL.Path]
		if !known {
			var err error
			if body, err = w.upstreamFile(strings.TrimPrefix(filepath.ToSlash(r.URL.Path), "/")); err != nil {
				body = nil
			}
			files[r.URL.Path] = body
		}
		mu.Unlock()
		rw.Header().Set("Content-Type", "application/json")
		if body == nil {
			rw.WriteHeader(http.StatusNotFound)
			body = []byte(`{"error":{"type":"not_found"}}`)
		}
		_, _ = rw.Write(body)
	})
}
