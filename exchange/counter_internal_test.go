package exchange

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// What is in no window any more is forgotten by itself, and so are the parts of windows.
func TestCounterForgets(t *testing.T) {
	t.Parallel()
	var c Counter
	u := Use{Limits: &rules.Limits{SubjectsPerHour: 100, NotFoundPercent: 1}}
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		k := []rules.Key{{byte(i & 0xff)}}
		if c.Reserve(u, k, at) != 0 {
			t.Fatal("no room")
		}
		c.Settle(u, k, true)
		c.Answered(u, true, at)
	}
	if c.counted != 100 {
		t.Fatalf("%d are counted", c.counted)
	}
	c.Full(u, at.Add(65*time.Minute))
	s := c.usage(u)
	if c.counted != 0 || len(s.seen) != 0 || len(s.asked) != 0 || len(s.reads[hourly])+len(s.reads[daily])+len(s.reads[monthly]) != 0 {
		t.Errorf("%d are counted, %+v", c.counted, s)
	}
}
