package exchange_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// The writer that an upstream's handler gets leads nowhere but into the capture.
func TestWriterHasNoWayOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		if _, ok := rw.(interface{ Unwrap() http.ResponseWriter }); ok {
			t.Error("Unwrap")
		}
		if _, ok := rw.(http.Hijacker); ok {
			t.Error("Hijack")
		}
		if _, ok := rw.(http.Pusher); ok {
			t.Error("Push")
		}
		if _, ok := rw.(io.ReaderFrom); ok {
			t.Error("ReadFrom")
		}
		if _, ok := rw.(http.CloseNotifier); ok { //nolint:staticcheck // deprecated, and a way to the connection all the same
			t.Error("CloseNotify")
		}
		c := http.NewResponseController(rw)
		if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("hijacked: %v", err)
		}
		if err := c.EnableFullDuplex(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("full duplex: %v", err)
		}
		err := answers(200, one)(rw, r)
		if err := c.Flush(); err != nil {
			t.Errorf("FlushError: %v", err)
		}
		if f, ok := rw.(http.Flusher); ok {
			f.Flush()
		} else {
			t.Error("a proxy that flushes would fail")
		}
		if events := w.trace.list(); len(events) != 0 {
			t.Errorf("flushing reached the client: %q", events)
		}
		return err
	}
	if s := w.serve(t, get("/v1/customers/17")); s.status != 200 {
		t.Error(s.body.String())
	}
}

// A handler that keeps its writer beyond its return reaches nothing any more.
func TestWriterEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var kept http.ResponseWriter
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		kept = rw
		return answers(200, one)(rw, r)
	}
	w.serve(t, get("/v1/customers/17"))
	w.upstream.answer = func(rw http.ResponseWriter, _ *http.Request) error {
		rw.Header().Set("Content-Type", "application/json")
		if _, err := io.WriteString(rw, `[{"sku":"a",`); err != nil {
			t.Error(err)
		}
		if n, err := kept.Write([]byte(bodyCanary)); n != len(bodyCanary) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		_, err := io.WriteString(rw, `"name":"b"}]`)
		return err
	}
	if s := w.serve(t, get("/v1/products")); s.body.String() != `[{"sku":"a","name":"b"}]` {
		t.Error(s.body.String())
	}
}

// A panic that is no proxy's way to abort goes on, and nothing was sent.
func TestOtherPanicsPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		_ = answers(200, one)(rw, r)
		panic(errBroken)
	}
	out := &spy{header: make(http.Header), trace: w.trace}
	func() {
		defer func() {
			if p := recover(); p != any(errBroken) {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = w.gateway.Serve(out, get("/v1/customers/17"), "crm", caller, w.upstream.serve)
	}()
	if out.status != 0 || out.body.Len() != 0 || len(out.header) != 0 {
		t.Errorf("something was sent: %d %s", out.status, out.body.String())
	}
	if len(w.ledger.records) != 0 {
		t.Errorf("records: %v", kinds(w.ledger.records))
	}
	w.upstream.answer = answers(200, one)
	if s := w.serve(t, get("/v1/customers/17")); s.status != 200 { // the gateway goes on
		t.Error(s.body.String())
	}
	w.ledger.only(t, ledger.KindReleased)
}
