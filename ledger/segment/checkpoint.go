package segment

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// checkpoints signs what the tree has become, beside the commits: nobody waits for
// a checkpoint.
type checkpoints struct {
	mu     sync.Mutex
	size   uint64    // of the newest
	signed []byte    // the newest
	all    disk.File // every one of the epoch; nil before the first and after a failure
	off    int64
	broken bool // all failed: what is on disk of it is not known
}

// signSoon asks for a checkpoint.
func (w *writer) signSoon() {
	select {
	case w.sign <- struct{}{}:
	default: // one is asked for already
	}
}

// keepSigning signs a checkpoint when it is asked for and at each interval, while
// there are new records, until stop is closed.
func (w *writer) keepSigning(stop <-chan struct{}) {
	tick := time.NewTicker(w.log.opt.sign)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-w.sign:
		case <-tick.C:
		}
		if err := w.checkpoint(w.log.Tree()); err != nil {
			w.log.opt.OnError(err)
		}
	}
}

// checkpoint writes the signed checkpoint of a tree, unless there is one of that size.
func (w *writer) checkpoint(size uint64, root tlog.Hash) error {
	l, c := w.log, &w.checkpoints
	if l.signer == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if size <= c.size {
		return nil
	}
	b, err := ledger.Checkpoint{Origin: l.config.Origin, Size: size, Root: root}.Sign(l.signer)
	if err != nil {
		return err
	}
	// First among all, so that the newest is always one of them.
	if err := c.add(l.opt.fs, filepath.Join(l.folder, ledger.CheckpointsFile), b); err != nil {
		l.opt.OnError(err)
	}
	if err := disk.WriteFile(l.opt.fs, filepath.Join(l.folder, ledger.CheckpointFile), b); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	c.size, c.signed = size, b
	return nil
}

// add appends a checkpoint to those of the epoch.
func (c *checkpoints) add(fsys disk.FS, path string, signed []byte) error {
	if c.broken {
		return nil // it was told
	}
	err := c.open(fsys, path)
	if err == nil {
		_, err = c.all.WriteAt(append(slices.Clip(signed), '\n'), c.off)
	}
	if err == nil {
		err = c.all.Sync()
	}
	if err != nil {
		c.broken = true
		return fmt.Errorf("keeping checkpoints: %w", err)
	}
	c.off += int64(len(signed)) + 1
	return nil
}

func (c *checkpoints) open(fsys disk.FS, path string) (err error) {
	if c.all != nil {
		return nil
	}
	if c.all, err = fsys.Create(path); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

func (c *checkpoints) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		return nil
	}
	err := c.all.Close()
	c.all, c.broken = nil, true
	return err
}

// Checkpoint returns the newest signed checkpoint, or nil if there is none yet.
func (l *Log) Checkpoint() []byte {
	l.writer.checkpoints.mu.Lock()
	defer l.writer.checkpoints.mu.Unlock()
	return l.writer.checkpoints.signed
}
