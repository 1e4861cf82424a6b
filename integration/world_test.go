package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

type worldKey struct{}

// world is what one script runs against.
type world struct {
	root, dir string
	collector *collector
	upstream  *httptest.Server
	slow      *httptest.Server // another upstream, of a script; serves holder
	holder    *holder
	begun     chan outcome // the answer of the request that holder keeps

	ports   map[string]*port // by the address in the root Caddyfile
	gateway string           // base URL
	direct  string           // base URL of the demo's upstream
	secure  string           // base URL of the site for client certificates
	admin   string           // base URL of the admin endpoint
	process *process         // nil while none runs
	output  *log             // of the process that was started last
	text    string           // of the Caddyfile that it was started with

	status int
	header http.Header
	body   []byte
}

func (w *world) close() {
	_ = w.stop(syscall.SIGKILL)
	w.collector.server.Close()
	w.upstream.Close()
	if w.slow != nil {
		w.slow.CloseClientConnections() // the holder may keep one
		w.slow.Close()
	}
	for _, p := range w.ports {
		p.release()
	}
}

// loopback finds every address that the root Caddyfile listens on or asks.
var loopback = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// caddyfile returns the root Caddyfile on ports of the world's own. They stay the
// same as long as the world lasts.
func (w *world) caddyfile() (string, error) {
	b, err := os.ReadFile(filepath.Join(w.root, "Caddyfile"))
	if err != nil {
		return "", err
	}
	var failed error
	text := loopback.ReplaceAllStringFunc(string(b), func(address string) string {
		own, err := w.port(address)
		failed = errors.Join(failed, err)
		return own
	})
	if failed != nil {
		return "", failed
	}
	for _, at := range []struct {
		address string
		url     *string
	}{{"127.0.0.1:8080", &w.gateway}, {"127.0.0.1:8081", &w.direct}, {"127.0.0.1:2019", &w.admin}} {
		if w.ports[at.address] == nil {
			return "", fmt.Errorf("the root Caddyfile has no %s", at.address)
		}
		*at.url = "http://" + w.ports[at.address].address
	}
	secure, err := w.port("127.0.0.1:8443")
	if err != nil {
		return "", err
	}
	w.secure = "https://" + secure
	return text, nil
}

// port returns the address that stands for one of the root Caddyfile's.
func (w *world) port(address string) (string, error) {
	if w.ports[address] == nil {
		p, err := reservePort()
		if err != nil {
			return "", fmt.Errorf("reserving a port: %w", err)
		}
		if w.ports == nil {
			w.ports = make(map[string]*port)
		}
		w.ports[address] = p
	}
	return w.ports[address].address, nil
}

// start runs the root Caddyfile on ports of its own. edit changes its text.
func (w *world) start(ctx context.Context, edit func(string) string) error {
	text, err := w.caddyfile()
	if err != nil {
		return err
	}
	if edit != nil {
		text = edit(text)
	}
	w.text = text
	if w.process, err = w.run(ctx, "Caddyfile", text, w.admin); err != nil {
		return err
	}
	return w.process.awaitWelcome(ctx)
}

// errReload is returned for a reload that the gateway refused.
var errReload = errors.New("reload refused")

// reload loads a Caddyfile, also one that changes nothing.
func (w *world) reload(ctx context.Context, text string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.admin+"/load", strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/caddyfile")
	req.Header.Set("Cache-Control", "must-revalidate")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%w: status %d: %s", errReload, resp.StatusCode, b)
	}
	return err
}

// inFrontOf puts the gateway of a Caddyfile in front of another upstream.
func (w *world) inFrontOf(upstream *httptest.Server, text string) string {
	return strings.Replace(text, "reverse_proxy "+strings.TrimPrefix(w.direct, "http://"), "reverse_proxy "+strings.TrimPrefix(upstream.URL, "http://"), 1)
}

// run starts a process with a Caddyfile whose admin endpoint is at admin, and
// returns when it serves.
func (w *world) run(ctx context.Context, name, text, admin string) (*process, error) {
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := startProcess(w.dir, w.collector.server.URL, "run", "--config", name)
	if err != nil {
		return nil, err
	}
	w.output = p.output
	if err := p.awaitStart(ctx, admin); err != nil {
		return nil, errors.Join(err, p.end(syscall.SIGKILL))
	}
	return p, nil
}

// stop ends the process, whatever it then says about its end.
func (w *world) stop(sig syscall.Signal) error {
	if w.process == nil {
		return nil
	}
	p := w.process
	w.process = nil
	err := p.end(sig)
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return nil
	}
	return err
}

// ask sends one request and keeps the answer. An empty caller sends no
// credentials, an empty purpose no purpose.
func (w *world) ask(ctx context.Context, method, caller, purpose, path string, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, method, w.gateway+path, http.NoBody)
	if err != nil {
		return err
	}
	maps.Copy(req.Header, header)
	if caller != "" {
		req.SetBasicAuth(caller, "demo")
	}
	if purpose != "" {
		req.Header["Data-Purpose"] = strings.Split(purpose, "\n")
	}
	return w.exchange(http.DefaultClient, req)
}

// askAgain sends a request without a body, again if its connection was cut off
// before an answer began. That happens to a new connection that comes while a
// reload closes a listener, which is Go's way and Caddy's: nothing of the request
// was served.
func askAgain(client *http.Client, req *http.Request) (*http.Response, error) {
	for tries := 1; ; tries++ {
		resp, err := client.Do(req)
		if err == nil || !cutOff(err) || tries == 20 {
			return resp, err
		}
	}
}

// cutOff reports whether a connection ended before an answer began.
func cutOff(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) }

// exchange sends a request and keeps the answer.
func (w *world) exchange(client *http.Client, req *http.Request) error {
	resp, err := askAgain(client, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	w.status, w.header = resp.StatusCode, resp.Header
	w.body, err = io.ReadAll(resp.Body)
	return err
}
