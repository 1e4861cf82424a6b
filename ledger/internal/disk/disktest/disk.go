// Package disktest is a disk for tests: one that loses power, keeps what was
// synced and of the rest what chance leaves, and one that fails on demand.
//
// A [Disk] stands under a real folder. Programs change the folder through the
// [disk.FS] of a [Process] and read it with package os, so what they read is what a
// running system shows them: the cache. The disk remembers beside it what is
// durable. When the power goes, every later operation fails, and [Disk.Restore]
// writes what could be found afterwards into another folder.
//
// [Faults] fails single operations, over a Disk or over the operating system.
package disktest

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// ErrPower is what every operation returns once the power is gone.
var ErrPower = errors.New("the power is gone")

// Disk is a folder and what of it is durable. It is safe for concurrent use.
type Disk struct {
	root string

	mu      sync.Mutex
	dice    *rand.Rand
	tree    *node    // the root folder
	pending []change // of entries, since the sync of their folder; oldest first
	ops     int
	cutAt   int // the operation that the power goes in; 0 is none
	off     bool
}

// node is a file or a folder, whatever its name is at present.
type node struct {
	// Of a folder: its entries as processes see them and as they are durable.
	present, durable map[string]*node
	// Of a file: its durable bytes, and what was done to it since.
	synced   []byte
	unsynced []write
	// A sync of it failed: processes read what will never be durable.
	phantom bool
}

func (n *node) isDir() bool { return n.present != nil }

func newDir() *node { return &node{present: map[string]*node{}, durable: map[string]*node{}} }

// change is one step of a folder's entries.
type change struct {
	dir   *node
	apply func(entries map[string]*node)
}

// New returns the disk under the folder root. What is there counts as durable.
// The dice decide what a failed sync loses.
func New(root string, dice *rand.Rand) (*Disk, error) {
	d := &Disk{root: filepath.Clean(root), dice: dice}
	tree, err := load(d.root)
	d.tree = tree
	return d, err
}

func load(dir string) (*node, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	n := newDir()
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var child *node
		if e.IsDir() {
			child, err = load(path)
		} else {
			child = new(node)
			child.synced, err = os.ReadFile(filepath.Clean(path))
		}
		if err != nil {
			return nil, err
		}
		n.present[e.Name()], n.durable[e.Name()] = child, child
	}
	return n, nil
}

// Ops returns how many operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// CutAt lets the power go in operation n, counted from the first one of the disk.
// It is under way then: what it does may be there afterwards or not, and its
// caller is told that it failed.
func (d *Disk) CutAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = n
}

// Cut lets the power go now.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// Off reports whether the power is gone.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// find returns the node at a path, as processes see it.
func (d *Disk) find(path string) (*node, error) {
	rel, err := filepath.Rel(d.root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, &fs.PathError{Op: "find", Path: path, Err: fs.ErrInvalid}
	}
	n := d.tree
	if rel == "." {
		return n, nil
	}
	for name := range strings.SplitSeq(rel, string(filepath.Separator)) {
		child, ok := n.present[name]
		if !ok {
			return nil, &fs.PathError{Op: "find", Path: path, Err: fs.ErrNotExist}
		}
		n = child
	}
	return n, nil
}

// change makes a step of the entries of the folder at path.
func (d *Disk) change(dir string, apply func(entries map[string]*node)) error {
	n, err := d.find(dir)
	if err != nil {
		return err
	}
	apply(n.present)
	d.pending = append(d.pending, change{dir: n, apply: apply})
	return nil
}

// syncDir makes the pending steps of a folder durable.
func (d *Disk) syncDir(dir *node) {
	rest := d.pending[:0]
	for _, c := range d.pending {
		if c.dir == dir {
			c.apply(dir.durable)
		} else {
			rest = append(rest, c)
		}
	}
	d.pending = rest
}
