package command

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// ErrTests is returned by `policy test` when a test failed, after it was printed.
var ErrTests = errors.New("tests of the policy failed")

func policyTest() *cobra.Command {
	var run string
	var asJSON, cover bool
	c := &cobra.Command{
		Use: "test DIR", Short: "Run the tests that stand beside a policy, in *_test.yaml", Args: cobra.ExactArgs(1),
		Example: `  modicum policy test policy
  modicum policy test policy --run newsletter    the tests whose name has that
  modicum policy test policy --cover             and what they leave untested`,
		RunE: func(c *cobra.Command, args []string) error {
			only, err := regexp.Compile(run)
			if err != nil {
				return usage("--run is a regular expression: %v", err)
			}
			var problems rules.Problems
			policy, err := caddymodule.LoadPolicy(args[0])
			if err != nil && (!asJSON || !errors.As(err, &problems)) {
				return err
			}
			var suite *policytest.Suite
			if policy != nil {
				if suite, problems, err = policytest.Load(os.DirFS(args[0])); err != nil {
					return fmt.Errorf("policy %s: %w", args[0], err)
				}
			}
			report := new(policytest.Report)
			if len(problems) == 0 {
				if suite = suite.Matching(only); len(suite.Tests) == 0 {
					return usage("no test has a name that matches --run")
				}
				if report, err = policytest.Run(policy, suite); err != nil {
					return err
				}
				problems = report.Problems
			}
			if asJSON {
				b, err := report.JSON(problems, cover)
				if err != nil {
					return err
				}
				if err := say(c.OutOrStdout(), "%s", b); err != nil {
					return err
				}
			} else if err := tellTests(c, report, problems.Error(), cover); err != nil {
				return err
			}
			switch failed := report.Failed(); {
			case len(problems) > 0:
				where := "in its tests"
				if policy == nil {
					where = "before any test"
				}
				return fmt.Errorf("%w: %s %s", ErrProblems, number(len(problems), "error"), where)
			case failed > 0:
				return fmt.Errorf("%w: %d of %d", ErrTests, failed, len(report.Results))
			}
			return nil
		},
	}
	c.Flags().StringVar(&run, "run", "", "run only the tests whose name this regular expression matches")
	c.Flags().BoolVar(&asJSON, "json", false, "print the results as one JSON object")
	c.Flags().BoolVar(&cover, "cover", false, "say which cells of the contracts and which rules no test has exercised")
	return c
}

func tellTests(c *cobra.Command, report *policytest.Report, problems string, cover bool) error {
	out := c.OutOrStdout()
	if problems != "" {
		if err := say(out, "%s\n", problems); err != nil {
			return err
		}
	}
	if len(report.Results) == 0 {
		return nil
	}
	if err := say(out, "%s", report.Text()); err != nil {
		return err
	}
	if !cover {
		return nil
	}
	return say(out, "%s", report.Cover.Text())
}
