package ledger

import (
	"bytes"
	"time"
)

// ClockTolerance is how far a record's time may lie before that of an earlier
// record of its epoch without being worth a word: requests are decided side by side
// and recorded one after the other.
const ClockTolerance = 10 * time.Second

// Clock is the member of a heartbeat that says that the system's clock went back.
// Until it has caught up, records have the time Last.
type Clock struct {
	Last time.Time `json:"last"` // the newest time that a record has
	Now  time.Time `json:"now"`  // what the clock said
}

// Time returns the time of a line's record without decoding it.
func (l Line) Time() (time.Time, bool) {
	const key = `","time":"`
	_, rest, ok := bytes.Cut(l.Bytes, []byte(kindKey))
	if !ok {
		return time.Time{}, false
	}
	rest, ok = bytes.CutPrefix(rest, []byte(string(l.Kind)+key))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(rest[:end]))
	return t, err == nil
}
