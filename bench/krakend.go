package main

import (
	"context"
	"net"
)

// krakend is the engine of that API gateway, with its deny list for the one
// object and its flatmap filter for the objects of a list.
var krakend = kind{name: "krakend", removes: true, prepare: func(ctx context.Context, c *contestant) (launch, error) {
	program, err := c.build(ctx, "bench/krakend")
	if err != nil {
		return launch{}, err
	}
	_, port, err := net.SplitHostPort(c.address)
	if err != nil {
		return launch{}, err
	}
	one, list := body{}, body{list: true}
	err = configure(c.dir, "krakend.json", map[string]any{
		"Port": port, "Upstream": c.upstream, "Object": one.paths(""), "List": list.paths("data.*."),
	})
	return launch{args: []string{program, "krakend.json"}}, err
}}
