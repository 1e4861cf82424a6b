package exchange_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestQueryRefused(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{
		"unknown":            "/v1/customers?fields=secret",
		"projection":         "/v1/customers?$select=secret",
		"unknown beside one": "/v1/customers?limit=3&expand=all",
		"repeated":           "/v1/customers?limit=3&limit=4",
		"repeated the same":  "/v1/customers?limit=3&limit=3",
		"differently cased":  "/v1/customers?Limit=3",
		"escaped the same":   "/v1/customers?limit=3&%6cimit=4",
		"of another type":    "/v1/customers?limit=3x",
		"negative":           "/v1/customers?limit=-1",
		"empty value":        "/v1/customers?limit=",
		"no value":           "/v1/customers?limit",
		"no name":            "/v1/customers?=3",
		"semicolon":          "/v1/customers?limit=3;fields=secret",
		"broken escape":      "/v1/customers?q=%zz",
		"cut escape":         "/v1/customers?q=%2",
		"control byte":       "/v1/customers?q=%00",
		"line break":         "/v1/customers?q=a%0d%0ab",
		"not UTF-8":          "/v1/customers?q=%ff",
		"too long":           "/v1/customers?q=" + strings.Repeat("a", 257),
		"none allowed":       "/v1/customers/17?limit=3",
		"id spelt otherwise": "/v1/orders?customer=017",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.serve(t, get(target))
			if got := reason(t, s); got != "probe_refused" || s.status != 403 {
				t.Errorf("%d %s", s.status, got)
			}
			w.upstream.untouched(t)
		})
	}
}

// The query is written anew from what was understood: there is one reading of
// it.
func TestQueryIsWrittenAnew(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                 "/v1/customers",
		"?":                "/v1/customers",
		"?limit=3":         "/v1/customers?limit=3",
		"?q=b&limit=3":     "/v1/customers?limit=3&q=b",
		"?limit=3&":        "/v1/customers?limit=3",
		"?%6cimit=%33":     "/v1/customers?limit=3",
		"?q=a%26limit%3D9": "/v1/customers?q=a%26limit%3D9",
		"?q=a%3bb":         "/v1/customers?q=a%3Bb",
		"?q=%c3%a9":        "/v1/customers?q=%C3%A9",
		"?q=":              "/v1/customers?q=",
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, `{"data":[]}`)
		w.serve(t, get("/v1/customers"+query))
		if up := w.upstream.asked(t); up.RequestURI != want || up.URL.RequestURI() != want {
			t.Errorf("%s became %s", query, up.RequestURI)
		}
	}
}

func TestBodyRefused(t *testing.T) {
	t.Parallel()
	length := get("/v1/customers")
	length.ContentLength = 3
	chunked := get("/v1/customers")
	chunked.ContentLength, chunked.TransferEncoding = -1, []string{"chunked"}
	unknown := request("HEAD", "/v1/customers") // as HTTP/2 tells a body of unknown length
	unknown.ContentLength = -1
	for _, r := range []*http.Request{length, chunked, unknown} {
		w := newWorld(t)
		if s := w.serve(t, r); reason(t, s) != "body_refused" || s.status != 400 {
			t.Error(s.body.String())
		}
		w.upstream.untouched(t)
	}
}
