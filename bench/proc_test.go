package main

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := []byte("4711 (a (strange) name) S 42 4711 1 0 -1 4194560 1000 0 0 0 250 50 7 8 20 0 9 0 12345 1000000 300 18446744073709551615 1 1 0\n")
	got, err := parseStat(line)
	if err != nil {
		t.Fatal(err)
	}
	want := stat{pid: 4711, parent: 42, consumption: consumption{cpu: 3 * time.Second, resident: 300 * int64(os.Getpagesize())}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, bad := range []string{"", "1", "1 (x) S 1", "(x) S 42 4711 1 0 -1 4194560 1000 0 0 0 250 50 7 8 20 0 9 0 12345 1000000 300", "1 )x( S", "1 (x) S a 4711 1 0 -1 4194560 1000 0 0 0 250 50 7 8 20 0 9 0 12345 1000000 300"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestTreeOf(t *testing.T) {
	t.Parallel()
	node := func(pid, parent, ticks int) stat {
		return stat{pid: pid, parent: parent, consumption: consumption{cpu: time.Duration(ticks) * tick, resident: int64(ticks)}}
	}
	all := []stat{node(3, 7, 4), node(5, 1, 100), node(7, 9, 2), node(9, 1, 1), node(8, 9, 8)}
	got, found := treeOf(all, 9)
	if want := (consumption{cpu: 15 * tick, resident: 15}); !found || got != want {
		t.Errorf("got %+v, %v", got, found)
	}
	if _, found := treeOf(all, 2); found {
		t.Error("found a process that is not there")
	}
}

// TestSettle has a child that works for a while and then rests.
func TestSettle(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Fatal("the benchmark needs Linux's /proc: ", err)
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; read wait")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{name: "child", cmd: c}
	rested, err := p.settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	later, err := p.used()
	if err != nil {
		t.Fatal(err)
	}
	if later.cpu < rested.cpu || later.cpu-rested.cpu > tick || later.resident == 0 {
		t.Errorf("rested at %v, then %v", rested, later)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // read fails at the end of its input
	if _, err := p.used(); err == nil {
		t.Error("a process that has ended uses something")
	}
}
