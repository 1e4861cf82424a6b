package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/subject/sqlite"
)

func init() { noun("state", "Make the store of subject state", stateInit) }

func stateInit() *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make the empty store that the configuration names", Args: cobra.NoArgs}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		app, err := loadApp(*config)
		if err != nil {
			return err
		}
		set, err := caddymodule.LoadKeys(app.Keys.Path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(app.State.Path), 0o700); err != nil {
			return fmt.Errorf("making the state's folder: %w", err)
		}
		store, err := sqlite.Create(c.Context(), app.State.Path, set.Fingerprint())
		if err != nil {
			return fmt.Errorf("state %s: %w", app.State.Path, err)
		}
		return errors.Join(store.Close(), say(c.OutOrStdout(), "made %s, store %s\n", app.State.Path, store.ID()))
	}
	return c
}
