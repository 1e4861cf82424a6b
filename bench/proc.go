package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 wherever Linux runs Go.
const tick = 10 * time.Millisecond

// consumption is what a process has used, or a tree of them.
type consumption struct {
	cpu      time.Duration // in user and in kernel mode
	resident int64         // bytes of memory now, shared pages counted for each
}

// stat is one line of /proc/PID/stat.
type stat struct {
	pid, parent int
	consumption
}

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads the fields that are needed. The second one, the name of the
// program, may hold spaces and parentheses.
func parseStat(line []byte) (stat, error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return stat{}, errStat
	}
	rest := bytes.Fields(line[end+1:])
	if len(rest) < 22 {
		return stat{}, errStat
	}
	var n [5]int64
	for i, field := range [...][]byte{bytes.TrimSpace(line[:open]), rest[1], rest[11], rest[12], rest[21]} {
		var err error
		if n[i], err = strconv.ParseInt(string(field), 10, 64); err != nil {
			return stat{}, fmt.Errorf("%w: %w", errStat, err)
		}
	}
	return stat{
		pid: int(n[0]), parent: int(n[1]),
		consumption: consumption{cpu: time.Duration(n[2]+n[3]) * tick, resident: n[4] * int64(os.Getpagesize())},
	}, nil
}

// treeOf sums up a process and those below it.
func treeOf(all []stat, root int) (consumption, bool) {
	var sum consumption
	found := false
	within := map[int]bool{root: true}
	// A child may stand before its parent: numbers are given out again.
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if within[s.parent] && !within[s.pid] {
				within[s.pid], grown = true, true
			}
		}
	}
	for _, s := range all {
		if within[s.pid] {
			sum.cpu += s.cpu
			sum.resident += s.resident
			found = found || s.pid == root
		}
	}
	return sum, found
}

// used returns what the program and its children have used.
func (p *process) used() (consumption, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return consumption{}, err
	}
	all := make([]stat, 0, len(paths))
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has just ended
		}
		if err != nil {
			return consumption{}, err
		}
		s, err := parseStat(line)
		if err != nil {
			return consumption{}, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, s)
	}
	sum, found := treeOf(all, p.cmd.Process.Pid)
	if !found {
		return consumption{}, fmt.Errorf("%s has ended:\n%s", p.name, p.output())
	}
	return sum, nil
}

const (
	settleStep    = 250 * time.Millisecond
	settleTimeout = 2 * time.Minute
)

// settle waits until the program has nothing left to do: requests that wrk left
// behind, or spans to export. What that takes belongs to the run before, and
// must not burden the next one.
func (p *process) settle(ctx context.Context) (consumption, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	before, err := p.used()
	for err == nil {
		select {
		case <-ctx.Done():
			return before, fmt.Errorf("%s does not come to rest: %w", p.name, ctx.Err())
		case <-time.After(settleStep):
		}
		var now consumption
		if now, err = p.used(); now.cpu-before.cpu <= tick {
			return now, err
		}
		before = now
	}
	return consumption{}, err
}
