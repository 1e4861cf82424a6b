package redact

// Objects of one shape repeat themselves: most write the same members in the same
// order with the same whitespace. So a place remembers the keys that were seen
// there, in their order, each with what stood around it. Where the body goes on with the
// next one, a comparison of two words covers whitespace, key, colon and whitespace again;
// where it does not, the key is found by a hash of its bytes.
//
// Nothing depends on what is remembered but time: it was checked when it was seen,
// and equal bytes in an equal position mean the same.

// knownKey is a key that was seen at a place.
type knownKey struct {
	// The first 16 bytes of lit and which of their bits count.
	low, high         uint64
	lowMask, highMask uint64

	n        int32 // the length of lit
	from, to int32 // of the key with its quotes in lit
	place    int32 // of the member, or nowhere

	lit []byte // what stood between the separator and the value: `"name":`
}

// Keys are copies and outlive the body, so their room is bounded: by number at a
// place, and by length. A key beyond is looked up in the shape each time. Keys
// that are data (below Any) are never kept, and half of the room is for keys that
// the shape names.
const (
	maxKnown  = 256
	maxKeyLen = 96 // with what stands around it
	minSlots  = 32
	maxProbes = 8
)

// keyring is the known keys of one place. The first of them is none: it stands for
// the beginning of an object.
type keyring struct {
	known []knownKey
	slots []int16 // by hash, four or more a key; 0 is empty
	alien int     // how many of them the shape does not name
}

func newKeyring() keyring { return keyring{known: make([]knownKey, 1), slots: make([]int16, minSlots)} }

// begins reports whether what stands at i begins like the literal of k. Close to the
// end of the body it says no, as the words that it compares reach beyond.
func (k *knownKey) begins(b []byte, i int) bool {
	return i+16 <= len(b) && (word(b, i)^k.low)&k.lowMask|(word(b, i+8)^k.high)&k.highMask == 0
}

// goesOn reports whether the rest of a literal that begins at i follows, too.
func (k *knownKey) goesOn(b []byte, i int) bool {
	end := i + int(k.n)
	return k.n <= 16 || end <= len(b) && string(b[i+16:end]) == string(k.lit[16:])
}

// set gives k the literal lit, of which from to to is the key.
func (k *knownKey) set(lit []byte, from, to int) {
	k.lit = append(k.lit[:0], lit...)
	k.n, k.from, k.to = int32(len(lit)), int32(from), int32(to) //nolint:gosec // maxKeyLen bounds both
	var first [16]byte
	n := copy(first[:], lit)
	k.low, k.high = word(first[:], 0), word(first[:], 8)
	k.lowMask, k.highMask = wordMask(n), wordMask(n-8)
}

// wordMask keeps the first n bytes of a word.
func wordMask(n int) uint64 {
	switch {
	case n <= 0:
		return 0
	case n >= 8:
		return ^uint64(0)
	}
	return 1<<(8*n) - 1
}

// key is the raw key.
func (k *knownKey) key() []byte { return k.lit[k.from:k.to] }

// find returns the number of a raw key, 0 when it is not known.
func (r *keyring) find(raw []byte) int {
	h, mask := hashKey(raw), uint32(len(r.slots)-1) //nolint:gosec // 4 * maxKnown bounds it
	for p := range uint32(maxProbes) {
		n := r.slots[(h+p)&mask]
		if n == 0 {
			return 0
		}
		if string(r.known[n].key()) == string(raw) {
			return int(n)
		}
	}
	return 0
}

// learn makes a key known that is not, and returns its number, 0 when there is no
// room for it.
func (r *keyring) learn(lit []byte, from, to, p int) int {
	n := len(r.known)
	alien := p == nowhere
	if n >= maxKnown || len(lit) > maxKeyLen || alien && r.alien >= maxKnown/2 {
		return 0
	}
	if 4*n > len(r.slots) {
		r.slots = make([]int16, 2*len(r.slots))
		for i := 1; i < n; i++ {
			r.place(i)
		}
	}
	k := knownKey{place: int32(p)} //nolint:gosec // places are fewer than rules
	k.set(lit, from, to)
	r.known = append(r.known, k)
	if !r.place(n) {
		r.known = r.known[:n]
		return 0
	}
	if alien {
		r.alien++
	}
	return n
}

// place lets known key n be found, if there is a slot for it.
func (r *keyring) place(n int) bool {
	h, mask := hashKey(r.known[n].key()), uint32(len(r.slots)-1) //nolint:gosec // 4 * maxKnown bounds it
	for p := range uint32(maxProbes) {
		if slot := &r.slots[(h+p)&mask]; *slot == 0 {
			*slot = int16(n) //nolint:gosec // maxKnown bounds it
			return true
		}
	}
	return false
}

// hashKey spreads keys by their length and their first and last eight bytes. That
// one can be found that collides costs time alone, and maxProbes bounds it.
func hashKey(raw []byte) uint32 {
	var a, b uint64
	if n := len(raw); n >= 8 {
		a, b = word(raw, 0), word(raw, n-8)
	} else {
		for _, c := range raw {
			a = a<<8 | uint64(c)
		}
	}
	h := (a^b*0x9E3779B97F4A7C15)*0xD6E8FEB86659FD93 + uint64(len(raw))
	h ^= h >> 32
	return uint32(h * 0x9E3779B1 >> 16) //nolint:gosec // the bits in the middle
}
