package segment

import (
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// keepBeating writes a heartbeat whenever there was no record for an interval, until
// stop is closed. One that cannot be written is missing, and says so by that.
func (l *Log) keepBeating(stop <-chan struct{}) {
	wait := l.opt.beat
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		quiet := time.Since(begun) - time.Duration(l.active.Load())
		if wait = l.opt.beat - quiet; wait <= 0 {
			// Why it failed is known to Ready already.
			_ = l.appendOwn(&ledger.Record{Kind: ledger.KindHeartbeat})
			wait = l.opt.beat
		}
		timer.Reset(wait)
	}
}
