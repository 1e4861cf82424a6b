// Package command holds the subcommands that modicum adds to Caddy's, one file a
// noun. They work on the stores that a configuration names, and need no running
// gateway unless one holds what they change.
package command

import (
	"errors"
	"fmt"
	"io"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// ErrUsage is returned for flags that contradict each other or say too little.
var ErrUsage = errors.New("usage")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUsage, fmt.Sprintf(format, args...))
}

// say prints what a command has to say. That it could not is the command's error:
// who reads along must not take silence for an answer.
func say(w io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
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
