package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// prf is HMAC-SHA256 under one key for concurrent use without allocations: the
// states are pooled, and crypto/hmac keeps the key's two blocks absorbed across
// Reset.
type prf struct {
	opaque
	pool sync.Pool
}

// prfState is one computation: input is collected, then summed at once.
type prfState struct {
	opaque
	mac hash.Hash
	in  []byte
	out [sha256.Size]byte
}

func newPRF(key *secret) *prf {
	p := new(prf)
	k := *key
	p.pool.New = func() any {
		return &prfState{mac: hmac.New(sha256.New, k.b[:]), in: make([]byte, 0, 512)}
	}
	return p
}

// begin returns a state with empty input, to be given back by end.
func (p *prf) begin() *prfState {
	s, ok := p.pool.Get().(*prfState)
	if !ok {
		panic("pseudonym: internal error: pool holds a foreign value")
	}
	s.in = s.in[:0]
	return s
}

func (p *prf) end(s *prfState) { p.pool.Put(s) }

// sum computes the MAC of the collected input into s.out.
func (s *prfState) sum() {
	s.mac.Reset()
	s.mac.Write(s.in)
	s.mac.Sum(s.out[:0])
}

// appendPrefixed appends the length of part as four bytes, big-endian, and part:
// two lists of parts never run together into the same bytes.
func appendPrefixed[T ~string | ~[]byte](dst []byte, part T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(part))) //nolint:gosec // parts are names, ids and keys, bounded far below 4 GiB
	return append(dst, part...)
}
