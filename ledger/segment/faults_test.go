package segment

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// faultFS fails the operations that its hook says.
type faultFS struct {
	disk.OS
	mu   sync.Mutex
	hook func(op, path string) error
}

// set replaces the hook, with the log running.
func (f *faultFS) set(hook func(op, path string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

func (f *faultFS) fault(op, path string) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, path)
}

func (f *faultFS) Create(path string) (disk.File, error) {
	if err := f.fault("create", path); err != nil {
		return nil, err
	}
	file, err := f.OS.Create(path)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, fs: f, path: path}, nil
}

func (f *faultFS) Mkdir(path string) error {
	if err := f.fault("mkdir", path); err != nil {
		return err
	}
	return f.OS.Mkdir(path)
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.fault("rename", to); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

func (f *faultFS) SyncDir(path string) error {
	if err := f.fault("syncdir", path); err != nil {
		return err
	}
	return f.OS.SyncDir(path)
}

type faultFile struct {
	disk.File
	fs   *faultFS
	path string
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.fs.fault("write", f.path); err != nil {
		// A short write: half of it is there.
		n, _ := f.File.WriteAt(b[:len(b)/2], off)
		return n, err
	}
	return f.File.WriteAt(b, off)
}

func (f *faultFile) Sync() error {
	if err := f.fs.fault("sync", f.path); err != nil {
		return err
	}
	return f.File.Sync()
}

// sector is what a disk writes whole.
const sector = 512

// powerFS is a disk that loses power: it remembers for each file what was synced
// and what was written since, and for each folder the entries in both states.
// Files that are made beside it, such as locks, do not survive.
type powerFS struct {
	disk.OS
	root string

	mu      sync.Mutex
	files   map[string]*powerFile // by present path
	durable map[string]*powerFile // by the path that survives
	folders map[string]bool
	pending []func(entries map[string]*powerFile) // folder changes since the last sync, in order
	cut     bool                                  // nothing is remembered any more
}

func newPowerFS(root string) *powerFS {
	return &powerFS{root: root, files: map[string]*powerFile{}, durable: map[string]*powerFile{}, folders: map[string]bool{}}
}

type powerFile struct {
	disk.File
	fs       *powerFS
	synced   []byte
	unsynced []write
}

type write struct {
	off int64
	b   []byte // nil is a truncation to off
}

func (p *powerFS) change(f func(entries map[string]*powerFile)) {
	f(p.files)
	if !p.cut {
		p.pending = append(p.pending, f)
	}
}

func (p *powerFS) Create(path string) (disk.File, error) {
	file, err := p.OS.Create(path)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &powerFile{File: file, fs: p}
	p.change(func(entries map[string]*powerFile) { entries[path] = f })
	return f, nil
}

func (p *powerFS) Rename(from, to string) error {
	if err := p.OS.Rename(from, to); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(func(entries map[string]*powerFile) {
		for path, f := range entries {
			if path == from {
				delete(entries, path)
				entries[to] = f
			} else if rest, ok := strings.CutPrefix(path, from+string(filepath.Separator)); ok {
				delete(entries, path)
				entries[filepath.Join(to, rest)] = f
			}
		}
	})
	return nil
}

func (p *powerFS) Remove(path string) error {
	if err := p.OS.Remove(path); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(func(entries map[string]*powerFile) { delete(entries, path) })
	return nil
}

// SyncDir makes all folder changes durable: a journal has one order.
func (p *powerFS) SyncDir(path string) error {
	if err := p.OS.SyncDir(path); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return nil
	}
	for _, f := range p.pending {
		f(p.durable)
	}
	p.pending = nil
	return nil
}

func (f *powerFile) WriteAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	if !f.fs.cut {
		f.unsynced = append(f.unsynced, write{off, slices.Clone(b)})
	}
	f.fs.mu.Unlock()
	return f.File.WriteAt(b, off)
}

func (f *powerFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	if !f.fs.cut {
		f.unsynced = append(f.unsynced, write{off: size})
	}
	f.fs.mu.Unlock()
	return f.File.Truncate(size)
}

// Sync does not ask the real disk: that would only take time.
func (f *powerFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.cut {
		return nil
	}
	for _, w := range f.unsynced {
		f.synced = w.apply(f.synced, func(int64) bool { return true })
	}
	f.unsynced = nil
	return nil
}

// apply writes the sectors that survive.
func (w write) apply(content []byte, survives func(off int64) bool) []byte {
	if w.b == nil {
		if w.off < int64(len(content)) && survives(w.off) {
			return content[:w.off]
		}
		return content
	}
	for at := int64(0); at < int64(len(w.b)); {
		// Up to the end of the sector that this byte is in.
		n := min(sector-(w.off+at)%sector, int64(len(w.b))-at)
		if survives(w.off + at) {
			if need := w.off + at + n; need > int64(len(content)) {
				content = append(content, make([]byte, need-int64(len(content)))...)
			}
			copy(content[w.off+at:], w.b[at:at+n])
		}
		at += n
	}
	return content
}

// lose cuts the power and returns what a chance outcome of it leaves: some of the
// folder changes, and any of the sectors that were not synced.
func (p *powerFS) lose(rng *rand.Rand) *image {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	entries := maps.Clone(p.durable)
	for _, f := range p.pending[:rng.IntN(len(p.pending)+1)] {
		f(entries)
	}
	img := &image{root: p.root, files: map[string][]byte{}}
	chance := rng.Float64()
	for path, f := range entries {
		content := slices.Clone(f.synced)
		for _, w := range f.unsynced {
			content = w.apply(content, func(int64) bool { return rng.Float64() < chance })
		}
		img.files[path] = content
	}
	return img
}

// image is the content of a disk.
type image struct {
	root  string
	files map[string][]byte
}

// restore writes the image into a new folder.
func (img *image) restore(t *testing.T, dir string) {
	t.Helper()
	for path, content := range img.files {
		rel, err := filepath.Rel(img.root, path)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// copyTree copies a ledger as it is.
func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// files returns the content of every file below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("reading ledger: %w", err))
	}
	return all
}

// writeFile replaces the content of a file of the test.
func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
