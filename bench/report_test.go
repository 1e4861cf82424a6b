package main

import (
	"strings"
	"testing"
	"time"
)

func measured(body, contestant string, ratios ...float64) *result {
	r := &result{body: body, contestant: contestant}
	for _, ratio := range ratios {
		r.rounds = append(r.rounds, round{
			sample: sample{requests: uint64(1000 * ratio), duration: time.Second, p50: time.Duration(ratio * 1e6), p99: 9 * time.Millisecond},
			ratio:  ratio, cpu: 120 * time.Microsecond, used: consumption{resident: 50 << 20},
		})
	}
	return r
}

func TestLines(t *testing.T) {
	t.Parallel()
	r := measured("1.7KB", "modicum", 0.9, 0.1, 0.8)
	want := "ratio 1.7KB modicum 0.80\nrps 1.7KB modicum 800\np50 1.7KB modicum 800 us\np99 1.7KB modicum 9000 us\ncpu 1.7KB modicum 120 us/req\nrss 1.7KB modicum 50 MiB\n"
	if got := r.lines(); got != want {
		t.Errorf("got\n%s", got)
	}
	r.rounds[0].rest, r.rounds[1].rest = 3*time.Second, 3*time.Second
	if got := r.lines(); !strings.HasPrefix(got, want+"note modicum went on working for 3.0 s") {
		t.Errorf("got\n%s", got)
	}
}

func TestMedianOfTwo(t *testing.T) {
	t.Parallel()
	r := measured("1.7KB", "modicum", 0.5, 0.02, 0.03, 0.01)
	if got := digits(r.ratio()); got != "0.025" {
		t.Errorf("got %s", got)
	}
	if got := r.p50(); got != 25*time.Microsecond {
		t.Errorf("got %s", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	rows := strings.Split(table([]*result{measured("170KB", "plain", 1), measured("170KB", "krakend", 0.03)}), "\n")
	want := []string{
		"| body | contestant | ratio | requests/s | p50, ms | p99, ms | CPU, µs/request | memory, MiB |",
		"|---|---|--:|--:|--:|--:|--:|--:|",
		"| 170KB | plain | 1.00 | 1000 | 1.0 | 9.0 | 120 | 50 |",
		"| 170KB | krakend | 0.030 | 30.0 | 0.0 | 9.0 | 120 | 50 |",
		"",
	}
	if strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(rows, "\n"))
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	fast := []*result{measured("1.7KB", "plain", 1), measured("1.7KB", "modicum", 0.75)}
	tests := map[string]struct {
		f    findings
		want string
		kept bool
	}{
		"kept":       {findings{results: fast, counted: true}, "bar e2e.ratio.1.7KB 0.75 ratio 0.75 ok\nbar e2e.records.missing 0 records 0 ok\n", true},
		"slow":       {findings{results: []*result{measured("1.7KB", "modicum", 0.7494)}, counted: true}, "bar e2e.ratio.1.7KB 0.749 ratio 0.75 FAIL\nbar e2e.records.missing 0 records 0 ok\n", false},
		"unrecorded": {findings{results: fast, counted: true, missing: missingRecords(12, 10)}, "bar e2e.ratio.1.7KB 0.75 ratio 0.75 ok\nbar e2e.records.missing 2 records 0 FAIL\n", false},
		"others":     {findings{results: []*result{measured("170KB", "modicum", 0.1)}}, "note bar e2e.ratio.1.7KB was not measured\nnote bar e2e.records.missing was not measured\n", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if kept := judge(&out, bars, test.f); kept != test.kept || out.String() != test.want {
				t.Errorf("%v\n%s", kept, out.String())
			}
		})
	}
}

func TestMissingRecords(t *testing.T) {
	t.Parallel()
	// More records than answers: wrk has left requests behind.
	if n := missingRecords(10, 42); n != 0 {
		t.Errorf("%d are missing", n)
	}
}
