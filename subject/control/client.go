package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/modicum-dev/modicum/subject"
)

// Client talks to the gateway that holds a state store.
type Client struct{ http *http.Client }

// NewClient returns a client of the socket at path ([SocketPath]). It connects
// at the first call.
func NewClient(path string) *Client {
	var dialer net.Dialer
	return &Client{&http.Client{
		Timeout: 2 * DefaultTimeout,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", path)
			},
			DisableKeepAlives: true, // a command makes a call or two
		},
	}}
}

// Record records events together or not at all and returns when the gateway
// obeys them. batch makes it idempotent ([subject.Batch]); it may be empty.
// Errors: [ErrNoGateway], or a [*ProblemError], which is also the error of package
// subject that it stands for.
func (c *Client) Record(ctx context.Context, batch string, events []subject.Envelope) (subject.Position, error) {
	var body []byte
	for i := range events {
		body = append(subject.AppendEnvelope(body, &events[i]), '\n')
	}
	return c.RecordLines(ctx, batch, bytes.NewReader(body))
}

// RecordLines is Record for events that are NDJSON already; a [*ProblemError] counts
// their lines.
func (c *Client) RecordLines(ctx context.Context, batch string, lines io.Reader) (subject.Position, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://modicum/events", lines)
	if err != nil {
		return subject.Position{}, err
	}
	req.Header.Set("Content-Type", ndjson)
	if batch != "" {
		req.Header.Set(batchHeader, batch)
	}
	var r receipt
	if err := c.do(req, &r); err != nil {
		return subject.Position{}, err
	}
	return subject.ParsePosition(r.Store, r.Seq, r.Head)
}

// Show returns what is known of a subject, or was at a time; the zero time is
// now. Errors are those of Record.
func (c *Client) Show(ctx context.Context, population, id string, asOf time.Time) (*subject.Summary, error) {
	q := url.Values{"population": {population}, "id": {id}}
	if !asOf.IsZero() {
		q.Set("as_of", asOf.UTC().Format(time.RFC3339Nano))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://modicum/subject?"+q.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	s := new(subject.Summary)
	if err := c.do(req, s); err != nil {
		return nil, err
	}
	return s, nil
}

// do makes a call. Errors of the transport hold the address asked, and with it
// an id: they are replaced.
func (c *Client) do(req *http.Request, into any) error {
	resp, err := c.http.Do(req)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNoGateway
	case err != nil:
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return fmt.Errorf("asking the gateway: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	dec := json.NewDecoder(io.LimitReader(resp.Body, DefaultMaxBody))
	if resp.StatusCode != http.StatusOK {
		p := new(ProblemError)
		if err := dec.Decode(p); err != nil || p.Type == "" {
			return fmt.Errorf("the gateway answered with status %d", resp.StatusCode)
		}
		return p
	}
	if err := dec.Decode(into); err != nil {
		return errors.New("the gateway's answer is not understood")
	}
	return nil
}
