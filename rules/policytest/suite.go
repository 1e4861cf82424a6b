// Package policytest runs the tests that the authors of a policy write beside it,
// in files *_test.yaml: who asks for what, about whom, and what must come of it. A
// test decides by the very functions that a gateway decides by.
//
// docs/policy-tests.md is the reference of the format. From a Go test:
//
//	suite, problems, err := policytest.Load(os.DirFS("policy"))
//	...
//	report, err := policytest.Run(policy, suite)
package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Language is the version of the format that this package reads.
const Language = 1

// ErrNoTests is returned for a folder without a test.
var ErrNoTests = errors.New("no test (*_test.yaml) in this folder")

// Suite is the tests of a policy, in the order of their files.
type Suite struct{ Tests []*Test }

// Test is one test as its author wrote it.
type Test struct {
	Name    rules.Name
	Clauses []rules.Name // ids of the source text that it proves
	At      time.Time

	Recipient rules.Name // who asks, by id, or
	Caller    *Caller    // by credential
	Purpose   rules.Name // empty: none is declared
	Ref       rules.Name
	API       rules.Name // empty: the only one
	Request   rules.Name // "GET /v1/customers/1007"
	GPC       bool       // Sec-GPC: 1, from a browser of the subject
	SmallCell bool       // too few subjects of the answer share the generalised values

	Subjects []*Subject
	Body     json.RawMessage // of the upstream; nil: the subjects are facts
	Expect   *Expect
}

// Caller is a credential that was verified.
type Caller struct {
	User     rules.Name
	CA       rules.Name
	DNS, URI []rules.Name
	Purposes []rules.Name // that it is narrowed to, beside what the registry says; nil: no others
	Pos      rules.Pos
}

// Subject is what is known of one person of the answer.
type Subject struct {
	Kind       rules.Name // shape, or population; empty: the first kind
	ID         rules.Name // of a test with a body: whose events these are
	Location   rules.Location
	Residence  string
	Born       time.Time
	Own        bool // the caller is the person
	Unresolved bool // a deciding member is not understood
	Events     []Event
	Expect     *Expect // nil: that of the test
	Pos        rules.Pos
}

// Event is something that happened to a person's state.
type Event struct {
	rules.Event
	Pos rules.Pos
	at  map[string]rules.Pos // by member
}

// Expect is what must come of a test.
type Expect struct {
	Refused  rules.Name // reason of the refusal
	Nothing  rules.Name // "true", or the reason for which nothing of the person leaves
	Fields   []Field
	Rest     *Outcome // of every other personal field
	Basis    rules.Name
	Regimes  []rules.Name
	Age      rules.Name
	Body     json.RawMessage
	BodyPos  rules.Pos
	Pos      rules.Pos
	regimeAt rules.Pos
}

// Field is what must become of one field.
type Field struct {
	Path rules.Name
	Outcome
}

// Outcome is what becomes of a field: clear, withhold, pseudonym, or the form of a
// generaliser, and for which primary reason.
type Outcome struct {
	Form   string
	Reason rules.Name // empty: any
	Pos    rules.Pos
}

// String returns the form of the format.
func (o Outcome) String() string {
	if o.Reason.Value == "" {
		return o.Form
	}
	return o.Form + " " + o.Reason.Value
}

// Load reads every *_test.yaml and *_test.yml at the root of dir. Problems are
// complete and sorted; with any of them the suite must not be run. An error says
// that the folder could not be read, or has no tests: [ErrNoTests].
func Load(dir fs.FS) (*Suite, rules.Problems, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("reading tests: %w", err)
	}
	s, problems, files := new(Suite), rules.Problems(nil), 0
	for _, e := range entries { // ReadDir sorts by name
		ext := path.Ext(e.Name())
		if e.IsDir() || ext != ".yaml" && ext != ".yml" || !strings.HasSuffix(strings.TrimSuffix(e.Name(), ext), "_test") {
			continue
		}
		b, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("reading tests: %w", err)
		}
		files++
		problems = append(problems, s.file(e.Name(), b)...)
	}
	if files == 0 {
		return nil, nil, ErrNoTests
	}
	return s, append(problems, s.duplicates()...).Sort(), nil
}

// duplicates reports names that two tests have: a name is how a test is run alone.
func (s *Suite) duplicates() (problems rules.Problems) {
	first := make(map[string]rules.Pos)
	for _, t := range s.Tests {
		if pos, ok := first[t.Name.Value]; ok && t.Name.Value != "" {
			problems = append(problems, &rules.Problem{
				Pos: t.Name.Pos, Kind: rules.ErrDuplicate, Detail: fmt.Sprintf("two tests have the name %q", t.Name.Value),
				Suggestion: "the other is at " + pos.String(),
			})
			continue
		}
		first[t.Name.Value] = t.Name.Pos
	}
	return problems
}

// Matching returns the tests whose name an expression matches.
func (s *Suite) Matching(re *regexp.Regexp) *Suite {
	return &Suite{Tests: slices.DeleteFunc(slices.Clone(s.Tests), func(t *Test) bool { return !re.MatchString(t.Name.Value) })}
}

// Clauses lists the clauses that any test names, sorted.
func (s *Suite) Clauses() []string {
	var ids []string
	for _, t := range s.Tests {
		for _, c := range t.Clauses {
			ids = append(ids, c.Value)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
