package subject

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Live leaves out the events that can no longer make a difference, whatever
// other events arrive later and however they are dated: those of a right that
// stand before its most restrictive state, which holds whatever was before. It
// may reorder and overwrite changes.
func Live(changes []Change) []Change {
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq))
	})
	type right struct {
		kind  rules.EventKind
		about string // purpose, or ref of an order
		known bool   // by somebody who was verified
	}
	var settled []right // by a later event, going from the last
	keep := len(changes)
	for _, c := range slices.Backward(changes) {
		settles, about := settlesRight(&c.Event)
		r := right{c.Kind, about, c.Known()}
		// A claim makes nothing void by which the subject is known.
		if settles && (slices.Contains(settled, r) || !r.known && slices.Contains(settled, right{c.Kind, about, true})) {
			continue
		}
		if settles && c.State == c.Kind.States()[0] {
			settled = append(settled, r)
		}
		keep--
		changes[keep] = c
	}
	live := changes[keep:]
	slices.SortFunc(live, func(a, b Change) int { return cmp.Compare(a.Seq, b.Seq) })
	return live
}

// settlesRight reports whether an event belongs to a right that has one state at
// a time, and what beside its kind names the right: a purpose, the ref of an
// order, or nothing where there is one right for everything. Accuracy has a state
// for each category, an executed erasure stays as the earliest one, and what a
// gateway wrote never counts.
//
// Only the most restrictive state of a kind makes all before it void, because it
// counts whoever says it: of retention a hold. An achieved purpose does not. One
// that nobody verified ends no hold that stands before it, and does not move an
// earlier achievement, from which the period runs: without those it would.
func settlesRight(e *rules.Event) (settles bool, about string) {
	if e.Actor.Type == rules.ActorGateway {
		return false, ""
	}
	switch e.Kind {
	case rules.EventRestriction, rules.EventDMObjection, rules.EventOptOutSaleShare, rules.EventLimitSPI, rules.EventMinorOptIn:
		return true, ""
	case rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision, rules.EventRetention:
		return true, e.Scope.Purpose
	case rules.EventLegalOrder:
		return true, e.Order
	case rules.EventErasure, rules.EventAccuracy, rules.EventAge, rules.EventLocation, rules.EventNotice, rules.EventConsent:
		return false, ""
	}
	return false, ""
}

// AppendLive appends an event as a line of a subject's row in a current view:
// sequence, recorded time in microseconds, payload.
func AppendLive(dst []byte, c *Change) []byte {
	dst = strconv.AppendUint(dst, uint64(c.Seq), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, c.Recorded.UnixMicro(), 10)
	dst = append(dst, ' ')
	dst = append(dst, c.Payload...)
	return append(dst, '\n')
}

// ParseLive reads the row of a subject in a current view and appends its events
// to dst: [ErrStoreCorrupt], [ErrStoreNewer].
func ParseLive(dst []Change, key rules.Key, row []byte) ([]Change, error) {
	for len(row) > 0 {
		line, rest, _ := bytes.Cut(row, []byte{'\n'})
		row = rest
		seq, line, ok := bytes.Cut(line, []byte{' '})
		recorded, payload, ok2 := bytes.Cut(line, []byte{' '})
		n, err := strconv.ParseUint(string(seq), 10, 64)
		us, err2 := strconv.ParseInt(string(recorded), 10, 64)
		if !ok || !ok2 || err != nil || err2 != nil {
			return nil, ErrStoreCorrupt
		}
		c, err := NewChange(key, rules.Seq(n), us, payload)
		if err != nil {
			return nil, err
		}
		dst = append(dst, c)
	}
	return dst, nil
}

// NewChange puts a stored event together: [ErrStoreCorrupt], [ErrStoreNewer].
// It keeps payload.
func NewChange(key rules.Key, seq rules.Seq, recordedMicros int64, payload []byte) (Change, error) {
	e, from, err := DecodePayload(payload)
	if err != nil {
		return Change{}, err
	}
	e.Seq, e.Recorded = seq, time.UnixMicro(recordedMicros).UTC()
	return Change{Keyed: Keyed{Key: key, Event: e, Provenance: from}, Payload: payload}, nil
}
