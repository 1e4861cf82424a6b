package segment

import (
	"errors"
	"fmt"

	"github.com/modicum-dev/modicum/ledger"
)

// ErrFull is returned by Append and Ready while there is no room for disclosures:
// the segment is full but for its reserve, and no further one can be made. The log
// goes on by itself when there is space again.
var ErrFull = fmt.Errorf("%w: no room for a further segment", ledger.ErrUnavailable)

// rank is how early a kind of record has to stop when room ends.
type rank int

const (
	rankLast      rank = iota // never while there is any room
	rankHeartbeat             // at half of the reserve
	rankDisclosed             // at the reserve
	rankRefused               // at what is left to disclosures
)

func rankOf(k ledger.Kind) rank {
	switch k {
	case ledger.KindReleased, ledger.KindIntent, ledger.KindLookup, ledger.KindResolved:
		return rankDisclosed
	case ledger.KindRefused, ledger.KindSummary:
		return rankRefused
	case ledger.KindHeartbeat:
		return rankHeartbeat
	case ledger.KindAborted, ledger.KindUnknown, ledger.KindState, ledger.KindPolicy, ledger.KindRecipient, ledger.KindProfile,
		ledger.KindConfig, ledger.KindRecovered, ledger.KindExpired, ledger.KindHold:
	}
	return rankLast
}

// reserve is how many bytes of the segment are kept for what must be recorded when
// nothing is disclosed any more.
func (w *writer) reserve() int64 { return w.ownReserve() + w.owed }

// ownReserve is the part of the reserve that no intent has a claim on.
func (w *writer) ownReserve() int64 { return min(DefaultReserve, w.current.size/8) }

// kept is how many bytes must be left after a record of a rank.
func (w *writer) kept(r rank) int64 {
	switch r {
	case rankHeartbeat:
		return w.ownReserve()/2 + w.owed
	case rankDisclosed:
		return w.reserve()
	case rankRefused:
		if w.next.stuck() {
			return w.reserve() + w.current.size/DefaultHeadroom
		}
		return w.reserve()
	case rankLast:
	}
	return 0
}

// fits reports whether size bytes more have room, and keep bytes after them.
func (w *writer) fits(size, keep int64) bool {
	return w.current.off+int64(len(w.buf))+size+keep <= w.current.size
}

// makeRoom goes on in the next segment if an item of size bytes has no room in this
// one, or if this one is old enough. It makes everything before the item durable
// first. An error matching ErrFull is the item's own.
func (w *writer) makeRoom(it *item, size int64) (rotated bool, err error) {
	if w.fits(size, max(w.kept(it.rank), w.reserve())) && !w.aged() {
		return false, nil
	}
	if err := w.flush(); err != nil {
		return false, err
	}
	err = w.rotate(w.segmentFor(it))
	if !errors.Is(err, ErrFull) {
		return err == nil, err
	}
	if w.fits(size, w.kept(it.rank)) {
		return false, nil
	}
	if it.rank == rankDisclosed {
		w.full.Store(&err)
	}
	return false, err
}

// aged reports whether the segment has taken records for long enough.
func (w *writer) aged() bool {
	return w.current.off > 0 && w.log.opt.Clock().Sub(w.begun) >= w.log.opt.SegmentAge
}

// segmentFor is the least size of a segment that begins with an item and has its
// reserve.
func (w *writer) segmentFor(it *item) int64 {
	n := it.owes() + w.owed
	return n + min(DefaultReserve, n/7+1)
}

// owes is what the end of an intent may need: the intent again, and its facts if
// they are in an earlier segment.
func (it *item) owes() int64 {
	n := int64(len(it.body)) + 4*framing
	for _, f := range it.facts {
		n += int64(len(f.JSON)) + 4*framing
	}
	return n
}
