package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile" // the adapter
	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
)

// ErrNoGateway is returned for a configuration without the global option
// minimise.
var ErrNoGateway = errors.New("the configuration has no minimise option")

// ErrNoAdmin is returned for a configuration whose admin endpoint is off.
var ErrNoAdmin = errors.New("the admin endpoint is off, so a running gateway cannot be asked; restart it instead")

// configFlag adds --config, the configuration that names the stores.
func configFlag(c *cobra.Command) *string {
	return c.Flags().StringP("config", "c", "Caddyfile", "the gateway's configuration, which names policy, state, keys and ledger")
}

// config is what commands need of a configuration.
type config struct {
	Admin struct {
		Listen   string `json:"listen"`
		Disabled bool   `json:"disabled"`
	} `json:"admin"`
	Apps struct {
		Minimise *caddymodule.App `json:"minimise"`
	} `json:"apps"`
}

// loadConfig reads a configuration: a Caddyfile, or JSON.
func loadConfig(path string) (*config, error) {
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
	c := new(config)
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	return c, nil
}

// loadApp reads the gateway's part of a configuration.
func loadApp(path string) (*caddymodule.App, error) {
	c, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	if c.Apps.Minimise == nil {
		return nil, fmt.Errorf("%s: %w", path, ErrNoGateway)
	}
	return c.Apps.Minimise, nil
}

// adminAddress returns where the admin endpoint of a configuration listens.
func adminAddress(path string) (string, error) {
	c, err := loadConfig(path)
	switch {
	case err != nil:
		return "", err
	case c.Admin.Disabled:
		return "", fmt.Errorf("%s: %w", path, ErrNoAdmin)
	case c.Admin.Listen == "":
		return caddy.DefaultAdminListen, nil
	}
	return c.Admin.Listen, nil
}
