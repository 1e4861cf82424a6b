package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// load is how wrk asks.
type load struct {
	program, script      string
	concurrency, seconds int
}

// threads of wrk: enough to not be what is measured.
const threads = 2

// sample is what wrk has measured in one run.
type sample struct {
	requests uint64
	duration time.Duration
	p50, p99 time.Duration
}

func (s sample) rate() float64 { return float64(s.requests) / s.duration.Seconds() }

// patience is how long wrk waits for one answer. Slow contestants are to be
// measured, too.
const patience = 2 * time.Minute

// run asks a contestant for a body as often as it answers, from all
// connections at once.
func (l load) run(ctx context.Context, c *contestant, b body) (sample, error) {
	args := []string{
		"--threads", strconv.Itoa(min(threads, l.concurrency)), "--connections", strconv.Itoa(l.concurrency),
		"--duration", fmt.Sprintf("%ds", l.seconds), "--timeout", fmt.Sprintf("%ds", int(patience.Seconds())), "--script", l.script,
	}
	for name, value := range requestHeaders {
		args = append(args, "--header", name+": "+value)
	}
	out, err := exec.CommandContext(ctx, l.program, append(args, "http://"+c.address+b.uri)...).CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("running wrk: %w\n%s", err, out)
	}
	s, err := parseSample(out)
	if err != nil {
		return sample{}, fmt.Errorf("%s of %s: %w; its output:\n%s", b.name, c.name, err, c.process.output())
	}
	c.seen += s.requests
	return s, nil
}

var (
	errNoReport   = errors.New("wrk has printed no report")
	errNoAnswers  = errors.New("not one answer was complete; try more -seconds")
	errUnanswered = errors.New("not every request was answered with success")
)

var reportLine = regexp.MustCompile(`(?m)^bench requests=(\d+) duration=(\d+) p50=(\d+) p99=(\d+) connect=(\d+) read=(\d+) write=(\d+) timeout=(\d+) status=(\d+)$`)

// parseSample reads the line of config/report.lua. What is not an answer of
// success is an error. (A redirection counts as one for wrk: the comparison has
// seen that nobody sends any.)
func parseSample(out []byte) (sample, error) {
	m := reportLine.FindSubmatch(out)
	if m == nil {
		return sample{}, fmt.Errorf("%w:\n%s", errNoReport, out)
	}
	var n [9]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(string(m[i+1]), 10, 63); err != nil {
			return sample{}, fmt.Errorf("%w: %w", errNoReport, err)
		}
	}
	if n[4]+n[5]+n[6]+n[7]+n[8] > 0 {
		return sample{}, fmt.Errorf("%w: %d not connected, %d broken off, %d not sent, %d timed out, %d with an error status", errUnanswered, n[4], n[5], n[6], n[7], n[8])
	}
	if n[0] == 0 || n[1] == 0 {
		return sample{}, errNoAnswers
	}
	return sample{requests: n[0], duration: micros(n[1]), p50: micros(n[2]), p99: micros(n[3])}, nil
}

func micros(n uint64) time.Duration {
	return time.Duration(n) * time.Microsecond //nolint:gosec // G115: it was parsed with 63 bits, and a run takes minutes
}
