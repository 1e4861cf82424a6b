//go:build !unix

package flock

import "os"

// lock does nothing where there is no flock: SQLite's own locks still order the
// writers there, and only creation and takeover are not guarded.
func lock(*os.File, bool) error { return nil }

func unlock(*os.File) error { return nil }
