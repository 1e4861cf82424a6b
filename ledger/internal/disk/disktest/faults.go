package disktest

import (
	"sync"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// The operations that [Faults] can fail.
const (
	OpCreate   = "create"
	OpMkdir    = "mkdir"
	OpRename   = "rename"
	OpRemove   = "remove"
	OpSyncDir  = "syncdir"
	OpSyncFile = "syncfile"
	OpWrite    = "write"
	OpSync     = "sync"
	OpTruncate = "truncate"
	OpLinked   = "linked"
	OpClose    = "close"
)

// Ops lists all operations.
var Ops = []string{OpCreate, OpMkdir, OpRename, OpRemove, OpSyncDir, OpSyncFile, OpWrite, OpSync, OpTruncate, OpLinked, OpClose}

// Faults fails the operations for which its hook returns an error. A write that
// fails has written its first half. A sync that fails has, over a [Disk], lost what
// chance says. The zero Faults stands over the operating system.
type Faults struct {
	// FS is below; nil means the operating system's.
	FS disk.FS

	mu   sync.Mutex
	hook func(op, path string) error
}

var _ disk.FS = (*Faults)(nil)

// Set replaces the hook, also while the file system is in use. A rename is asked
// for under its new name. The hook may be called from several goroutines, and may
// wait.
func (f *Faults) Set(hook func(op, path string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

func (f *Faults) fault(op, path string) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, path)
}

func (f *Faults) below() disk.FS {
	if f.FS == nil {
		return disk.OS{}
	}
	return f.FS
}

// Create implements [disk.FS].
func (f *Faults) Create(path string) (disk.File, error) {
	if err := f.fault(OpCreate, path); err != nil {
		return nil, err
	}
	below, err := f.below().Create(path)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: below, faults: f, path: path}, nil
}

// Mkdir implements [disk.FS].
func (f *Faults) Mkdir(path string) error {
	if err := f.fault(OpMkdir, path); err != nil {
		return err
	}
	return f.below().Mkdir(path)
}

// Rename implements [disk.FS].
func (f *Faults) Rename(from, to string) error {
	if err := f.fault(OpRename, to); err != nil {
		return err
	}
	return f.below().Rename(from, to)
}

// Remove implements [disk.FS].
func (f *Faults) Remove(path string) error {
	if err := f.fault(OpRemove, path); err != nil {
		return err
	}
	return f.below().Remove(path)
}

// SyncDir implements [disk.FS].
func (f *Faults) SyncDir(path string) error {
	if err := f.fault(OpSyncDir, path); err != nil {
		return err
	}
	return f.below().SyncDir(path)
}

// SyncFile implements [disk.FS].
func (f *Faults) SyncFile(path string) error {
	if err := f.fault(OpSyncFile, path); err != nil {
		return err
	}
	return f.below().SyncFile(path)
}

// faultFile keeps the name that it was created with.
type faultFile struct {
	disk.File
	faults *Faults
	path   string
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.faults.fault(OpWrite, f.path); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], off)
		return n, err
	}
	return f.File.WriteAt(b, off)
}

func (f *faultFile) Sync() error {
	if err := f.faults.fault(OpSync, f.path); err != nil {
		if below, ok := f.File.(*file); ok {
			below.lose()
		}
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.faults.fault(OpTruncate, f.path); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultFile) Linked(path string) error {
	if err := f.faults.fault(OpLinked, path); err != nil {
		return err
	}
	return f.File.Linked(path)
}

// Close closes the file also when it fails.
func (f *faultFile) Close() error {
	err := f.faults.fault(OpClose, f.path)
	if failed := f.File.Close(); err == nil {
		err = failed
	}
	return err
}
