package caddymodule

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/signature"
)

// ReadSignature returns the signed note in a policy's folder, nil if there is none.
func ReadSignature(dir string) ([]byte, error) {
	f, err := os.Open(filepath.Join(filepath.Clean(dir), signature.File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the policy's signature: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, signature.DefaultMaxNote+1))
	if err != nil {
		return nil, fmt.Errorf("reading the policy's signature: %w", err)
	}
	return b, nil
}

// load reads and compiles the policy, and refuses one that does not have every
// signature that the configuration asks for. It returns the hash of the signatures,
// empty where none are asked for.
func (a *App) load() (policy *rules.Policy, signatures string, err error) {
	policy, err = LoadPolicy(a.Policy)
	if err != nil || len(a.signers) == 0 {
		return policy, "", err
	}
	signed, err := ReadSignature(a.Policy)
	if err != nil {
		return nil, "", err
	}
	if err := signature.Verify(policy.Bundle, signed, a.signers); err != nil {
		if !errors.Is(err, signature.ErrMalformed) {
			err = fmt.Errorf("%w; whoever approves it runs `modicum policy sign %s --key FILE`", err, a.Policy)
		}
		return nil, "", fmt.Errorf("policy %s: %w", a.Policy, err)
	}
	return policy, hashOf(signed), nil
}

// hashOf is the hash of a signed note: another note is another configuration. It is
// empty for none.
func hashOf(signed []byte) string {
	if signed == nil {
		return ""
	}
	sum := sha256.Sum256(signed)
	return hex.EncodeToString(sum[:])
}
