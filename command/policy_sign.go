package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules/signature"
)

// ErrKeyMode is returned for a key file that others than its owner can read.
var ErrKeyMode = errors.New("the key file must be a regular file that its owner alone may read: chmod 600")

func policySign() *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use: "sign DIR", Short: "Sign a policy that loads, so that a gateway may ask for the signature", Args: cobra.ExactArgs(1),
		Long: `Sign a policy. What is signed is a short text that names the bundle by its hash,
and it is printed. Text and signatures stand in DIR/` + signature.File + `, which is no part of
the bundle. Whoever signs next adds a signature; after an edit the signatures of
the policy before are replaced. A policy with an error is not signed.`,
		Example: `  modicum policy sign policy --key privacy-office.key`,
		RunE: func(c *cobra.Command, args []string) error {
			dir := args[0]
			policy, err := caddymodule.LoadPolicy(dir)
			if err != nil {
				return fmt.Errorf("not signed: %w", err)
			}
			signer, err := readKey(path)
			if err != nil {
				return err
			}
			file := filepath.Join(dir, signature.File)
			before, err := caddymodule.ReadSignature(dir)
			if err != nil {
				return err
			}
			signed, replaced, err := signature.Sign(policy.Bundle, before, signer)
			if err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
			if err := replaceFile(file, signed); err != nil {
				return err
			}
			signers, err := signature.Claimed(signed)
			if err != nil {
				return err
			}
			text := signature.Text(policy.Bundle)
			errs, warnings := count(policy.Findings(time.Now()))
			if asJSON {
				return printJSON(c, struct {
					Bundle   string   `json:"bundle"`
					File     string   `json:"file"`
					By       string   `json:"by"`
					Signers  []string `json:"signers"`
					Replaced bool     `json:"replaced"`
					Text     string   `json:"text"`
					Errors   int      `json:"errors"`
					Warnings int      `json:"warnings"`
				}{policy.Bundle.Hash, file, signature.ID(signer), signers, replaced, text, errs, warnings})
			}
			out := c.OutOrStdout()
			if err := say(out, "%s\n", text); err != nil {
				return err
			}
			if replaced {
				if err := say(out, "the signatures that were in %s are of another policy, and are replaced\n", file); err != nil {
					return err
				}
			}
			if errs+warnings > 0 {
				if err := say(out, "signed; `policy check` finds today: %s\n", tally(errs, warnings)); err != nil {
					return err
				}
			}
			return say(out, "signed by %s; in %s: %s\n", signature.ID(signer), file, number(len(signers), "signature"))
		},
	}
	c.Flags().StringVar(&path, "key", "", "the file of the private key, which `policy keygen` made")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	required(c, "key")
	return c
}

// readKey reads a private key that nobody else can read.
func readKey(path string) (_ signature.Signer, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key %s: %w", path, ErrKeyMode)
	}
	const longest = 4096 // of a key with its name
	b, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	signer, err := signature.NewSigner(string(b))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return signer, nil
}

// replaceFile writes a public file, whole or not at all: a gateway may read it at any
// time.
func replaceFile(path string, b []byte) (err error) {
	const mode fs.FileMode = 0o644
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
