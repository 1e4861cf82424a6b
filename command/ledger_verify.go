package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/ledger"
)

// errLedgerFindings is what a ledger that is not in order ends with.
var errLedgerFindings = errors.New("the ledger is not as it must be")

func ledgerVerify() *cobra.Command {
	c := &cobra.Command{
		Use: "verify", Short: "Check that nothing was changed, removed or added", Args: cobra.NoArgs,
		Long: `Check that nothing of the ledger was changed, removed or added: every record and its
checksum, their order, the facts that they name, the tree over them at each signed
checkpoint, and what epochs say of each other. It names the first bad record of each
epoch, and exits with 3 if there is one.

Who has the disk and the key can write another history and sign it. Only what was
kept elsewhere before shows that: give it checkpoints with --checkpoint, each a file
with one or several of them. What was cut off after the newest checkpoint that
somebody else has cannot be missed.`,
		Example: `  modicum ledger verify
  modicum ledger verify --checkpoint kept/2026-11-23.checkpoint
  modicum ledger verify --ledger copy/of/ledger --key 'example.org/ledger+1b2c3d4e+AZ...'`,
	}
	dir := ledgerFlags(c)
	files := c.Flags().StringArray("checkpoint", nil, "a file of signed checkpoints that was kept elsewhere; may be given several times")
	key := c.Flags().String("key", "", "the verifier key of the checkpoints as you know it; that of the ledger itself if empty")
	asJSON := c.Flags().Bool("json", false, "print the report as JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		opt := ledger.VerifyOptions{Key: *key, Progress: progress(c.ErrOrStderr())}
		for _, file := range *files {
			held, err := ledger.ReadCheckpoints(file)
			if err != nil {
				return err
			}
			opt.Held = append(opt.Held, held...)
		}
		report, err := ledger.Verify(c.Context(), dir, opt)
		if err != nil {
			return noLedger(dir, err)
		}
		if *asJSON {
			err = json.NewEncoder(c.OutOrStdout()).Encode(report)
		} else {
			err = say(c.OutOrStdout(), "%s", verified(report, len(opt.Held)))
		}
		if err != nil || len(report.Findings) == 0 {
			return err
		}
		return found(c, errLedgerFindings)
	}
	return c
}

// ledgerFlags adds the flags that say which ledger is meant.
func ledgerFlags(c *cobra.Command) func() (dir string, err error) {
	config := configFlag(c)
	dir := c.Flags().String("ledger", "", "the ledger's folder; that of --config if empty")
	return func() (string, error) {
		if *dir != "" {
			return *dir, nil
		}
		app, err := loadApp(*config)
		if err != nil {
			return "", err
		}
		return app.Ledger, nil
	}
}

// noLedger says what to do where there is no ledger.
func noLedger(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no ledger at %s; a gateway makes it when it starts, and --ledger names another: %w", dir, err)
	}
	return err
}

// progress tells people how far it is, where they look.
func progress(w io.Writer) func(done, total int64) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int64) {
		end := "\r"
		if done == total {
			end = "\n"
		}
		// That it cannot be told is no reason to stop.
		_ = say(w, "%d of %d MiB%s", done>>20, total>>20, end)
	}
}

// verified is a report for people.
func verified(r *ledger.Report, held int) string {
	var b strings.Builder
	for _, e := range r.Epochs {
		fmt.Fprintf(&b, "epoch %s  %s\n", e.Epoch, e.How)
		fmt.Fprintf(&b, "  %s, %s, %s\n", many(e.Records, "record"), many(e.Disclosures, "disclosure"), many(e.Refusals, "refusal"))
		if e.Records > 0 {
			fmt.Fprintf(&b, "  from %s to %s\n", e.From.Format(time.RFC3339), e.To.Format(time.RFC3339))
		}
		switch {
		case e.Signed == 0:
			b.WriteString("  no checkpoint: whoever can write the files can have written all of it\n")
		case e.Signed < e.Records:
			fmt.Fprintf(&b, "  signed up to record %d; that the %d after it are all cannot be shown yet\n", e.Signed-1, e.Records-e.Signed)
		}
		if e.Expired > 0 {
			fmt.Fprintf(&b, "  of %s only the hash is left: the end of their retention has come\n", many(e.Expired, "record"))
		}
		if e.Torn > 0 {
			fmt.Fprintf(&b, "  %d bytes of a write that a crash cut off, and nobody relied on\n", e.Torn)
		}
	}
	if len(r.Gaps) > 0 {
		b.WriteString("\nno log was alive\n")
	}
	for _, g := range r.Gaps {
		how := "within the epoch"
		if g.How != "" {
			how = "after an epoch that was " + g.How
		}
		fmt.Fprintf(&b, "  from %s to %s (%v), %s\n", g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.To.Sub(g.From).Round(time.Millisecond), how)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintf(&b, "\n%s\n", number(len(r.Findings), "finding"))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	if len(r.Findings) == 0 {
		b.WriteString("\nin order")
		if held == 0 {
			b.WriteString(", held against itself: with --checkpoint it is held against what was kept elsewhere")
		} else {
			fmt.Fprintf(&b, ", and as %s kept elsewhere said", number(held, "checkpoint"))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func many(n uint64, what string) string { return number(int(n), what) } //nolint:gosec // records that were counted
