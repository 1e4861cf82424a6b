package rules_test

import (
	"sync"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/internal/largepolicy"
	"github.com/modicum-dev/modicum/rules/source"
)

// largePolicy is compiled once: nothing that a test does changes it.
var largePolicy = sync.OnceValues(func() (*rules.Policy, rules.Problems) {
	policy, problems, err := source.Policy(largepolicy.Files())
	if err != nil {
		panic(err)
	}
	return policy, problems
})

func large(tb testing.TB) *rules.Policy {
	tb.Helper()
	policy, problems := largePolicy()
	if len(problems) > 0 {
		tb.Fatalf("%d problems, the first is\n%v", len(problems), problems[0])
	}
	return policy
}

// largeRequest asks for a resource of the large policy.
func largeRequest(tb testing.TB, e *rules.Edition, api, collection, recipient, purpose string) *rules.Plan {
	tb.Helper()
	m, ok := e.Route(api, "GET", []string{"v1", collection, "17"})
	p, reason := e.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: recipient}, Purpose: purpose, Match: m, Mapped: ok})
	if reason != rules.ReasonNone {
		tb.Fatal(reason)
	}
	return p
}

// Plans are made when they are asked for: a large policy takes no more memory for
// decisions than the requests that there are need.
func TestPlansOfALargePolicyAreLazy(t *testing.T) {
	t.Parallel()
	e := large(t).At(now)
	if n := rules.PlansOf(e); n != 0 {
		t.Fatalf("%d plans after loading", n)
	}
	first := largeRequest(t, e, largepolicy.API(0), "collection0", largepolicy.Recipient(7), largepolicy.Purpose(3))
	again := largeRequest(t, e, largepolicy.API(0), "collection0", largepolicy.Recipient(7), largepolicy.Purpose(3))
	if n := rules.PlansOf(e); n != 1 || first != again {
		t.Fatalf("%d plans after one request, and again", n)
	}
	largeRequest(t, e, largepolicy.API(1), "collection1", largepolicy.Recipient(7), largepolicy.Purpose(3))
	largeRequest(t, e, largepolicy.API(0), "collection0", largepolicy.Recipient(8), largepolicy.Purpose(3))
	if n := rules.PlansOf(e); n != 3 {
		t.Fatalf("%d plans after three requests", n)
	}
}

// Contracts that use the same terms have the same grants.
func TestContractsShareGrants(t *testing.T) {
	t.Parallel()
	had, made := rules.GrantsOf(large(t))
	if had != largepolicy.Recipients*largepolicy.Purposes || made != largepolicy.Families*largepolicy.Purposes {
		t.Errorf("%d grants of recipients, %d made", had, made)
	}
}

// Compare with BenchmarkAdmit: a request costs the same whatever else is in the policy.
func BenchmarkAdmitLarge(b *testing.B) {
	e := large(b).At(now)
	api, segments := largepolicy.API(998%largepolicy.APIs), []string{"v1", "collection998", "17"}
	facts := rules.RequestFacts{Caller: rules.Caller{Recipient: largepolicy.Recipient(99)}, Purpose: largepolicy.Purpose(49)}
	b.ReportAllocs()
	for b.Loop() {
		facts.Match, facts.Mapped = e.Route(api, "GET", segments)
		if _, reason := e.Admit(facts); reason != rules.ReasonNone {
			b.Fatal(reason)
		}
	}
}

// A review says each thing once, however many recipients use the same terms.
func BenchmarkFindingsLarge(b *testing.B) {
	p := large(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(p.Findings(now)) == 0 {
			b.Fatal("nothing found")
		}
	}
}
