package redact

// markBlocks marks whole blocks. It needs nothing that not every amd64 has.
func markBlocks(marks []uint64, b []byte) {
	if len(marks) > 0 {
		markSSE2(&marks[0], &b[0], len(marks))
	}
}

// markSSE2 marks the given number of blocks, at least one.
//
//go:noescape
func markSSE2(marks *uint64, b *byte, blocks int)
