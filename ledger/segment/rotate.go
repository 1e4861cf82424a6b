package segment

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

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
// records. What fails is tried again: space may come back.
func (w *writer) prepare() {
	size := min(4*w.current.size, w.log.opt.SegmentSize)
	next, hurry := make(chan prepared, 1), make(chan struct{})
	w.next, w.hurry = next, hurry
	w.free.Store(w.current.size - w.current.off)
	w.ahead.Store(false)
	path := filepath.Join(w.log.folder, nextFile)
	w.background.Go(func() {
		for told := false; ; told = true {
			s, err := createSegment(w.log.opt.fs, path, size)
			if err == nil {
				w.ahead.Store(true)
				next <- prepared{segment: s}
				return
			}
			if !told {
				w.log.opt.OnError(fmt.Errorf("preparing next segment: %w", err))
			}
			select {
			case <-hurry:
				next <- prepared{err: err}
				return
			case <-time.After(w.log.opt.prepare):
			}
		}
	})
}

// ErrHeadroom is returned by [Log.Headroom].
var ErrHeadroom = errors.New("no room for a further segment, and this one is nearly full")

// Headroom returns nil while the log has room for what comes next: a further
// segment, or a good part of the present one. Otherwise it returns [ErrHeadroom],
// which is a warning: the log records until [Log.Ready] says otherwise.
func (l *Log) Headroom() error {
	if l.writer.ahead.Load() {
		return nil
	}
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	if s := l.writer.current; s != nil && l.writer.free.Load() < s.size/DefaultHeadroom {
		return ErrHeadroom
	}
	return nil
}

// rotate goes on in the next segment, which gets room for at least size bytes.
// Everything before must be durable.
func (w *writer) rotate(size int64) error {
	close(w.hurry)
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
	// A rotation that failed has closed it already.
	select {
	case <-w.hurry:
	default:
		close(w.hurry)
	}
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
