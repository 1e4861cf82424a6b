package policytest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// reader reads one file.
type reader struct {
	*source.Reader
	at  time.Time  // of the tests that say none of their own
	api rules.Name // as well
}

func (s *Suite) file(name string, b []byte) rules.Problems {
	r := &reader{Reader: source.Open(name, b)}
	s.read(r, rules.Pos{File: name, Line: 1, Column: 1})
	return r.Problems()
}

// read reads a file that begins at start.
func (s *Suite) read(r *reader, start rules.Pos) {
	said := false
	var tests []source.Value
	r.Mapping("a file of tests", source.Members{
		"language": func(v source.Value) {
			said = true
			if l, ok := v.Integer(); ok && l != Language {
				r.Problem(v.Pos(), rules.ErrBadValue, fmt.Sprintf("language %d is not known", l), "this version reads language 1")
			}
		},
		"at":    func(v source.Value) { r.at = v.Date() },
		"api":   func(v source.Value) { r.api = v.Word() },
		"tests": func(v source.Value) { v.List(func(e source.Value) { tests = append(tests, e) }) },
	})
	for _, v := range tests {
		s.Tests = append(s.Tests, r.test(v))
	}
	if len(r.Problems()) == 0 {
		if !said {
			r.Problem(start, rules.ErrMissing, "language is missing", "put `language: 1` at the top")
		}
		if len(tests) == 0 {
			r.Problem(start, rules.ErrMissing, "the file has no tests", "")
		}
	}
}

func (r *reader) test(v source.Value) *Test {
	t := &Test{At: r.at, API: r.api}
	var subjects, body bool
	v.Mapping(source.Members{
		"name":       func(v source.Value) { t.Name = v.Word() },
		"clause":     func(v source.Value) { t.Clauses = v.WordOrWords() },
		"at":         func(v source.Value) { t.At = v.Date() },
		"recipient":  func(v source.Value) { t.Recipient = v.Word() },
		"caller":     func(v source.Value) { t.Caller = r.caller(v) },
		"purpose":    func(v source.Value) { t.Purpose = v.Word() },
		"ref":        func(v source.Value) { t.Ref = v.Word() },
		"api":        func(v source.Value) { t.API = v.Word() },
		"request":    func(v source.Value) { t.Request = v.Word() },
		"gpc":        func(v source.Value) { t.GPC = v.Boolean() },
		"small_cell": func(v source.Value) { t.SmallCell = v.Boolean() },
		"subjects": func(v source.Value) {
			subjects = true
			v.List(func(e source.Value) { t.Subjects = append(t.Subjects, r.subject(e)) })
		},
		"body": func(v source.Value) {
			body = true
			t.Body = v.JSON()
		},
		"expect": func(v source.Value) { t.Expect = r.expect(v) },
	})
	pos, what := v.Pos(), "the test"
	if t.Name.Value != "" {
		pos, what = t.Name.Pos, fmt.Sprintf("test %q", t.Name.Value)
	} else {
		r.Problem(pos, rules.ErrMissing, "a test needs its name", "one sentence that says what must be so")
	}
	missing := func(member, suggestion string) {
		r.Problem(pos, rules.ErrMissing, what+" needs "+member, suggestion)
	}
	if t.At.IsZero() {
		missing("at, the day or instant of the decision", "at: 2026-11-23, in the test or at the top of the file")
	}
	if (t.Recipient.Value == "") == (t.Caller == nil) {
		missing("who asks, in one way", "recipient: ID, or caller: {user: NAME}")
	}
	if t.Request.Value == "" {
		missing("its request", "request: GET /v1/customers/1007")
	}
	if t.Expect == nil && (len(t.Subjects) == 0 || anyWithout(t.Subjects)) {
		missing("what it expects", "expect: {...}")
	}
	if subjects && len(t.Subjects) == 0 {
		missing("at least one subject", "leave out subjects for one of whom nothing is known")
	}
	if body && t.Expect != nil && t.Expect.Body == nil && t.Expect.Refused.Value == "" {
		r.Problem(t.Expect.Pos, rules.ErrMissing, "a test with a body expects a body, or a refusal", "expect: {body: {...}}")
	}
	r.shape(t, body)
	return t
}

func anyWithout(subjects []*Subject) bool {
	for _, s := range subjects {
		if s.Expect == nil {
			return true
		}
	}
	return false
}

