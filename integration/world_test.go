package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

type worldKey struct{}

// world is what one script runs against.
type world struct {
	root, dir string
	collector *collector
	upstream  *httptest.Server

	gateway string // base URL
	direct  string // base URL of the demo's upstream
	process *exec.Cmd
	output  *log
	exited  chan error

	status int
	header http.Header
	body   []byte
}

// log is a process's output, readable while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startTimeout bounds how long a gateway may take to answer. It is generous: the
// tests run beside builds.
const startTimeout = time.Minute

func (w *world) close() {
	_ = w.stop(syscall.SIGKILL)
	w.collector.server.Close()
	w.upstream.Close()
}

// freePort returns a loopback address that was free a moment ago.
func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// start runs the root Caddyfile on ports of its own. edit changes its text.
func (w *world) start(ctx context.Context, edit func(string) string) error {
	b, err := os.ReadFile(filepath.Join(w.root, "Caddyfile"))
	if err != nil {
		return err
	}
	text := string(b)
	for _, port := range []string{"127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:2019"} {
		free, err := freePort(ctx)
		if err != nil {
			return err
		}
		text = strings.ReplaceAll(text, port, free)
		switch port {
		case "127.0.0.1:8080":
			w.gateway = "http://" + free
		case "127.0.0.1:8081":
			w.direct = "http://" + free
		}
	}
	if edit != nil {
		text = edit(text)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "Caddyfile"), []byte(text), 0o600); err != nil {
		return err
	}
	w.output = new(log)
	w.process = exec.Command(binary, "run") //nolint:noctx // it outlives the command of the script that starts it
	w.process.Dir = w.dir
	w.process.Env = append(os.Environ(), "HOME="+w.dir, "XDG_CONFIG_HOME="+w.dir, "XDG_DATA_HOME="+w.dir, "OTEL_EXPORTER_OTLP_ENDPOINT="+w.collector.server.URL)
	w.process.Stdout, w.process.Stderr = w.output, w.output
	if err := w.process.Start(); err != nil {
		return err
	}
	w.exited = make(chan error, 1)
	go func(p *exec.Cmd, exited chan<- error) { exited <- p.Wait() }(w.process, w.exited)
	return w.awaitStart(ctx)
}

// awaitStart polls until the gateway answers as itself.
func (w *world) awaitStart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.gateway+"/", http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			// Apps start in no particular order: the site may answer before
			// the gateway's stores are open.
			if resp.StatusCode == http.StatusUnauthorized && strings.Contains(w.output.String(), "Modicum is running") {
				return nil
			}
		}
		select {
		case err := <-w.exited:
			w.process = nil
			return errors.Join(fmt.Errorf("the gateway ended:\n%s", w.output.String()), err)
		case <-ctx.Done():
			return fmt.Errorf("the gateway did not come up:\n%s", w.output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (w *world) stop(sig syscall.Signal) error {
	if w.process == nil {
		return nil
	}
	p := w.process
	w.process = nil
	if err := p.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-w.exited:
		// A process that was killed, or that ended on a signal, says so.
		if _, ended := errors.AsType[*exec.ExitError](err); ended {
			return nil
		}
		return err
	case <-time.After(startTimeout):
		return errors.Join(errors.New("the gateway did not stop"), p.Process.Kill())
	}
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
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	w.status, w.header = resp.StatusCode, resp.Header
	w.body, err = io.ReadAll(resp.Body)
	return err
}
