package disktest

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// Restore writes into the empty folder dir what is found on the disk after the
// power has gone, as one throw of the dice says. Everything that was synced is
// there. Of what was not, each sector of a file is new or old, each truncation is
// done or not, and the entries of folders are those of some moment since their last
// sync or, as weaker file systems leave them, any selection of what happened to
// them. Files that were made past the disk, such as locks, are empty or missing.
func (d *Disk) Restore(dir string, dice *rand.Rand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &restored{dice: dice, entries: map[*node]map[string]*node{}, seen: map[*node]string{}}
	survives := r.change(len(d.pending))
	for i, c := range d.pending {
		if r.entries[c.dir] == nil {
			r.entries[c.dir] = maps.Clone(c.dir.durable)
		}
		if survives(i) {
			c.apply(r.entries[c.dir])
		}
	}
	r.see(d.tree, d.root)
	return r.write(d.tree, dir)
}

type restored struct {
	dice    *rand.Rand
	entries map[*node]map[string]*node // of the folders that changed
	seen    map[*node]string           // where folders were before
}

// change draws which changes of entries survive.
func (r *restored) change(n int) func(i int) bool {
	switch r.dice.IntN(4) {
	case 0: // none
		return func(int) bool { return false }
	case 1: // a journal with one order
		end := r.dice.IntN(n + 1)
		return func(i int) bool { return i < end }
	case 2: // all
		return func(int) bool { return true }
	default: // each by itself
		share := r.dice.Float64()
		return func(int) bool { return r.dice.Float64() < share }
	}
}

func (r *restored) see(n *node, path string) {
	r.seen[n] = path
	for name, child := range n.present {
		if child.isDir() {
			r.see(child, filepath.Join(path, name))
		}
	}
}

func (r *restored) write(n *node, path string) error {
	entries, changed := r.entries[n]
	if !changed {
		entries = n.durable
	}
	// In order, so that equal dice leave equal folders.
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		child, to := entries[name], filepath.Join(path, name)
		if !child.isDir() {
			if err := os.WriteFile(to, child.remains(r.dice), 0o600); err != nil {
				return err
			}
			continue
		}
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		if err := r.write(child, to); err != nil {
			return err
		}
	}
	return r.beside(n, path)
}

// beside makes some of the files of a folder that the disk does not know.
func (r *restored) beside(n *node, path string) error {
	was, ok := r.seen[n]
	if !ok {
		return nil
	}
	there, err := os.ReadDir(was)
	if err != nil {
		return nil //nolint:nilerr // it was removed past the disk
	}
	for _, e := range there {
		if n.present[e.Name()] != nil || n.durable[e.Name()] != nil || e.IsDir() || r.dice.IntN(2) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(path, e.Name()), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// remains draws what is left of a file.
func (n *node) remains(dice *rand.Rand) []byte {
	content := slices.Clone(n.synced)
	// All or nothing are as likely as any mixture.
	share := min(max(2*dice.Float64()-0.5, 0), 1)
	for _, w := range n.unsynced {
		content = w.onto(content, func() bool { return dice.Float64() < share })
	}
	// A size can get to the disk before the bytes do.
	if share < 1 && dice.IntN(4) == 0 {
		content = grown(content, n.size())
	}
	return content
}
