// Package disk is the part of durability that the standard library leaves out:
// data syncs, directory syncs, atomic replacement and advisory locks, behind an
// interface so that a test can drop, tear and fail every step.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Permissions of what the ledger creates: references to people are in it.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

var (
	// ErrLocked is returned by TryLock for a lock that somebody holds.
	ErrLocked = errors.New("lock is held")
	// ErrUnlinked is returned by File.Linked when the path no longer names
	// the open file: it was deleted or replaced, so that what is written to
	// it is lost when it is closed.
	ErrUnlinked = errors.New("file is no longer in its folder")
)

// FS is what a log does to a file system.
type FS interface {
	// Create makes a new file; it fails if there is one.
	Create(path string) (File, error)
	// Mkdir makes a folder; it fails if there is one.
	Mkdir(path string) error
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the entries of a folder durable.
	SyncDir(path string) error
	// SyncFile makes the bytes of a file durable that a process wrote which is
	// gone. After a sync of its own that failed, the cache can hold bytes that
	// no later sync writes; it is dropped, as far as the system does that.
	SyncFile(path string) error
}

// File is an open file of an [FS].
type File interface {
	WriteAt(b []byte, off int64) (int, error)
	// Sync makes written bytes durable, with the metadata that reading them
	// back needs and no more.
	Sync() error
	Truncate(size int64) error
	// Linked returns nil if path still names this file, else ErrUnlinked.
	Linked(path string) error
	Close() error
}

// OS is the file system of the operating system.
type OS struct{}

// Create implements [FS].
func (OS) Create(path string) (File, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	return &osFile{f: f}, nil
}

// Mkdir implements [FS].
func (OS) Mkdir(path string) error { return os.Mkdir(path, dirMode) }

// Rename implements [FS].
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements [FS].
func (OS) Remove(path string) error { return os.Remove(path) }

// SyncDir implements [FS].
func (OS) SyncDir(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// SyncFile implements [FS].
func (OS) SyncFile(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	err = Datasync(f)
	if err == nil {
		err = dropCache(f)
	}
	return errors.Join(err, f.Close())
}

type osFile struct {
	f    *os.File
	info fs.FileInfo // at the first Linked: the identity does not change
}

func (f *osFile) WriteAt(b []byte, off int64) (int, error) { return f.f.WriteAt(b, off) }
func (f *osFile) Sync() error                              { return Datasync(f.f) }
func (f *osFile) Truncate(size int64) error                { return f.f.Truncate(size) }
func (f *osFile) Close() error                             { return f.f.Close() }

func (f *osFile) Linked(path string) error {
	if f.info == nil {
		info, err := f.f.Stat()
		if err != nil {
			return err
		}
		f.info = info
	}
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(there, f.info) {
		return ErrUnlinked
	}
	return err
}

// MkdirAll makes the folder at path and its parents, and makes the entry of
// each new one durable.
func MkdirAll(path string) error {
	path = filepath.Clean(path)
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrExist}
		}
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return OS{}.SyncDir(parent)
}

// WriteFile replaces the file at path by one that holds b. After a crash at any
// point the path names the old content or the new, never a part.
func WriteFile(fsys FS, path string, b []byte) error {
	temp := path + ".tmp"
	// A leftover of a crash: it was never renamed, so nobody relies on it.
	if err := fsys.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing leftover: %w", err)
	}
	f, err := fsys.Create(temp)
	if err != nil {
		return fmt.Errorf("creating: %w", err)
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	if err := fsys.Rename(temp, path); err != nil {
		return fmt.Errorf("renaming: %w", err)
	}
	if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	return nil
}

// Lock is a held lock.
type Lock struct{ f *os.File }

// TryLock takes the exclusive lock of the file at path, creating the file, or
// returns [ErrLocked] at once. The lock ends with Unlock or with the process,
// and it follows the file when its folder is renamed.
func TryLock(path string) (*Lock, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f: f}, nil
}

// Unlock releases the lock. The file stays: removing it would let two processes
// hold locks of two files with one name.
func (l *Lock) Unlock() error { return l.f.Close() }
