package segment

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// prepared is a segment that was filled ahead of its use, or why it could not be.
type prepared struct {
	segment *segment
	err     error
}

// prepare fills the next segment in the background, so that rotation does not
// wait for it and a full disk is known of while the current one still takes
// records.
func (w *writer) prepare() {
	size := min(4*w.current.size, w.log.opt.SegmentSize)
	next := make(chan prepared, 1)
	w.next = next
	path := filepath.Join(w.log.folder, nextFile)
	w.background.Go(func() {
		s, err := createSegment(w.log.opt.fs, path, size)
		if err != nil {
			w.log.opt.OnError(fmt.Errorf("preparing next segment: %w", err))
		}
		next <- prepared{s, err}
	})
}

// rotate goes on in the next segment, which gets room for at least size bytes.
// Everything before must be durable.
func (w *writer) rotate(size int64) error {
	p := <-w.next
	if p.err != nil {
		// The space may have come back since.
		p.segment, p.err = createSegment(w.log.opt.fs, filepath.Join(w.log.folder, nextFile), min(4*w.current.size, w.log.opt.SegmentSize))
		if p.err != nil {
			return p.err
		}
	}
	s := p.segment
	err := s.fill(max(size, s.size))
	if err == nil {
		err = s.place(w.log.opt.fs, w.log.folder, w.seq)
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	old := w.current
	w.mu.Lock()
	w.current = s
	w.mu.Unlock()

	at, root := w.tree.Size(), w.tree.Root()
	w.background.Go(func() {
		if err := old.seal(); err != nil {
			w.log.opt.OnError(err)
		}
		if err := w.checkpoint(at, root); err != nil {
			w.log.opt.OnError(err)
		}
	})
	w.prepare()
	return nil
}

// finish seals the last segment and removes the one prepared in vain.
func (w *writer) finish() error {
	w.drop()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.current
	w.current = nil
	return s.seal()
}

// abandon closes the files as they are.
func (w *writer) abandon() {
	w.drop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.current.Close(); err != nil {
		w.log.opt.OnError(fmt.Errorf("closing segment: %w", err))
	}
	w.current = nil
}

func (w *writer) drop() {
	w.background.Wait()
	select {
	case p := <-w.next:
		if p.segment == nil {
			return
		}
		if err := p.segment.Close(); err != nil {
			w.log.opt.OnError(fmt.Errorf("closing next segment: %w", err))
		}
		if err := w.log.opt.fs.Remove(p.segment.path); err != nil {
			w.log.opt.OnError(fmt.Errorf("removing next segment: %w", err))
		}
	default:
	}
}

// checkpointState orders the checkpoints, which are written in the background.
type checkpointState struct {
	checkpointMu   sync.Mutex
	checkpointSize uint64
}

// checkpoint writes the signed checkpoint of a tree, unless a later one is there.
func (w *writer) checkpoint(size uint64, root tlog.Hash) error {
	l := w.log
	if l.signer == nil {
		return nil
	}
	w.checkpointMu.Lock()
	defer w.checkpointMu.Unlock()
	if size < w.checkpointSize {
		return nil
	}
	b, err := ledger.Checkpoint{Origin: l.config.Origin, Size: size, Root: root}.Sign(l.signer)
	if err != nil {
		return err
	}
	if err := disk.WriteFile(l.opt.fs, filepath.Join(l.folder, ledger.CheckpointFile), b); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	w.checkpointSize = size
	return nil
}
