package policytest

import (
	"encoding/json"
	"strings"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// place tells what became of one value.
func (e *explainer) place(p *redact.Place) {
	pointer := string(p.AppendPointer(nil))
	e.close(pointer, p.Found == redact.FoundKey || p.Found == redact.FoundSubject)
	if p.Found == redact.FoundSubject {
		e.tried.Subjects[p.Subject].Pointer = pointer
		e.besides(p.Subject, pointer)
		e.begun, e.begunAt = p.Subject, p.Depth()
		return
	}
	m := Member{
		Pointer: pointer, Path: string(p.AppendPath(nil)), Subject: p.Subject, Key: p.Found == redact.FoundKey,
		Outcome: OutcomeWithheld, Original: json.RawMessage(p.Value),
	}
	if p.Field >= 0 {
		m.Category = e.match.Resource.Shape.Fields[p.Field].Category
	}
	from := origin{p.Subject, p.Field}
	action := e.verdict(p)
	m.Reasons = action.reasons
	leaves := action.outcome != OutcomeWithheld
	switch {
	case p.Found == redact.FoundUnmapped:
		m.Reasons, leaves = []rules.Reason{rules.FieldUnmapped}, false
	case p.Found == redact.FoundEmpty:
		m.Reasons, leaves = nil, false
		if p.Subject < 0 { // the frame of the answer stands as it is
			m.Outcome, m.Result = OutcomeClear, m.Original
		}
	case p.Found == redact.FoundUnexpected && p.Field < 0 && string(p.Value) == "null":
		m.Reasons, leaves = nil, false // no object, and no other type either
	case p.Found == redact.FoundUnexpected && (leaves || p.Field < 0):
		m.Reasons, leaves = []rules.Reason{rules.TypeUnexpected}, false
	case leaves && e.underWithheldKey():
		m.Reasons, leaves = nil, false
	case leaves && p.Defect:
		m.Reasons, leaves = []rules.Reason{rules.LoneSurrogate}, false
	case leaves && action.outcome == OutcomePseudonym && empty(p.Value):
		m.Reasons, leaves = nil, false
	case leaves && action.outcome == OutcomeGeneralised:
		switch _, ok := redact.General(action.form, p.Value, e.at); {
		case empty(p.Value):
			m.Reasons, leaves = nil, false
		case !ok || m.Key:
			m.Reasons, leaves = []rules.Reason{rules.ValueDefect}, false
		}
	}
	if leaves {
		m.Outcome = action.outcome
		if action.form != nil {
			m.Form = action.form.String()
		}
	}
	e.tried.Members = append(e.tried.Members, m)
	if m.Key {
		key := openKey{pointer: pointer, member: -1, origin: from, own: p.Subject >= 0 && p.Subject == e.begun && p.Depth() == e.begunAt}
		if leaves {
			key.member = len(e.tried.Members) - 1
		}
		e.keys = append(e.keys, key)
		return
	}
	if leaves {
		e.take(len(e.tried.Members)-1, from)
	}
}

// take gives a member what stands in its place.
func (e *explainer) take(member int, from origin) {
	values := e.left[from]
	if len(values) == 0 {
		e.failed = true
		return
	}
	e.tried.Members[member].Result, e.left[from] = values[0], values[1:]
	if n := len(e.keys); n > 0 {
		e.keys[n-1].anything = true
	}
}

// close ends the keys that a place is no longer under: they leave with something of
// what they stand for, or not at all. A person's own key is enough by itself.
func (e *explainer) close(pointer string, sibling bool) {
	for n := len(e.keys); n > 0; n = len(e.keys) {
		key := e.keys[n-1]
		if strings.HasPrefix(pointer, key.pointer+"/") || pointer == key.pointer && !sibling {
			return
		}
		e.keys = e.keys[:n-1]
		switch {
		case key.member < 0:
		case key.anything || key.own && e.emitted(key.origin):
			e.take(key.member, key.origin)
		default:
			m := &e.tried.Members[key.member]
			m.Outcome, m.Form, m.Reasons = OutcomeWithheld, "", nil
		}
	}
}

func (e *explainer) underWithheldKey() bool {
	for i := range e.keys {
		if e.keys[i].member < 0 {
			return true
		}
	}
	return false
}

// empty reports whether a value has no other form.
func empty(value []byte) bool { return string(value) == "null" || string(value) == `""` }
