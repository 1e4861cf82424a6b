package rules_test

import (
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// Two live events, of which one is a consent for the plan's purpose.
func BenchmarkClassOfTwoEvents(b *testing.B) {
	p := plan(b, "helpdesk", "analysis")
	state := rules.Fold([]rules.Event{location("DE", daysAgo(90)), given("analysis", daysAgo(9))})
	facts := in("DE").born("1980-01-01").facts
	used := make([]rules.Seq, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		class, _ := p.Class(facts, state, rules.Signals{}, now, used)
		if class.Regimes != rules.EEA {
			b.Fatal(class.Regimes)
		}
	}
}

func BenchmarkActionsOfKnownClass(b *testing.B) {
	p := plan(b, "helpdesk", "analysis")
	class, _ := p.Class(in("DE").facts, nil, rules.Signals{}, now, nil)
	p.Actions(class)
	b.ReportAllocs()
	for b.Loop() {
		if p.Actions(class) == nil {
			b.Fatal("no actions")
		}
	}
}

func BenchmarkActionsOfNewClass(b *testing.B) {
	p := plan(b, "helpdesk", "analysis")
	class, _ := p.Class(in("DE").facts, nil, rules.Signals{}, now, nil)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		class.Contested[1] = i
		p.Actions(class)
	}
}

func BenchmarkAdmit(b *testing.B) {
	e := policy(b).At(now)
	segments := []string{"customers", "17"}
	b.ReportAllocs()
	for b.Loop() {
		m, ok := e.Route("crm", "GET", segments)
		if _, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: "helpdesk"}, Purpose: "analysis", Match: m, Mapped: ok}); reason != rules.ReasonNone {
			b.Fatal(reason)
		}
	}
}
