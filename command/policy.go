package command

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
)

func init() { noun("policy", "Check and reload the policy", policyCheck, policyReload) }

// ErrProblems is returned by `policy check` for a policy with problems, after
// they were printed.
var ErrProblems = errors.New("the policy has problems")

func policyCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "check DIR", Short: "Report every problem of a policy at file:line:column", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			policy, err := caddymodule.LoadPolicy(args[0])
			var problems rules.Problems
			if err != nil && !errors.As(err, &problems) {
				return err
			}
			if asJSON {
				return printProblems(c, problems)
			}
			for _, p := range problems {
				if err := say(c.OutOrStdout(), "%s\n", p.Error()); err != nil {
					return err
				}
			}
			if len(problems) > 0 {
				return fmt.Errorf("%w: %d", ErrProblems, len(problems))
			}
			b := policy.Bundle
			return say(c.OutOrStdout(), "ok: %d purposes, %d recipients, apis %q, bundle %s\n", len(b.Purposes), len(b.Recipients), policy.APIs(), b.Hash)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of problems")
	return c
}

func printProblems(c *cobra.Command, problems rules.Problems) error {
	type line struct {
		File       string `json:"file"`
		Line       int    `json:"line"`
		Column     int    `json:"column"`
		Problem    string `json:"problem"`
		Suggestion string `json:"suggestion,omitempty"`
	}
	out := make([]line, len(problems))
	for i, p := range problems {
		out[i] = line{p.Pos.File, p.Pos.Line, p.Pos.Column, p.Detail, p.Suggestion}
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %d", ErrProblems, len(problems))
	}
	return nil
}
