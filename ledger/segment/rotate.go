package segment

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// preparation is a next segment on its way.
type preparation struct {
	ready  chan *segment // the segment, once it is filled
	failed chan struct{} // closed when it could not be filled at first
	stop   chan struct{} // closed when nobody needs it any more
	why    atomic.Pointer[error]
}

// take returns the segment, and waits for it while it is being filled. While it
// cannot be filled the error matches [ErrFull].
func (p *preparation) take() (*segment, error) {
	select {
	case s := <-p.ready:
		return s, nil
	case <-p.failed:
	}
	select {
	case s := <-p.ready:
		return s, nil
	default:
		return nil, fmt.Errorf("%w: %w", ErrFull, *p.why.Load())
	}
}

// stuck reports whether the segment could not be filled, so far.
func (p *preparation) stuck() bool {
	select {
	case <-p.failed:
		return len(p.ready) == 0
	default:
		return false
	}
}

// prepare fills the next segment in the background, so that rotation does not
// wait for it and a full disk is known of while the current one still takes
// records. What fails is tried again: space may come back.
func (w *writer) prepare() {
	size := min(4*w.current.size, w.log.opt.SegmentSize)
	p := &preparation{ready: make(chan *segment, 1), failed: make(chan struct{}), stop: make(chan struct{})}
	w.next = p
	w.free.Store(w.current.size - w.current.off)
	w.ahead.Store(false)
	path := filepath.Join(w.log.folder, nextFile)
	w.background.Go(func() {
		for told := false; ; told = true {
			s, err := createSegment(w.log.opt.fs, path, size)
			if err == nil {
				p.ready <- s
				w.hasNext()
				return
			}
			p.why.Store(&err)
			if !told {
				close(p.failed)
				w.log.opt.OnError(fmt.Errorf("preparing next segment: %w", err))
			}
			select {
			case <-p.stop:
				return
			case <-time.After(w.log.opt.prepare):
			}
		}
	})
}

// hasNext notes that there is a filled segment.
func (w *writer) hasNext() {
	w.full.Store(nil)
	w.ahead.Store(true)
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
// Everything before must be durable. While there is no next segment, or none of that
// size, the error matches [ErrFull] and nothing has changed.
func (w *writer) rotate(size int64) error {
	s, err := w.next.take()
	if err != nil {
		return err
	}
	if err := s.fill(size); errors.Is(err, syscall.ENOSPC) {
		w.next.ready <- s
		return fmt.Errorf("%w: %w", ErrFull, err)
	} else if err != nil {
		return errors.Join(err, s.Close())
	}
	if err := s.place(w.log.opt.fs, w.log.folder, w.seq); err != nil {
		return errors.Join(err, s.Close())
	}
	old := w.current
	w.mu.Lock()
	w.current = s
	w.mu.Unlock()
	w.begun = w.log.opt.Clock()
	clear(w.known)
	w.background.Go(func() {
		if err := old.seal(); err != nil {
			w.log.opt.OnError(err)
		}
	})
	w.signSoon()
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
	close(w.next.stop)
	w.background.Wait()
	select {
	case s := <-w.next.ready:
		if err := s.Close(); err != nil {
			w.log.opt.OnError(fmt.Errorf("closing next segment: %w", err))
		}
		if err := w.log.opt.fs.Remove(s.path); err != nil {
			w.log.opt.OnError(fmt.Errorf("removing next segment: %w", err))
		}
	default:
	}
}
