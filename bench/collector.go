package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// collector receives spans over OTLP/HTTP and throws them away: what a
// collector does with them is not measured.
type collector struct {
	server  http.Server
	url     string
	batches atomic.Int64
}

func startCollector(ctx context.Context) (*collector, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &collector{url: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n == 0 {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		c.batches.Add(1)
		// No bytes are the protocol's message without members: all accepted.
		w.Header().Set("Content-Type", "application/x-protobuf")
	})
	c.server.Handler, c.server.ReadHeaderTimeout = mux, time.Minute
	go func() { _ = c.server.Serve(l) }() // it ends with close
	return c, nil
}

func (c *collector) close() { _ = c.server.Close() }

var errNoSpans = errors.New("modicum has exported no spans, so it was not measured with all it does")

// check fails if nothing has come.
func (c *collector) check() error {
	if c.batches.Load() == 0 {
		return errNoSpans
	}
	return nil
}
