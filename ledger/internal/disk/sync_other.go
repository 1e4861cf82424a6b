//go:build !linux

package disk

import "os"

// Datasync makes the bytes of f durable.
func Datasync(f *os.File) error { return f.Sync() }

// dropCache does nothing: there is no portable way.
func dropCache(*os.File) error { return nil }
