package rules_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// A11: joint use needs its published notice; and where consent is what lets data
// out, one that names the joint user.
func TestJointUse(t *testing.T) {
	t.Parallel()
	const kind, evaluated = "    kind: third_party\n", "    kind: joint_use\n    evaluation: {ref: e, result: passed, at: 2025-01-01, valid_until: 2027-12-31}\n"
	with := func(more string) *rules.Plan {
		return planAt(t, with(t, kind, evaluated+more), now, "broker", "analysis", "customers", "17")
	}
	silent, published := with(""), with("    joint_use_notice: true\n")
	grant := given("analysis", daysAgo(3))
	named := scoped(grant, func(s *rules.Scope) { s.Recipients = []string{"broker"} })
	for _, c := range []struct {
		what    string
		plan    *rules.Plan
		subject subject
		want    string
	}{
		{"no notice", silent, in("JP"), "joint_use_no_notice"},
		{"a notice", published, in("JP"), "allow"},
		{"a consent that names nobody", published, in("DE", grant), "consent_unknown"},
		{"a consent that names it", published, in("DE", named), "allow"},
	} {
		if got := name(c.plan, c.subject); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
