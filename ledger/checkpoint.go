package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// errCheckpoint is what a checkpoint's text fails with; the text is never quoted.
var errCheckpoint = errors.New("malformed checkpoint")

// Checkpoint states the size and root of an epoch's tree. Signed it is a C2SP
// tlog-checkpoint: a note of three lines and a signature by the key whose name
// is the origin.
type Checkpoint struct {
	Origin string // the epoch's log name, without spaces and plus signs
	Size   uint64
	Root   tlog.Hash
}

// Sign returns the checkpoint as a signed note.
func (c Checkpoint) Sign(signer note.Signer) ([]byte, error) {
	text := c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
	b, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing checkpoint: %w", err)
	}
	return b, nil
}

// OpenCheckpoint verifies a signed checkpoint. Its origin must be the verifier's
// name. Extension lines, which other logs may write, are passed over.
func OpenCheckpoint(signed []byte, verifier note.Verifier) (Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verifying checkpoint: %w", err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

// parseCheckpoint reads the text of a checkpoint, whoever signed it.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return Checkpoint{}, errCheckpoint
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, errCheckpoint
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errCheckpoint
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// ReadCheckpoints reads a file of signed checkpoints, one or several with an empty line
// between them. They are not verified.
func ReadCheckpoints(path string) ([][]byte, error) {
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("reading checkpoints: %w", err)
	}
	all := splitCheckpoints(append(bytes.TrimRight(b, "\n"), "\n\n"...))
	if len(all) == 0 {
		return nil, fmt.Errorf("reading checkpoints: %s: %w", path, errCheckpoint)
	}
	return all, nil
}

// KeptCheckpoints returns the signed checkpoints that an epoch keeps, oldest first,
// none if it has none. They are not verified. What a crash has cut off at the end is
// passed over.
func KeptCheckpoints(dir, epoch string) ([][]byte, error) {
	b, err := os.ReadFile(filepath.Clean(filepath.Join(dir, epoch, CheckpointsFile)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading checkpoints: %w", err)
	}
	return splitCheckpoints(b), nil
}

// NewCheckpointSigner returns the signer of an origin's checkpoints and its
// verifier key, both in the encoding of golang.org/x/mod/sumdb/note. One private
// key serves many origins: the origin is a part of the key's identity.
func NewCheckpointSigner(origin string, key ed25519.PrivateKey) (signer note.Signer, verifier string, err error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, "", errors.New("checkpoint key is not an Ed25519 private key")
	}
	public := ed25519.PublicKey(key[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
	verifier, err = note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, "", fmt.Errorf("encoding checkpoint key: %w", err)
	}
	// name+hash+key: the signer's encoding repeats the hash.
	parts := strings.SplitN(verifier, "+", 3)
	if len(parts) != 3 {
		return nil, "", errors.New("checkpoint origin must not hold a plus sign")
	}
	const algEd25519 = 1
	secret := append([]byte{algEd25519}, key.Seed()...)
	signer, err = note.NewSigner("PRIVATE+KEY+" + origin + "+" + parts[1] + "+" + base64.StdEncoding.EncodeToString(secret))
	if err != nil {
		return nil, "", fmt.Errorf("making checkpoint signer: %w", err)
	}
	return signer, verifier, nil
}
