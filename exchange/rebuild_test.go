package exchange_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What must not reach the upstream does not: the request is built anew from an
// allow-list.
func TestOnlyListedHeadersReachUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	r := get("/v1/customers/17")
	for _, name := range []string{
		"If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
		"Accept", "Accept-Encoding", "Accept-Charset", "Te", "Trailer", "Connection", "Upgrade", "Keep-Alive", "Expect", "Transfer-Encoding",
		"Authorization", "Proxy-Authorization", "Cookie", "Cookie2",
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "True-Client-Ip",
		"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Original-Url", "X-Rewrite-Url", "X-Anything",
		"Prefer", "Cache-Control", "Pragma", "Origin", "Referer", "User-Agent", "Content-Type", "Content-Length", "Content-Encoding",
		"Traceparent", "Tracestate", "Baggage", "Disclosure-Id", "Host", "Sec-Fetch-Mode", "Sec_gpc", "Accept_language",
	} {
		r.Header.Set(name, headerCanary)
	}
	r.Header.Set("Accept-Language", "ja")
	r.Header.Set("Sec-Gpc", "1")
	r.Trailer = http.Header{"X-Trailer": {headerCanary}}
	r.Form, r.PostForm = url.Values{"fields": {headerCanary}}, url.Values{"fields": {headerCanary}}
	r.Close = true
	r.URL.User, r.URL.Fragment, r.URL.Host, r.URL.Scheme = url.User(headerCanary), headerCanary, headerCanary, "gopher"
	if s := w.serve(t, r); s.status != 200 {
		t.Fatal(s.body.String())
	}
	up := w.upstream.asked(t)
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "Accept-Language": {"ja"}, "Sec-Gpc": {"1"},
		"User-Agent": {"modicum"}, "Disclosure-Id": up.Header["Disclosure-Id"],
	}
	if !maps.EqualFunc(up.Header, want, slices.Equal) {
		t.Errorf("upstream got %v", up.Header)
	}
	if len(up.Header["Disclosure-Id"]) != 1 || up.Header.Get("Disclosure-Id") == headerCanary {
		t.Error("the caller has set the disclosure id")
	}
	if up.Trailer != nil || up.Form != nil || up.PostForm != nil || up.MultipartForm != nil || up.TransferEncoding != nil || up.Close {
		t.Errorf("%+v", up)
	}
	if up.URL.String() != "/v1/customers/17" || up.Method != "GET" || up.ContentLength != 0 || up.Body != http.NoBody {
		t.Errorf("%s %s", up.Method, up.URL)
	}
	if strings.Contains(w.ledger.text()+w.logged.String(), headerCanary) {
		t.Error("a header of the request is on record or in the log")
	}
}

// The caller's request stays as it was: others, such as the access log, look at
// it afterwards.
func TestRequestIsNotChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		r.Header.Set("X-Added", "1")
		r.Header["Accept-Language"][0] = "xx"
		r.URL.Path = "/elsewhere"
		return answers(200, one)(rw, r)
	}
	r := request("HEAD", "/v1/customers/17", "Accept-Language", "ja", "X-Mine", "1")
	w.serve(t, r)
	if r.Method != "HEAD" || r.URL.Path != "/v1/customers/17" || r.RequestURI != "/v1/customers/17" ||
		r.Header.Get("X-Mine") != "1" || r.Header.Get("X-Added") != "" || r.Header.Get("Accept-Language") != "ja" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
}
