package pseudonym

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 marks an Ed25519 key in the text form of package note.
const algEd25519 = 1

// parseSigner reads a signer key as [note.GenerateKey] writes it. It returns the
// seed too, which must not be another key of the file.
func parseSigner(text string) (signer note.Signer, verifier string, seed secret, err error) {
	signer, err = note.NewSigner(text)
	if err != nil {
		return nil, "", seed, ErrKeysetInvalid
	}
	parts := strings.SplitN(text, "+", 5) // PRIVATE, KEY, name, hash, and base64, which may hold a +
	material, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(material) != 1+ed25519.SeedSize || material[0] != algEd25519 {
		return nil, "", seed, ErrKeysetInvalid
	}
	seed.b = [KeySize]byte(material[1:])
	public, ok := ed25519.NewKeyFromSeed(seed.b[:]).Public().(ed25519.PublicKey)
	if !ok {
		return nil, "", seed, ErrKeysetInvalid
	}
	verifier, err = note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, "", seed, ErrKeysetInvalid
	}
	return signer, verifier, seed, nil
}
