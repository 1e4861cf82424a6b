package exchange_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
)

// What is refused of an upstream's answer, and how. Every body would be a good
// customer but for the fault, and every one holds canaries.
func TestAnswerRefused(t *testing.T) {
	t.Parallel()
	const bad, status, stream, gone = "response_uninspectable", "upstream_status", "streaming_unsupported", "upstream_unavailable"
	wrote := func(code int, body string, headers ...string) func(http.ResponseWriter, *http.Request) error {
		return answers(code, body, headers...)
	}
	for name, c := range map[string]struct {
		code   int
		reason string
		answer func(http.ResponseWriter, *http.Request) error
	}{
		"content encoding gzip":       {502, bad, wrote(200, one, "Content-Encoding: gzip")},
		"content encoding br":         {502, bad, wrote(200, one, "Content-Encoding: br")},
		"content encoding twice":      {502, bad, wrote(200, one, "Content-Encoding: identity", "Content-Encoding: gzip")},
		"content encoding list":       {502, bad, wrote(200, one, "Content-Encoding: identity, gzip")},
		"content encoding unknown":    {502, bad, wrote(200, one, "Content-Encoding: x")},
		"206":                         {502, bad, wrote(206, one, "Content-Range: bytes 0-1/2")},
		"206 without range":           {502, bad, wrote(206, one)},
		"200 with content range":      {502, bad, wrote(200, one, "Content-Range: bytes 0-1/2")},
		"no media type":               {502, bad, wrote(200, one, "Content-Type")},
		"two media types":             {502, bad, wrote(200, one, "Content-Type: application/json", "content-type: application/json")},
		"media type list":             {502, bad, wrote(200, one, "Content-Type: application/json, text/html")},
		"html":                        {502, bad, wrote(200, "<p>"+bodyCanary, "Content-Type: text/html")},
		"javascript":                  {502, bad, wrote(200, "f("+one+")", "Content-Type: application/javascript")},
		"plain text":                  {502, bad, wrote(200, one, "Content-Type: text/plain")},
		"text/json":                   {502, bad, wrote(200, one, "Content-Type: text/json")},
		"json in the name":            {502, bad, wrote(200, one, "Content-Type: application/jsonx")},
		"broken media type":           {502, bad, wrote(200, one, "Content-Type: application/json;;a=b=c")},
		"multipart":                   {502, bad, wrote(200, one, "Content-Type: multipart/byteranges; boundary=x")},
		"charset latin1":              {502, bad, wrote(200, one, "Content-Type: application/json; charset=iso-8859-1")},
		"charset utf-16":              {502, bad, wrote(200, one, `Content-Type: application/json; charset="utf-16"`)},
		"charset twice":               {502, bad, wrote(200, one, "Content-Type: application/json; charset=utf-8; charset=utf-16")},
		"byte order mark":             {502, bad, wrote(200, "\ufeff"+one)},
		"utf-16":                      {502, bad, wrote(200, "\xff\xfe{\x00}\x00")},
		"broken json":                 {502, bad, wrote(200, one[:len(one)-1])},
		"trailing bytes":              {502, bad, wrote(200, one+"x")},
		"two documents":               {502, bad, wrote(200, one+one)},
		"json with a prefix":          {502, bad, wrote(200, ")]}',\n"+one)},
		"invalid utf-8":               {502, bad, wrote(200, strings.Replace(one, "Ada", "\xff", 1))},
		"empty":                       {502, bad, wrote(200, "")},
		"NaN":                         {502, bad, wrote(200, strings.Replace(one, "17", "NaN", 1))},
		"too deep":                    {502, bad, wrote(200, strings.Repeat("[", 1000)+strings.Repeat("]", 1000))},
		"too long":                    {502, bad, wrote(200, one+strings.Repeat(" ", exchange.DefaultMaxBody))},
		"declared too long":           {502, bad, wrote(200, one, "Content-Length: 99999999999")},
		"too many subjects":           {502, bad, wrote(200, `{"data":[`+strings.Repeat("{},", exchange.DefaultMaxSubjects)+`{}]}`)},
		"event stream":                {501, stream, wrote(200, "data: "+one, "Content-Type: text/event-stream")},
		"event stream with charset":   {501, stream, wrote(200, "data: "+one, "Content-Type: text/event-stream; charset=utf-8")},
		"ndjson":                      {501, stream, wrote(200, one, "Content-Type: application/x-ndjson")},
		"json lines":                  {501, stream, wrote(200, one, "Content-Type: application/jsonl")},
		"json sequence":               {501, stream, wrote(200, one, "Content-Type: application/json-seq")},
		"json sequence by suffix":     {501, stream, wrote(200, one, "Content-Type: application/geo+json-seq")},
		"stream of json":              {501, stream, wrote(200, one, "Content-Type: application/stream+json")},
		"incremental":                 {501, stream, wrote(200, one, "Incremental: ?1")},
		"incremental with parameters": {501, stream, wrote(200, one, "Incremental: ?1;a=b")},
		"101":                         {502, status, wrote(101, one, "Upgrade: websocket", "Connection: Upgrade")},
		"202":                         {502, status, wrote(202, one)},
		"203":                         {502, status, wrote(203, one)},
		"204":                         {502, status, wrote(204, "")},
		"301":                         {502, status, wrote(301, one, "Location: /"+headerCanary)},
		"304":                         {502, status, wrote(304, "", "Etag: "+headerCanary)},
		"401":                         {502, status, wrote(401, one, "Www-Authenticate: "+headerCanary)},
		"403":                         {502, status, wrote(403, one)},
		"409":                         {502, status, wrote(409, one)},
		"410":                         {502, status, wrote(410, one)},
		"423":                         {502, status, wrote(423, one)},
		"429":                         {502, status, wrote(429, one, "Retry-After: 17")},
		"451":                         {502, status, wrote(451, one)},
		"500":                         {502, status, wrote(500, one)},
		"503":                         {502, status, wrote(503, one)},
		"999":                         {502, status, wrote(999, one)},
		"status 0":                    {502, status, wrote(0, one)},
		"400":                         {400, "upstream_refused", wrote(400, `{"error":"`+bodyCanary+`"}`)},
		"404":                         {404, "not_found", wrote(404, `{"error":"`+bodyCanary+`"}`)},
		"nothing written":             {502, gone, func(http.ResponseWriter, *http.Request) error { return nil }},
		"headers alone": {502, gone, func(rw http.ResponseWriter, _ *http.Request) error {
			rw.Header().Set("Content-Type", "application/json")
			return nil
		}},
		"interim answer alone": {502, gone, func(rw http.ResponseWriter, _ *http.Request) error {
			rw.WriteHeader(103)
			return nil
		}},
		"error": {502, gone, func(http.ResponseWriter, *http.Request) error { return errCanary }},
		"error after the answer": {502, gone, func(rw http.ResponseWriter, r *http.Request) error {
			_ = answers(200, one)(rw, r)
			return errCanary
		}},
		"aborted": {502, gone, func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) }},
		"aborted after the answer": {502, gone, func(rw http.ResponseWriter, r *http.Request) error {
			_ = answers(200, one)(rw, r)
			panic(http.ErrAbortHandler)
		}},
		"type only in a trailer": {502, bad, func(rw http.ResponseWriter, _ *http.Request) error {
			rw.WriteHeader(200)
			_, err := io.WriteString(rw, one)
			rw.Header().Set("Content-Type", "application/json")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upstream.answer = c.answer
			target := "/v1/customers/17"
			if name == "too many subjects" {
				target = "/v1/customers"
			}
			s := w.serve(t, get(target))
			if got := reason(t, s); got != c.reason || s.status != c.code {
				t.Errorf("%d %s, want %d %s", s.status, got, c.code, c.reason)
			}
			noTrace(t, s)
			d := w.ledger.only(t, ledger.KindRefused).Disclosure
			if d.Reason != c.reason || d.Status != c.code || len(d.Subjects) != 0 || d.Bytes != 0 {
				t.Errorf("recorded as %+v", d)
			}
			if text := w.ledger.text() + w.logged.String(); strings.Contains(text, "CANARY") || strings.Contains(text, "/17") {
				t.Errorf("content on record or in the log:\n%s", text)
			}
			if len(w.states.observed) != 0 {
				t.Error("something was learnt from an answer that was refused")
			}
		})
	}
}

