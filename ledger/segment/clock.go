package segment

import (
	"slices"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// clockGrace is how far the clock may go back without a word. Corrections of less are
// daily business.
const clockGrace = time.Second

// Latest returns the newest time that a record of the ledger had when the log opened,
// or has got since. A decision at an earlier time would revive what has ended.
func (l *Log) Latest() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest
}

// now is the time of the log's own records: the later of clock and last record.
func (l *Log) now() time.Time {
	now := l.opt.Clock()
	if latest := l.Latest(); latest.After(now) {
		return latest
	}
	return now
}

// clock puts a heartbeat before a batch if the clock has gone back, once until it has
// caught up, and takes note of the batch's times.
func (w *writer) clock(batch []*item) []*item {
	now := w.log.opt.Clock()
	back := now.Before(w.latest.Add(-clockGrace))
	if back && !w.behind && len(batch) >= w.after() {
		record := &ledger.Record{Kind: ledger.KindHeartbeat, Time: w.latest, Clock: &ledger.Clock{Last: stamp(w.latest), Now: stamp(now)}}
		if it, err := w.log.newItem(record); err == nil {
			batch = slices.Insert(batch, w.after(), it)
		}
	}
	w.behind = back
	for _, it := range batch {
		if it.time.After(w.latest) {
			w.latest = it.time
		}
	}
	return batch
}

// after is how many items come before one of the log's own: the first record of an
// epoch says what the epoch is.
func (w *writer) after() int {
	if w.seq == 0 {
		return 1
	}
	return 0
}

// stamp is a time as records have it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
