package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// startUpstream starts the internal API that everybody asks: static files. It
// is a contestant that does not compete, so that it can be asked like one.
func startUpstream(ctx context.Context, s *site) (*contestant, error) {
	c := &contestant{site: s, dir: filepath.Join(s.work, "upstream"), address: s.upstream}
	c.kind = kind{name: "upstream", prepare: func(context.Context, *contestant) (launch, error) {
		files := filepath.Join(c.dir, "files")
		if err := writeBodies(files); err != nil {
			return launch{}, fmt.Errorf("writing the upstream's files: %w", err)
		}
		err := configure(c.dir, "upstream.conf", map[string]any{"Dir": c.dir, "Address": c.address, "Files": files, "Root": os.Geteuid() == 0})
		return launch{args: s.tools.nginxArgs(c.dir, "upstream.conf")}, err
	}}
	return c, c.start(ctx)
}
