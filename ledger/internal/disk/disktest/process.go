package disktest

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// ErrKilled is what the operations of a killed process return.
var ErrKilled = errors.New("the process was killed")

// Process is what one process does to a disk. Syncs do not ask the real disk: that
// would only take time.
type Process struct {
	d      *Disk
	killAt int // an operation of the disk; 0 is none
	killed bool
}

var _ disk.FS = (*Process)(nil)

// Process returns a new process.
func (d *Disk) Process() *Process { return &Process{d: d} }

// KillAt kills the process in the disk's operation n, or in the next one of its own.
// What it has written stays in the cache: others read it, and it is not durable.
func (p *Process) KillAt(n int) {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.killAt = n
}

// moment says how far an operation gets.
type moment int

const (
	whole  moment = iota // it is done
	beside               // only the disk is told of it: the power goes while it is under way
	half                 // the process is killed in the middle
)

// begin must be called with the disk's mutex held, before each operation. An
// operation that does not get through is done as far as its moment says, and then
// returns the error.
func (p *Process) begin() (moment, error) {
	switch {
	case p.d.off:
		return half, ErrPower
	case p.killed:
		return half, ErrKilled
	}
	p.d.ops++
	if p.d.cutAt > 0 && p.d.ops >= p.d.cutAt {
		p.d.off = true
		return beside, nil
	}
	if p.killAt > 0 && p.d.ops >= p.killAt {
		p.killed = true
		return half, nil
	}
	return whole, nil
}

// do runs an operation: really is what it does to the folder, noted what the disk
// remembers of it.
func (p *Process) do(really, noted func() error) error {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	m, err := p.begin()
	if err != nil {
		return err
	}
	switch m {
	case beside:
		// What is impossible cannot be under way.
		_ = noted()
		return ErrPower
	case half:
		return ErrKilled
	case whole:
	}
	if err := really(); err != nil {
		return err
	}
	return noted()
}

func nothing() error { return nil }

// Create implements [disk.FS].
func (p *Process) Create(path string) (disk.File, error) {
	f := &file{p: p, node: new(node)}
	err := p.do(func() (err error) {
		f.real, err = disk.OS{}.Create(path)
		return err
	}, func() error { return p.d.enter(path, f.node) })
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Mkdir implements [disk.FS].
func (p *Process) Mkdir(path string) error {
	return p.do(func() error { return os.Mkdir(path, 0o700) }, func() error { return p.d.enter(path, newDir()) })
}

// enter gives a node a name.
func (d *Disk) enter(path string, n *node) error {
	name := filepath.Base(path)
	return d.change(filepath.Dir(path), func(entries map[string]*node) { entries[name] = n })
}

// Rename implements [disk.FS]. It is one step, as it is in a journal.
func (p *Process) Rename(from, to string) error {
	if filepath.Dir(from) != filepath.Dir(to) {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: errors.New("disktest renames within a folder only")}
	}
	return p.do(func() error { return os.Rename(from, to) }, func() error {
		n, err := p.d.find(from)
		if err != nil {
			return err
		}
		before, after := filepath.Base(from), filepath.Base(to)
		return p.d.change(filepath.Dir(from), func(entries map[string]*node) {
			// The step before may not have survived.
			if entries[before] == n {
				delete(entries, before)
			}
			entries[after] = n
		})
	})
}

// Remove implements [disk.FS].
func (p *Process) Remove(path string) error {
	return p.do(func() error { return os.Remove(path) }, func() error {
		n, err := p.d.find(path)
		if err != nil {
			return nil //nolint:nilerr // it was made beside the disk and is gone
		}
		name := filepath.Base(path)
		return p.d.change(filepath.Dir(path), func(entries map[string]*node) {
			if entries[name] == n {
				delete(entries, name)
			}
		})
	})
}

// SyncDir implements [disk.FS].
func (p *Process) SyncDir(path string) error {
	return p.do(nothing, func() error {
		dir, err := p.d.find(path)
		if err != nil {
			return err
		}
		// If the power goes meanwhile, nothing of it may have reached the
		// disk; that all of it has is among what Restore draws anyway.
		if !p.d.off {
			p.d.syncDir(dir)
		}
		return nil
	})
}

// SyncFile implements [disk.FS].
func (p *Process) SyncFile(path string) error {
	return p.do(nothing, func() error {
		n, err := p.d.find(path)
		if err != nil || p.d.off {
			return err
		}
		n.sync()
		if !n.phantom {
			return nil
		}
		// The cache is dropped: from now on the disk is read.
		n.phantom = false
		return os.WriteFile(filepath.Clean(path), n.synced, 0o600)
	})
}
