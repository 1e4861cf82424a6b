// Command naive is Caddy with the handler that one writes first: let the proxy
// write into a buffer, decode the JSON into maps, delete members, encode.
package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func main() {
	caddy.RegisterModule(naive{})
	httpcaddyfile.RegisterHandlerDirective("naive", parse)
	httpcaddyfile.RegisterDirectiveOrder("naive", httpcaddyfile.After, "encode")
	caddycmd.Main()
}

// naive removes members of the upstream's object, or of every object in its
// member "data".
type naive struct {
	Remove []string `json:"remove"`
}

// CaddyModule implements [caddy.Module].
func (naive) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.naive", New: func() caddy.Module { return new(naive) }}
}

func parse(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next() // the directive's name
	return &naive{Remove: h.RemainingArgs()}, nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ServeHTTP implements [caddyhttp.MiddlewareHandler].
func (n *naive) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	buffer, ok := buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	defer buffers.Put(buffer)
	buffer.Reset()
	r.Header.Set("Accept-Encoding", "identity")
	answer := caddyhttp.NewResponseRecorder(w, buffer, func(int, http.Header) bool { return true })
	if err := next.ServeHTTP(answer, r); err != nil || !answer.Buffered() {
		return err
	}
	decoder := json.NewDecoder(buffer)
	decoder.UseNumber() // a float64 would change what it cannot hold
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		return caddyhttp.Error(http.StatusBadGateway, err)
	}
	n.remove(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		return caddyhttp.Error(http.StatusBadGateway, err)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(answer.Status())
	_, err = w.Write(out)
	return err
}

func (n *naive) remove(doc map[string]any) {
	if list, ok := doc["data"].([]any); ok {
		for _, e := range list {
			if element, ok := e.(map[string]any); ok {
				n.remove(element)
			}
		}
		return
	}
	for _, path := range n.Remove {
		from := doc
		for {
			head, rest, deeper := strings.Cut(path, ".")
			if !deeper {
				delete(from, head)
				break
			}
			inner, ok := from[head].(map[string]any)
			if !ok {
				break
			}
			from, path = inner, rest
		}
	}
}
