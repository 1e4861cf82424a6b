// Package command holds the subcommands that modicum adds to Caddy's, one file a
// noun. They work on the stores that a configuration names, and need no running
// gateway unless one holds what they change.
package command

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// ErrUsage is returned for flags that contradict each other or say too little.
var ErrUsage = errors.New("usage")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUsage, fmt.Sprintf(format, args...))
}

// noun registers a command whose subcommands are its verbs.
func noun(name, short string, verbs ...func() *cobra.Command) {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name: name, Short: short, Usage: "<command>",
		CobraFunc: func(c *cobra.Command) {
			c.SilenceUsage = true
			for _, verb := range verbs {
				v := verb()
				v.SilenceUsage = true
				c.AddCommand(v)
			}
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return usage("%s has no command %q", name, args[0])
				}
				return c.Help()
			}
		},
	})
}

// sortedSet lists the members of a set.
func sortedSet(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
