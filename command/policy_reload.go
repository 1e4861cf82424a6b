package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
)

// ErrNotReloaded is returned by `policy reload` when the gateway keeps the policy
// that it has.
var ErrNotReloaded = errors.New("the policy was not reloaded, and the one before stays in force")

func policyReload() *cobra.Command {
	c := &cobra.Command{
		Use: "reload", Short: "Put the edited policy of a running gateway in force", Args: cobra.NoArgs,
		Long: `Put the edited policy of a running gateway in force, without a reload of its
configuration. The gateway reads its policy folder again; if that has a problem,
it keeps the policy that it has, and every problem is printed.

Take an edit back in the same way, or with "reload --force": a plain "reload"
compares with the configuration that was loaded, not with the policy in force.`,
	}
	asJSON := c.Flags().Bool("json", false, "print a JSON object with the version in force, the one before, and whether they differ")
	config := configFlag(c)
	address := c.Flags().String("address", "", "the gateway's admin endpoint; without it the one of the configuration")
	c.RunE = func(c *cobra.Command, _ []string) error {
		at := *address
		if at == "" {
			var err error
			if at, err = adminAddress(*config); err != nil {
				return err
			}
		}
		resp, err := caddycmd.AdminAPIRequest(at, http.MethodPost, caddymodule.PolicyReloadPath, nil, nil)
		if err != nil {
			return refusedReload(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var change caddymodule.PolicyChange
		if err := json.NewDecoder(resp.Body).Decode(&change); err != nil {
			return fmt.Errorf("reading the gateway's answer: %w", err)
		}
		switch {
		case *asJSON:
			return printJSON(c, change)
		case !change.Changed:
			return say(c.OutOrStdout(), "policy %s is in force already\n", change.Policy)
		}
		return say(c.OutOrStdout(), "policy %s is in force; before: %s\n", change.Policy, cmp.Or(change.Before, "none"))
	}
	return c
}

// refusedReload turns what the admin endpoint answered into the gateway's own
// words: Caddy's client quotes the JSON of the answer.
func refusedReload(err error) error {
	_, text, ok := strings.Cut(err.Error(), "HTTP 400: ")
	var answer struct {
		Error string `json:"error"`
	}
	if !ok || json.Unmarshal([]byte(text), &answer) != nil || answer.Error == "" {
		return fmt.Errorf("asking the gateway's admin endpoint: %w", err)
	}
	return fmt.Errorf("%w:\n%s", ErrNotReloaded, answer.Error)
}
