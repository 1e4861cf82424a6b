package caddymodule

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestNotFoundAsAnErrorIsAnAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		fails  bool
	}{
		"file_server's 404": {err: caddyhttp.Error(http.StatusNotFound, errors.New("no such file")), status: http.StatusNotFound},
		"no connection":     {err: caddyhttp.Error(http.StatusBadGateway, errors.New("refused")), fails: true},
		"another error":     {err: errors.New("broken"), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			w.Code = 0
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			err := asUpstream(caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return c.err }))(w, r)
			if (err != nil) != c.fails || w.Code != c.status {
				t.Errorf("status %d, error %v; want %d, %v", w.Code, err, c.status, c.fails)
			}
		})
	}
}