// What is passed is passed as what it is, under headers of our own.
func TestAnswerPasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mediaType string
		answer    func(http.ResponseWriter, *http.Request) error
	}{
		"json":               {"application/json", answers(200, one)},
		"json, 201":          {"application/json", answers(201, one)},
		"json with charset":  {"application/json", answers(200, one, "Content-Type: Application/JSON; Charset=UTF-8")},
		"json with profile":  {"application/json", answers(200, one, "Content-Type: application/json; profile="+headerCanary)},
		"+json":              {"application/hal+json", answers(200, one, "Content-Type: application/hal+json")},
		"problem+json":       {"application/problem+json", answers(200, one, "Content-Type: application/problem+json")},
		"identity":           {"application/json", answers(200, one, "Content-Encoding: identity")},
		"not incremental":    {"application/json", answers(200, one, "Incremental: ?0")},
		"wrong length":       {"application/json", answers(200, one, "Content-Length: 3")},
		"two lengths":        {"application/json", answers(200, one, "Content-Length: 3", "Content-Length: 999999999999")},
		"length no number":   {"application/json", answers(200, one, "Content-Length: -1")},
		"implicit status":    {"application/json", implicit},
		"written in pieces":  {"application/json", pieces},
		"status twice":       {"application/json", twice},
		"interim answers":    {"application/json", interim},
		"as long as allowed": {"application/json", answers(200, one+strings.Repeat(" ", exchange.DefaultMaxBody-len(one)))},
		"validators": {"application/json", answers(200, one, "Etag: "+headerCanary, "Last-Modified: "+headerCanary, "Content-Md5: "+headerCanary,
			"Digest: "+headerCanary, "Content-Digest: "+headerCanary, "Repr-Digest: "+headerCanary, "Accept-Ranges: bytes", "Age: 17",
			"Expires: "+headerCanary, "Cache-Control: public, max-age=60", "Vary: "+headerCanary)},
		"other headers": {"application/json", answers(200, one, "Location: "+headerCanary, "Link: "+headerCanary, "Server: "+headerCanary,
			"Server-Timing: "+headerCanary, "Traceresponse: "+headerCanary, "Tracestate: "+headerCanary, "Baggage: "+headerCanary,
			"X-Total-Count: 2000", "Content-Disposition: "+headerCanary, "Content-Location: "+headerCanary, "Refresh: "+headerCanary,
			"Clear-Site-Data: "+headerCanary, "Access-Control-Allow-Origin: *", "Alt-Svc: "+headerCanary, "Disclosure-Id: "+headerCanary,
			"Data-Purpose: "+headerCanary, "Connection: close", "Transfer-Encoding: chunked", "Via: "+headerCanary)},
		"trailers": {"application/json", trailers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upstream.answer = c.answer
			s := w.serve(t, get("/v1/customers/17"))
			if s.status != 200 || !minimised.Match(s.body.Bytes()) {
				t.Fatalf("%d %s", s.status, s.body.String())
			}
			rec := w.ledger.only(t, ledger.KindReleased).Disclosure
			holdsHeaders(t, s.sent, map[string]string{
				"Content-Type": c.mediaType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
				"Content-Length": strconv.Itoa(s.body.Len()), "Data-Purpose": "support.provide", "Disclosure-Id": rec.ID,
			})
			if len(s.header) != len(s.sent) {
				t.Errorf("headers after the answer: %v", s.header)
			}
			if rec.Bytes != int64(s.body.Len()) {
				t.Errorf("%d bytes left, %d on record", s.body.Len(), rec.Bytes)
			}
		})
	}
}

