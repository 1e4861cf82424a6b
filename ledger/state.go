package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
)

// States gathers the newest snapshot of each store that records name.
type States struct {
	list []Snapshot // the store used last first
}

// Add takes note of a snapshot. One without a store is passed over: the request
// was refused before any state was read.
func (s *States) Add(snapshot Snapshot) {
	if snapshot.Store == "" {
		return
	}
	i := slices.IndexFunc(s.list, func(have Snapshot) bool { return have.Store == snapshot.Store })
	if i < 0 {
		s.list = append([]Snapshot{snapshot}, s.list...)
		return
	}
	if have := s.list[i]; have.Seq > snapshot.Seq {
		// Requests overlap, so sequences do not come in order.
		snapshot = have
	}
	copy(s.list[1:i+1], s.list[:i])
	s.list[0] = snapshot
}

// AddRecord takes note of the snapshot that r names.
func (s *States) AddRecord(r *Record) {
	switch {
	case r.Disclosure != nil:
		s.Add(r.Disclosure.State)
	case r.State != nil:
		s.Add(r.State.Snapshot)
	}
}

// Of returns the newest snapshot of a store.
func (s *States) Of(store string) (Snapshot, bool) {
	for _, have := range s.list {
		if have.Store == store {
			return have, true
		}
	}
	return Snapshot{}, false
}

// Last returns the newest snapshot of the store that was named last.
func (s *States) Last() (Snapshot, bool) {
	if len(s.list) == 0 {
		return Snapshot{}, false
	}
	return s.list[0], true
}

// List returns the newest snapshot of every store, the store named last first.
func (s *States) List() []Snapshot { return slices.Clone(s.list) }

// LastState returns the newest snapshots that the ledger in dir names, over all
// of its epochs: a store that is behind them, or is none of them, is not the one
// that was decided on. It reads the ends of ended epochs and scans the others; a
// folder that does not exist yet names nothing.
func LastState(ctx context.Context, dir string) (*States, error) {
	states := new(States)
	epochs, err := Epochs(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return states, nil
	}
	if err != nil {
		return nil, err
	}
	for _, epoch := range epochs {
		end, ended, err := ReadEnd(dir, epoch)
		if err != nil {
			return nil, err
		}
		if ended && end.States != nil {
			for _, s := range slices.Backward(end.States) {
				states.Add(s)
			}
			continue
		}
		if _, err := ScanEpoch(ctx, dir, epoch, states.AddLine); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// AddLine takes note of the snapshot that a line names.
func (s *States) AddLine(l Line) error {
	switch l.Kind {
	case KindReleased, KindRefused, KindIntent, KindAborted, KindUnknown, KindState:
	default:
		return nil
	}
	// Only what is needed: a list's subjects are most of its line.
	var named struct {
		Disclosure *struct {
			State Snapshot `json:"state"`
		} `json:"disclosure"`
		State *Snapshot `json:"state"`
	}
	if err := json.Unmarshal(l.Bytes, &named); err != nil {
		return errLine
	}
	if named.Disclosure != nil {
		s.Add(named.Disclosure.State)
	}
	if named.State != nil {
		s.Add(*named.State)
	}
	return nil
}
