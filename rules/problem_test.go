package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"customer", "business_partner", "staff", "employee_family", "visitor", "id", "at"}
	for word, want := range map[string]string{
		"custommer": "customer", "cutsomer": "customer", "busines_partner": "business_partner", "stuff": "staff", "visitors": "visitor",
		"zebra": "", "": "", "x": "", "it": "at", "customer": "customer", strings.Repeat("customer", 1<<17): "",
	} {
		if got := rules.Nearest(word, words); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
	if a, b := rules.Nearest("aab", []string{"aax", "aay"}), rules.Nearest("aab", []string{"aay", "aax"}); a != b {
		t.Errorf("the order of the candidates decides: %q, %q", a, b)
	}
}

func TestProblemsAreSortedAndFound(t *testing.T) {
	t.Parallel()
	at := func(file string, line, column int, kind error) *rules.Problem {
		return &rules.Problem{Pos: rules.Pos{File: file, Line: line, Column: column}, Kind: kind, Detail: kind.Error()}
	}
	p := rules.Problems{at("b", 1, 1, rules.ErrSyntax), at("a", 10, 1, rules.ErrMissing), at("a", 9, 2, rules.ErrConflict), at("a", 9, 2, rules.ErrConflict)}.Sort()
	if got, want := p.Error(), "a:9:2: contradicts another rule\na:10:1: missing\nb:1:1: not well-formed"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if !errors.Is(p.Err(), rules.ErrMissing) || errors.Is(p.Err(), rules.ErrTooMuch) || (rules.Problems{}).Err() != nil {
		t.Error("problems do not tell their kinds")
	}
}
