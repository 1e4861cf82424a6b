package main

import "context"

// naive is Caddy with the handler that one writes first: encoding/json into
// maps and back.
var naive = kind{name: "naive", removes: true, prepare: func(ctx context.Context, c *contestant) (launch, error) {
	program, err := c.build(ctx, "bench/naive")
	if err != nil {
		return launch{}, err
	}
	err = configure(c.dir, "naive.caddyfile", map[string]any{"Address": c.address, "Upstream": c.upstream, "Removed": removed})
	return launch{args: []string{program, "run", "--adapter", "caddyfile", "--config", "naive.caddyfile"}}, err
}}
