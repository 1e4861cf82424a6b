package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
)

func init() {
	noun("policy", "Check, test, review and sign the policy",
		policyInit, policyCheck, policyTest, policyTry, policyExplain, policyDiff, policyRender, policyKeygen, policySign, policyVerify, policyExpiring, policySchema, policyOpenAPI, policyObserved, policyReload)
}

// ErrProblems is returned by `policy check` for a policy with problems, after
// they were printed.
var ErrProblems = errors.New("the policy has problems")

func policyCheck() *cobra.Command {
	var asJSON, strict bool
	var at string
	var against described
	c := &cobra.Command{
		Use: "check DIR", Short: "Report every problem of a policy at file:line:column, and what somebody should look at", Args: cobra.ExactArgs(1),
		Example: `  modicum policy check policy
  modicum policy check policy --at 2027-04-01    what the policy will say on that day
  modicum policy check policy --json --strict    for a pipeline
  modicum policy check policy --openapi openapi.yaml --api crm    what the api and the policy do not have in common`,
		RunE: func(c *cobra.Command, args []string) error {
			now, err := instant(at)
			if err != nil {
				return err
			}
			policy, err := caddymodule.LoadPolicy(args[0])
			var found rules.Problems
			if err != nil && !errors.As(err, &found) {
				return err
			}
			if policy != nil {
				found = policy.Findings(now)
				more, err := against.compare(policy)
				if err != nil {
					return err
				}
				found = append(found, more...).Sort()
			}
			if asJSON {
				err = printProblems(c, found)
			} else {
				err = tellProblems(c, policy, found, now)
			}
			if err != nil {
				return err
			}
			errs, warnings := count(found)
			if errs > 0 || strict && warnings > 0 {
				return fmt.Errorf("%w: %s", ErrProblems, tally(errs, warnings))
			}
			return nil
		},
	}
	c.Flags().StringVar(&at, "at", "", "the day, or the instant (RFC 3339), for which to ask; now if empty")
	c.Flags().StringVar(&against.openapi, "openapi", "", "an OpenAPI 3 or Swagger 2.0 document to hold an api against")
	c.Flags().StringVar(&against.api, "api", "", "with --openapi: the api that it describes, of several")
	c.Flags().StringVar(&against.base, "base", "", "with --openapi: what every path begins with, in place of the path of its first server (/ for nothing)")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of problems, each with its severity")
	c.Flags().BoolVar(&strict, "strict", false, "exit with 1 when there are warnings, as with errors")
	return c
}

// instant reads a flag that is a day, of which it is the first moment, or an
// instant.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Now().UTC(), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("--at is a day such as 2027-03-31, or an instant such as 2027-03-31T12:00:00Z")
}

func count(problems rules.Problems) (errs, warnings int) {
	for _, p := range problems {
		if p.Warning {
			warnings++
		} else {
			errs++
		}
	}
	return errs, warnings
}

// tally reads "2 errors, 1 warning".
func tally(errs, warnings int) string {
	return number(errs, "error") + ", " + number(warnings, "warning")
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tellProblems prints for people: the problems, what the policy says at the time
// if it may be used, and the tally.
func tellProblems(c *cobra.Command, policy *rules.Policy, found rules.Problems, at time.Time) error {
	out := c.OutOrStdout()
	for _, p := range found {
		if err := say(out, "%s\n", p.Error()); err != nil {
			return err
		}
	}
	if policy != nil {
		if err := say(out, "%s", editionText(policy, at)); err != nil {
			return err
		}
		b, verdict := policy.Bundle, "ok"
		if errs, _ := count(found); errs > 0 {
			verdict = "loads all the same"
		}
		if err := say(out, "%s: %s, %s, apis %q, bundle %s\n", verdict, number(len(b.Purposes), "purpose"), number(len(b.Recipients), "recipient"), policy.APIs(), b.Hash); err != nil {
			return err
		}
	}
	errs, warnings := count(found)
	return say(out, "%s\n", tally(errs, warnings))
}

func printProblems(c *cobra.Command, problems rules.Problems) error {
	type line struct {
		File       string `json:"file"`
		Line       int    `json:"line"`
		Column     int    `json:"column"`
		Severity   string `json:"severity"`
		Problem    string `json:"problem"`
		Suggestion string `json:"suggestion,omitempty"`
	}
	out := make([]line, len(problems))
	for i, p := range problems {
		severity := "error"
		if p.Warning {
			severity = "warning"
		}
		out[i] = line{p.Pos.File, p.Pos.Line, p.Pos.Column, severity, p.Detail, p.Suggestion}
	}
	return printJSON(c, out)
}

// printJSON prints one value for a pipeline.
func printJSON(c *cobra.Command, v any) error {
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false) // a message may say <<
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
