package exchange

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// Next asks the upstream. It is the rest of the web server's handler chain.
type Next func(http.ResponseWriter, *http.Request) error

// ask runs next on the rebuilt request and captures what it answers. A panic
// with [http.ErrAbortHandler] is how a proxy reports that the upstream broke
// off, or that its own request was cancelled by our limit.
func (c *capture) ask(next Next, r *http.Request) (reason rules.Reason) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case isAbort(p):
			reason = rules.UpstreamUnavailable
		default:
			panic(p)
		}
		if c.overflow {
			reason = rules.ResponseUninspectable
		}
	}()
	if err := next(c, r); err != nil {
		return rules.UpstreamUnavailable
	}
	if c.status == 0 {
		return rules.UpstreamUnavailable
	}
	return rules.ReasonNone
}

func isAbort(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// inspectable says whether a captured answer is a complete JSON document that
// may be opened, and otherwise why not. mediaType is what to send it as.
func (c *capture) inspectable() (mediaType string, reason rules.Reason) {
	switch {
	case c.status == http.StatusNotFound:
		return "", rules.NotFound
	case c.status == http.StatusBadRequest:
		return "", rules.UpstreamRefused
	case c.status == http.StatusPartialContent || c.header.Get("Content-Range") != "":
		return "", rules.ResponseUninspectable
	case c.status != http.StatusOK && c.status != http.StatusCreated:
		return "", rules.UpstreamStatus
	}
	for _, encoding := range c.header.Values("Content-Encoding") {
		if !strings.EqualFold(encoding, "identity") {
			return "", rules.ResponseUninspectable
		}
	}
	types := c.header.Values("Content-Type")
	if len(types) != 1 {
		return "", rules.ResponseUninspectable
	}
	mediaType, params, err := mime.ParseMediaType(types[0])
	switch {
	case err != nil:
		return "", rules.ResponseUninspectable
	case mediaType == "text/event-stream", strings.HasSuffix(mediaType, "ndjson"), mediaType == "application/json-seq", c.header.Get("Incremental") == "?1":
		return "", rules.StreamingUnsupported
	case mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json"):
		return "", rules.ResponseUninspectable
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", rules.ResponseUninspectable
	}
	return mediaType, rules.ReasonNone
}

// upstreamHeaders are the request headers that reach the upstream as they came.
// Credentials, cookies, forwarding, preferences and overrides never do.
var upstreamHeaders = []string{"Accept-Language", "Sec-Gpc"}

// rebuild makes the request that goes upstream: nothing of the caller's is
// forwarded but what is named here.
func rebuild(ctx context.Context, r *http.Request, path canonicalPath, query, disclosure string) *http.Request {
	u := *r.URL
	u.Path, u.RawPath, u.RawQuery, u.ForceQuery, u.Fragment, u.User = path.plain, path.escaped, query, false, "", nil
	up := r.Clone(ctx)
	up.URL = &u
	up.RequestURI = u.RequestURI()
	up.Header = make(http.Header, 6)
	for _, name := range upstreamHeaders {
		if v := r.Header.Values(name); len(v) > 0 {
			up.Header[name] = append([]string(nil), v...)
		}
	}
	up.Header.Set("Accept", "application/json")
	up.Header.Set("Accept-Encoding", "identity")
	up.Header.Set("User-Agent", "modicum")
	up.Header.Set("Disclosure-Id", disclosure)
	up.Trailer, up.TransferEncoding = nil, nil
	up.Body, up.ContentLength = http.NoBody, 0
	if r.Method == http.MethodHead {
		// Without the body a subject's state could not be asked, and the
		// status of a HEAD would tell who exists.
		up.Method = http.MethodGet
	}
	return up
}
