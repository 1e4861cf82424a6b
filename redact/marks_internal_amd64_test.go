package redact

import "golang.org/x/sys/cpu"

func init() {
	markers["SSE2"] = func(marks []uint64, b []byte) { markSSE2(&marks[0], &b[0], len(marks)) }
	if cpu.X86.HasAVX2 {
		markers["AVX2"] = func(marks []uint64, b []byte) { markAVX2(&marks[0], &b[0], len(marks)) }
	}
}
