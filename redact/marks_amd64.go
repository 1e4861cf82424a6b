package redact

import "golang.org/x/sys/cpu"

// markBlocks marks whole blocks.
func markBlocks(marks []uint64, b []byte) {
	switch {
	case len(marks) == 0:
	case cpu.X86.HasAVX2:
		markAVX2(&marks[0], &b[0], len(marks))
	default:
		markSSE2(&marks[0], &b[0], len(marks))
	}
}

// Each marks the given number of blocks, at least one. markSSE2 needs nothing that not
// every amd64 has.

//go:noescape
func markSSE2(marks *uint64, b *byte, blocks int)

//go:noescape
func markAVX2(marks *uint64, b *byte, blocks int)
