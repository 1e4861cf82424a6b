package integration

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// startWorld runs the demo with another upstream behind the gateway.
func startWorld(t *testing.T, upstream http.Handler) *world {
	t.Helper()
	w := newWorld(t, upstream)
	w.restart(t)
	return w
}

// newWorld is a world in which nothing runs yet.
func newWorld(t *testing.T, upstream http.Handler) *world {
	t.Helper()
	w := &world{root: mustAbs(t), dir: t.TempDir(), collector: newCollector(), upstream: httptest.NewServer(upstream)}
	t.Cleanup(func() {
		if t.Failed() && w.process != nil {
			t.Logf("the gateway %s and said:\n%s", w.process.state(), w.output)
		}
		w.close()
	})
	return w
}

// restart starts the gateway in front of the world's own upstream.
func (w *world) restart(t *testing.T) {
	t.Helper()
	if err := w.start(t.Context(), w.ownUpstream); err != nil {
		t.Fatal(err)
	}
}

// ownUpstream puts the gateway of a Caddyfile in front of the world's upstream,
// and reads the example where it is.
func (w *world) ownUpstream(text string) string {
	text = strings.ReplaceAll(text, "examples/", filepath.Join(w.root, "examples")+"/")
	return w.inFrontOf(w.upstream, text)
}

// support asks as the support vendor and wants a status.
func (w *world) support(t *testing.T, path string, status int) {
	t.Helper()
	if err := w.ask(t.Context(), http.MethodGet, "support-desk", "support.provide", path, nil); err != nil {
		t.Fatal(err)
	}
	if w.status != status {
		t.Fatalf("%s: status %d, want %d\n%s", path, w.status, status, w.body)
	}
}

func TestReleasedValuesAreTheBytesThatUpstreamSent(t *testing.T) {
	t.Parallel()
	list, err := (&world{root: mustAbs(t)}).upstreamFile("v1/customers")
	if err != nil {
		t.Fatal(err)
	}
	w := startWorld(t, jsonHandler(func(string) []byte { return list }))
	w.support(t, "/v1/customers", http.StatusOK)

	upstream := make(map[string]gjson.Result)
	gjson.GetBytes(list, "data").ForEach(func(_, c gjson.Result) bool {
		upstream[c.Get("id").Raw] = c
		return true
	})
	people, values := 0, 0
	gjson.GetBytes(w.body, "data").ForEach(func(_, got gjson.Result) bool {
		people++
		want := upstream[got.Get("id").Raw]
		leaves(got, "", func(path string, v gjson.Result) {
			if path == "email" {
				if !strings.HasSuffix(v.Str, "@pseudonym.invalid") {
					t.Errorf("customer %s: the e-mail is no token", got.Get("id").Raw)
				}
				return
			}
			values++
			if original := want.Get(path); original.Raw != v.Raw {
				t.Errorf("customer %s, %s: %s, upstream sent %s", got.Get("id").Raw, path, v.Raw, original.Raw)
			}
		})
		return true
	})
	if people < 100 || values < 1000 {
		t.Fatalf("only %d people with %d values were compared", people, values)
	}
}

// leaves visits every scalar of a document with its path.
func leaves(v gjson.Result, path string, visit func(string, gjson.Result)) {
	if !v.IsObject() && !v.IsArray() {
		visit(path, v)
		return
	}
	n := 0
	v.ForEach(func(key, e gjson.Result) bool {
		name := gjson.Escape(key.Str)
		if v.IsArray() {
			name = strconv.Itoa(n)
		}
		n++
		if path != "" {
			name = path + "." + name
		}
		leaves(e, name, visit)
		return true
	})
}

func TestAWithheldMemberLeavesNoTrace(t *testing.T) {
	t.Parallel()
	record, err := (&world{root: mustAbs(t)}).upstreamFile("v1/customers/1001")
	if err != nil {
		t.Fatal(err)
	}
	var body atomic.Pointer[[]byte]
	body.Store(&record)
	w := startWorld(t, jsonHandler(func(string) []byte { return *body.Load() }))
	w.support(t, "/v1/customers/1001", http.StatusOK)
	want := bytes.Clone(w.body)

	// Whatever upstream holds in a place that the vendor does not get, the
	// vendor sees the same bytes.
	for _, path := range []string{"date_of_birth", "address.line1", "preferences", "payment", "internal_notes", "risk.score", "usage.counters", "ssn"} {
		for _, edit := range []func([]byte) ([]byte, error){
			func(b []byte) ([]byte, error) { return sjson.DeleteBytes(b, path) },
			func(b []byte) ([]byte, error) { return sjson.SetRawBytes(b, path, []byte("null")) },
			func(b []byte) ([]byte, error) { return sjson.SetBytes(b, path, "") },
		} {
			if path == "date_of_birth" && gjson.GetBytes(record, path).Str == "" {
				t.Fatal("the record has no birth date to withhold")
			}
			edited, err := edit(bytes.Clone(record))
			if err != nil {
				t.Fatal(err)
			}
			body.Store(&edited)
			w.support(t, "/v1/customers/1001", http.StatusOK)
			if !bytes.Equal(w.body, want) {
				t.Errorf("%s shows:\n%s\n%s", path, w.body, want)
			}
		}
	}
}

// TestAnAgeSeenOnOneRouteCountsOnAnother: the orders of a child carry no birth
// date. Once its customer record was seen, they are not disclosed either.
func TestAnAgeSeenOnOneRouteCountsOnAnother(t *testing.T) {
	t.Parallel()
	const id = "90017"
	w := startWorld(t, jsonHandler(func(path string) []byte {
		if strings.HasSuffix(path, "/orders") {
			return []byte(`{"object":"list","has_more":false,"data":[{"id":"ord_1","object":"order","customer":` + id + `,"total":1}]}`)
		}
		return []byte(`{"id":` + id + `,"object":"customer","name":"K","date_of_birth":"2020-02-29","address":{"country":"JP"}}`)
	}))
	w.support(t, "/v1/customers/"+id+"/orders", http.StatusOK) // nothing is known yet
	w.support(t, "/v1/customers/"+id, http.StatusNotFound)
	w.support(t, "/v1/customers/"+id+"/orders", http.StatusNotFound)

	// It is remembered durably, not only in memory.
	if err := w.stop(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.restart(t)
	w.support(t, "/v1/customers/"+id+"/orders", http.StatusNotFound)
}

func jsonHandler(body func(path string) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body(r.URL.Path))
	})
}

func mustAbs(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
