package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile" // the adapter
	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
)

// ErrNoGateway is returned for a configuration without the global option
// minimise.
var ErrNoGateway = errors.New("the configuration has no minimise option")

// configFlag adds --config, the configuration that names the stores.
func configFlag(c *cobra.Command) *string {
	return c.Flags().StringP("config", "c", "Caddyfile", "the gateway's configuration, which names policy, state, keys and ledger")
}

// loadApp reads the gateway's part of a configuration: a Caddyfile, or JSON.
func loadApp(path string) (*caddymodule.App, error) {
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	if !json.Valid(b) {
		b, _, err = caddyconfig.GetAdapter("caddyfile").Adapt(b, map[string]any{"filename": path})
		if err != nil {
			return nil, fmt.Errorf("reading configuration: %w", err)
		}
	}
	var config struct {
		Apps struct {
			Minimise *caddymodule.App `json:"minimise"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(b, &config); err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	if config.Apps.Minimise == nil {
		return nil, fmt.Errorf("%s: %w", path, ErrNoGateway)
	}
	return config.Apps.Minimise, nil
}
