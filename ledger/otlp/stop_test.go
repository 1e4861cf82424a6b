package otlp

import (
	"net/http"
	"testing"
	"time"
)

// patient never looks by itself and gathers for ever.
func patient(o *Options) {
	o.Batch, o.Poll, o.Linger = 0, time.Hour, time.Hour
	o.Backoff = Backoff{Min: time.Hour, Max: time.Hour}
}

// caughtUp blocks until the follower has read what there is.
func (f *fixture) caughtUp(t *testing.T, follower *Follower) {
	t.Helper()
	for follower.Status().Cursor != f.log.Durable() {
		time.Sleep(time.Millisecond)
	}
}

// What comes while a follower gathers goes out at once when it ends, also if the
// log was closed before.
func TestEndSendsWhatWasGathered(t *testing.T) {
	for _, closed := range []bool{false, true} {
		f := newFixture(t)
		follower, stop := f.start(t, patient)
		f.caughtUp(t, follower)
		f.append(t, 20)
		if closed {
			if err := f.log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		f.receiver.checkArrived(t, f.wrote)
		if f.receiver.requests != 1 {
			t.Errorf("%d requests for what was gathered, want 1", f.receiver.requests)
		}
	}
}

// Full batches are not held back.
func TestFullBatchDoesNotLinger(t *testing.T) {
	f := newFixture(t)
	f.append(t, 21)
	f.start(t, patient, func(o *Options) { o.Batch = 7 })
	f.receiver.waitLast(t, f.wrote)
}

// A collector that hangs does not hold up the end, and gets everything when it
// answers again.
func TestCollectorHangsAtTheEnd(t *testing.T) {
	f := newFixture(t)
	follower, stop := f.start(t, patient)
	f.caughtUp(t, follower)
	f.append(t, 3)
	hang := make(chan struct{})
	f.receiver.then(func(http.ResponseWriter) { <-hang })
	stop()
	close(hang)
	_, stop = f.start(t)
	f.receiver.waitLast(t, f.wrote)
	stop()
	f.receiver.checkArrived(t, f.wrote)
}

// Whoever refused the last attempt is not asked again at the end.
func TestFailingCollectorIsNotAskedAtTheEnd(t *testing.T) {
	f := newFixture(t)
	f.receiver.takeOnly(0)
	f.append(t, 3)
	follower, stop := f.start(t, patient)
	for follower.Status().Failures == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	if f.receiver.requests != 1 {
		t.Errorf("%d requests, want 1", f.receiver.requests)
	}
}
