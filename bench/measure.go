package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// round is what one contestant did with one body in one round.
type round struct {
	sample
	ratio float64 // of its rate to that of the reference in the same round
	cpu   time.Duration
	used  consumption
	rest  time.Duration // until it had nothing left to do, after wrk had ended
}

// result is what one contestant did with one body.
type result struct {
	body, contestant string
	rounds           []round
}

const (
	warmUpSeconds = 2
	longest       = 20 // seconds that a run is stretched to at most
)

// measure has every contestant serve a body, in turn, round after round. What
// the machine does besides then hits them alike. The first one is the reference.
func measure(ctx context.Context, all []*contestant, b body, l load, rounds int, notes io.Writer) ([]*result, error) {
	results := make([]*result, len(all))
	loads := make([]load, len(all))
	for i, c := range all {
		results[i] = &result{body: b.name, contestant: c.name}
		var err error
		if loads[i], err = warmUp(ctx, c, b, l); err != nil {
			return nil, fmt.Errorf("warming up: %w", err)
		}
		if loads[i].seconds > l.seconds {
			_, _ = fmt.Fprintf(notes, "note %s takes long for %s: %d s a run\n", c.name, b.name, loads[i].seconds)
		}
	}
	for range rounds {
		var reference float64
		for i, c := range all {
			r, err := once(ctx, c, b, loads[i])
			if err != nil {
				return nil, err
			}
			if i == 0 {
				reference = r.rate()
			}
			r.ratio = r.rate() / reference
			results[i].rounds = append(results[i].rounds, r)
		}
	}
	return results, nil
}

// once is one run. What a contestant still has to do when wrk has ended is
// waited for and counted.
func once(ctx context.Context, c *contestant, b body, l load) (round, error) {
	before, err := c.process.used()
	if err != nil {
		return round{}, err
	}
	s, err := l.run(ctx, c, b)
	if err != nil {
		return round{}, err
	}
	ended := time.Now()
	after, err := c.process.settle(ctx)
	if err != nil {
		return round{}, err
	}
	cpu := (after.cpu - before.cpu) / time.Duration(s.requests) //nolint:gosec // G115: a count of answers in a minute
	return round{sample: s, cpu: cpu, used: after, rest: time.Since(ended)}, nil
}

// warmUp has a contestant serve a body before it counts: caches fill,
// connections open, heaps find their size. It returns the load for the runs that
// count, which are longer for a contestant that needs seconds for an answer: it
// would otherwise be measured by what it did not finish.
func warmUp(ctx context.Context, c *contestant, b body, l load) (load, error) {
	warm := l
	warm.seconds = warmUpSeconds
	s, err := warm.run(ctx, c, b)
	switch {
	case errors.Is(err, errNoAnswers):
		l.seconds = max(l.seconds, longest)
	case err != nil:
		return l, err
	default:
		l.seconds = stretch(l.seconds, l.concurrency, s.rate())
	}
	_, err = c.process.settle(ctx)
	return l, err
}

// stretch makes a run long enough for every connection to be answered about
// twice.
func stretch(seconds, concurrency int, rate float64) int {
	twice := 2 * float64(concurrency) / rate
	return max(seconds, min(longest, int(math.Ceil(twice))))
}
