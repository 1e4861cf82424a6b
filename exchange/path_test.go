package exchange_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// A path has one spelling. Every other is refused before it is matched, because
// the upstream might see another path than the policy does.
func TestPathNotCanonical(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/", "//v1/customers", "/v1//customers", "/v1/customers/", "/v1/customers//17", "/v1/customers/17/",
		"/v1/./customers", "/v1/../v1/customers", "/v1/customers/..", "/v1/customers/%2e%2e/staff", "/v1/%2E/customers",
		"/v1/customers%2f17", "/v1/customers%2F17", "/v1/customers/17%2Forders", "/v1/customers%5c17", `/v1/customers/..%5C17`,
		"/v1/customers/17;a=b", "/v1/customers;jsessionid=1", "/v1/customers/17%3Ba", "/v1/customers/17%3b",
		"/v1/customers/%31%37", "/v1/%63ustomers/17", "/v1/customers/1%37", "/v1/members/a%7Eb", "/v1/members/%e9", "/v1/members/%c3%a9",
		"/v1/customers/17%00", "/v1/customers/17%0a", "/v1/customers/17%0d%0aX", "/v1/members/a%09b", "/v1/members/a%7F", "/v1/members/a%C2%85",
		"/v1/members/%C3%28", "/v1/members/%FF", "/v1/members/%ED%A0%80",
		"/v1/members/a%252fb", "/v1/members/%252e%252e", "/v1/members/a%25", "/v1/members/a%3Fx=1", "/v1/members/a%23b",
		"/v1/members/a(b)", "/v1/members/a!", "/v1/members/a,b",
	} {
		w := newWorld(t)
		s := w.serve(t, get(target))
		if got := reason(t, s); got != "path_not_canonical" || s.status != 400 {
			t.Errorf("%s: %d %s", target, s.status, got)
		}
		w.upstream.untouched(t)
		if d := w.ledger.only(t, ledger.KindRefused).Disclosure; d.Resource.Name != "unmapped" || d.Resource.Route != "" {
			t.Errorf("%s: recorded as %+v", target, d.Resource)
		}
	}
}

// The targets of CONNECT and of OPTIONS * are no paths, and an opaque one none
// either.
func TestTargetIsNoPath(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{
		{Method: "CONNECT", URL: &url.URL{Host: "crm:8080"}},
		{Method: "OPTIONS", URL: &url.URL{Path: "*"}},
		{Method: "GET", URL: &url.URL{Scheme: "http", Opaque: "//crm/v1/customers"}},
	} {
		r.Header = http.Header{"Data-Purpose": {"support.provide"}}
		w := newWorld(t)
		if s := w.serve(t, r); reason(t, s) != "path_not_canonical" {
			t.Errorf("%s %s: %s", r.Method, r.URL, s.body.String())
		}
		w.upstream.untouched(t)
	}
}

func TestPathReachesUpstreamAsItCame(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/v1/customers/17", "/v1/members/a:b", "/v1/members/a@b", "/v1/members/a%20b", "/v1/members/%C3%A9", "/v1/members/a%2Cb",
		"/v1/members/a%28b%29", "/v1/members/...", "/v1/members/a+b=c&d$",
	} {
		w := newWorld(t)
		w.upstream.answer = answers(404, "")
		w.serve(t, get(target))
		if up := w.upstream.asked(t); up.URL.EscapedPath() != target || up.RequestURI != target {
			t.Errorf("%s became %s, %s", target, up.URL.EscapedPath(), up.RequestURI)
		}
	}
}

// What no route of the policy is, nothing is sent for: nor for an id that has
// not the form of its population.
func TestRouteUnmapped(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{
		get("/v1/customer"), get("/v1/customers/17/notes"), get("/V1/customers/17"), get("/v1/Customers"), get("/v2/customers"),
		get("/v1/customers/export/orders"), get("/v1/customers/017/orders"), get("/v1/customers/-17/orders"),
		get("/v1/customers/17.0/orders"), get("/v1/customers/1e3/orders"), get("/v1/customers/a%20b"),
		request("POST", "/v1/customers"), request("DELETE", "/v1/customers/17"), request("OPTIONS", "/v1/customers"),
		request("PROPFIND", "/v1/customers"), request("get", "/v1/customers"),
	} {
		w := newWorld(t)
		if s := w.serve(t, r); reason(t, s) != "route_unmapped" || s.status != 403 {
			t.Errorf("%s %s: %s", r.Method, r.URL, s.body.String())
		}
		w.upstream.untouched(t)
	}
}
