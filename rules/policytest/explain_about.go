package policytest

import "github.com/modicum-dev/modicum/redact"

// about reports whether a subject of a document is a person that single fields of
// another one's object are about.
func (e *explainer) about(doc *redact.Document, subject int) bool {
	return e.match.Resource.Shape.Subjects[doc.Subjects()[subject].Kind].About
}

// besides places those persons where the subject of the fields stands.
func (e *explainer) besides(subject int, pointer string) {
	for i := range e.tried.Subjects {
		if e.about(&e.doc, i) && e.doc.Subjects()[i].Parent == subject {
			e.tried.Subjects[i].Pointer = pointer
		}
	}
}

// verdict is what was decided about a place, by both persons where its field is about
// two.
func (e *explainer) verdict(p *redact.Place) verdict {
	v := e.decided(origin{p.Subject, p.Field})
	if p.Field < 0 || e.match.Resource.Shape.Fields[p.Field].About == 0 || v.outcome == OutcomeWithheld {
		return v
	}
	if p.Other < 0 {
		return verdict{outcome: OutcomeWithheld} // null, of nobody
	}
	o := e.decided(origin{p.Other, p.Field})
	switch {
	case o.outcome == OutcomeWithheld, v.outcome == OutcomeClear:
		return o
	case o.outcome == OutcomeClear, o.outcome == v.outcome && (v.form == nil || o.form != nil && v.form.String() == o.form.String()):
		return v
	}
	return verdict{outcome: OutcomeWithheld}
}
