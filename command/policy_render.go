package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review/page"
	"github.com/modicum-dev/modicum/rules/signature"
)

// ErrNotInEffect is returned for a policy of which some document has no version in
// effect: it answers nothing.
var ErrNotInEffect = errors.New("the policy is not in effect")

func policyRender() *cobra.Command {
	var at, before, out string
	var by []string
	var asJSON bool
	c := &cobra.Command{
		Use: "render DIR", Short: "Write the page that a privacy officer reads and signs", Args: cobra.ExactArgs(1),
		Example: `  modicum policy render policy --out policy.html
  modicum policy render policy --diff policy-of-last-year --out policy.html    with what changed
  modicum policy render policy --by "$PRIVACY" --out policy.html    once it is signed
  modicum policy render policy --at 2027-04-01 --json    the same as data`,
		RunE: func(c *cobra.Command, args []string) error {
			now, err := instant(at)
			if err != nil {
				return err
			}
			policy, err := caddymodule.LoadPolicy(args[0])
			if err != nil {
				return err
			}
			var options page.Options
			if before != "" {
				if options.Before, err = caddymodule.LoadPolicy(before); err != nil {
					return err
				}
			}
			if options.Signers, err = signers(args[0], policy, by); err != nil {
				return err
			}
			p, ok := page.New(policy, now, options)
			if !ok {
				return fmt.Errorf("%w at %s: no version yet of %s", ErrNotInEffect, moment(now), strings.Join(notYet(policy, now), ", "))
			}
			var b bytes.Buffer
			if asJSON {
				enc := json.NewEncoder(&b)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				err = enc.Encode(p)
			} else {
				err = p.HTML(&b)
			}
			if err != nil {
				return fmt.Errorf("rendering: %w", err)
			}
			if out == "" {
				return say(c.OutOrStdout(), "%s", b.String())
			}
			if err := replaceFile(out, b.Bytes()); err != nil {
				return err
			}
			return say(c.ErrOrStderr(), "%s: %d recipients, bundle %s\n", out, len(p.Recipients), p.Edition.Bundle)
		},
	}
	c.Flags().StringVar(&at, "at", "", "the day, or the instant (RFC 3339), of which to tell; now if empty")
	c.Flags().StringVar(&before, "diff", "", "folder of an older policy: mark what differs from it")
	c.Flags().StringArrayVar(&by, "by", nil, "a verifier key: the page names its signature, and is not written if that does not hold; several times for several signers")
	c.Flags().StringVar(&out, "out", "", "file to write; standard output if empty")
	c.Flags().BoolVar(&asJSON, "json", false, "write the page as JSON")
	return c
}

// signers verifies the signatures of a policy that are asked for.
func signers(dir string, policy *rules.Policy, by []string) ([]string, error) {
	if len(by) == 0 {
		return nil, nil
	}
	keys, err := signature.NewKeys(by...)
	if err != nil {
		return nil, fmt.Errorf("--by: %w", err)
	}
	signed, err := caddymodule.ReadSignature(dir)
	if err != nil {
		return nil, err
	}
	if err := signature.Verify(policy.Bundle, signed, keys); err != nil {
		return nil, fmt.Errorf("policy %s: %w", dir, err)
	}
	return keys.IDs(), nil
}
