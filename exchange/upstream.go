package exchange

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/modicum-dev/modicum/rules"
)

// Next asks the upstream. It is the rest of the web server's handler chain. An
// upstream that knows no such thing is a status of 404 written to the writer;
// an error means that there is no answer.
type Next func(http.ResponseWriter, *http.Request) error

// ask runs next on the rebuilt request and captures what it answers. A panic
// with [http.ErrAbortHandler] is how a proxy reports that the upstream broke
// off, or that its own request was cancelled by our limit; any other panic goes
// on. What the capture has refused stays refused for its own reason, however
// next ends.
func (c *capture) ask(next Next, r *http.Request) {
	err := recoverAbort(next, c, r)
	switch {
	case c.reason != rules.ReasonNone:
	case errors.Is(err, http.ErrAbortHandler):
		c.refuse(rules.UpstreamUnavailable, causeBrokenOff)
	case err != nil:
		// The text of the error may quote the path of the request.
		c.refuse(rules.UpstreamUnavailable, causeNoAnswer)
	case !c.final:
		c.refuse(rules.UpstreamUnavailable, causeNothingWritten)
	}
}

// recoverAbort turns the panic of a proxy into its error.
func recoverAbort(next Next, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case isAbort(p):
			err = http.ErrAbortHandler
		default:
			panic(p)
		}
	}()
	return next(w, r)
}

func isAbort(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// upstreamHeaders are the request headers that reach the upstream as they came.
// Credentials, cookies, conditions, ranges, forwarding, preferences and
// overrides never do.
var upstreamHeaders = []string{"Accept-Language", "Sec-Gpc"}

// rebuild makes the request that goes upstream: nothing of the caller's is
// forwarded but what is named here. The host and the addresses of the
// connection stay, because a proxy speaks of them to its upstream; the context
// stays because the web server keeps its own in it.
func rebuild(ctx context.Context, r *http.Request, path canonicalPath, query, disclosure string) *http.Request {
	u := &url.URL{Path: path.plain, RawPath: path.escaped, RawQuery: query}
	h := make(http.Header, len(upstreamHeaders)+4)
	for _, name := range upstreamHeaders {
		if v := r.Header[name]; len(v) > 0 {
			h[name] = append([]string(nil), v...)
		}
	}
	h["Accept"] = []string{"application/json"}
	h["Accept-Encoding"] = []string{"identity"}
	h["User-Agent"] = []string{"modicum"}
	h["Disclosure-Id"] = []string{disclosure}

	up := r.WithContext(ctx) // a shallow copy: everything below replaces, nothing changes r
	if r.Method == http.MethodHead {
		// Without the body a subject's state could not be asked, and the
		// status of a HEAD would tell who exists.
		up.Method = http.MethodGet
	}
	up.URL, up.RequestURI, up.Header = u, u.RequestURI(), h
	up.Body, up.GetBody, up.ContentLength = http.NoBody, nil, 0
	up.Trailer, up.TransferEncoding, up.Close = nil, nil, false
	up.Form, up.PostForm, up.MultipartForm = nil, nil, nil
	return up
}
