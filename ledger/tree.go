package ledger

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the Merkle tree (RFC 6962) over the lines of an epoch, as a compact
// range: only the roots of its complete subtrees, so that any number of records
// costs a few hundred bytes. The zero Tree is empty.
type Tree struct {
	size uint64
	tops []tlog.Hash // of the complete subtrees, largest first
}

// LeafHash returns the leaf of a line, given without its newline.
func LeafHash(line []byte) tlog.Hash { return tlog.RecordHash(line) }

// Append adds the next leaf.
func (t *Tree) Append(leaf tlog.Hash) {
	// Each trailing one bit of the size is a subtree that this leaf doubles.
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.tops) - 1
		leaf = tlog.NodeHash(t.tops[last], leaf)
		t.tops = t.tops[:last]
	}
	t.tops = append(t.tops, leaf)
	t.size++
}

// Size returns the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Root returns the root hash; of an empty tree it is the SHA-256 of nothing.
func (t *Tree) Root() tlog.Hash {
	last := len(t.tops) - 1
	if last < 0 {
		return sha256.Sum256(nil)
	}
	root := t.tops[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.tops[i], root)
	}
	return root
}

// Clone returns a copy that grows on its own.
func (t *Tree) Clone() *Tree {
	return &Tree{size: t.size, tops: append([]tlog.Hash(nil), t.tops...)}
}
