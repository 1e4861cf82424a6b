package main

import (
	"context"
	"path/filepath"
)

// modicum is the gateway with everything on: authentication, purpose, subject
// state, pseudonyms, a ledger on the disk and the export of its spans.
var modicum = kind{name: "modicum", removes: true, prepare: func(ctx context.Context, c *contestant) (launch, error) {
	program, err := c.build(ctx, "cmd/modicum")
	if err != nil {
		return launch{}, err
	}
	if err := writeEvents(filepath.Join(c.dir, "events.ndjson"), c.subjects); err != nil {
		return launch{}, err
	}
	err = configure(c.dir, "modicum.caddyfile", map[string]any{
		"Address": c.address, "Upstream": c.upstream, "Admin": c.admin, "Policy": c.policy,
	})
	return launch{
		args: []string{program, "run", "--adapter", "caddyfile", "--config", "modicum.caddyfile"},
		env:  []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.collector},
	}, err
}}

// ledgerDir is where modicum writes its ledger.
func (c *contestant) ledgerDir() string { return filepath.Join(c.dir, "ledger") }
