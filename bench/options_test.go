package main

import (
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-bodies", "1.7MB,1.7KB", "-contestants", "naive,modicum", "-rounds", "0"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range o.bodies {
		names = append(names, b.name)
	}
	for _, k := range o.kinds {
		names = append(names, k.name)
	}
	if got := strings.Join(names, " "); got != "1.7KB 1.7MB plain modicum naive" {
		t.Errorf("got %s", got)
	}
	for _, args := range []string{"-bodies 1KB", "-contestants haproxy", "-rounds -1", "-seconds 0", "-concurrency 0", "-subjects -1", "more", "-unknown", "-profile x -contestants naive"} {
		if _, err := parseOptions(strings.Fields(args)); err == nil {
			t.Errorf("%s was taken", args)
		}
	}
}

func TestFilesystem(t *testing.T) {
	t.Parallel()
	const mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk xfs rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/vdc /run ext3 rw 0 0\n"
	for path, want := range map[string]string{
		"/": "ext4", "/home/x": "ext4", "/tmp": "tmpfs", "/tmp/x": "tmpfs", "/tmpx": "ext4", "/tmp/disk/x": "xfs", "/run/x": "ext3",
	} {
		if got := filesystem(mounts, path); got != want {
			t.Errorf("%s is on %q, want %s", path, got, want)
		}
	}
}
