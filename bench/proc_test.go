package main

import (
	"os"
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
