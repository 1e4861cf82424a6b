package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"
)

// A kind is one way to serve the upstream's bodies. prepare writes what its
// program reads into the folder of the contestant, and returns how it is
// started there.
type kind struct {
	name    string
	removes bool // or answers as the upstream does
	prepare func(context.Context, *contestant) (launch, error)
}

// kinds are the contestants, the reference first.
var kinds = []kind{plain, modicum, nginxLua, krakend, naive}

// launch is how a program is started.
type launch struct {
	args []string
	env  []string // besides the harness's own
}

// contestant is a kind that was set up.
type contestant struct {
	kind
	*site
	dir     string // its working directory
	address string // host:port where it answers

	process *process
	seen    uint64 // how many answers of 200 were read of it
}

// site is what contestants share.
type site struct {
	root      string // of the repository
	upstream  string // host:port
	policy    string
	subjects  int
	collector string // base URL
	admin     string // host:port of modicum's admin endpoint
	tools     tools
	programs  map[string]string // what build made
	work      string
}

//go:embed config
var configs embed.FS

// configure writes a template of the folder config into the contestant's folder.
func configure(dir, name string, data any) error {
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600)
}

// tags keep Caddy's optional storage and database drivers out, as in every
// build of the project.
const tags = "nobadger,nomysql,nopgx"

// build makes a program of this tree once and returns its path. Folders are
// relative to the root; a module of its own is built where it is.
func (s *site) build(ctx context.Context, folder string) (string, error) {
	if made, ok := s.programs[folder]; ok {
		return made, nil
	}
	made := filepath.Join(s.work, "bin", strings.ReplaceAll(folder, "/", "-"))
	c := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", made, ".")
	c.Dir, c.Stderr = filepath.Join(s.root, folder), os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("building %s: %w", folder, err)
	}
	s.programs[folder] = made
	return made, nil
}

// startTimeout bounds how long a contestant may take to answer. A large seed
// is written to disk meanwhile.
const startTimeout = 5 * time.Minute

// start sets the contestant up and waits until it answers.
func (c *contestant) start(ctx context.Context) error {
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return err
	}
	l, err := c.prepare(ctx, c)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", c.name, err)
	}
	if c.process, err = startProcess(ctx, c.name, c.dir, l); err != nil {
		return err
	}
	return c.process.await(ctx, func() error {
		_, err := c.get(ctx, bodies[0])
		return err
	})
}

var errStatus = errors.New("unexpected status")

// get asks for a body once.
func (c *contestant) get(ctx context.Context, b body) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+b.uri, http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, value := range requestHeaders {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w %d of %s", errStatus, resp.StatusCode, c.name)
	}
	c.seen++
	return content, nil
}

// requestHeaders go to every contestant, so that the requests cost the same.
// User and password are those of the demo.
var requestHeaders = map[string]string{
	"Authorization": "Basic c3VwcG9ydC1kZXNrOmRlbW8=",
	"Data-Purpose":  purpose,
}

// freeAddresses returns so many loopback addresses that were free a moment ago.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	addresses := make([]string, 0, n)
	for range n {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		// Open until all are known, or one would be given twice.
		defer func() { _ = l.Close() }()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// process is a program that runs until it is stopped.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string // the file of its output
	exited chan error
}

// stopTimeout is how long a program may take to end by itself.
const stopTimeout = time.Minute

func startProcess(ctx context.Context, name, dir string, l launch) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, "output.log"), exited: make(chan error, 1)}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the program has its own
	p.cmd = exec.CommandContext(ctx, l.args[0], l.args[1:]...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	p.cmd.Env = append(p.cmd.Env, l.env...)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopTimeout
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() { p.exited <- p.cmd.Wait() }()
	return p, nil
}

// await polls until ready says that the program answers.
func (p *process) await(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case exit := <-p.exited:
			p.exited <- exit
			return fmt.Errorf("%s ended:\n%s", p.name, p.output())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w; its output:\n%s", p.name, err, p.output())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// output returns the end of what the program has written.
func (p *process) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	const most = 4096
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(text)
}

// stop ends the program and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case exit := <-p.exited:
		p.exited <- exit
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("%s did not stop", p.name), p.cmd.Process.Kill())
	}
}
