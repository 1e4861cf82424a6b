package command

import (
	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/rules/source"
)

func policySchema() *cobra.Command {
	var tests, asJSON bool
	c := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of policy files, for editors", Args: cobra.NoArgs,
		Long: `Print the JSON Schema (draft 2020-12) of the files of a policy. An editor that
knows it completes keys and words, shows what they mean, and marks what the
reader would refuse. Names that must exist, and what several files say together,
are for "policy check".`,
		Example: `  modicum policy schema > policy.schema.json
  modicum policy schema --tests > policy-tests.schema.json    of *_test.yaml`,
		RunE: func(c *cobra.Command, _ []string) error {
			if tests {
				return printJSON(c, policytest.Schema())
			}
			return printJSON(c, source.PolicySchema())
		},
	}
	c.Flags().BoolVar(&tests, "tests", false, "the schema of *_test.yaml in place of the policy's")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, which a schema always is")
	return c
}
