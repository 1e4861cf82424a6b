// Command bench measures Modicum from end to end: what wrk gets through it in a
// second, beside a plain reverse proxy and beside other ways to remove the same
// members from the same bodies. docs/performance.md says how to read what it
// prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && ctx.Err() != nil {
		err = errInterrupted // what it ended with is a consequence
	}
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted")

// options are what the command line says.
type options struct {
	bodies               []body
	kinds                []kind
	rounds               int
	seconds, concurrency int
	subjects             int
	dir, profile         string
	keep                 bool
}

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	bodyNames := f.String("bodies", "1.7KB,170KB,1.7MB", "which bodies")
	kindNames := f.String("contestants", "modicum,nginx-lua,krakend,naive", "which contestants; plain is always there")
	f.IntVar(&o.rounds, "rounds", 5, "how often each contestant is measured with each body; 0 compares and times nothing")
	f.IntVar(&o.seconds, "seconds", 4, "how long wrk asks each time")
	f.IntVar(&o.concurrency, "concurrency", 32, "how many connections ask")
	f.IntVar(&o.subjects, "subjects", 10_000, "how many people the subject state knows")
	f.StringVar(&o.dir, "dir", "", "where the temporary folder is made, on a disk (default data/ of the repository)")
	f.StringVar(&o.profile, "profile", "", "also write a CPU profile of modicum for each body into this folder")
	f.BoolVar(&o.keep, "keep", false, "leave the temporary folder")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if o.rounds < 0 || o.seconds < 1 || o.concurrency < 1 || o.subjects < 0 {
		return o, errors.New("-rounds and -subjects are at least 0, -seconds and -concurrency at least 1")
	}
	var err error
	if o.bodies, err = choose(*bodyNames, bodies, func(b body) string { return b.name }); err != nil {
		return o, fmt.Errorf("-bodies: %w", err)
	}
	o.kinds, err = choose(plain.name+","+*kindNames, kinds, func(k kind) string { return k.name })
	if err != nil {
		return o, fmt.Errorf("-contestants: %w", err)
	}
	if o.profile != "" && !has(o.kinds, modicum) {
		return o, errors.New("-profile is one of modicum: it must be among the -contestants")
	}
	return o, nil
}

// choose returns those of all that are named, in the order of all.
func choose[T any](names string, all []T, nameOf func(T) string) ([]T, error) {
	wanted := strings.Split(names, ",")
	var chosen []T
	known := make([]string, 0, len(all))
	for _, one := range all {
		known = append(known, nameOf(one))
		if slices.Contains(wanted, nameOf(one)) {
			chosen = append(chosen, one)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no %q among %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

var errBar = errors.New("a bar was not kept")

// run does everything in order. Whatever it starts has ended when it returns.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	if o.profile != "" { // before the working directory means something else
		if o.profile, err = filepath.Abs(o.profile); err != nil {
			return err
		}
	}
	var t tools
	if t, err = findTools(ctx, has(o.kinds, nginxLua)); err != nil {
		return err
	}
	s, err := newSite(ctx, o, t)
	if err != nil {
		return err
	}
	defer func() {
		if o.keep {
			_, _ = fmt.Fprintln(out, "note left", s.work)
			return
		}
		err = errors.Join(err, os.RemoveAll(s.work))
	}()
	spans, err := startCollector(ctx)
	if err != nil {
		return err
	}
	defer spans.close()
	s.collector = spans.url

	_, _ = fmt.Fprintf(out, "machine %s\nload %s\nconcurrency %d\nsubjects %d\n", machine(time.Now()), busy(), o.concurrency, o.subjects)
	started, err := startAll(ctx, s, o)
	defer func() { err = errors.Join(err, stopAll(started)) }()
	if err != nil {
		return err
	}
	all := started[1:] // but the upstream

	for _, b := range o.bodies {
		for _, c := range all {
			if err := compare(ctx, c, b); err != nil {
				return err
			}
		}
	}
	_, _ = fmt.Fprintln(out, "note all contents are equal")

	l := load{program: t.wrk, script: filepath.Join(s.work, "report.lua"), concurrency: o.concurrency, seconds: o.seconds}
	if err := configure(s.work, "report.lua", nil); err != nil {
		return err
	}
	var f findings
	if o.rounds > 0 {
		for _, b := range o.bodies {
			results, err := measure(ctx, all, b, l, o.rounds, out)
			if err != nil {
				return err
			}
			f.results = append(f.results, results...)
			for _, r := range results {
				_, _ = io.WriteString(out, r.lines())
			}
		}
	}
	if i := slices.IndexFunc(all, func(c *contestant) bool { return c.name == modicum.name }); i >= 0 {
		if err := finish(ctx, all[i], o, l, spans, &f, out); err != nil {
			return err
		}
	}
	if len(f.results) > 0 {
		_, _ = fmt.Fprintf(out, "\n%s\n", table(f.results))
	}
	if !judge(out, bars, f) {
		return errBar
	}
	return nil
}

// finish takes the profiles of modicum, ends it, and holds its ledger against
// the answers that were counted.
func finish(ctx context.Context, c *contestant, o options, l load, spans *collector, f *findings, out io.Writer) error {
	if o.profile != "" {
		for _, b := range o.bodies {
			if err := profile(ctx, c, b, l, o.profile); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintln(out, "note profiles are in", o.profile)
	}
	if err := c.process.stop(); err != nil {
		return err
	}
	if err := spans.check(); err != nil {
		return err
	}
	n, err := released(ctx, c.ledgerDir())
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	f.counted, f.missing = true, missingRecords(c.seen, n)
	_, _ = fmt.Fprintf(out, "note %d answers of modicum were counted, %d disclosures are in its ledger\n", c.seen, n)
	return nil
}

func has(kinds []kind, k kind) bool {
	return slices.ContainsFunc(kinds, func(one kind) bool { return one.name == k.name })
}

// newSite makes the temporary folder and chooses addresses.
func newSite(ctx context.Context, o options, t tools) (*site, error) {
	listed, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the repository: %w", err)
	}
	s := &site{root: strings.TrimSpace(string(listed)), tools: t, subjects: o.subjects, programs: map[string]string{}}
	s.policy = filepath.Join(s.root, "examples", "software-vendor", "policy")
	if o.dir == "" {
		o.dir = filepath.Join(s.root, "data")
	}
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return nil, err
	}
	if err := onDisk(o.dir); err != nil {
		return nil, err
	}
	addresses, err := freeAddresses(ctx, 2)
	if err != nil {
		return nil, err
	}
	s.upstream, s.admin = addresses[0], addresses[1]
	s.work, err = os.MkdirTemp(o.dir, "bench-")
	return s, err
}

// startAll starts the upstream and then the contestants. What it returns was
// started, also with an error.
func startAll(ctx context.Context, s *site, o options) ([]*contestant, error) {
	addresses, err := freeAddresses(ctx, len(o.kinds))
	if err != nil {
		return nil, err
	}
	upstream, err := startUpstream(ctx, s)
	started := []*contestant{upstream}
	if err != nil {
		return started, err
	}
	for i, k := range o.kinds {
		c := &contestant{kind: k, site: s, dir: filepath.Join(s.work, k.name), address: addresses[i]}
		started = append(started, c)
		if err := c.start(ctx); err != nil {
			return started, err
		}
	}
	return started, nil
}

func stopAll(started []*contestant) error {
	var errs []error
	for _, c := range slices.Backward(started) {
		if c.process != nil {
			errs = append(errs, c.process.stop())
		}
	}
	return errors.Join(errs...)
}
