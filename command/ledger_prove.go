package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/ledger"
)

func ledgerProve() *cobra.Command {
	c := &cobra.Command{
		Use: "prove DISCLOSURE-ID", Short: "Write a proof that a record is in the ledger", Args: cobra.ExactArgs(1),
		Long: `Write a proof that the record of a disclosure or a refusal is in the ledger: the record
as it stands, and the hashes that lead from it to a signed checkpoint (a C2SP
tlog-proof). Whoever knows the key of the ledger can check it alone, with "modicum
ledger verify-proof" or any program of theirs.

The proof rests on the newest checkpoint of the record's epoch. With --checkpoint it
rests on one that was kept elsewhere: that shows also that the record was there then.
The record holds references to persons of its month, and no values.`,
		Example: `  modicum ledger prove 0199c0de-7c5f-7d0a-8000-0123456789ab >disclosure.proof
  modicum ledger prove 0199c0de-7c5f-7d0a-8000-0123456789ab --checkpoint kept/2026-11-23.checkpoint`,
	}
	dir := ledgerFlags(c)
	file := c.Flags().String("checkpoint", "", "a file with the signed checkpoint to rest on; the newest of the ledger if empty")
	c.RunE = func(c *cobra.Command, args []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		var held []byte
		if *file != "" {
			all, err := ledger.ReadCheckpoints(*file)
			if err != nil {
				return err
			}
			if len(all) > 1 {
				return usage("--checkpoint is a file with one checkpoint; %s has %d", *file, len(all))
			}
			held = all[0]
		}
		id := strings.ToLower(strings.TrimPrefix(args[0], "urn:uuid:"))
		proof, key, err := ledger.Prove(c.Context(), dir, id, held)
		switch {
		case errors.Is(err, ledger.ErrNoDisclosure):
			return errNoDisclosure
		case errors.Is(err, ledger.ErrNotSigned):
			return fmt.Errorf("%w; a gateway that runs with a checkpoint key makes one within ten seconds, and signs what a crash left when it starts", err)
		case errors.Is(err, ledger.ErrCorrupt):
			return fmt.Errorf(`%w; "modicum ledger verify" says what is wrong`, err)
		case err != nil:
			return noLedger(dir, err)
		}
		if err := say(c.OutOrStdout(), "%s", proof.Format()); err != nil {
			return err
		}
		if key == "" {
			return say(c.ErrOrStderr(), "the record that names the key has expired; the key of any other epoch of this ledger checks the proof\n")
		}
		return say(c.ErrOrStderr(), "the key that it is checked with, to be handed over another way:\n%s\n", key)
	}
	return c
}

func ledgerVerifyProof() *cobra.Command {
	c := &cobra.Command{
		Use: "verify-proof FILE", Short: "Check a proof that a record is in a ledger", Args: cobra.ExactArgs(1),
		Long: `Check a proof that "modicum ledger prove" wrote, and print the record that it is about.
It needs the proof and the key of the ledger, and neither the ledger nor its gateway.
It exits with 3 if the proof does not hold.`,
		Example: `  modicum ledger verify-proof disclosure.proof --key 'example.org/ledger+1b2c3d4e+AZ...'`,
	}
	key := c.Flags().String("key", "", "the verifier key of the ledger's checkpoints, as you know it from elsewhere")
	if err := c.MarkFlagRequired("key"); err != nil {
		panic(err) // the flag was defined above
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := os.ReadFile(filepath.Clean(args[0]))
		if err != nil {
			return fmt.Errorf("reading proof: %w", err)
		}
		proof, err := ledger.ParseProof(b)
		if err != nil {
			return found(c, fmt.Errorf("%s: %w", args[0], err))
		}
		checkpoint, err := proof.Verify(*key)
		if errors.Is(err, ledger.ErrNotProved) {
			return found(c, fmt.Errorf("%s: %w", args[0], err))
		}
		if err != nil {
			return err
		}
		return say(c.OutOrStdout(), "%s\n\nThis is record %d of the %d that\n%s\nhad when its checkpoint was signed.\n", proof.Line, proof.Index, checkpoint.Size, checkpoint.Origin)
	}
	return c
}
