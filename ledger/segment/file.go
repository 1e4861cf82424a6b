package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// nextFile is the name of a segment before it is known what its first record
// will be. It holds zeros only.
const nextFile = "next.tmp"

// syncEvery is how many bytes of zeros are made durable at a time.
const syncEvery = 1 << 20

var zeros [256 << 10]byte

// segment is a file that records are written to.
type segment struct {
	disk.File
	path  string
	first uint64 // the sequence of its first record
	size  int64  // of zeros and records
	off   int64  // where the next line goes
}

// fill makes the file size bytes of durable zeros. Blocks that were never
// written make each data sync a metadata sync as well, and can be missing when
// the disk is full.
func (s *segment) fill(size int64) error {
	for at := s.size; at < size; {
		n := min(size-at, int64(len(zeros)))
		if _, err := s.WriteAt(zeros[:n], at); err != nil {
			return fmt.Errorf("filling segment: %w", err)
		}
		at += n
		// A piece at a time: one sync of the whole would hold up the syncs
		// of the records that are being written beside it.
		if at%syncEvery == 0 || at >= size {
			if err := s.Sync(); err != nil {
				return fmt.Errorf("syncing segment: %w", err)
			}
		}
	}
	s.size = max(s.size, size)
	return nil
}

// createSegment makes a zero-filled file.
func createSegment(fsys disk.FS, path string, size int64) (*segment, error) {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing leftover: %w", err)
	}
	f, err := fsys.Create(path)
	if err != nil {
		return nil, fmt.Errorf("creating segment: %w", err)
	}
	s := &segment{File: f, path: path}
	if err := s.fill(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// place gives a filled segment the name of its first record, durably.
func (s *segment) place(fsys disk.FS, folder string, first uint64) error {
	path := filepath.Join(folder, ledger.SegmentName(first))
	if err := fsys.Rename(s.path, path); err != nil {
		return fmt.Errorf("naming segment: %w", err)
	}
	s.path, s.first = path, first
	if err := fsys.SyncDir(folder); err != nil {
		return fmt.Errorf("syncing epoch folder: %w", err)
	}
	return nil
}

// seal cuts the zeros off a segment that takes no more records and closes it.
func (s *segment) seal() error {
	err := s.Truncate(s.off)
	if err == nil {
		err = s.Sync()
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("sealing segment: %w", err)
	}
	return nil
}
