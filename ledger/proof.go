package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Errors of a proof. None of them quotes it.
var (
	// ErrProof is returned for a text that is no proof as [Proof.Format] writes it.
	ErrProof = errors.New("not a proof of a record")
	// ErrNotProved is returned for a proof that does not show what it claims: its
	// record is not in the tree, or its checkpoint is not signed with the key.
	ErrNotProved = errors.New("the proof does not hold")
)

// Proof shows that a record is in the tree of a signed checkpoint. Who knows the key
// of the ledger can check it alone, without the ledger.
type Proof struct {
	Line       []byte      // the record as it stands, without its newline
	Index      uint64      // its sequence in the epoch
	Path       []tlog.Hash // RFC 6962 section 2.1.1, from the leaf to the root
	Checkpoint []byte      // a signed note
}

// The lines of a C2SP tlog-proof before its hashes.
const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	proofExtra  = "extra "
	proofIndex  = "index "
)

// maxPath is the length of the path in a tree of 2^64 records.
const maxPath = 64

// Format returns the proof as a C2SP tlog-proof (c2sp.org/tlog-proof@v1), with the
// record's line as the extra data.
func (p *Proof) Format() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n" + proofExtra + base64.StdEncoding.EncodeToString(p.Line) + "\n")
	b.WriteString(proofIndex + strconv.FormatUint(p.Index, 10) + "\n")
	for _, h := range p.Path {
		b.WriteString(h.String() + "\n")
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what [Proof.Format] writes, and nothing that is spelled otherwise.
// It checks nothing else: see [Proof.Verify]. Errors match [ErrProof].
func ParseProof(b []byte) (*Proof, error) {
	text, checkpoint, ok := strings.Cut(string(b), "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) < 3 || len(lines) > 3+maxPath || lines[0] != proofHeader {
		return nil, ErrProof
	}
	extra, hasExtra := strings.CutPrefix(lines[1], proofExtra)
	index, hasIndex := strings.CutPrefix(lines[2], proofIndex)
	if !hasExtra || !hasIndex {
		return nil, ErrProof
	}
	p := &Proof{Checkpoint: []byte(checkpoint)}
	var err error
	if p.Line, err = base64.StdEncoding.DecodeString(extra); err != nil {
		return nil, ErrProof
	}
	if p.Index, err = strconv.ParseUint(index, 10, 63); err != nil {
		return nil, ErrProof
	}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, ErrProof
		}
		p.Path = append(p.Path, h)
	}
	// Numbers and base64 have more than one spelling.
	if !bytes.Equal(p.Format(), b) {
		return nil, ErrProof
	}
	return p, nil
}

// Verify checks the proof against a verifier key NAME+HASH+KEY that is known from
// elsewhere. Only its public key counts: each epoch signs with it under the name of
// its own log. It returns the checkpoint that the proof rests on; other errors than
// that of the key match [ErrNotProved].
func (p *Proof) Verify(key string) (Checkpoint, error) {
	claimed, err := parseCheckpoint(string(p.Checkpoint))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its checkpoint is none", ErrNotProved)
	}
	verifier, err := verifierOf(claimed.Origin, key)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := OpenCheckpoint(p.Checkpoint, verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its checkpoint is not signed with this key", ErrNotProved)
	}
	if c.Size > 1<<63-1 || p.Index >= c.Size {
		return Checkpoint{}, fmt.Errorf("%w: its record is not among those of its checkpoint", ErrNotProved)
	}
	if err := tlog.CheckRecord(p.Path, int64(c.Size), c.Root, int64(p.Index), LeafHash(p.Line)); err != nil { //nolint:gosec // bounded above
		return Checkpoint{}, fmt.Errorf("%w: the record is not the one at its place in the tree", ErrNotProved)
	}
	l, err := ParseLine(p.Line)
	if err != nil || l.Seq != p.Index {
		return Checkpoint{}, fmt.Errorf("%w: the record is of another place", ErrNotProved)
	}
	return c, nil
}

// verifierOf returns the verifier of an origin for the public key of a verifier key,
// which may have been made for another origin.
func verifierOf(origin, key string) (note.Verifier, error) {
	if _, err := note.NewVerifier(key); err != nil {
		return nil, fmt.Errorf("the key is not a verifier key NAME+HASH+KEY: %w", err)
	}
	const algorithm = 1 // the byte before an Ed25519 key
	b, err := base64.StdEncoding.DecodeString(publicOf(key))
	if err != nil || len(b) != algorithm+ed25519.PublicKeySize {
		return nil, errors.New("the key is not an Ed25519 verifier key")
	}
	own, err := note.NewEd25519VerifierKey(origin, b[algorithm:])
	if err != nil {
		return nil, fmt.Errorf("%w: its log has no proper name", ErrNotProved)
	}
	verifier, err := note.NewVerifier(own)
	if err != nil {
		return nil, fmt.Errorf("%w: its log has no proper name", ErrNotProved)
	}
	return verifier, nil
}