// shape refuses members that have no meaning together.
func (r *reader) shape(t *Test, body bool) {
	refuse := func(pos rules.Pos, what string) { r.Problem(pos, rules.ErrConflict, what, "") }
	if t.Expect != nil && t.Expect.Body != nil && !body {
		refuse(t.Expect.BodyPos, "a body is expected where the test has none")
	}
	if body && t.SmallCell {
		refuse(t.Name.Pos, "small_cell has no meaning beside a body, whose subjects are counted")
	}
	for _, s := range t.Subjects {
		facts := s.Location != (rules.Location{}) || s.Residence != "" || !s.Born.IsZero() || s.Own || s.Unresolved
		switch {
		case body && facts:
			refuse(s.Pos, "beside a body a subject has an id and events alone: what decides about it stands in the body")
		case body && s.Expect != nil:
			refuse(s.Expect.Pos, "beside a body the test expects a body, and a subject nothing")
		case body && s.ID.Value == "":
			r.Problem(s.Pos, rules.ErrMissing, "beside a body a subject needs its id", "id: 1007")
		case !body && s.ID.Value != "":
			refuse(s.ID.Pos, "without a body a subject is its facts and events, and has no id")
		case s.Expect != nil && s.Expect.Refused.Value != "":
			refuse(s.Expect.Refused.Pos, "a request is refused as a whole, whoever it is about")
		}
	}
}

func (r *reader) caller(v source.Value) *Caller {
	c := &Caller{Pos: v.Pos()}
	v.Mapping(source.Members{
		"user": func(v source.Value) { c.User = v.Word() },
		"certificate": func(v source.Value) {
			v.Mapping(source.Members{
				"ca":  func(v source.Value) { c.CA = v.Word() },
				"dns": func(v source.Value) { c.DNS = v.WordOrWords() },
				"uri": func(v source.Value) { c.URI = v.WordOrWords() },
			})
		},
		"purposes": func(v source.Value) { c.Purposes = v.WordOrWords() },
	})
	return c
}

func (r *reader) subject(v source.Value) *Subject {
	s := &Subject{Pos: v.Pos()}
	v.Mapping(source.Members{
		"kind":       func(v source.Value) { s.Kind = v.Word() },
		"id":         func(v source.Value) { s.ID = v.Word() },
		"country":    func(v source.Value) { s.Location.Country = r.country(v) },
		"region":     func(v source.Value) { s.Location.Region = v.Word().Value },
		"residence":  func(v source.Value) { s.Residence = r.country(v) },
		"born":       func(v source.Value) { s.Born = v.Date() },
		"own":        func(v source.Value) { s.Own = v.Boolean() },
		"unresolved": func(v source.Value) { s.Unresolved = v.Boolean() },
		"events":     func(v source.Value) { v.List(func(e source.Value) { s.Events = append(s.Events, r.event(e)) }) },
		"expect":     func(v source.Value) { s.Expect = r.expect(v) },
	})
	return s
}

// country reads a code that is one. A member that is not understood is said by
// unresolved.
func (r *reader) country(v source.Value) string {
	n := v.Word()
	if n.Value != "" && !rules.KnownCountry(n.Value) {
		r.Problem(n.Pos, rules.ErrBadValue, fmt.Sprintf("%q is no ISO 3166-1 code of a country", n.Value), "two capital letters: DE; for a body with another text say unresolved: true")
	}
	return n.Value
}

