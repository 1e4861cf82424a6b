package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// lineState is what stands at a place in a segment.
type lineState int

const (
	lineGood lineState = iota
	lineNone           // nothing: zeros or the end of the file
	lineBad            // bytes that are not a line
)

const firstBuffer = 64 << 10

// segmentFile reads the lines of one segment. It keeps nothing of a place where
// there is no line, since a writer may be about to put one there.
type segmentFile struct {
	path   string
	f      *os.File
	off    int64  // of the next line
	buf    []byte // the bytes at off that were read and not yet used
	space  []byte // what buf is a part of
	settle bool   // make bytes durable before they are used
}

func openSegment(path string, settle bool) (*segmentFile, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("opening segment: %w", err)
	}
	return &segmentFile{path: path, f: f, space: make([]byte, firstBuffer), settle: settle}, nil
}

func (s *segmentFile) close() error { return s.f.Close() }

// peek returns the line at s.off without moving. The line is valid until the
// next call.
func (s *segmentFile) peek() (Line, lineState, error) {
	end := bytes.IndexByte(s.buf, '\n')
	if end < 0 {
		var err error
		if end, err = s.fill(); err != nil {
			return Line{}, lineBad, err
		}
	}
	if end < 0 {
		state := lineBad
		if len(s.buf) == 0 || s.buf[0] == 0 {
			state = lineNone
		}
		s.buf = nil
		return Line{}, state, nil
	}
	if s.buf[0] == 0 {
		s.buf = nil
		return Line{}, lineNone, nil
	}
	l, err := ParseLine(s.buf[:end])
	if err != nil {
		s.buf = nil
		return Line{}, lineBad, nil //nolint:nilerr // a bad line is a state, the caller judges it
	}
	return l, lineGood, nil
}

// skip moves past the line that peek returned.
func (s *segmentFile) skip(l Line) {
	s.off += int64(len(l.Bytes)) + 1
	s.buf = s.buf[len(l.Bytes)+1:]
}

// pass moves on by n bytes that were not read. What was read ahead is older.
func (s *segmentFile) pass(n int) {
	s.off += int64(n)
	s.buf = nil
}

// fill reads at s.off until a newline, a zero, the end of the file or more bytes
// than a line may have. It returns the newline's index, or -1.
func (s *segmentFile) fill() (int, error) {
	if bytes.IndexByte(s.buf, 0) >= 0 {
		// Where zeros were, a writer may have put lines since.
		s.buf = nil
	}
	have := copy(s.space, s.buf)
	for {
		n, err := s.f.ReadAt(s.space[have:], s.off+int64(have))
		fresh := s.space[have : have+n]
		have += n
		s.buf = s.space[:have]
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return -1, fmt.Errorf("reading segment: %w", err)
		}
		if at := bytes.IndexByte(fresh, '\n'); at >= 0 {
			return have - n + at, s.settled()
		}
		if atEnd || bytes.IndexByte(fresh, 0) >= 0 || have > DefaultMaxLine {
			return -1, nil
		}
		if have == len(s.space) {
			grown := make([]byte, 2*len(s.space))
			copy(grown, s.space)
			s.space = grown
			s.buf = s.space[:have]
		}
	}
}

// settled makes what was read durable, where its writer may have died between
// the write and the sync. A file system that cannot be written has nothing
// pending.
func (s *segmentFile) settled() error {
	if !s.settle {
		return nil
	}
	err := disk.Datasync(s.f)
	if err == nil || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return fmt.Errorf("syncing segment: %w", err)
}

// tail looks at everything from s.off on: the number of bytes to the last one
// that is not zero, and whether a line stands there that was written after the
// sync of the record next. Memory stays bounded by the longest line.
func (s *segmentFile) tail(next uint64) (used int64, damaged bool, err error) {
	var (
		chunk = make([]byte, 256<<10)
		piece []byte // since the last newline or zero
		at    = s.off
	)
	judge := func() {
		// A line's opening has unescaped quotes, so content cannot hold it.
		if i := bytes.LastIndex(piece, []byte(lineOpen)); i >= 0 {
			if l, err := ParseLine(piece[i:]); err == nil && l.Sync && l.Seq > next {
				damaged = true
			}
		}
		piece = piece[:0]
	}
	for {
		n, err := s.f.ReadAt(chunk, at)
		for b := chunk[:n]; len(b) > 0; {
			if b[0] == 0 {
				judge()
				rest := bytes.TrimLeft(b, "\x00")
				at += int64(len(b) - len(rest))
				b = rest
				continue
			}
			end := bytes.IndexAny(b, "\n\x00")
			if end < 0 {
				end = len(b)
			}
			if len(piece)+end <= DefaultMaxLine {
				piece = append(piece, b[:end]...)
			}
			if end < len(b) && b[end] == '\n' {
				judge()
				end++
			}
			at += int64(end)
			used = at - s.off
			b = b[end:]
		}
		if errors.Is(err, io.EOF) {
			judge()
			return used, damaged, nil
		}
		if err != nil {
			return used, damaged, fmt.Errorf("reading segment: %w", err)
		}
	}
}