func implicit(rw http.ResponseWriter, _ *http.Request) error {
	rw.Header().Set("Content-Type", "application/json")
	_, err := io.WriteString(rw, one)
	return err
}

func pieces(rw http.ResponseWriter, _ *http.Request) error {
	rw.Header().Set("Content-Type", "application/json")
	for i := range len(one) {
		if n, err := io.WriteString(rw, one[i:i+1]); n != 1 || err != nil {
			return errBroken
		}
	}
	return nil
}

func twice(rw http.ResponseWriter, r *http.Request) error {
	err := answers(200, one)(rw, r)
	rw.Header().Set("Content-Type", "text/html")
	rw.WriteHeader(404)
	return err
}

// interim sends two answers before the final one; their headers stay in the
// map, as a proxy leaves them.
func interim(rw http.ResponseWriter, r *http.Request) error {
	rw.Header().Set("Link", headerCanary)
	rw.WriteHeader(103)
	rw.WriteHeader(100)
	return answers(200, one)(rw, r)
}

// trailers leaves trailers in the map in both ways that net/http knows.
func trailers(rw http.ResponseWriter, r *http.Request) error {
	rw.Header().Set("Trailer", "X-Checksum, Content-Type")
	err := answers(200, one)(rw, r)
	rw.Header().Set("X-Checksum", headerCanary)
	rw.Header().Add("Content-Type", headerCanary)
	rw.Header().Set(http.TrailerPrefix+"X-Late", headerCanary)
	return err
}

// Beyond its limit a body is swallowed without an error, and its request is
// cancelled.
func TestOversizeIsSwallowedAndCancelled(t *testing.T) {
	t.Parallel()
	for name, mediaType := range map[string]string{"json": "application/json", "refused already": "text/html"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.MaxBody = 100
			w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
				rw.Header().Set("Content-Type", mediaType)
				chunk := []byte(strings.Repeat(" ", 60))
				for range 3 {
					if n, err := rw.Write(chunk); n != len(chunk) || err != nil {
						t.Errorf("wrote %d, %v", n, err)
					}
				}
				<-r.Context().Done()
				panic(http.ErrAbortHandler) // as a proxy does
			}
			r := get("/v1/customers/17")
			if s := w.serve(t, r); reason(t, s) != "response_uninspectable" {
				t.Error(s.body.String())
			}
			if r.Context().Err() != nil {
				t.Error("the caller's own request was cancelled")
			}
		})
	}
}

// The body of an upstream's error is not kept, and an endless one is cut off.
func TestEndlessErrorIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.MaxBody = 100
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		rw.WriteHeader(404)
		for r.Context().Err() == nil {
			if _, err := rw.Write([]byte(bodyCanary)); err != nil {
				return err
			}
		}
		panic(http.ErrAbortHandler)
	}
	if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "not_found" {
		t.Error(s.body.String())
	}
}
