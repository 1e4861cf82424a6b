package disktest

// Sector is how many bytes a disk writes as a whole.
const Sector = 512

// write is a change of a file's bytes.
type write struct {
	off   int64
	bytes []byte
	cut   bool // it is a truncation to off
}

// onto applies the sectors of the write that survive. A missing sector leaves the
// bytes that were there before, or zeros where the file ended before it.
func (w write) onto(content []byte, survives func() bool) []byte {
	if w.cut {
		if w.off < int64(len(content)) && survives() {
			return content[:w.off:w.off]
		}
		return content
	}
	end := w.off + int64(len(w.bytes))
	for at := w.off; at < end; {
		next := min(at-at%Sector+Sector, end)
		if survives() {
			content = grown(content, next)
			copy(content[at:next], w.bytes[at-w.off:next-w.off])
		}
		at = next
	}
	return content
}

func grown(content []byte, size int64) []byte {
	if more := size - int64(len(content)); more > 0 {
		content = append(content, make([]byte, more)...)
	}
	return content
}

// sync makes everything durable that was written.
func (n *node) sync() {
	for _, w := range n.unsynced {
		n.synced = w.onto(n.synced, func() bool { return true })
	}
	n.unsynced = nil
}

// size is how large the file is for processes.
func (n *node) size() int64 {
	size := int64(len(n.synced))
	for _, w := range n.unsynced {
		if w.cut {
			size = w.off
		} else {
			size = max(size, w.off+int64(len(w.bytes)))
		}
	}
	return size
}
