//go:build !amd64

package redact

// markBlocks marks whole blocks.
func markBlocks(marks []uint64, b []byte) { markGeneric(marks, b) }

// markAll fills marks, of which there are marksFor(len(b)).
func markAll(marks []uint64, b []byte) { markEach(marks, b) }
