//go:build !amd64

package redact

// markBlocks marks whole blocks.
func markBlocks(marks, b []byte) { markGeneric(marks, b) }

// markAll fills marks, of which there are marksFor(len(b)).
func markAll(marks, b []byte) { markEach(marks, b) }
