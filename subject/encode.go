package subject

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/rules"
)

// AppendPayload appends the canonical bytes of an event: one JSON object without
// spaces, members in a fixed order, without those that are empty, times in UTC.
// Equal events have equal bytes. Sequence, recorded time and the subject are not
// in it.
func AppendPayload(dst []byte, e *rules.Event, from Provenance) []byte {
	w := writer{dst: append(dst, '{')}
	w.event(e)
	w.text("evidence", from.Evidence)
	w.text("writer", from.Writer)
	return append(w.dst, '}')
}

// AppendEnvelope appends an event with its subject's id as one line without a
// line end, the inverse of [DecodeEnvelope].
func AppendEnvelope(dst []byte, e *Envelope) []byte {
	w := writer{dst: append(dst, '{')}
	w.text("population", e.Population)
	w.text("id", e.ID)
	w.event(&e.Event)
	w.text("evidence", e.Evidence)
	return append(w.dst, '}')
}

type writer struct {
	dst  []byte
	some bool
}

func (w *writer) event(e *rules.Event) {
	w.text("kind", e.Kind.String())
	if e.Kind == rules.EventAge {
		w.text("state", e.Age.Band.String())
	} else {
		w.text("state", e.State.String())
	}
	if e.Kind == rules.EventConsent {
		w.text("status", e.Consent.String())
	}
	w.text("event_time", e.Time.UTC().Format(time.RFC3339Nano))
	switch {
	case e.Kind == rules.EventAge && !e.Age.Until.IsZero():
		w.text("until", dayFrom(e.Age.Until))
	case e.Kind != rules.EventAge && !e.Until.IsZero():
		w.text("until", e.Until.UTC().Format(time.RFC3339Nano))
	}
	w.actor(&e.Actor)
	w.text("purpose", e.Scope.Purpose)
	w.list("recipients", e.Scope.Recipients)
	w.list("categories", e.Scope.Categories)
	w.list("regimes", regimesOf(e.Scope.Regimes))
	w.flag("explicit", e.Explicit)
	w.flag("parental", e.Parental)
	w.flag("foreign_info", e.Foreign)
	w.flag("two_step", e.TwoStep)
	w.text("country", e.Location.Country)
	w.text("region", e.Location.Region)
	w.text("document", e.Document)
	w.text("version", e.Version)
	w.list("exceptions", e.Exceptions)
	w.text("order", e.Order)
}

// regimesOf lists the regimes of a scope in the order of the format.
func regimesOf(set rules.Regimes) []string {
	var names []string
	for _, n := range [...]string{"EEA", "UK", "CCPA", "APPI"} {
		if r, ok := rules.ParseRegime(n); ok && set&r != 0 {
			names = append(names, n)
		}
	}
	return names
}

// dayFrom rounds up to a day: a band lasts rather too long than too short.
func dayFrom(t time.Time) string {
	t = t.UTC()
	day := t.Truncate(24 * time.Hour)
	if day.Before(t) {
		day = day.AddDate(0, 0, 1)
	}
	return day.Format(dateLayout)
}

func (w *writer) actor(a *rules.Actor) {
	w.name("actor")
	w.dst = append(w.dst, `{"type":`...)
	w.dst = appendString(w.dst, a.Type.String())
	w.dst = append(w.dst, `,"verified":`...)
	if a.Verified {
		w.dst = append(w.dst, "true"...)
	} else {
		w.dst = append(w.dst, "false"...)
	}
	if a.Authority != "" {
		w.dst = append(w.dst, `,"authority_ref":`...)
		w.dst = appendString(w.dst, a.Authority)
	}
	w.dst = append(w.dst, '}')
}

func (w *writer) name(name string) {
	if w.some {
		w.dst = append(w.dst, ',')
	}
	w.some = true
	w.dst = appendString(w.dst, name)
	w.dst = append(w.dst, ':')
}

func (w *writer) text(name, value string) {
	if value == "" {
		return
	}
	w.name(name)
	w.dst = appendString(w.dst, value)
}

func (w *writer) flag(name string, value bool) {
	if value {
		w.name(name)
		w.dst = append(w.dst, "true"...)
	}
}

func (w *writer) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.name(name)
	for i, v := range values {
		if i == 0 {
			w.dst = append(w.dst, '[')
		} else {
			w.dst = append(w.dst, ',')
		}
		w.dst = appendString(w.dst, v)
	}
	w.dst = append(w.dst, ']')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string in the one way that the chain is computed
// over: it is ours, so that no change of a library changes a hash.
func appendString(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
