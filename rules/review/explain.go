package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// ErrNotInPolicy is returned for a question about an api, a resource or a kind of person
// that a policy does not have.
var ErrNotInPolicy = errors.New("not in the policy")

// Question is what is to be explained: who asks for what, why, and about whom.
type Question struct {
	At                      time.Time
	Recipient, Purpose, Ref string
	API, Resource           string // API empty: the only one
	Kind                    string // shape or population, where the answer is about several kinds of people; empty: the first
	Field                   string // by its path from the root or from its person, or what it stands below; empty: all
	Person                  Person
}

// Person is what a gateway would know of somebody. The zero Person is somebody of whom
// nothing is known.
type Person struct {
	Location  rules.Location
	Residence string // country
	Born      time.Time
	Own       bool // the person asks
	GPC       bool // the browser of the person sends Sec-GPC
	// Events are those of the state, in the order in which they were recorded. They
	// need no numbers.
	Events []rules.Event
}

// Explanation is an answer with everything that led to it. It holds what was asked, and
// no id of anybody.
type Explanation struct {
	At        time.Time `json:"at"`
	Edition   string    `json:"edition,omitempty"`
	Recipient string    `json:"recipient"`
	Purpose   string    `json:"purpose"`
	Ref       string    `json:"ref,omitempty"`
	API       string    `json:"api"`
	Resource  string    `json:"resource"`
	Route     string    `json:"route"`

	Refusal  *Refusal  `json:"refusal,omitempty"` // of the whole request; then nothing else follows
	RestsOn  []string  `json:"rests_on,omitempty"`
	Subject  *Subject  `json:"subject,omitempty"`  // nil: the resource is about nobody
	Absent   bool      `json:"absent"`             // nothing personal leaves: the person is not in the answer
	Complete bool      `json:"complete,omitempty"` // what is withheld is null or empty in the answer, and not left out
	Answers  []Answer  `json:"answers,omitempty"`  // by outcome and rules
	Unmapped *Unmapped `json:"unmapped,omitempty"` // the field that was asked for is none
}

// Refusal is why a request is refused.
type Refusal struct {
	Rule       rules.Rule `json:"rule"`
	Reason     string     `json:"reason"`
	Says       string     `json:"says"`
	Clauses    []string   `json:"clauses"`
	Otherwise  string     `json:"otherwise"` // what would admit it
	Suggestion string     `json:"suggestion,omitempty"`
}

// Unmapped is a member that no rule names.
type Unmapped struct {
	Field      string   `json:"field"`
	Says       string   `json:"says"`
	Clauses    []string `json:"clauses"`
	Suggestion string   `json:"suggestion,omitempty"`
}

// Answer is what becomes of fields, all for the same rules.
type Answer struct {
	Outcome string   `json:"outcome"` // clear, withheld, pseudonym, or the form of a generaliser
	Says    string   `json:"says,omitempty"`
	Fields  []Field  `json:"fields"`
	Basis   string   `json:"basis,omitempty"`
	Reasons []string `json:"reasons"` // as records have them, the primary one first
	Steps   []Step   `json:"steps,omitempty"`
	// Otherwise is what gives another outcome, of each of the fields.
	Otherwise []Otherwise `json:"otherwise"`
}

// Otherwise is what gives some fields another outcome: any one of the alternatives.
type Otherwise struct {
	Fields       []string      `json:"fields"`
	Alternatives []Alternative `json:"alternatives"`
}

// Field is a field and what it is.
type Field struct {
	Path     string `json:"path"`
	Category string `json:"category,omitempty"` // empty: public
}

// Step is what one table said.
type Step struct {
	Table   string     `json:"table"`
	Rule    rules.Rule `json:"rule,omitempty"` // empty: nothing hides the person as a whole
	Verb    string     `json:"verb"`
	Reason  string     `json:"reason,omitempty"`
	Says    string     `json:"says"`
	Clauses []string   `json:"clauses,omitempty"`
	Basis   string     `json:"basis,omitempty"`
}

// Alternative is what would have to be different for another outcome: all of it.
type Alternative struct {
	Outcome string   `json:"outcome"`
	State   []string `json:"state,omitempty"`
	Policy  []string `json:"policy,omitempty"`
}

// explainer answers one question.
type explainer struct {
	Question
	policy  *rules.Policy
	edition *rules.Edition
	plan    *rules.Plan
	shape   *rules.Shape
	kind    int
	class   rules.Class
	state   *rules.State
	out     *Explanation
}

// Explain answers a question by a policy. Its error is an [ErrNotInPolicy]; a recipient or a
// purpose that the policy does not have is a refusal like any other.
func Explain(p *rules.Policy, q Question) (*Explanation, error) {
	x := &explainer{Question: q, policy: p, edition: p.At(q.At)}
	x.out = &Explanation{At: q.At, Recipient: q.Recipient, Purpose: q.Purpose, Ref: q.Ref}
	if err := x.resource(); err != nil {
		return nil, err
	}
	if x.edition == nil {
		x.refuse(rules.PolicyUnavailable)
		return x.out, nil
	}
	x.out.Edition = x.edition.Version()
	m, _ := x.edition.Resource(x.API, x.Resource)
	x.shape = m.Resource.Shape
	if err := x.findKind(); err != nil {
		return nil, err
	}
	if !x.admit(m) {
		return x.out, nil
	}
	x.rests()
	x.out.Complete = x.plan.Complete()
	if len(x.shape.Subjects) > 0 {
		x.person()
	}
	x.answers()
	return x.out, nil
}

