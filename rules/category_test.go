package rules_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// M2: a line for a finer category, which says something else of it, does not make an
// identifier an attribute that leaves as it is. Only identifier does.
func TestIdentifierOfAFinerCategory(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]rules.IdentifierClass{
		"user.usage: {identifier: quasi}":                                                                                          rules.QuasiIdentifier,
		"user.usage: {identifier: quasi}\n  user.usage.deep: {entropy: high}":                                                      rules.QuasiIdentifier,
		"user.usage: {identifier: direct}\n  user.usage.deep: {}\n  user.usage.deep.er: {}":                                        rules.DirectIdentifier,
		"user.usage: {identifier: direct}\n  user.usage.deep: {identifier: quasi}\n  user.usage.deep.er: {}":                       rules.QuasiIdentifier,
		"user.usage: {identifier: direct}\n  user.usage.deep: {identifier: attribute}":                                             rules.Attribute,
		"user.usage: {identifier: direct}\n  user.usage.deep: {identifier: attribute}\n  user.usage.deep.er: {generalise: region}": rules.Attribute,
		"user.usage: {}\n  user.usage.deep: {}":                                                                                    rules.Attribute,
	} {
		policy := strings.Replace(quiet, "user.usage: {}", lines, 1)
		policy = strings.Replace(policy, "usage: {category: user.usage}", "usage: {category: user.usage.deep.er}", 1)
		p, problems, err := source.Policy(fstest.MapFS{"policy.yaml": &fstest.MapFile{Data: []byte(policy)}})
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		e := p.At(now)
		match, _ := e.Route("crm", "GET", []string{"customers", "17"})
		for i := range match.Resource.Shape.Fields {
			if f := &match.Resource.Shape.Fields[i]; f.Path == "usage" && f.Attrs().Identifier != want {
				t.Errorf("%s: %d, want %d", lines, f.Attrs().Identifier, want)
			}
		}
	}
}

// What a finer category takes over counts for its generaliser, too.
func TestDayOfAFinerIdentifier(t *testing.T) {
	t.Parallel()
	policy := strings.Replace(quiet, "user.usage: {}", "user.usage: {identifier: quasi}\n  user.usage.deep: {generalise: day}", 1)
	_, problems, err := source.Policy(fstest.MapFS{"policy.yaml": &fstest.MapFile{Data: []byte(policy)}})
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Detail, `day of the identifier "user.usage.deep"`) {
		t.Errorf("%v, %v", err, problems)
	}
}
