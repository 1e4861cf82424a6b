package pseudonym

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// Keyset is the complete set of a gateway's keys. It is immutable and safe for
// concurrent use.
type Keyset struct {
	opaque
	roots    []root // oldest first
	digest   secret
	refs     *ratchet
	signer   note.Signer
	verifier string
	seed     secret // of the checkpoint key
}

// root is one versioned source of tokens.
type root struct {
	opaque
	kid    string
	key    secret
	active bool
}

// KeyIDs lists the ids of the roots, oldest first.
func (k *Keyset) KeyIDs() []string {
	ids := make([]string, len(k.roots))
	for i := range k.roots {
		ids[i] = k.roots[i].kid
	}
	return ids
}

// newest returns the root that new tokens come from. Load has seen to it that
// one is active.
func (k *Keyset) newest() *root {
	for i := len(k.roots) - 1; i >= 0; i-- {
		if k.roots[i].active {
			return &k.roots[i]
		}
	}
	panic("pseudonym: internal error: keyset without an active root")
}

// Fingerprint names the digest key without giving it away. A state store keeps
// it, so that it is never read under another key: 32 hexadecimal digits.
func (k *Keyset) Fingerprint() string {
	sum := keyed(&k.digest, "modicum/state-digest/fingerprint/v1")
	return hex.EncodeToString(sum.b[:16])
}

// FirstPeriod returns the oldest period whose ledger references can be made.
func (k *Keyset) FirstPeriod() string { return Period(k.refs.first) }

// Signer returns the signer of the ledger's checkpoints.
func (k *Keyset) Signer() note.Signer { return k.signer }

// CheckpointKey returns the private key of the ledger's checkpoints, for a ledger
// that signs each epoch under a name of its own.
func (k *Keyset) CheckpointKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.seed.b[:]) }

// VerifierKey returns the public key of the checkpoints in the text form of
// [note.NewVerifier]. It is for publishing.
func (k *Keyset) VerifierKey() string { return k.verifier }

// errMember names the member of a key file that is wrong, and nothing of its
// content.
func errMember(member string, err error) error { return fmt.Errorf("%s: %w", member, err) }
