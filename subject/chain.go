package subject

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Hash is the head of a store's chain after an event: it stands for every event
// up to it.
type Hash [sha256.Size]byte

// Link is a place in the chain.
type Link struct {
	Seq  rules.Seq
	Hash Hash
}

// Position returns the link as the position of a store.
func (l Link) Position(store string) Position {
	return Position{Store: store, Seq: l.Seq, Head: [16]byte(l.Hash[:16])}
}

// Genesis returns the head of an empty store. It binds the chain to the store
// and to the key that names its subjects.
func Genesis(store, fingerprint string) Hash {
	return sha256.Sum256([]byte("modicum/state-chain/v1\n" + store + "\n" + fingerprint + "\n"))
}

// Next returns the head after an event: SHA-256 over the head before, the
// sequence and the recorded time in microseconds since 1970 as eight big-endian
// bytes each, the subject key, and the payload.
func (h Hash) Next(seq rules.Seq, key rules.Key, recorded time.Time, payload []byte) Hash {
	var fixed [len(h) + 8 + 16 + 8]byte
	b := append(fixed[:0], h[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = append(b, key[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(recorded.UnixMicro()))
	d := sha256.New()
	d.Write(b)
	d.Write(payload)
	var next Hash
	d.Sum(next[:0])
	return next
}

// follows reports whether c is what comes after l.
func (l Link) follows(c *Change) bool {
	return c.Seq == l.Seq+1 && l.Hash.Next(c.Seq, c.Key, c.Recorded, c.Payload) == c.Hash
}
