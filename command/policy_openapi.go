package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// described is an api of a policy with the document that describes it.
type described struct{ openapi, api, base string }

// compare tells what the policy and the description do not have in common.
func (d *described) compare(policy *rules.Policy) (rules.Problems, error) {
	if d.openapi == "" {
		if d.api != "" || d.base != "" {
			return nil, usage("--api and --base belong to --openapi")
		}
		return nil, nil
	}
	name, err := d.name(policy)
	if err != nil {
		return nil, err
	}
	api, err := readAPI(d.openapi, d.base)
	if err != nil {
		return nil, err
	}
	return openapi.Compare(policy.Bundle, name, api), nil
}

// name returns the api that is meant: the only one, if none is named.
func (d *described) name(policy *rules.Policy) (string, error) {
	all := policy.APIs()
	switch {
	case d.api == "" && len(all) == 1:
		return all[0], nil
	case d.api == "":
		return "", usage("--api says which api the document describes: %s", strings.Join(all, ", "))
	case !policy.HasAPI(d.api):
		return "", usage("the policy has no api %q: it has %s", d.api, strings.Join(all, ", "))
	}
	return d.api, nil
}

func policyOpenAPI() *cobra.Command {
	var d described
	var o openapi.ContractOptions
	var at string
	var asJSON bool
	c := &cobra.Command{
		Use: "openapi DIR SPEC", Short: "Write the API that a recipient gets for a purpose, as an OpenAPI document", Args: cobra.ExactArgs(2),
		Long: `Write the API that a recipient gets for a purpose, as an OpenAPI document.

It has the routes that the purpose may use, and of their answers the members that
can leave, in the form in which they leave. No member is required: what leaves about
a person depends on that person. A vendor generates its client from it.`,
		Example: `  modicum policy openapi policy openapi.yaml --recipient support-desk --purpose support.provide
  modicum policy openapi policy openapi.yaml --recipient support-desk --purpose support.provide --ref case-1 --server https://api.example.com --json`,
		RunE: func(c *cobra.Command, args []string) error {
			now, err := instant(at)
			if err != nil {
				return err
			}
			if o.Recipient == "" || o.Purpose == "" {
				return usage("--recipient and --purpose say for whom and for what")
			}
			policy, err := caddymodule.LoadPolicy(args[0])
			if err != nil {
				return err
			}
			if o.API, err = d.name(policy); err != nil {
				return err
			}
			api, err := readAPI(args[1], d.base)
			if err != nil {
				return err
			}
			edition := policy.At(now)
			if edition == nil {
				return fmt.Errorf("%w at %s", openapi.ErrNoEdition, moment(now))
			}
			doc, err := openapi.Contract(policy.Bundle, edition, api, o)
			if err != nil {
				return err
			}
			text, err := doc.YAML()
			if asJSON {
				text, err = doc.JSON()
			}
			if err != nil {
				return err
			}
			return say(c.OutOrStdout(), "%s", text)
		},
	}
	c.Flags().StringVar(&o.Recipient, "recipient", "", "for whom")
	c.Flags().StringVar(&o.Purpose, "purpose", "", "for what")
	c.Flags().StringVar(&o.Ref, "ref", "", "an example of a case reference, where the contract requires one; under a legal purpose, the order")
	c.Flags().StringVar(&o.Server, "server", "", "the URL of the gateway")
	c.Flags().StringVar(&o.Auth, "auth", "", "how callers authenticate: basic, bearer or certificate; by default what the registration says")
	c.Flags().StringVar(&d.api, "api", "", "the api that SPEC describes, of several")
	c.Flags().StringVar(&d.base, "base", "", "what every path begins with, in place of the path of SPEC's first server (/ for nothing)")
	c.Flags().StringVar(&at, "at", "", "the day, or the instant (RFC 3339), for which to ask; now if empty")
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return c
}
