package disktest

import (
	"slices"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// file is an open file of a process.
type file struct {
	p    *Process
	real disk.File
	node *node
}

func (f *file) WriteAt(b []byte, off int64) (n int, err error) {
	d := f.p.d
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := f.p.begin()
	if err != nil {
		return 0, err
	}
	if m == half {
		b, err = b[:len(b)/2], ErrKilled
	}
	f.node.unsynced = append(f.node.unsynced, write{off: off, bytes: slices.Clone(b)})
	if m == beside {
		return 0, ErrPower
	}
	n, failed := f.real.WriteAt(b, off)
	if failed != nil {
		err = failed
	}
	return n, err
}

func (f *file) Truncate(size int64) error {
	return f.p.do(func() error { return f.real.Truncate(size) }, func() error {
		f.node.unsynced = append(f.node.unsynced, write{off: size, cut: true})
		return nil
	})
}

func (f *file) Sync() error {
	return f.p.do(nothing, func() error {
		if !f.p.d.off {
			f.node.sync()
		}
		return nil
	})
}

// lose is a sync that fails as Linux fails it: some of what was written got to the
// disk, and the rest counts as clean. No later sync writes it, and until the cache
// lets go of it, it is read as if it were there.
func (f *file) lose() {
	d := f.p.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off || f.p.killed {
		return
	}
	f.node.synced = f.node.remains(d.dice)
	f.node.unsynced, f.node.phantom = nil, true
}

func (f *file) Linked(path string) error {
	return f.p.do(func() error { return f.real.Linked(path) }, nothing)
}

// Close always closes the real file: a process that dies leaves none open.
func (f *file) Close() error {
	err := f.p.do(nothing, nothing)
	if failed := f.real.Close(); err == nil {
		err = failed
	}
	return err
}
