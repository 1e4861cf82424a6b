package main

import "context"

// plain is the reference: the reverse proxy of the same binary, which copies
// the upstream's answer as it comes.
var plain = kind{name: "plain", prepare: func(ctx context.Context, c *contestant) (launch, error) {
	program, err := c.build(ctx, "cmd/modicum")
	if err != nil {
		return launch{}, err
	}
	err = configure(c.dir, "plain.caddyfile", map[string]any{"Address": c.address, "Upstream": c.upstream})
	return launch{args: []string{program, "run", "--adapter", "caddyfile", "--config", "plain.caddyfile"}}, err
}}
