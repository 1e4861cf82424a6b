package rules

import "math/bits"

// FieldSet is a set of field numbers of one [Shape]. The zero value is empty.
type FieldSet []uint64

// NewFieldSet returns an empty set with room for n fields.
func NewFieldSet(n int) FieldSet { return make(FieldSet, (n+63)/64) }

// Has reports whether field i is in the set.
func (s FieldSet) Has(i int) bool {
	return i >= 0 && i>>6 < len(s) && s[i>>6]&(1<<(i&63)) != 0
}

// Add puts field i into the set, which must have room for it.
func (s FieldSet) Add(i int) { s[i>>6] |= 1 << (i & 63) }

// Clear empties the set and keeps its room.
func (s FieldSet) Clear() { clear(s) }

// Len counts the fields in the set.
func (s FieldSet) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Union adds every field of t, which must not exceed the room of s.
func (s FieldSet) Union(t FieldSet) {
	for i, w := range t {
		s[i] |= w
	}
}

// AppendBits appends the set as little-endian bytes without trailing zero
// bytes: bit k of byte n is field 8n+k.
func (s FieldSet) AppendBits(dst []byte) []byte {
	start := len(dst)
	for _, w := range s {
		for range 8 {
			dst = append(dst, byte(w))
			w >>= 8
		}
	}
	for len(dst) > start && dst[len(dst)-1] == 0 {
		dst = dst[:len(dst)-1]
	}
	return dst
}
