package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/ledger"
)

func init() { noun("ledger", "Read the record of disclosures", ledgerShow) }

func ledgerShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show [DISCLOSURE-ID]", Short: "Print disclosures and refusals readably", Args: cobra.MaximumNArgs(1),
		Example: `  modicum ledger show --last 3
  modicum ledger show 0199c0de-7c5f-7d0a-8000-0123456789ab`,
	}
	config := configFlag(c)
	dir := c.Flags().String("ledger", "", "the ledger's folder; that of --config if empty")
	last := c.Flags().Int("last", 20, "how many of the newest; 0 for all")
	asJSON := c.Flags().Bool("json", false, "print the records as they stand, a JSON line each, of every kind")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *dir == "" {
			app, err := loadApp(*config)
			if err != nil {
				return err
			}
			*dir = app.Ledger
		}
		want := func(e *ledger.Entry) bool {
			return *asJSON || e.Disclosure != nil || e.Recovered != nil || e.Summary != nil
		}
		if len(args) > 0 {
			id := strings.ToLower(strings.TrimPrefix(args[0], "urn:uuid:"))
			want = func(e *ledger.Entry) bool {
				return e.Disclosure != nil && (e.Disclosure.ID == id || e.Disclosure.Of == id)
			}
			*last = 0
		}
		shown, err := tail(c.Context(), *dir, *last, want, *asJSON)
		if err != nil {
			return err
		}
		if len(shown) == 0 {
			fmt.Fprintln(c.ErrOrStderr(), "no such record")
		}
		for _, text := range shown {
			fmt.Fprintln(c.OutOrStdout(), text)
		}
		return nil
	}
	return c
}

// tail renders the newest n records that are wanted, all with n zero. Records
// are rendered while the reader knows the facts that they name.
func tail(ctx context.Context, dir string, n int, want func(*ledger.Entry) bool, asJSON bool) (shown []string, err error) {
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, err
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
		if !want(&e) {
			continue
		}
		text := string(e.Line)
		if !asJSON {
			text = render(&e, reader)
		}
		if shown = append(shown, text); n > 0 && len(shown) > n {
			shown = shown[1:]
		}
	}
}

// render writes a record for people.
func render(e *ledger.Entry, facts ledger.Facts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", e.Time.Format(time.RFC3339), e.Kind)
	switch {
	case e.Disclosure != nil:
		renderDisclosure(&b, e.Disclosure, facts)
	case e.Recovered != nil:
		fmt.Fprintf(&b, "  epoch %s ended without a close; %d records survived, %d bytes were torn", e.Recovered.Epoch, e.Recovered.Size, e.Recovered.Torn)
	case e.Summary != nil:
		fmt.Fprintf(&b, "  since %s:", e.Summary.From.Format(time.RFC3339))
		for reason, count := range e.Summary.Reasons {
			fmt.Fprintf(&b, " %s %d", reason, count)
		}
	}
	return b.String()
}

func renderDisclosure(b *strings.Builder, d *ledger.Disclosure, facts ledger.Facts) {
	fmt.Fprintf(b, "  %s\n", d.ID)
	fmt.Fprintf(b, "  who       %s (%s: %s)", orDash(d.Recipient), orDash(d.Auth.Method), orDash(d.Auth.Client))
	if r, ok := factOf[ledger.RecipientFact](facts, d.RecipientFact); ok {
		fmt.Fprintf(b, ", %s, %s, %s, contract %s", r.LegalName, r.Kind, r.Country, orDash(r.ContractRef))
	}
	fmt.Fprintf(b, "\n  what      %s %s.%s (%s)\n", d.Resource.Method, d.Resource.API, d.Resource.Name, orDash(d.Resource.Route))
	fmt.Fprintf(b, "  why       %s", orDash(d.Purpose))
	if d.Ref != "" {
		fmt.Fprintf(b, ", ref %s", d.Ref)
	}
	fmt.Fprintf(b, "\n  outcome   %s, status %d, %d bytes", d.Outcome, d.Status, d.Bytes)
	if d.Reason != "" {
		fmt.Fprintf(b, ", %s", d.Reason)
	}
	if d.Of != "" {
		fmt.Fprintf(b, ", of %s", d.Of)
	}
	fmt.Fprintf(b, "\n  on        policy %s, state %d\n", orDash(short(d.PolicyFact)), d.State.Seq)
	if d.Counts.Subjects > 0 {
		fmt.Fprintf(b, "  subjects  %d, of whom %d withheld; values: %d in clear, %d pseudonymised, %d withheld\n",
			d.Counts.Subjects, d.Counts.SubjectsWithheld, d.Counts.Allowed, d.Counts.Pseudonymised, d.Counts.Withheld)
	}
	for i := range d.Subjects {
		renderSubject(b, &d.Subjects[i], facts)
	}
}

// renderSubject writes a subject's line: what left of it, or why nothing did.
func renderSubject(b *strings.Builder, s *ledger.Subject, facts ledger.Facts) {
	p, ok := factOf[ledger.ProfileFact](facts, s.Profile)
	if !ok {
		fmt.Fprintf(b, "    %x  profile %s\n", s.Ref, s.Profile)
		return
	}
	fmt.Fprintf(b, "    %.4x…  %s, %s, age %s: ", s.Ref, p.Category, strings.Join(p.Regimes, "+"), p.AgeBand)
	var left []string
	withheld := make(map[string]bool)
	for i, f := range p.Fields {
		if i/8 < len(s.Emitted) && s.Emitted[i/8]&(1<<(i%8)) != 0 {
			name := f.Path
			if f.Transform != "" {
				name += " (" + f.Transform + ")"
			}
			left = append(left, name)
		} else if f.Outcome == "withhold" && len(f.Reasons) > 0 {
			withheld[f.Reasons[0]] = true
		}
	}
	switch {
	case p.Gate != "":
		fmt.Fprintf(b, "nothing, %s", p.Gate)
	case len(left) == 0:
		fmt.Fprint(b, "nothing")
	default:
		fmt.Fprint(b, strings.Join(left, ", "))
	}
	if p.Gate == "" && len(withheld) > 0 {
		fmt.Fprintf(b, "; withheld for %s", strings.Join(sortedSet(withheld), ", "))
	}
	if len(s.Consent) > 0 {
		fmt.Fprintf(b, "; consent events %v", s.Consent)
	}
	fmt.Fprintln(b)
}

// factOf resolves a fact that a record names.
func factOf[T any](facts ledger.Facts, hash string) (v T, ok bool) {
	f, ok := facts.Fact(hash)
	if !ok || json.Unmarshal(f.JSON, &v) != nil {
		return v, false
	}
	return v, true
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func short(hash string) string { return hash[:min(len(hash), 8)] }
