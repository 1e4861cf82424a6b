package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// profileSeconds is how long one CPU profile is.
const profileSeconds = 10

// profile writes a CPU profile of a contestant while it is asked for a body.
func profile(ctx context.Context, c *contestant, b body, l load, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// The load begins before the profile and ends after it.
	l.seconds = profileSeconds + 2
	loaded := make(chan error, 1)
	go func() {
		_, err := l.run(ctx, c, b)
		loaded <- err
	}()
	defer func() { err = errors.Join(err, <-loaded) }()

	url := "http://" + c.admin + "/debug/pprof/profile?seconds=" + strconv.Itoa(profileSeconds)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking for a profile: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking for a profile: %w %d", errStatus, resp.StatusCode)
	}
	f, err := os.Create(filepath.Join(dir, c.name+"-"+b.name+".pprof"))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
