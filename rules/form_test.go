package rules

import "testing"

func TestWeakerForms(t *testing.T) {
	t.Parallel()
	withheld, clearly := Form{}, Form{Verb: Allow, Need: NeedClear}
	generalised := func(s string) Form { return Form{Verb: Transform, Need: NeedGeneralised, Generaliser: s} }
	token := func(link, group string) Form {
		return Form{Verb: Transform, Need: NeedPseudonym, Link: link, Group: group}
	}
	celled := generalised("year")
	celled.Cell = true
	for _, c := range []struct {
		what          string
		before, after Form
		weaker        bool
	}{
		{"nothing new", clearly, clearly, false},
		{"withheld", clearly, withheld, false},
		{"disclosed", withheld, token("", ""), true},
		{"in clear", generalised("year"), clearly, true},
		{"no more in clear", clearly, generalised("year"), false},
		{"finer", generalised("year"), generalised("day"), true},
		{"coarser", generalised("day"), generalised("year"), false},
		{"more characters", generalised("prefix(2)"), generalised("prefix(3)"), true},
		{"fewer characters", generalised("last(4)"), generalised("last(2)"), false},
		{"another edge", generalised("band(10, 50)"), generalised("band(10, 20, 50)"), true},
		{"an edge less", generalised("band(10, 20, 50)"), generalised("band(10, 50)"), false},
		{"other edges", generalised("band(10, 50)"), generalised("band(20)"), true},
		{"another kind", generalised("year"), generalised("age_band"), true},
		{"a pseudonym instead", generalised("year"), token("", ""), true},
		{"instead of a pseudonym", token("", ""), generalised("year"), true},
		{"out of the cells", celled, generalised("year"), true},
		{"into cells", generalised("year"), celled, false},
		{"joined with another class", token("", ""), token("email", ""), true},
		{"joined with other purposes", token("", ""), token("", "support"), true},
		{"joined with its purpose alone", token("", "support"), token("", ""), false},
	} {
		if got := c.after.Weaker(c.before); got != c.weaker {
			t.Errorf("%s: %v to %v: weaker %v", c.what, c.before, c.after, got)
		}
	}
}
