package main

import (
	"os/exec"
	"testing"
)

// TestSettle has a child that works for a while and then rests.
func TestSettle(t *testing.T) {
	t.Parallel()
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
