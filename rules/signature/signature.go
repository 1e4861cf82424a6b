// Package signature signs policies, and verifies what was signed.
//
// Who approves a policy signs a short text that names its bundle by hash. The text
// and its signatures are one note of golang.org/x/mod/sumdb/note, which stands as
// [File] beside the policy's own files. It is no part of the bundle. Several people
// sign the same note.
//
// A verifier does not believe the text of a note: it makes the text of the policy
// that it has, and the note must have exactly that one.
//
// Texts, notes and keys are bytes here; where they are kept is the caller's matter.
package signature

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/rules"
)

// File is the name of the signed note in a policy's folder.
const File = "policy.sig"

// DefaultMaxNote bounds a signed note in bytes. A longer one is [ErrMalformed].
const DefaultMaxNote = 1 << 20

// Unsigned is what a record says of a policy whose signatures nobody asked for.
const Unsigned = "unsigned"

var (
	// ErrMissing is returned for a policy without a signed note.
	ErrMissing = errors.New("the policy is not signed")
	// ErrMalformed is returned for a file that is no signed note.
	ErrMalformed = errors.New("policy.sig is no signed note: remove it, and sign again")
	// ErrOther is returned for a note of another text than that of the policy:
	// the policy was edited after it was signed, or another version of the
	// decision tables reads it.
	ErrOther = errors.New("what was signed is not this policy")
	// ErrNotBy is returned for a note that a key has not signed.
	ErrNotBy = errors.New("the policy is not signed by")
	// ErrInvalid is returned for a signature that is not the key's.
	ErrInvalid = errors.New("not a valid signature of")
	// ErrKey is returned for a text that is no key. The text is never quoted.
	ErrKey = errors.New("not a key")
)

// A Signer holds a private key.
type Signer = note.Signer

// NewSigner reads a private key as note.GenerateKey writes it: [ErrKey].
func NewSigner(key string) (Signer, error) {
	s, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		return nil, fmt.Errorf("%w: a signing key is one line that begins with PRIVATE+KEY+", ErrKey)
	}
	return s, nil
}

// Keys are the public keys of those who must sign, in the order of their ids.
type Keys []note.Verifier

// NewKeys reads verifier keys as note.GenerateKey writes them: [ErrKey].
func NewKeys(texts ...string) (Keys, error) {
	keys := make(Keys, 0, len(texts))
	for i, text := range texts {
		if strings.HasPrefix(strings.TrimSpace(text), "PRIVATE+KEY+") {
			return nil, fmt.Errorf("%w: number %d is a private key, and a verifier key is wanted; whoever could read it here may sign, so make another one", ErrKey, i+1)
		}
		v, err := note.NewVerifier(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%w: number %d is no verifier key, which is NAME+HASH+KEY as `policy keygen` prints it", ErrKey, i+1)
		}
		if slices.ContainsFunc(keys, func(have note.Verifier) bool { return ID(have) == ID(v) }) {
			return nil, fmt.Errorf("%w: %s stands twice in the list", ErrKey, ID(v))
		}
		keys = append(keys, v)
	}
	slices.SortFunc(keys, func(a, b note.Verifier) int { return strings.Compare(ID(a), ID(b)) })
	return keys, nil
}

// String lists the ids of the keys, a space between them. Without any it is
// [Unsigned].
func (k Keys) String() string {
	if len(k) == 0 {
		return Unsigned
	}
	return strings.Join(k.IDs(), " ")
}

// IDs lists the ids of the keys.
func (k Keys) IDs() []string {
	ids := make([]string, len(k))
	for i, v := range k {
		ids[i] = ID(v)
	}
	return ids
}

// ID names a key: its name and the hash of the public key in hex, which is how a
// verifier key begins. The name alone anybody can give to a key.
func ID(key interface {
	Name() string
	KeyHash() uint32
},
) string {
	return fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash())
}

// Sign returns the signed note of a bundle. Signatures that before, a note of the
// same text, has already are kept; one of the same key is replaced. A note of another
// text is not added to: replaced is then true. Of no note, before is nil.
func Sign(b *rules.Bundle, before []byte, by Signer) (signed []byte, replaced bool, err error) {
	n := &note.Note{Text: Text(b)}
	if before != nil {
		have, err := read(before)
		if err != nil {
			return nil, false, err
		}
		if replaced = have.Text != n.Text; !replaced {
			n = have
		}
	}
	signed, err = note.Sign(n, by)
	if err != nil {
		return nil, false, fmt.Errorf("signing: %w", err)
	}
	return signed, replaced, nil
}

// Verify returns nil for a note of a bundle that every key has signed. Other keys may
// have, too. Errors: [ErrMissing] for no note, which is nil; [ErrMalformed], [ErrOther],
// [ErrNotBy], [ErrInvalid].
func Verify(b *rules.Bundle, signed []byte, keys Keys) error {
	if signed == nil {
		return ErrMissing
	}
	n, err := read(signed)
	if err != nil {
		return err
	}
	if text := Text(b); n.Text != text {
		return fmt.Errorf("%w: %s", ErrOther, difference(n.Text, text))
	}
	n, err = note.Open(signed, note.VerifierList(keys...))
	if invalid, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return fmt.Errorf("%w %s+%08x", ErrInvalid, invalid.Name, invalid.Hash)
	}
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n = unverified.Note
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var missing []string
	for _, k := range keys {
		if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == k.Name() && s.Hash == k.KeyHash() }) {
			missing = append(missing, ID(k))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w %s", ErrNotBy, strings.Join(missing, ", "))
	}
	return nil
}

// Claimed lists the ids of the keys that a note names, verified or not: who would
// have to be asked.
func Claimed(signed []byte) ([]string, error) {
	n, err := read(signed)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(n.UnverifiedSigs))
	for i, s := range n.UnverifiedSigs {
		ids[i] = fmt.Sprintf("%s+%08x", s.Name, s.Hash)
	}
	return ids, nil
}

// read takes a note apart without believing any of it.
func read(signed []byte) (*note.Note, error) {
	if len(signed) > DefaultMaxNote {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrMalformed, len(signed), DefaultMaxNote)
	}
	_, err := note.Open(signed, note.VerifierList())
	unverified, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return nil, ErrMalformed
	}
	return unverified.Note, nil
}

// difference says which line of two texts is the first that differs.
func difference(signed, policy string) string {
	a, b := strings.Split(signed, "\n"), strings.Split(policy, "\n")
	line := func(lines []string, i int) string {
		if i >= len(lines) || lines[i] == "" {
			return "nothing"
		}
		return strings.ToValidUTF8(lines[i][:min(len(lines[i]), 200)], "")
	}
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("signed was %q, and this is %q", line(a, i), line(b, i))
		}
	}
	return ""
}
