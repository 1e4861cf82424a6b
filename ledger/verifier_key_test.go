package ledger

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
)

// The public part of a key is base64, which has plus signs of its own.
func TestPublicPartOfKeyWithPlus(t *testing.T) {
	plus := 0
	for seed := range byte(64) {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
		_, one, err := NewCheckpointSigner("example.org/ledger/one", key)
		if err != nil {
			t.Fatal(err)
		}
		_, two, err := NewCheckpointSigner("example.org/ledger/two", key)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(one, "+") > 2 {
			plus++
		}
		if got := publicOf(one); got != publicOf(two) || len(got) != 44 {
			t.Fatalf("the public part of %s is %q, of %s %q", one, got, two, publicOf(two))
		}
	}
	if plus == 0 {
		t.Fatal("no key with a plus sign was tried")
	}
}
