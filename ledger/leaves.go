package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// readLeaves reads the file of an expired segment and returns how many records
// the segment had. Each is called with every leaf, unless it is nil.
func readLeaves(path string, each func(tlog.Hash)) (n uint64, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return 0, fmt.Errorf("opening leaves: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading leaves: %w", err)
	}
	if size := info.Size(); size == 0 || size%tlog.HashSize != 0 {
		return 0, corrupt(path, size)
	}
	n = uint64(info.Size()) / tlog.HashSize //nolint:gosec // a file's size is not negative
	if each == nil {
		return n, nil
	}
	b := bufio.NewReader(f)
	for range n {
		var leaf tlog.Hash
		if _, err := io.ReadFull(b, leaf[:]); err != nil {
			return 0, fmt.Errorf("reading leaves: %w", err)
		}
		each(leaf)
	}
	return n, nil
}
