package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestRemoves(t *testing.T) {
	t.Parallel()
	n := &naive{Remove: []string{"a", "b.c", "d.e.f", "g.h"}}
	for in, want := range map[string]string{
		`{"a":1,"b":{"c":2,"x":12345678901234567890.10},"d":{"e":{}},"g":7}`: `{"b":{"x":12345678901234567890.10},"d":{"e":{}},"g":7}`,
		`{"a":1,"data":[{"a":1,"k":true},{"d":{"e":{"f":1}}},3]}`:            `{"a":1,"data":[{"k":true},{"d":{"e":{}}},3]}`,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		err := n.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			if r.Header.Get("Accept-Encoding") != "identity" {
				t.Error("the upstream may compress")
			}
			_, err := w.Write([]byte(in))
			return err
		}))
		if err != nil || w.Body.String() != want {
			t.Errorf("%s became %s (%v)", in, w.Body, err)
		}
	}
}
