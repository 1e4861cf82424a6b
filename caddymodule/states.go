package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// states gives requests the subjects' states. It implements [exchange.States].
type states struct{ rt *runtime }

var _ exchange.States = states{}

// errUnchecked is why nothing is read while the ledger cannot say whether the
// store continues what was decided on before.
var errUnchecked = errors.New("subject state was not yet held against the ledger")

// Ready implements [exchange.States]. A store that could not be held against the
// ledger yet, because there is none to read, is not what keeps the gateway from
// serving: the ledger is, and says so itself. Read refuses it all the same.
func (s states) Ready() error {
	if err := s.rt.replica.Ready(); err != nil {
		return err
	}
	if !s.rt.checked.Load() && s.rt.recorder.Ready() == nil {
		return errUnchecked
	}
	return nil
}

// Read implements [exchange.States].
func (s states) Read(subjects []rules.Key, into []*rules.State) (ledger.Snapshot, error) {
	if !s.rt.checked.Load() {
		return ledger.Snapshot{}, errUnchecked
	}
	pos, err := s.rt.replica.Read(subjects, into)
	if err != nil {
		return ledger.Snapshot{}, err
	}
	return ledger.Snapshot{Store: pos.Store, Seq: uint64(pos.Seq), Head: pos.HeadHex()}, nil
}

// Observe implements [exchange.States].
func (s states) Observe(ctx context.Context, seen []exchange.Observation) error {
	now := time.Now()
	out := make([]subject.Observation, len(seen))
	for i, o := range seen {
		out[i] = subject.Observation{Key: o.Key, Age: o.Age, Location: o.Location, Time: now}
	}
	return s.rt.writer.Observe(ctx, out)
}
