package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules/signature"
)

func policyVerify() *cobra.Command {
	var by []string
	var asJSON bool
	c := &cobra.Command{
		Use: "verify DIR", Short: "Check that a policy, as it is, has every signature that is asked for", Args: cobra.ExactArgs(1),
		Long: `Check that a policy, as it is, is signed by every key that is named. Exit code 3
if it is not: it was never signed, somebody has not signed, it was edited after
it was signed, or another version of the decision tables reads it here.`,
		Example: `  modicum policy verify policy --by privacy.vendor.example+dc5bb5bb+Af1…
  modicum policy verify policy --by "$PRIVACY" --by "$SECURITY" --json`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(by) == 0 {
				return usage("--by is missing: whose signature is it to have?")
			}
			keys, err := signature.NewKeys(by...)
			if err != nil {
				return fmt.Errorf("--by: %w", err)
			}
			policy, err := caddymodule.LoadPolicy(args[0])
			if err != nil {
				return err
			}
			signed, err := caddymodule.ReadSignature(args[0])
			if err != nil {
				return err
			}
			verdict := signature.Verify(policy.Bundle, signed, keys)
			if asJSON {
				err = printVerdict(c, policy.Bundle.Hash, keys, signed, verdict)
			} else if verdict == nil {
				err = say(c.OutOrStdout(), "policy %s is signed by %s\n", policy.Bundle.Hash, keys)
			}
			if err != nil {
				return err
			}
			if verdict != nil {
				return found(c, verdict)
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&by, "by", nil, "a verifier key, as `policy keygen` printed it; several times for several signers")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func printVerdict(c *cobra.Command, bundle string, keys signature.Keys, signed []byte, verdict error) error {
	out := struct {
		Bundle   string   `json:"bundle"`
		Verified bool     `json:"verified"`
		By       []string `json:"by"`                // who was to have signed
		Problem  string   `json:"problem,omitempty"` // why it is not verified
		Claimed  []string `json:"claimed"`           // whom the note names, verified or not
	}{Bundle: bundle, Verified: verdict == nil, By: keys.IDs(), Claimed: []string{}}
	if verdict != nil {
		out.Problem = verdict.Error()
	}
	if signed != nil {
		claimed, err := signature.Claimed(signed)
		switch {
		case err == nil:
			out.Claimed = claimed
		case !errors.Is(err, signature.ErrMalformed): // that is the verdict already
			return err
		}
	}
	return printJSON(c, out)
}
