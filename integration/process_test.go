package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTimeout bounds how long a gateway may take to answer or to end. It is
// generous: the tests run beside builds.
const startTimeout = time.Minute

// process is one run of the binary.
type process struct {
	cmd    *exec.Cmd
	output *log
	ended  chan struct{} // closed when it has
	err    error         // how it ended; valid then
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

// startProcess runs the binary in dir; its spans go to collector.
func startProcess(dir, collector string, args ...string) (*process, error) {
	p := &process{output: new(log), ended: make(chan struct{})}
	p.cmd = exec.Command(binary, args...) //nolint:noctx // it outlives the command of the script that starts it
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// awaitStart polls the admin endpoint: it shows a configuration once every app of
// it has started. The site itself does not tell, it may be served by another
// process, or before the gateway's stores are open.
func (p *process) awaitStart(ctx context.Context, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if b, err := fetch(ctx, admin+"/config/apps/http"); err == nil && !bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.Join(fmt.Errorf("the gateway ended:\n%s", p.output), p.err)
		case <-ctx.Done():
			return fmt.Errorf("the gateway did not come up:\n%s", p.output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// awaitWelcome waits for the welcome text. What it tells its reader to try must
// work at once.
func (p *process) awaitWelcome(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !strings.Contains(p.output.String(), "Modicum is running") {
		select {
		case <-p.ended:
			return errors.Join(fmt.Errorf("the gateway ended:\n%s", p.output), p.err)
		case <-ctx.Done():
			return fmt.Errorf("the gateway did not say that it runs:\n%s", p.output)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// fetch returns the body of a 200.
func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", url, resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// state says whether the process runs, for a test that failed.
func (p *process) state() string {
	select {
	case <-p.ended:
		return fmt.Sprintf("ended (%v)", p.err)
	default:
		return "runs"
	}
}

// end sends a signal and waits. Its error says how the process ended: nil means
// with code 0, an [exec.ExitError] means otherwise.
func (p *process) end(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return p.err
	case <-time.After(startTimeout):
		return errors.Join(errors.New("the gateway did not stop"), p.cmd.Process.Kill())
	}
}
