package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules/review"
)

// ErrWeaker is returned by `policy diff` when the newer policy may disclose something
// that the older one does not, after the diff was printed.
var ErrWeaker = errors.New("the newer policy is weaker in places")

func policyDiff() *cobra.Command {
	var asJSON bool
	var at string
	c := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say whose data a change of the policy discloses in another form, to whom and when", Args: cobra.ExactArgs(2),
		Long: `Say what a change of the policy changes: every recipient, purpose, member and
state of a person for which the outcome is another one, marked weaker (something is
disclosed that was not) or stronger. It is exact: both policies are asked about
every state, now and on each later date that changes an answer of either.

It exits with 3 when anything is weaker, so that a pipeline asks for a review.`,
		Example: `  modicum policy diff policy-in-production policy
  git worktree add /tmp/main main && modicum policy diff /tmp/main/policy policy --json`,
		RunE: func(c *cobra.Command, args []string) error {
			now, err := instant(at)
			if err != nil {
				return err
			}
			before, err := caddymodule.LoadPolicy(args[0])
			if err != nil {
				return err
			}
			after, err := caddymodule.LoadPolicy(args[1])
			if err != nil {
				return err
			}
			d := review.Compare(before, after, now)
			text := []byte(d.Text())
			if asJSON {
				if text, err = d.JSON(); err != nil {
					return err
				}
			}
			if err := say(c.OutOrStdout(), "%s", text); err != nil {
				return err
			}
			if d.Weaker() {
				return found(c, ErrWeaker)
			}
			return nil
		},
	}
	c.Flags().StringVar(&at, "at", "", "the day, or the instant (RFC 3339), from which on to compare; now if empty")
	c.Flags().BoolVar(&asJSON, "json", false, "print everything as one JSON object")
	return c
}
