package review_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// referred makes fields of the customers be about another person, nil for nobody.
func referred(b *rules.Bundle, about *rules.SubjectDef) {
	for i := range b.APIs {
		for n := range b.APIs[i].Shapes {
			s := &b.APIs[i].Shapes[n]
			for f := range s.Fields {
				if s.Name.Value == "customer" && !s.Fields[f].Public && s.Fields[f].Path.Value != "id" && !strings.ContainsAny(s.Fields[f].Path.Value, "[{@") {
					s.Fields[f].About = about
				}
			}
		}
	}
}

// A diff tells what becomes of fields that are about another person, too, of whom
// both policies ask, or one of them: exactly, as of all other fields.
func TestDiffOfOtherPersons(t *testing.T) {
	t.Parallel()
	word := func(s string) rules.Name { return rules.Name{Value: s} }
	people := &crowd{states: make(map[string][]person)}
	policies := make(map[string]*rules.Policy)
	answers := make(map[string]map[string]verdicts)
	for name, about := range map[string]*rules.SubjectDef{
		"nobody":             nil,
		"another customer":   {Population: word("customer"), Category: rules.Customer, At: word("referrer")},
		"one of the staff":   {Population: word("staff"), Category: rules.Staff, At: word("referrer")},
		"another of unknown": {Population: word("customer"), Category: rules.BusinessPartner, At: word("referrer")},
	} {
		b := bundle(t)
		referred(b, about)
		if policies[name] = compiled(t, b); policies[name] == nil {
			t.Fatalf("%s: does not compile", name)
		}
		answers[name] = people.ask(policies[name], nil, false)
	}
	differ := 0
	for before := range policies {
		for after := range policies {
			want := difference(answers[before], answers[after])
			got := told(review.Compare(policies[before], policies[after], today))
			maps.DeleteFunc(want, ofList)
			maps.DeleteFunc(got, ofList)
			differ += len(want)
			if !maps.Equal(got, want) {
				t.Errorf("%s, then %s: %s", before, after, disagreement(got, want))
			}
		}
	}
	if differ < 30 {
		t.Errorf("only %d cells differ", differ)
	}
}
