package main

import (
	"errors"
	"testing"
	"time"
)

func TestParseSample(t *testing.T) {
	t.Parallel()
	const head = "Running 2s test @ http://127.0.0.1:1/\n  2 threads and 32 connections\n"
	got, err := parseSample([]byte(head + "bench requests=8000 duration=2000000 p50=1500 p99=9000 connect=0 read=0 write=0 timeout=0 status=0\n"))
	want := sample{requests: 8000, duration: 2 * time.Second, p50: 1500 * time.Microsecond, p99: 9 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got.rate() != 4000 {
		t.Errorf("rate %v", got.rate())
	}
	for line, want := range map[string]error{
		"unable to connect\n": errNoReport,
		"bench requests=99999999999999999999 duration=1 p50=1 p99=1 connect=0 read=0 write=0 timeout=0 status=0\n": errNoReport,
		"bench requests=0 duration=2000000 p50=0 p99=0 connect=0 read=0 write=0 timeout=0 status=0\n":              errNoAnswers,
		"bench requests=9 duration=2000000 p50=1 p99=1 connect=1 read=0 write=0 timeout=0 status=0\n":              errUnanswered,
		"bench requests=9 duration=2000000 p50=1 p99=1 connect=0 read=1 write=0 timeout=0 status=0\n":              errUnanswered,
		"bench requests=9 duration=2000000 p50=1 p99=1 connect=0 read=0 write=1 timeout=0 status=0\n":              errUnanswered,
		"bench requests=9 duration=2000000 p50=1 p99=1 connect=0 read=0 write=0 timeout=1 status=0\n":              errUnanswered,
		"bench requests=9 duration=2000000 p50=1 p99=1 connect=0 read=0 write=0 timeout=0 status=1\n":              errUnanswered,
	} {
		if _, err := parseSample([]byte(head + line)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", line, err, want)
		}
	}
}

func TestStretch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rate float64
		want int
	}{
		{10_000, 4}, // fast: as asked for
		{16, 4},     // 32 connections are answered twice in 4 s
		{10, 7},     // in 6.4 s
		{0.5, longest},
	} {
		if got := stretch(4, 32, test.rate); got != test.want {
			t.Errorf("at %v a second: %d s, want %d", test.rate, got, test.want)
		}
	}
	if got := stretch(90, 32, 0.5); got != 90 {
		t.Errorf("a longer run became %d s", got)
	}
}
