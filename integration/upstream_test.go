package integration

import (
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// canary stands in everything that the misbehaving upstream says.
const canary = "canary-4f9b"

// newUpstream returns an upstream that answers each customer id in its own wrong
// way. Every answer but the last holds the canary in body and headers.
func newUpstream() *httptest.Server {
	good := `{"id":1001,"object":"customer","name":"` + canary + `","address":{"country":"DE"}}`
	answers := map[string]func(http.ResponseWriter){
		"1": func(w http.ResponseWriter) { // HTML
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>" + canary + "</html>"))
		},
		"2": func(w http.ResponseWriter) { // broken JSON
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(good[:len(good)-4]))
		},
		"3": func(w http.ResponseWriter) { // gzip that nobody asked for
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte(good))
			_ = z.Close()
		},
		"4": func(w http.ResponseWriter) { // a part
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Range", "bytes 0-80/4096")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte(good))
		},
		"5": func(w http.ResponseWriter) { // more than the limit
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":1001,"name":"` + strings.Repeat(canary, 1<<17) + `"}`))
		},
		"6": func(w http.ResponseWriter) { // less than announced
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(good)+100))
			_, _ = w.Write([]byte(good))
		},
		"7": func(w http.ResponseWriter) { // its own failure
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(good))
		},
		"8": func(w http.ResponseWriter) { // a stream
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("data: " + good + "\n\n"))
		},
		"9": func(w http.ResponseWriter) { // nobody by that id
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(good))
		},
		"10": func(w http.ResponseWriter) { // a good answer with bad headers
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":10,"object":"customer","name":"Jo","address":{"country":"DE"},"ssn":"` + canary + `"}`))
		},
		"11": func(w http.ResponseWriter) { // an object where the policy has a value
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":11,"object":"customer","name":{"first":"` + canary + `"},"address":{"country":"DE"}}`))
		},
		"12": func(w http.ResponseWriter) { // somebody with two ids
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":12,"id":1001,"object":"customer","name":"` + canary + `","address":{"country":"DE"}}`))
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, name := range []string{"Etag", "Set-Cookie", "Server-Timing", "X-Internal", "Link", "Traceresponse"} {
			h.Set(name, canary)
		}
		if answer := answers[r.PathValue("id")]; answer != nil {
			answer(w)
			return
		}
		http.NotFound(w, r)
	})
	return httptest.NewServer(mux)
}

// upstreamFile reads a file of the demo's upstream.
func (w *world) upstreamFile(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(w.root, "examples", "software-vendor", "upstream", filepath.FromSlash(path)+".json"))
}
