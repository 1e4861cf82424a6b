package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// median returns the middle of what the rounds say, or the mean of the two in
// the middle.
func median[T cmp.Ordered](rounds []round, of func(round) T, mean func(a, b T) T) T {
	all := make([]T, len(rounds))
	for i, r := range rounds {
		all[i] = of(r)
	}
	slices.Sort(all)
	n := len(all)
	if n%2 == 1 {
		return all[n/2]
	}
	return mean(all[n/2-1], all[n/2])
}

func (r *result) number(of func(round) float64) float64 {
	return median(r.rounds, of, func(a, b float64) float64 { return (a + b) / 2 })
}

func (r *result) span(of func(round) time.Duration) time.Duration {
	return median(r.rounds, of, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

func (r *result) ratio() float64     { return r.number(func(r round) float64 { return r.ratio }) }
func (r *result) rate() float64      { return r.number(round.rate) }
func (r *result) p50() time.Duration { return r.span(func(r round) time.Duration { return r.p50 }) }

func (r *result) p99() time.Duration { return r.span(func(r round) time.Duration { return r.p99 }) }

func (r *result) rest() time.Duration { return r.span(func(r round) time.Duration { return r.rest }) }

func (r *result) cpu() time.Duration { return r.span(func(r round) time.Duration { return r.cpu }) }

// resident is that after the last round.
func (r *result) resident() int64 { return r.rounds[len(r.rounds)-1].used.resident >> 20 }

// lag is how long a contestant may go on after a run without it being told: the
// harness itself needs two looks to see that it does not.
const lag = time.Second

// digits writes a number with two decimals, or with three where two say little.
func digits(f float64) string {
	if f < 0.1 {
		return strconv.FormatFloat(f, 'f', 3, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// whole writes a rate, with a decimal where it is small.
func whole(f float64) string {
	if f < 100 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

// lines are for programs to read.
func (r *result) lines() string {
	var out strings.Builder
	line := func(what, value string) { _, _ = fmt.Fprintf(&out, "%s %s %s %s\n", what, r.body, r.contestant, value) }
	line("ratio", digits(r.ratio()))
	line("rps", whole(r.rate()))
	line("p50", fmt.Sprintf("%d us", r.p50().Microseconds()))
	line("p99", fmt.Sprintf("%d us", r.p99().Microseconds()))
	line("cpu", fmt.Sprintf("%d us/req", r.cpu().Microseconds()))
	line("rss", fmt.Sprintf("%d MiB", r.resident()))
	if rest := r.rest(); rest > lag {
		_, _ = fmt.Fprintf(&out, "note %s went on working for %.1f s after a run with %s; its CPU time has that in it, its rate has not\n", r.contestant, rest.Seconds(), r.body)
	}
	return out.String()
}

// table is for people to read, in Markdown.
func table(results []*result) string {
	var out strings.Builder
	out.WriteString("| body | contestant | ratio | requests/s | p50, ms | p99, ms | CPU, µs/request | memory, MiB |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		_, _ = fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %d | %d |\n", r.body, r.contestant,
			digits(r.ratio()), whole(r.rate()), millis(r.p50()), millis(r.p99()), r.cpu().Microseconds(), r.resident())
	}
	return out.String()
}

func millis(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) }

// bar is a limit that a figure must keep.
type bar struct {
	name, unit string
	limit      float64
	atMost     bool // or at least
	value      func(findings) (float64, bool)
}

// findings are what bars are held against.
type findings struct {
	results []*result
	counted bool // whether there was a ledger to look into
	missing uint64
}

// bars are all limits of this benchmark.
var bars = []bar{
	{name: "e2e.ratio.1.7KB", unit: "ratio", limit: 0.75, value: ratioOf("1.7KB", "modicum")},
	{name: "e2e.records.missing", unit: "records", limit: 0, atMost: true, value: func(f findings) (float64, bool) {
		return float64(f.missing), f.counted
	}},
}

// ratioOf is the ratio of one contestant for one body, if it was measured.
func ratioOf(body, contestant string) func(findings) (float64, bool) {
	return func(f findings) (float64, bool) {
		for _, r := range f.results {
			if r.body == body && r.contestant == contestant {
				return r.ratio(), true
			}
		}
		return 0, false
	}
}

// judge prints each bar and reports whether all of those are kept that this run
// has a figure for.
func judge(out io.Writer, bars []bar, f findings) bool {
	kept := true
	for _, b := range bars {
		value, known := b.value(f)
		if !known {
			_, _ = fmt.Fprintf(out, "note bar %s was not measured\n", b.name)
			continue
		}
		value = math.Round(value*1000) / 1000 // what is printed is what is judged
		verdict := "ok"
		if b.atMost && value > b.limit || !b.atMost && value < b.limit {
			verdict, kept = "FAIL", false
		}
		_, _ = fmt.Fprintf(out, "bar %s %s %s %s %s\n", b.name, figure(value), b.unit, figure(b.limit), verdict)
	}
	return kept
}

// figure writes a number as short as it is, with three decimals at most.
func figure(f float64) string {
	text := strconv.FormatFloat(f, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
