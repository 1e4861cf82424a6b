package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

// LoadKeys reads the key file. Its errors say what to do about a missing one.
func LoadKeys(path string) (*pseudonym.Keyset, error) {
	set, err := pseudonym.Load(path)
	switch {
	case errors.Is(err, pseudonym.ErrKeyFileMissing):
		return nil, fmt.Errorf("keys %s: %w; restore its backup or, for a new gateway, make one with the command `keys init`", path, err)
	case err != nil:
		return nil, fmt.Errorf("keys %s: %w", path, err)
	}
	return set, nil
}

// OpenState opens the state store. Its errors say what to do about a missing one
// and about one of other keys; none is ever made on the way.
func OpenState(ctx context.Context, path string, set *pseudonym.Keyset) (*sqlite.Store, error) {
	store, err := sqlite.Open(ctx, path, set.Fingerprint())
	switch {
	case errors.Is(err, subject.ErrStoreMissing):
		return nil, fmt.Errorf("state %s: %w; restore its backup or, for a new gateway, make one with the command `state init`", path, err)
	case errors.Is(err, subject.ErrFingerprint):
		return nil, fmt.Errorf("state %s: %w; use the key file that it was made with", path, err)
	case err != nil:
		return nil, fmt.Errorf("state %s: %w", path, err)
	}
	return store, nil
}

// ControlPath returns the path of the socket at which the gateway of a state
// store listens to commands. It is relative where that is shorter: such paths
// are bounded, and folders are deep.
func ControlPath(state string) string {
	abs, err := filepath.Abs(state)
	if err != nil {
		return control.SocketPath(state)
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, abs); err == nil && len(rel) < len(abs) {
			return control.SocketPath(rel)
		}
	}
	return control.SocketPath(abs)
}

// openKeys is LoadKeys, and makes the key file where the configuration asks for
// that.
func openKeys(c KeysConfig) (*pseudonym.Keyset, error) {
	set, err := LoadKeys(c.Path)
	if !c.Create || !errors.Is(err, pseudonym.ErrKeyFileMissing) {
		return set, err
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("making the keys' folder: %w", err)
	}
	if set, err = pseudonym.Create(c.Path); err != nil {
		return nil, fmt.Errorf("keys %s: %w", c.Path, err)
	}
	return set, nil
}

// openStore is OpenState, and makes the store where the configuration asks for
// that.
func openStore(ctx context.Context, a *App, set *pseudonym.Keyset) (*sqlite.Store, error) {
	store, err := OpenState(ctx, a.State.Path, set)
	if !a.State.Create || !errors.Is(err, subject.ErrStoreMissing) {
		return store, err
	}
	if err := os.MkdirAll(filepath.Dir(a.State.Path), 0o700); err != nil {
		return nil, fmt.Errorf("making the state's folder: %w", err)
	}
	if a.State.Seed == "" {
		if store, err = sqlite.Create(ctx, a.State.Path, set.Fingerprint()); err != nil {
			return nil, fmt.Errorf("state %s: %w", a.State.Path, err)
		}
		return store, nil
	}
	if err := createSeeded(ctx, a, set); err != nil {
		return nil, err
	}
	return OpenState(ctx, a.State.Path, set)
}
