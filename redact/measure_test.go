package redact_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Ratios are measured so that other work of the machine does not show in them.
//
// The contestants take turns of a few milliseconds, much less than the pauses
// between which a clock rate or a neighbour changes, so what slows one down slows
// down the others. A turn that another process interrupts can only get longer, so
// of several turns the fastest counts for a round. And of all rounds the median
// ratio counts, so that a round in which one of them never had a quiet turn is
// dropped, whoever it was. .ci/bench-redact does this in several processes and
// takes the median of theirs: the memory that a process happens to get can favour
// one side for as long as it lives.

// contestant does a job, on one body at each run.
type contestant struct {
	name string
	run  func()
	// garbage says that it allocates. It then gets turns in which its collector
	// runs several times, and pays for that itself: what is left over is collected
	// between the turns, in nobody's time.
	garbage bool
}

const (
	turnTime        = 2 * time.Millisecond
	turnTimeGarbage = 16 * time.Millisecond
	turnsARound     = 5
)

// race measures the contestants for as long as b says and returns the nanoseconds
// of one run, by contestant and round. A turn has a multiple of step runs, so that
// each one takes every body equally often.
func race(b *testing.B, step int, contestants ...contestant) [][]float64 {
	b.Helper()
	runs := make([]int, len(contestants))
	for i, c := range contestants {
		runs[i] = c.runsATurn(step)
	}
	rounds := make([][]float64, len(contestants))
	for b.Loop() {
		for i := range rounds {
			rounds[i] = append(rounds[i], math.Inf(1))
		}
		round := len(rounds[0]) - 1
		for range turnsARound {
			for i, c := range contestants {
				c.run() // what the others did to the caches is not timed
				took := timed(c.run, runs[i])
				rounds[i][round] = min(rounds[i][round], float64(took)/float64(runs[i]))
				if c.garbage {
					runtime.GC()
				}
			}
		}
	}
	return rounds
}

// runsATurn finds how many runs fill a turn. It also warms up.
func (c *contestant) runsATurn(step int) int {
	enough := turnTime
	if c.garbage {
		enough = turnTimeGarbage
	}
	for n := step; ; n *= 2 {
		if min(timed(c.run, n), timed(c.run, n), timed(c.run, n)) >= enough {
			return n
		}
	}
}

func timed(run func(), n int) time.Duration {
	start := time.Now()
	for range n {
		run()
	}
	return time.Since(start)
}

// ratios divides round by round.
func ratios(above, below []float64) []float64 {
	out := make([]float64, len(above))
	for i := range out {
		out[i] = above[i] / below[i]
	}
	return out
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// allocated counts what n runs allocate, as allocations and bytes of each. The
// fewest of three tries count: now and then the runtime allocates for itself.
func allocated(run func(), n int) (count, bytes float64) {
	count, bytes = math.Inf(1), math.Inf(1)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			run()
		}
		runtime.ReadMemStats(&after)
		count = min(count, float64(after.Mallocs-before.Mallocs)/float64(n))
		bytes = min(bytes, float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
	}
	return count, bytes
}
