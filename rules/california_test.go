package rules_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// U4: a limit of sensitive data beats a consent to it, where the purpose serves
// no item of section 7027(m).
func TestLimitOfSensitiveData(t *testing.T) {
	t.Parallel()
	p := with(t, "california: {subjects: [customer], m7027: [1]", "california: {subjects: [customer]")
	plan := planAt(t, p, now, "helpdesk", "support", "customers", "17")
	explicit := given("support", daysAgo(3))
	explicit.Explicit = true
	limit := active(rules.EventLimitSPI, daysAgo(9))
	californian := func(e ...rules.Event) subject { return in("US", e...).born("1980-01-01") }
	for _, c := range []struct {
		what string
		subject
		passport, name string
	}{
		{"nothing said", californian(), "spi_no_consent", "allow"},
		{"explicit consent", californian(explicit), "allow", "allow"},
		{"limited", californian(limit, explicit), "spi_limited", "allow"},
		{"limit taken back", californian(limit, lifted(rules.EventLimitSPI, daysAgo(5)), explicit), "allow", "allow"},
		{"everything about a minor is sensitive", in("US").born("2012-01-01"), "spi_no_consent", "spi_no_consent"},
	} {
		a := decide(plan, c.subject)
		if passport, name := field(plan, a, "passport"), field(plan, a, "name"); passport != c.passport || name != c.name {
			t.Errorf("%s: passport %s, name %s", c.what, passport, name)
		}
	}
}

// U8: the signal of a browser counts as an opt-out of this request.
func TestGlobalPrivacyControl(t *testing.T) {
	t.Parallel()
	p := plan(t, "broker", "adverts")
	consent := scoped(given("adverts", daysAgo(3)), func(s *rules.Scope) { s.Recipients = []string{"broker"} })
	state := rules.Fold([]rules.Event{consent})
	facts := in("US").born("1980-01-01").facts
	for gpc, want := range map[bool]string{false: "allow", true: "gpc_opt_out"} {
		class, _ := p.Class(facts, state, rules.Signals{GPC: gpc}, now, nil)
		if got := field(p, p.Actions(class), "name"); got != want {
			t.Errorf("GPC %v: %s, want %s", gpc, got, want)
		}
	}
}

// A record names the basis that a disclosure relies on, and none where nothing
// was disclosed.
func TestBasisOfADecision(t *testing.T) {
	t.Parallel()
	p := with(t, "user.name: clear", "user.name: none")
	for recipient, want := range map[string]rules.Basis{"helpdesk": rules.BasisNone, "insider": rules.BasisLegitimateInterest} {
		plan := planAt(t, p, now, recipient, "support", "customers", "17")
		a := decide(plan, in("DE"))
		for i, f := range plan.Resource().Shape.Fields {
			if f.Path == "name" && a.Decisions[i].Basis != want {
				t.Errorf("%s: basis %v, want %v", recipient, a.Decisions[i].Basis, want)
			}
		}
	}
}