func (r *reader) expect(v source.Value) *Expect {
	e := &Expect{Pos: v.Pos()}
	v = v.As("expect")
	members := 0
	read := func(f func(source.Value)) func(source.Value) {
		return func(v source.Value) {
			members++
			f(v)
		}
	}
	v.Mapping(source.Members{
		"refused": read(func(v source.Value) { e.Refused = r.reason(v.Word()) }),
		"nothing": read(func(v source.Value) {
			if v.Kind() == source.KindBoolean {
				if !v.Boolean() {
					v.Bad("true, or the reason for which nothing leaves")
				}
				e.Nothing = rules.Name{Value: "true", Pos: v.Pos()}
				return
			}
			e.Nothing = r.reason(v.Word())
		}),
		"fields": read(func(v source.Value) {
			v.Each(func(key rules.Name, v source.Value) { e.Fields = append(e.Fields, Field{key, r.outcome(v)}) })
			r.expected(v, len(e.Fields))
		}),
		"rest": read(func(v source.Value) {
			o := r.outcome(v)
			e.Rest = &o
		}),
		"basis": read(func(v source.Value) {
			e.Basis = r.oneOf(v.Word(), []string{"contract", "legitimate_interest", "consent", "none"})
		}),
		"regimes": read(func(v source.Value) {
			e.regimeAt, e.Regimes = v.Pos(), []rules.Name{} // an empty list: no regime but APPI
			for _, n := range v.WordOrWords() {
				e.Regimes = append(e.Regimes, r.oneOf(n, []string{"APPI", "EEA", "UK", "CCPA"}))
			}
		}),
		"age": read(func(v source.Value) {
			e.Age = r.oneOf(v.Word(), []string{"unknown", "under13", "13_15", "16_17", "adult"})
		}),
		"body": read(func(v source.Value) {
			e.BodyPos = v.Pos()
			e.Body = v.JSON()
		}),
	})
	switch {
	case members == 0:
		r.Problem(e.Pos, rules.ErrMissing, "nothing is expected, so that the test could not fail", "")
	case members > 1 && e.Refused.Value != "":
		r.Problem(e.Refused.Pos, rules.ErrConflict, "of a refused request nothing else can be expected", "")
	case members > 1 && e.Body != nil:
		r.Problem(e.BodyPos, rules.ErrConflict, "beside a body nothing else can be expected", "")
	}
	return e
}

// expected refuses an empty list: it expects nothing, so that the test could not fail.
func (r *reader) expected(v source.Value, n int) {
	if n == 0 {
		r.Problem(v.Pos(), rules.ErrMissing, "nothing is expected, so that the test could not fail", "")
	}
}

func (r *reader) oneOf(n rules.Name, vocabulary []string) rules.Name {
	if slices.Contains(vocabulary, n.Value) {
		return n
	}
	if n.Value != "" {
		r.Problem(n.Pos, rules.ErrBadValue, fmt.Sprintf("%q is none of %s", n.Value, strings.Join(vocabulary, ", ")), rules.DidYouMean(n.Value, vocabulary))
	}
	return rules.Name{}
}

// reasons lists all codes.
var reasons = func() (names []string) {
	for r := rules.Reason(1); ; r++ {
		if parsed, ok := rules.ParseReason(r.String()); !ok || parsed != r {
			return names
		}
		names = append(names, r.String())
	}
}()

func (r *reader) reason(n rules.Name) rules.Name {
	if _, ok := rules.ParseReason(n.Value); !ok && n.Value != "" {
		r.Problem(n.Pos, rules.ErrBadValue, fmt.Sprintf("there is no reason %q", n.Value), rules.DidYouMean(n.Value, reasons))
		return rules.Name{}
	}
	return n
}

const (
	formClear     = "clear"
	formWithhold  = "withhold"
	formPseudonym = "pseudonym"
)

// outcome reads a form and, behind it, a reason: withhold dm_objection.
func (r *reader) outcome(v source.Value) Outcome {
	n := v.Word()
	form, reason := n.Value, ""
	if end := strings.LastIndexByte(n.Value, ')'); end >= 0 {
		form, reason = n.Value[:end+1], n.Value[end+1:]
	} else if before, after, ok := strings.Cut(n.Value, " "); ok {
		form, reason = before, after
	}
	o := Outcome{Form: form, Pos: n.Pos}
	if reason = strings.TrimSpace(reason); reason != "" {
		o.Reason = r.reason(rules.Name{Value: reason, Pos: n.Pos})
	}
	switch form {
	case formClear, formWithhold, formPseudonym, "":
		return o
	}
	g, err := rules.ParseGeneraliser(form)
	if err != nil {
		if means := meant[form]; means != "" {
			r.Problem(n.Pos, rules.ErrBadValue, fmt.Sprintf("%q is nothing that becomes of a field", form), fmt.Sprintf("did you mean %q?", means))
			return Outcome{Pos: n.Pos}
		}
		forms := append([]string{formClear, formWithhold, formPseudonym}, rules.GeneraliserForms...)
		r.Problem(n.Pos, rules.ErrBadValue, fmt.Sprintf("%q is nothing that becomes of a field", form), nearest(form, forms))
		return Outcome{Pos: n.Pos}
	}
	o.Form = g.String()
	return o
}

// meant are words of records and contracts that stand for a form here.
var meant = map[string]string{"allow": formClear, "none": formWithhold, "omit": formWithhold, "token": formPseudonym}

func nearest(word string, forms []string) string {
	if s := rules.DidYouMean(word, forms); s != "" {
		return s
	}
	return "one of " + strings.Join(forms, ", ")
}