func unknown(what, name string, candidates []string) error {
	if s := rules.DidYouMean(name, candidates); s != "" {
		return fmt.Errorf("%w: it has no %s %q (%s)", ErrNotInPolicy, what, name, s)
	}
	return fmt.Errorf("%w: it has no %s %q", ErrNotInPolicy, what, name)
}

// resource finds api and resource by their names.
func (x *explainer) resource() error {
	apis := x.policy.APIs()
	switch {
	case x.API == "" && len(apis) == 1:
		x.API = apis[0]
	case x.API == "":
		return fmt.Errorf("%w: it has several apis; say which one", ErrNotInPolicy)
	case !slices.Contains(apis, x.API):
		return unknown("api", x.API, apis)
	}
	var names []string
	for i := range x.policy.Bundle.APIs {
		if x.policy.Bundle.APIs[i].Name.Value != x.API {
			continue
		}
		for _, r := range x.policy.Bundle.APIs[i].Resources {
			if r.Name.Value == x.Resource {
				x.out.API, x.out.Resource, x.out.Route = x.API, x.Resource, r.Route.Value
				return nil
			}
			names = append(names, r.Name.Value)
		}
	}
	return unknown("resource", x.Resource, names)
}

// findKind finds the kind of person that is meant.
func (x *explainer) findKind() error {
	kinds := x.shape.Subjects
	if x.Kind == "" {
		return nil
	}
	var names []string
	for i := range kinds {
		if kinds[i].Shape == x.Kind || kinds[i].Population.Name == x.Kind {
			x.kind = i
			return nil
		}
		names = append(names, kinds[i].Shape)
	}
	return unknown("person in this resource of kind", x.Kind, names)
}

// admit asks the gates of the request.
func (x *explainer) admit(m rules.Match) bool {
	f := rules.RequestFacts{Caller: rules.Caller{Recipient: x.Recipient}, Match: m, Mapped: true, Purpose: x.Purpose, Ref: x.Ref}
	if x.Purpose == "" {
		f.PurposeReason = rules.PurposeMissing
	}
	if x.Ref != "" && !rules.WellFormedRef(x.Ref) {
		f.RefReason = rules.RefMalformed
	}
	plan, why := x.edition.Admit(f)
	if why != rules.ReasonNone {
		x.refuse(why)
		return false
	}
	x.plan = plan
	return true
}

func (x *explainer) refuse(why rules.Reason) {
	r := refusals[why]
	x.out.Refusal = &Refusal{
		Rule: r.rule, Reason: why.String(), Says: r.says, Clauses: Clauses(r.rule), Otherwise: r.otherwise, Suggestion: x.nearby(why),
	}
}

// nearby tells what may have been meant, or what there is instead.
func (x *explainer) nearby(why rules.Reason) string {
	b := x.policy.Bundle
	var known []string
	switch why {
	case rules.RecipientUnknown:
		for i := range b.Recipients {
			known = append(known, b.Recipients[i].Name.Value)
		}
		return rules.DidYouMean(x.Recipient, known)
	case rules.PurposeUnknown:
		for i := range b.Purposes {
			known = append(known, b.Purposes[i].Name.Value)
		}
		return rules.DidYouMean(x.Purpose, known)
	default:
		return ""
	}
}

// rests tells what admits the request.
func (x *explainer) rests() {
	d := x.plan.Recipient()
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	add := func(format string, args ...any) { x.out.RestsOn = append(x.out.RestsOn, fmt.Sprintf(format, args...)) }
	if c := d.Contract; c != nil {
		what := "contract"
		if d.Kind == rules.Internal {
			what = "grant"
		}
		if c.Ref != "" {
			what += " " + c.Ref
		}
		if !c.Until.IsZero() {
			what += ", until before " + day(c.Until)
		}
		add("%s", what)
	}
	if e := d.Evaluation; e != nil {
		add("evaluation %s, until before %s", e.Ref, day(e.Until))
	}
	if d.Kind == rules.DataSubject || d.Kind == rules.Authority {
		add("no contract: of a recipient of kind %s none is asked for", d.Kind)
	}
}

// Refused is what [Explanation.Unlike] calls a request that is refused as a whole.
const Refused = "refused"

// IsOutcome reports whether a word is something that an answer can be.
func IsOutcome(s string) bool {
	_, err := rules.ParseGeneraliser(strings.TrimSuffix(s, " in cells"))
	return err == nil || slices.Contains([]string{Refused, rules.NeedClear.String(), rules.NeedPseudonym.String(), rules.Form{}.String()}, s)
}

// Unlike returns an outcome that is not the one expected, empty when all are as expected: of
// every field that was asked for, or of the request when it was refused.
func (e *Explanation) Unlike(expected string) string {
	switch {
	case e.Refusal != nil && expected == Refused:
		return ""
	case e.Refusal != nil:
		return Refused + " (" + e.Refusal.Reason + ")"
	case expected == Refused:
		return "an answer"
	case e.Unmapped != nil && expected != (rules.Form{}).String():
		return e.Unmapped.Field + " " + (rules.Form{}).String()
	}
	for i := range e.Answers {
		if a := &e.Answers[i]; a.Outcome != expected && a.Outcome != expected+" in cells" {
			return a.Fields[0].Path + " " + a.Outcome
		}
	}
	return ""
}
