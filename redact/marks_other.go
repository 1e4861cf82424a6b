//go:build !amd64

package redact

// markBlocks marks whole blocks.
func markBlocks(marks []uint64, b []byte) { markGeneric(marks, b) }
