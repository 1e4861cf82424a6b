package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// ErrExplanation is returned when an answer is not what its record says: a defect of
// this program. Nothing is told then, because it would be wrong.
var ErrExplanation = errors.New("the answer is not what its record says; please report this")

// explainer tells what became of each value of a body: what was decided from the
// record of the answer, and what stands in its place from the answer itself. Both are
// the gateway's own.
type explainer struct {
	tried  *Tried
	record *memory
	result []byte // what leaves, unfilled; nil: nothing
	match  rules.Match
	query  url.Values
	at     time.Time

	doc      redact.Document // the original
	profiles []*ledger.ProfileFact
	bits     []map[int]int // by kind: field number to its number in a profile
	left     map[origin][]json.RawMessage
	keys     []openKey
	failed   bool

	begun, begunAt int // the subject that began last, and at which depth: a key there is its own
}

// origin is a field of one subject, -1 outside every subject.
type origin struct{ subject, field int }

// openKey is a key that is data, while what stands under it is looked at.
type openKey struct {
	pointer  string
	member   int // its number, or -1: it is withheld, and everything under it
	origin   origin
	own      bool
	anything bool // of what stands under it has left
}

func (e *explainer) explain() error {
	shape := e.match.Resource.Shape
	if err := e.doc.Open(shape, nil, e.tried.Original, redact.Limits{}); err != nil {
		return fmt.Errorf("%w: %w", ErrExplanation, err)
	}
	if err := e.people(); err != nil {
		return err
	}
	if err := e.answer(); err != nil {
		return err
	}
	e.doc.Survey(e.place)
	e.close("/", true)
	for _, rest := range e.left {
		e.failed = e.failed || len(rest) > 0
	}
	if e.failed {
		e.tried.Members = nil
		return ErrExplanation
	}
	return nil
}

// people reads who is in the body, and what was decided about them.
func (e *explainer) people() error {
	facts := make(map[string]*ledger.ProfileFact)
	for _, f := range e.record.facts {
		if f.Kind != ledger.KindProfile {
			continue
		}
		p := new(ledger.ProfileFact)
		if err := json.Unmarshal(f.JSON, p); err != nil {
			return fmt.Errorf("%w: %w", ErrExplanation, err)
		}
		facts[f.Hash] = p
	}
	shape, subjects := e.match.Resource.Shape, e.doc.Subjects()
	if len(e.record.last.Subjects) != len(subjects) {
		return ErrExplanation
	}
	for i := range shape.Subjects {
		bits := make(map[int]int)
		for f := range shape.Fields {
			if shape.Subjects[i].Personal.Has(f) {
				bits[f] = len(bits)
			}
		}
		e.bits = append(e.bits, bits)
	}
	for i := range subjects {
		line, kind := &e.record.last.Subjects[i], &shape.Subjects[subjects[i].Kind]
		profile := facts[line.Profile]
		if profile == nil {
			return ErrExplanation
		}
		e.profiles = append(e.profiles, profile)
		p := Person{Population: kind.Population.Name, Known: len(line.Ref) > 0, Released: len(line.Emitted) > 0}
		p.Gate, _ = rules.ParseReason(profile.Gate)
		switch kind.ID {
		case rules.IDParam:
			p.ID = e.match.Param(kind.Param)
		case rules.IDQuery:
			p.ID = e.query.Get(kind.Param)
		case rules.IDCaller: // the case does not say who
		case rules.IDMember, rules.IDKey:
			p.ID = string(subjects[i].ID.Text)
		}
		e.tried.Subjects = append(e.tried.Subjects, p)
	}
	return nil
}

// answer collects what left, by where it comes from.
func (e *explainer) answer() error {
	e.left = make(map[origin][]json.RawMessage)
	if e.result == nil {
		return nil
	}
	var there []int // the subjects that are in the answer
	for i := range e.tried.Subjects {
		if e.tried.Subjects[i].Released && !e.about(&e.doc, i) {
			there = append(there, i)
		}
	}
	var doc redact.Document
	if err := doc.Open(e.match.Resource.Shape, nil, e.result, redact.Limits{}); err != nil {
		return fmt.Errorf("%w: %w", ErrExplanation, err)
	}
	original := make([]int, len(doc.Subjects())) // by subject of the answer
	for i := range original {
		if e.about(&doc, i) { // not always where it was: its id may be missing
			continue
		}
		if len(there) == 0 {
			return ErrExplanation
		}
		original[i], there = there[0], there[1:]
	}
	if len(there) > 0 {
		return ErrExplanation
	}
	doc.Survey(func(p *redact.Place) {
		switch p.Found {
		case redact.FoundRule, redact.FoundKey:
			from := origin{p.Subject, p.Field}
			if p.Subject >= 0 {
				from.subject = original[p.Subject]
			}
			e.left[from] = append(e.left[from], json.RawMessage(p.Value))
		case redact.FoundUnmapped, redact.FoundUnexpected:
			e.failed = true
		case redact.FoundEmpty, redact.FoundSubject:
		}
	})
	return nil
}

// verdict is what the record says of a field of a subject.
type verdict struct {
	outcome string
	form    *rules.Generaliser
	reasons []rules.Reason
}

func (e *explainer) decided(from origin) verdict {
	shape := e.match.Resource.Shape
	out := verdict{outcome: OutcomeWithheld}
	if from.field < 0 {
		return out
	}
	field := &shape.Fields[from.field]
	if from.subject < 0 {
		if field.Kind < 0 && field.Public {
			return verdict{outcome: OutcomeClear, reasons: []rules.Reason{rules.FieldPublic}}
		}
		return out
	}
	person := &e.tried.Subjects[from.subject]
	kind := e.doc.Subjects()[from.subject].Kind
	if !field.Concerns(kind) {
		return out // of another kind than the person that it stands in
	}
	if field.Public {
		if person.Released {
			return verdict{outcome: OutcomeClear, reasons: []rules.Reason{rules.FieldPublic}}
		}
		if person.Gate != rules.ReasonNone {
			out.reasons = []rules.Reason{person.Gate}
		}
		return out
	}
	line := &e.profiles[from.subject].Fields[e.bits[kind][from.field]]
	for _, r := range line.Reasons {
		if reason, ok := rules.ParseReason(r); ok {
			out.reasons = append(out.reasons, reason)
		}
	}
	switch {
	case line.Outcome == rules.Withhold.String():
		return out
	case !person.Released:
		out.reasons = nil // it could leave, and with it nothing of the person does
		return out
	case line.Outcome == rules.Allow.String():
		out.outcome = OutcomeClear
	case line.Transform == rules.NeedPseudonym.String():
		out.outcome = OutcomePseudonym
	default:
		out.outcome = OutcomeGeneralised
		out.form, _ = rules.ParseGeneraliser(line.Transform) // written by String
	}
	return out
}

// emitted reports whether a personal field of a subject is in the answer.
func (e *explainer) emitted(from origin) bool {
	if from.subject < 0 {
		return false
	}
	bit, ok := e.bits[e.doc.Subjects()[from.subject].Kind][from.field]
	bytes := e.record.last.Subjects[from.subject].Emitted
	return ok && bit/8 < len(bytes) && bytes[bit/8]&(1<<(bit%8)) != 0
}
