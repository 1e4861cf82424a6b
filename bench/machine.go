package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// machine describes where the figures come from, on one line.
func machine(now time.Time) string {
	model := "unknown CPU"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores, %s, Linux %s, %s, %s", runtime.NumCPU(), model, firstWord("/proc/sys/kernel/osrelease"), runtime.Version(), now.Format(time.DateOnly))
}

// firstWord reads a file of /proc; what cannot be read is unknown.
func firstWord(path string) string {
	text, err := os.ReadFile(path)
	if words := strings.Fields(string(text)); err == nil && len(words) > 0 {
		return words[0]
	}
	return "unknown"
}

// busy is how many threads wanted a core in the last minute.
func busy() string { return firstWord("/proc/loadavg") }

var errInMemory = errors.New("a ledger in memory costs nothing: choose a folder on a disk with -dir")

// onDisk fails if a folder is not on a disk.
func onDisk(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("looking for the disk of %s: %w", dir, err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if kind := filesystem(string(mounts), real); kind == "tmpfs" || kind == "ramfs" {
		return fmt.Errorf("%s is on %s: %w", dir, kind, errInMemory)
	}
	return nil
}

// filesystem returns the kind of the file system that holds a path: that of the
// longest mount point above it, and of equal ones the last, which covers the
// others.
func filesystem(mounts, path string) string {
	kind, longest := "", -1
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		point := strings.TrimSuffix(fields[1], "/")
		if (path == point || strings.HasPrefix(path, point+"/")) && len(point) >= longest {
			kind, longest = fields[2], len(point)
		}
	}
	return kind
}
