package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/pseudonym"
)

func init() { noun("keys", "Make the gateway's keys", keysInit) }

func keysInit() *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make the key file that the configuration names", Args: cobra.NoArgs}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		app, err := loadApp(*config)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(app.Keys.Path), 0o700); err != nil {
			return fmt.Errorf("making the keys' folder: %w", err)
		}
		set, err := pseudonym.Create(app.Keys.Path)
		if err != nil {
			return fmt.Errorf("keys %s: %w", app.Keys.Path, err)
		}
		return say(c.OutOrStdout(), "made %s; digest key %s. Back it up: without it neither state nor ledger can be read.\n", app.Keys.Path, set.Fingerprint())
	}
	return c
}
