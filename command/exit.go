package command

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// exitFound is the code of a command that did its work, and found what a pipeline
// should stop for. That it could not do its work is 1.
const exitFound = 3

// found makes a command say err and exit with exitFound.
func found(c *cobra.Command, err error) error {
	c.PrintErrln(c.ErrPrefix(), err)
	c.SilenceErrors = true
	exit := func(caddycmd.Flags) (int, error) { return exitFound, nil }
	return caddycmd.WrapCommandFuncForCobra(exit)(c, nil)
}
