package ledger

import (
	"bytes"
	"slices"
	"time"
)

// asRead makes an entry that was handed over what decoding its line would give,
// without decoding it. It returns false, and changes nothing, if only decoding can
// tell; only disclosures are frequent enough to avoid it.
func asRead(e *Entry) bool {
	// An escape, or the character that stands for bytes that are no UTF-8: the
	// line may say something else than the record.
	if e.Disclosure == nil || bytes.IndexByte(e.Line, '\\') >= 0 || bytes.Contains(e.Line, []byte("\uFFFD")) {
		return false
	}
	e.Time, e.Uses = normalTime(e.Time), nil
	if !e.Disclosure.isAsRead() {
		e.Disclosure = e.Disclosure.asRead()
	}
	return true
}

// isAsRead reports whether asRead would change nothing.
func (d *Disclosure) isAsRead() bool {
	return d.Received.Location() == time.UTC && d.Received.Equal(normalTime(d.Received)) && d.Resource.Method != "" && full(d.Auth.Actors) &&
		fullMap(d.Counts.DefectsBy) && fullMap(d.Counts.UnresolvedBy) &&
		full(d.Subjects) && !slices.ContainsFunc(d.Subjects, func(s Subject) bool { return !s.isAsRead() })
}

func (s *Subject) isAsRead() bool {
	return full(s.Ref) && full(s.Consent) && full(s.Emitted) && (s.Emitted == nil || s.Emitted[len(s.Emitted)-1] != 0)
}

// asRead returns a copy of the disclosure as its line spells it.
func (d *Disclosure) asRead() *Disclosure {
	read := *d
	read.Received = normalTime(d.Received)
	if read.Resource.Method == "" {
		read.Resource.Method = routeMethod(d.Resource.Route)
	}
	read.Auth.Actors = orNil(d.Auth.Actors)
	if !fullMap(d.Counts.DefectsBy) {
		read.Counts.DefectsBy = nil
	}
	if !fullMap(d.Counts.UnresolvedBy) {
		read.Counts.UnresolvedBy = nil
	}
	read.Subjects = orNil(slices.Clone(d.Subjects))
	for i := range read.Subjects {
		s := &read.Subjects[i]
		s.Ref, s.Consent = orNil(s.Ref), orNil(s.Consent)
		s.Emitted = orNil(bytes.TrimRight(s.Emitted, "\x00"))
	}
	return &read
}

// full reports whether a list is nil if it is empty.
func full[T any](list []T) bool { return list == nil || len(list) > 0 }

func fullMap(by map[string]int) bool { return by == nil || len(by) > 0 }

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
