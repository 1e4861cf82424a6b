package ledger

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofEpoch  = "0199c0de-0000-7000-8000-000000000001"
	proofOrigin = "example.org/ledger/" + proofEpoch
)

var proofKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func proofID(i uint64) string { return fmt.Sprintf("0199c0de-0000-7000-9000-%012d", i) }

// proofLedger writes an epoch of n records, a config record first, four records to a
// segment, signs it, and returns its folder, verifier key and leaves.
func proofLedger(t *testing.T, n uint64) (dir, key string, leaves []tlog.Hash) {
	t.Helper()
	dir = t.TempDir()
	signer, key, err := NewCheckpointSigner(proofOrigin, proofKey)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var tree Tree
	segments := map[string][]byte{}
	for i := range n {
		r := Record{Kind: KindRefused, Time: at, Disclosure: &Disclosure{ID: proofID(i), Received: at, Outcome: Refused, Status: 403}}
		if i == 0 {
			r = Record{Kind: KindConfig, Time: at, Config: &Config{Format: Format, Origin: proofOrigin, Epoch: proofEpoch, Key: key}}
		}
		body, err := AppendBody(nil, &r)
		if err != nil {
			t.Fatal(err)
		}
		line := AppendLine(nil, i, i > 0, body)
		name := SegmentName(i / 4 * 4)
		segments[name] = append(segments[name], line...)
		leaf := LeafHash(line[:len(line)-1])
		tree.Append(leaf)
		leaves = append(leaves, leaf)
	}
	if err := os.Mkdir(filepath.Join(dir, proofEpoch), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range segments {
		proofWrite(t, dir, name, b)
	}
	signed, err := Checkpoint{Origin: proofOrigin, Size: n, Root: tree.Root()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	proofWrite(t, dir, CheckpointFile, signed)
	return dir, key, leaves
}

func proofWrite(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, proofEpoch, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func prove(t *testing.T, dir, id string) *Proof {
	t.Helper()
	p, _, err := Prove(t.Context(), dir, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each record of trees of every shape can be proved, also past expired segments.
func TestProveEachRecord(t *testing.T) {
	for n := uint64(2); n <= 19; n++ {
		dir, key, leaves := proofLedger(t, n)
		if n > 8 {
			// The segment of the records 4 to 7 expires.
			var b []byte
			for _, leaf := range leaves[4:8] {
				b = append(b, leaf[:]...)
			}
			proofWrite(t, dir, LeavesName(4), b)
			if err := os.Remove(filepath.Join(dir, proofEpoch, SegmentName(4))); err != nil {
				t.Fatal(err)
			}
		}
		for i := uint64(1); i < n; i++ {
			p, named, err := Prove(t.Context(), dir, proofID(i), nil)
			if n > 8 && i >= 4 && i < 8 {
				if !errors.Is(err, ErrNoDisclosure) {
					t.Fatalf("record %d of %d has expired: %v", i, n, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if named != key {
				t.Fatalf("the key is %s, want %s", named, key)
			}
			read, err := ParseProof(p.Format())
			if err != nil {
				t.Fatal(err)
			}
			c, err := read.Verify(key)
			if err != nil {
				t.Fatalf("record %d of %d: %v", i, n, err)
			}
			if c.Size != n || read.Index != i || !bytes.Contains(read.Line, []byte(proofID(i))) {
				t.Fatalf("record %d of %d: the proof is of %d in %d", i, n, read.Index, c.Size)
			}
		}
	}
}

// No other byte anywhere in a proof passes.
func TestProofWithAnotherByte(t *testing.T) {
	dir, key, _ := proofLedger(t, 11)
	good := prove(t, dir, proofID(6)).Format()
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			p, err := ParseProof(b)
			if err == nil {
				_, err = p.Verify(key)
			}
			if !errors.Is(err, ErrProof) && !errors.Is(err, ErrNotProved) {
				t.Fatalf("byte %d, bit %d: %v", i, bit, err)
			}
		}
	}
}

func TestProofOfAnotherKey(t *testing.T) {
	dir, key, _ := proofLedger(t, 5)
	p := prove(t, dir, proofID(3))
	_, other, err := NewCheckpointSigner(proofOrigin, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(other); !errors.Is(err, ErrNotProved) {
		t.Fatalf("with another key: %v", err)
	}
	// The same key under the name of an earlier epoch's log is the same key.
	_, earlier, err := NewCheckpointSigner("example.org/ledger/0199c0de-0000-7000-8000-000000000000", proofKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(earlier); err != nil {
		t.Fatalf("with the key under another name: %v", err)
	}
	if _, err := p.Verify("nonsense"); err == nil || errors.Is(err, ErrNotProved) {
		t.Fatalf("with no key: %v", err)
	}
	// A record and its path at another's place.
	moved := *p
	moved.Index = 2
	if _, err := moved.Verify(key); !errors.Is(err, ErrNotProved) {
		t.Fatalf("at another place: %v", err)
	}
}

// What cannot be proved says why.
func TestProveRefuses(t *testing.T) {
	dir, _, leaves := proofLedger(t, 6)
	if _, _, err := Prove(t.Context(), dir, proofID(99), nil); !errors.Is(err, ErrNoDisclosure) {
		t.Errorf("an unknown id: %v", err)
	}
	signer, _, err := NewCheckpointSigner(proofOrigin, proofKey)
	if err != nil {
		t.Fatal(err)
	}
	var tree Tree
	for _, leaf := range leaves[:3] {
		tree.Append(leaf)
	}
	early, err := Checkpoint{Origin: proofOrigin, Size: 3, Root: tree.Root()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Prove(t.Context(), dir, proofID(2), early); err != nil {
		t.Errorf("the last record that a held checkpoint covers: %v", err)
	}
	if _, _, err := Prove(t.Context(), dir, proofID(3), early); !errors.Is(err, ErrNotSigned) {
		t.Errorf("the first record after it: %v", err)
	}
	wrong, err := Checkpoint{Origin: proofOrigin, Size: 6, Root: tree.Root()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Prove(t.Context(), dir, proofID(2), wrong); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a checkpoint of another history: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, proofEpoch, CheckpointFile)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Prove(t.Context(), dir, proofID(2), nil); !errors.Is(err, ErrNotSigned) {
		t.Errorf("without a checkpoint: %v", err)
	}
}

// The record that names the key may have expired; the proof holds all the same.
func TestProveWithoutTheFirstRecord(t *testing.T) {
	dir, key, leaves := proofLedger(t, 7)
	var b []byte
	for _, leaf := range leaves[:4] {
		b = append(b, leaf[:]...)
	}
	proofWrite(t, dir, LeavesName(0), b)
	if err := os.Remove(filepath.Join(dir, proofEpoch, SegmentName(0))); err != nil {
		t.Fatal(err)
	}
	p, named, err := Prove(t.Context(), dir, proofID(5), nil)
	if err != nil {
		t.Fatal(err)
	}
	if named != "" {
		t.Errorf("the key is named: %s", named)
	}
	if _, err := p.Verify(key); err != nil {
		t.Error(err)
	}
}

func FuzzParseProof(f *testing.F) {
	hash := tlog.Hash{1}.String()
	f.Add([]byte(proofHeader + "\nextra e30=\nindex 3\n" + hash + "\n\na\n1\n" + hash + "\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseProof(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Format(), b) {
			t.Fatal("another spelling was read")
		}
		if _, err := p.Verify("example.org+00000000+AQ=="); err == nil {
			t.Fatal("it holds without a key")
		}
	})
}
