package caddymodule

import (
	"sync"
	"sync/atomic"
	"testing"
)

// What is closing stays closed: of any number of users who come and go, none
// holds a runtime after the last one has let go, and exactly one is the last.
func TestHoldAfterTheLastUser(t *testing.T) {
	t.Parallel()
	for range 200 {
		rt := new(runtime)
		rt.refs.Store(1)
		var (
			users sync.WaitGroup
			last  atomic.Int64
			begin = make(chan struct{})
		)
		drop := func() {
			if n := rt.refs.Add(-1); n == 0 {
				last.Add(1)
			} else if n < 0 {
				t.Error("more users went than came")
			}
		}
		for range 4 {
			users.Go(func() {
				<-begin
				for range 50 {
					if !rt.hold() {
						return
					}
					if last.Load() > 0 {
						t.Error("held after the last user had gone")
					}
					drop()
				}
			})
		}
		users.Go(func() { <-begin; drop() })
		close(begin)
		users.Wait()
		if last.Load() != 1 || rt.hold() {
			t.Fatalf("%d users were the last", last.Load())
		}
	}
}
