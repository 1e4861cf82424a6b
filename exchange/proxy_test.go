package exchange_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// proxied puts the gateway between a real client and a real proxy to a real
// upstream. It returns the gateway's address.
func proxied(t *testing.T, w *world, upstream http.Handler) string {
	t.Helper()
	return fronted(t, w, serverOf(t, upstream))
}

func serverOf(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func fronted(t *testing.T, w *world, upstream string) string {
	t.Helper()
	target, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	next := func(rw http.ResponseWriter, r *http.Request) error {
		var failed error
		proxy := &httputil.ReverseProxy{
			Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(target) },
			FlushInterval: -1,
			ErrorLog:      stdlog.New(io.Discard, "", 0),
			ErrorHandler:  func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
		}
		proxy.ServeHTTP(rw, r)
		return failed
	}
	return serverOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.gateway.Serve(rw, r, "crm", caller, next); err != nil {
			t.Error(err)
		}
	}))
}

// got is an answer as a real client sees it.
type got struct {
	status   int
	header   http.Header
	trailer  http.Header
	encoding []string
	length   int64
	body     string
}

// ask sends a request with a purpose.
func ask(ctx context.Context, t *testing.T, method, target string) got {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Data-Purpose", "support.provide")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(res.Body)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{res.StatusCode, res.Header, res.Trailer, res.TransferEncoding, res.ContentLength, string(body)}
}

func closeQuietly(c io.Closer) { _ = c.Close() }

func jsonHeader(rw http.ResponseWriter) { rw.Header().Set("Content-Type", "application/json") }

// Interim answers of an upstream end at the gateway with their headers.
func TestInterimAnswersAreSwallowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Link", headerCanary)
		rw.WriteHeader(http.StatusEarlyHints)
		rw.WriteHeader(http.StatusProcessing)
		jsonHeader(rw)
		_, _ = io.WriteString(rw, one)
	}))
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		t.Errorf("the client got %d with %v", code, h)
		return nil
	}})
	if res := ask(ctx, t, "GET", address+"/v1/customers/17"); res.status != 200 || res.header.Get("Link") != "" || !minimised.MatchString(res.body) {
		t.Errorf("%+v", res)
	}
}

func TestTrailersAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		jsonHeader(rw)
		rw.Header().Set("Trailer", "X-Announced")
		_, _ = io.WriteString(rw, one)
		rw.Header().Set("X-Announced", headerCanary)
		rw.Header().Set(http.TrailerPrefix+"X-Late", headerCanary)
	}))
	res := ask(t.Context(), t, "GET", address+"/v1/customers/17")
	if res.status != 200 || len(res.trailer) != 0 || len(res.encoding) != 0 || res.length != int64(len(res.body)) || strings.Contains(fmt.Sprint(res), headerCanary) {
		t.Errorf("%+v", res)
	}
}

// A stream is refused by its headers: an upstream that would never end does not
// hold its caller, and is told to stop.
func TestEndlessStreamIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{"text/event-stream", "application/x-ndjson", "text/plain"} {
		t.Run(mediaType, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stopped := make(chan struct{})
			address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				defer close(stopped)
				rw.Header().Set("Content-Type", mediaType)
				_, _ = io.WriteString(rw, "data: "+bodyCanary+"\n\n")
				_ = http.NewResponseController(rw).Flush()
				<-r.Context().Done()
			}))
			res := ask(t.Context(), t, "GET", address+"/v1/customers")
			want := http.StatusNotImplemented
			if mediaType == "text/plain" {
				want = http.StatusBadGateway
			}
			if res.status != want || strings.Contains(res.body, bodyCanary) {
				t.Errorf("%+v", res)
			}
			<-stopped
		})
	}
}

func TestSwitchingProtocolsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || r.Header.Get("Connection") != "" {
			t.Errorf("the upstream was asked to upgrade: %v", r.Header)
		}
		rw.Header().Set("Connection", "Upgrade")
		rw.Header().Set("Upgrade", "websocket")
		rw.WriteHeader(http.StatusSwitchingProtocols)
	}))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(conn)
	_, err = io.WriteString(conn, "GET /v1/customers/17 HTTP/1.1\r\nHost: x\r\nData-Purpose: support.provide\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(res.Body)
	if res.StatusCode != http.StatusBadGateway {
		t.Errorf("%d", res.StatusCode)
	}
}

// rawUpstream answers every connection with the same bytes and closes it.
func rawUpstream(t *testing.T, answer string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer closeQuietly(conn)
				if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_ = r.Body.Close()
					_, _ = io.WriteString(conn, answer)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// An upstream that breaks off, lies about its length or speaks no HTTP gets its
// caller a problem and never half an answer.
func TestBrokenUpstreams(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, answer := range map[string]string{
		"breaks off":        head + "Content-Length: 500\r\n\r\n" + one,
		"breaks off chunks": head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n",
		"two lengths":       head + "Content-Length: 3\r\nContent-Length: 500\r\n\r\n" + one,
		"length too short":  head + "Content-Length: 20\r\n\r\n" + one,
		"length no number":  head + "Content-Length: x\r\n\r\n" + one,
		"no answer":         "",
		"no HTTP":           bodyCanary,
		"closes in headers": "HTTP/1.1 200 OK\r\nContent-Ty",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			res := ask(t.Context(), t, "GET", fronted(t, w, rawUpstream(t, answer))+"/v1/customers/17")
			if res.status != http.StatusBadGateway || res.header.Get("Content-Type") != "application/problem+json" || strings.Contains(res.body, "Ada") {
				t.Errorf("%+v", res)
			}
			w.ledger.only(t, ledger.KindRefused)
		})
	}
}

// Too much is told by a problem as well, not by a connection that is cut.
func TestOversizeBehindProxy(t *testing.T) {
	t.Parallel()
	for name, declared := range map[string]bool{"declared": true, "chunked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.MaxBody = 1 << 16
			address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				jsonHeader(rw)
				body := `"` + strings.Repeat("x", 1<<20) + `"`
				if declared {
					rw.Header().Set("Content-Length", fmt.Sprint(len(body)))
				}
				_, _ = io.WriteString(rw, body)
			}))
			if res := ask(t.Context(), t, "GET", address+"/v1/customers"); res.status != 502 || !strings.Contains(res.body, "response_uninspectable") {
				t.Errorf("%+v", res)
			}
		})
	}
}

// A HEAD over the wire has no length and no body, whatever it is about.
func TestHeadBehindProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := proxied(t, w, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("the upstream was asked with %s", r.Method)
		}
		jsonHeader(rw)
		_, _ = io.WriteString(rw, one)
	}))
	res := ask(t.Context(), t, "HEAD", address+"/v1/customers/17")
	if res.status != 200 || res.body != "" || res.length != -1 || res.header.Get("Content-Length") != "" || len(res.encoding) != 0 {
		t.Errorf("%+v", res)
	}
}
