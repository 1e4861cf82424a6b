package redact

import "math/bits"

// Objects of one shape repeat themselves: most write the same members in the same
// order with the same whitespace. So a place remembers the keys that were seen
// there, in their order, each with what stood around it. Where the body goes on with the
// next one, a comparison of two words covers whitespace, key, colon and whitespace again;
// where it does not, the key is found by a hash of its bytes.
//
// Nothing depends on what is remembered but time: it was checked when it was seen,
// and equal bytes in an equal position mean the same.

// knownKey is a key that was seen at a place. Its literal is what stood between the
// value before and its own value: `,"name":`. That of the first key of an object has a
// comma in place of the brace.
type knownKey struct {
	// The first 16 bytes of the literal and which of their bits count.
	low, high         uint64
	lowMask, highMask uint64
	// The last 16 of one that is longer.
	tailLow, tailHigh uint64

	from, to int32 // of the key with its quotes in the literal
	n        uint8 // the length of the literal
	form     form  // of the member
	ref      int32 // of the member: its field if that is all there is to it, else its place
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
	known    []knownKey
	literals [][]byte // of the known keys
	slots    []int16  // by hash, four or more a key; 0 is empty
	alien    int      // how many of them the shape does not name
}

func newKeyring() keyring {
	return keyring{known: make([]knownKey, 1), literals: make([][]byte, 1), slots: make([]int16, minSlots)}
}

// inBrace is the first byte of a literal against that of the body where an object
// begins.
const inBrace = '{' ^ ','

// begins reports whether what stands at i begins like the literal of k, with a first
// byte that differs by brace: 0 or inBrace. Close to the end of the body it says no, as
// the words that it compares reach beyond.
func (k *knownKey) begins(b []byte, i int, brace uint64) bool {
	return i >= 0 && i <= len(b)-16 && (word(b, i)^brace^k.low)&k.lowMask|(word(b, i+8)^k.high)&k.highMask == 0
}

// goesOn reports whether the rest of a literal of more than 16 bytes that begins at i
// follows, too.
func (r *keyring) goesOn(n int, b []byte, i int) bool {
	k := &r.known[n]
	end := i + int(k.n)
	if i < 0 || end < 16 || end > len(b) {
		return false
	}
	tail := end - 16
	return word(b, tail) == k.tailLow && word(b, tail+8) == k.tailHigh &&
		(k.n <= 32 || string(b[i+16:tail]) == string(r.literals[n][16:k.n-16]))
}

// span is where the key stands whose literal begins at i.
func (k *knownKey) span(i int) span { return span{i + int(k.from), i + int(k.to)} }

// set gives known key n the literal lit, of which from to to is the key.
func (r *keyring) set(n int, lit []byte, from, to int) {
	r.literals[n] = append(r.literals[n][:0], lit...)
	lit = r.literals[n]
	if lit[0] == '{' {
		lit[0] = ','
	}
	k := &r.known[n]
	k.n, k.from, k.to = uint8(len(lit)), int32(from), int32(to) //nolint:gosec // maxKeyLen bounds them
	var first [16]byte
	copy(first[:], lit)
	k.low, k.high = word(first[:], 0), word(first[:], 8)
	k.lowMask, k.highMask = wordMask(len(lit)), wordMask(len(lit)-8)
	if tail := len(lit) - 16; tail > 0 {
		k.tailLow, k.tailHigh = word(lit, tail), word(lit, tail+8)
	}
}

// wordMask keeps the first n bytes of a word: none or all of them beyond its ends.
func wordMask(n int) uint64 { return wordMasks[min(max(n, 0), 8)] }

var wordMasks = [9]uint64{0, 1<<8 - 1, 1<<16 - 1, 1<<24 - 1, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}

// key is the raw key.
func (r *keyring) key(n int) []byte { return r.literals[n][r.known[n].from:r.known[n].to] }

// jump returns the number of a known key by its literal, which begins at i and whose
// key stands from from to to; 0 if there is none.
func (r *keyring) jump(b []byte, i, from, to int, brace uint64) int {
	h := hashKey(b, from, to)
	for p := range uint64(maxProbes) {
		n := int(*r.slot(h + p))
		if n == 0 {
			break
		}
		if k := &r.known[n]; k.begins(b, i, brace) && (k.n <= 16 || r.goesOn(n, b, i)) {
			return n
		}
	}
	return 0
}

// find returns the number of the known key that stands from from to to, whatever stands
// around it; 0 if there is none.
func (r *keyring) find(b []byte, from, to int) int {
	h := hashKey(b, from, to)
	for p := range uint64(maxProbes) {
		n := int(*r.slot(h + p))
		if n == 0 {
			break
		}
		if string(r.key(n)) == string(b[from:to]) {
			return n
		}
	}
	return 0
}

// learn makes a key known that is not, which stands from from to to in its literal and is
// that of member m. It returns its number, 0 when there is no room for it.
func (r *keyring) learn(lit []byte, from, to int, m knownKey) int {
	n := len(r.known)
	alien := m.form == formNone
	if n >= maxKnown || len(lit) > maxKeyLen || alien && r.alien >= maxKnown/2 {
		return 0
	}
	if 4*n > len(r.slots) {
		r.slots = make([]int16, 2*len(r.slots))
		for i := 1; i < n; i++ {
			k := &r.known[i]
			if slot := r.free(r.literals[i], int(k.from), int(k.to)); slot != nil {
				*slot = int16(i)
			}
		}
	}
	slot := r.free(lit, from, to)
	if slot == nil {
		return 0
	}
	*slot = int16(n)
	r.known, r.literals = append(r.known, m), append(r.literals, nil)
	r.set(n, lit, from, to)
	if alien {
		r.alien++
	}
	return n
}

// free returns a slot for the key that stands from from to to in b, nil if there is none.
func (r *keyring) free(b []byte, from, to int) *int16 {
	h := hashKey(b, from, to)
	for p := range uint64(maxProbes) {
		if slot := r.slot(h + p); *slot == 0 {
			return slot
		}
	}
	return nil
}

// slot returns the slot of a hash.
func (r *keyring) slot(h uint64) *int16 { return &r.slots[h&uint64(len(r.slots)-1)] } //nolint:gosec // there are always some

// hashKey spreads keys by their length, their first 16 bytes and their last eight. That
// one can be found that collides costs time alone, and maxProbes bounds it.
func hashKey(b []byte, from, to int) uint64 {
	n := to - from
	var low, high, tail uint64
	if from >= 0 && from <= len(b)-16 { // mostly
		low, high = word(b, from), word(b, from+8)
	} else {
		var first [16]byte
		copy(first[:], b[from:to])
		low, high = word(first[:], 0), word(first[:], 8)
	}
	low <<= uint(64 - 8*min(n, 8))
	high <<= uint(64 - 8*min(max(n-8, 0), 8))
	if n > 16 {
		tail = word(b, to-8)
	}
	// One wide product mixes both: whoever looks a key up waits for it.
	over, under := bits.Mul64(low^0x9E3779B97F4A7C15, high^tail^0xD6E8FEB86659FD93)
	h := over ^ under
	return h ^ h>>32
}
