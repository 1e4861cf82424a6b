package command

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/ledger"
)

func init() {
	noun("ledger", "Read the record of disclosures", ledgerShow, ledgerVerify, ledgerProve, ledgerVerifyProof)
}

// errNoDisclosure is returned when a disclosure was asked for that the ledger
// does not have.
var errNoDisclosure = errors.New("the ledger has no such disclosure; ids are as in the header Disclosure-Id")

// selection is which records are shown.
type selection struct {
	id                 string // of the one disclosure that is asked for; empty: any
	recipient, purpose string
	since              time.Time
	last               int  // 0: all
	everyKind          bool // also what is of no interest to people
}

// wants reports whether a record is among the selected.
func (s *selection) wants(e *ledger.Entry) bool {
	d := e.Disclosure
	switch {
	case e.Time.Before(s.since):
		return false
	case s.id != "":
		return d != nil && (d.ID == s.id || d.Of == s.id)
	case s.recipient != "" || s.purpose != "":
		return d != nil && (s.recipient == "" || d.Recipient == s.recipient) && (s.purpose == "" || d.Purpose == s.purpose)
	}
	return s.everyKind || d != nil || e.Recovered != nil || e.Summary != nil
}

func ledgerShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show [DISCLOSURE-ID]", Short: "Print disclosures and refusals readably", Args: cobra.MaximumNArgs(1),
		Long: `Print disclosures and refusals readably, the oldest first.

Subjects of whom the same left for the same reasons stand on one line, with
their number. With --subjects, or when one disclosure is asked for by its id,
each has a line, which begins with its reference in that month's records.`,
		Example: `  modicum ledger show --last 3
  modicum ledger show --recipient mailer --since 24h
  modicum ledger show 0199c0de-7c5f-7d0a-8000-0123456789ab`,
	}
	dir := ledgerFlags(c)
	since := c.Flags().String("since", "", "nothing older than this instant (RFC 3339) or this long ago (90m, 24h)")
	subjects := c.Flags().Bool("subjects", false, "a line for each subject")
	asJSON := c.Flags().Bool("json", false, "print the records as they stand, a JSON line each, of every kind")
	var s selection
	c.Flags().IntVar(&s.last, "last", 20, "how many of the newest; 0 for all")
	c.Flags().StringVar(&s.recipient, "recipient", "", "only what this recipient was given or refused")
	c.Flags().StringVar(&s.purpose, "purpose", "", "only what was asked for with this purpose")
	c.RunE = func(c *cobra.Command, args []string) error {
		var err error
		if s.since, err = parseSince(*since, time.Now()); err != nil {
			return err
		}
		if s.last < 0 {
			return usage("--last is a number of records; 0 shows all")
		}
		if s.everyKind = *asJSON; len(args) > 0 {
			s.id, s.last = strings.ToLower(strings.TrimPrefix(args[0], "urn:uuid:")), 0
		}
		dir, err := dir()
		if err != nil {
			return err
		}
		text := func(e *ledger.Entry, _ ledger.Facts) string { return string(e.Line) }
		if !*asJSON {
			text = printer{each: *subjects || s.id != ""}.render
		}
		shown, err := tail(c.Context(), dir, &s, text)
		if err != nil {
			return err
		}
		switch {
		case len(shown) > 0:
		case s.id != "":
			return errNoDisclosure
		default:
			return say(c.ErrOrStderr(), "the ledger has no such records\n")
		}
		for _, text := range shown {
			if err := say(c.OutOrStdout(), "%s\n", text); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// parseSince reads an instant, or a duration before now. Empty is the beginning.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, usage("--since is an instant such as 2026-05-01T12:00:00Z, or a duration such as 24h")
	}
	return at, nil
}

// tail renders the newest of the selected records. Records are rendered while
// the reader knows the facts that they name.
func tail(ctx context.Context, dir string, s *selection, text func(*ledger.Entry, ledger.Facts) string) (shown []string, err error) {
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, noLedger(dir, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	var at ledger.Cursor
	for {
		var e ledger.Entry
		e, at, err = reader.Next(ctx, at)
		if errors.Is(err, io.EOF) {
			return shown, nil
		}
		if err != nil {
			return shown, err
		}
		if !s.wants(&e) {
			continue
		}
		if shown = append(shown, text(&e, reader)); s.last > 0 && len(shown) > s.last {
			shown = shown[1:]
		}
	}
}
