package otlp

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/ledger"
)

// profiles are facts of several classes of subjects.
func profiles(t *testing.T, n int) []*ledger.Fact {
	t.Helper()
	out := make([]*ledger.Fact, n)
	for i := range out {
		f, err := ledger.NewFact(ledger.KindProfile, ledger.ProfileFact{
			Resource: "crm.customer", Shape: "customer", Purpose: "support.provide", Category: "customer", Regimes: []string{"APPI", fmt.Sprintf("R%d", i)}, AgeBand: "adult",
			Fields: []ledger.ProfileField{
				{Path: "name", Category: fmt.Sprintf("user.name%d", i), Outcome: "allow", Reasons: []string{"needed"}, Basis: "contract"},
				{Path: "email", Category: "user.contact.email", Outcome: "transform", Reasons: []string{"minimised"}, Basis: "contract", KeyID: "k1"},
				{Path: "born", Category: "user.born", Outcome: "withhold", Reasons: []string{"not_necessary"}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		out[i] = f
	}
	return out
}

// What a renderer remembers changes no span: each is the one that a new renderer
// makes of the same record. Every record differs from an earlier one in one thing,
// whatever it may be that a span is made of.
func TestRememberedFactsChangeNothing(t *testing.T) {
	t.Parallel()
	known := profiles(t, 4)
	rapid.Check(t, func(t *rapid.T) {
		facts := factMap{}
		for _, f := range append(released(1).Uses, known...) {
			facts[f.Hash] = f
		}
		old := newRenderer(facts)
		e := ledger.Entry{Record: *released(1), Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: 42}}
		check := func(t *rapid.T) {
			if got, want := old.span(&e), newRenderer(facts).span(&e); !proto.Equal(got, want) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		}
		actions := map[string]func(*rapid.T){"": check}
		changes := changesOf(&e, known)
		for name, change := range changes {
			actions[name] = func(t *rapid.T) {
				d := *e.Disclosure // that of before stays as it is
				e.Disclosure = &d
				change(t)
			}
		}
		t.Repeat(actions)
		// Whatever the walk came to, each thing by itself and back again.
		for _, name := range slices.Sorted(maps.Keys(changes)) {
			before := e
			for range 3 {
				actions[name](t)
				check(t)
			}
			e = before
		}
	})
}

// changesOf are the things that a span is made of, each with few values.
func changesOf(e *ledger.Entry, known []*ledger.Fact) map[string]func(*rapid.T) {
	text := func(of func() *string, values ...string) func(*rapid.T) {
		return func(t *rapid.T) { *of() = rapid.SampledFrom(values).Draw(t, "text") }
	}
	number := func(of func() *int) func(*rapid.T) {
		return func(t *rapid.T) { *of() = rapid.SampledFrom([]int{0, 1, 128, 200, 403, 503}).Draw(t, "number") }
	}
	return map[string]func(*rapid.T){
		"kind": func(t *rapid.T) {
			e.Kind = rapid.SampledFrom([]ledger.Kind{ledger.KindReleased, ledger.KindRefused}).Draw(t, "kind")
		},
		"time": func(t *rapid.T) {
			e.Time = decided.Add(time.Duration(rapid.IntRange(-30, 30).Draw(t, "ms")) * time.Millisecond)
		},
		"epoch":          text(func() *string { return &e.Epoch }, "a", "b"),
		"seq":            func(t *rapid.T) { e.Seq = rapid.Uint64Range(0, 2).Draw(t, "seq") },
		"id":             text(func() *string { return &e.Disclosure.ID }, "a", "b"),
		"trace":          text(func() *string { return &e.Disclosure.Trace }, "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x"),
		"api":            text(func() *string { return &e.Disclosure.Resource.API }, "", "1", "11"),
		"name":           text(func() *string { return &e.Disclosure.Resource.Name }, "", "1", "11"),
		"policy":         text(func() *string { return &e.Disclosure.Policy }, "", "1", "11"),
		"policy fact":    text(func() *string { return &e.Disclosure.PolicyFact }, "", policy.Hash, recipient.Hash),
		"recipient":      text(func() *string { return &e.Disclosure.Recipient }, "", "1", "11"),
		"recipient fact": text(func() *string { return &e.Disclosure.RecipientFact }, "", policy.Hash, recipient.Hash),
		"purpose":        text(func() *string { return &e.Disclosure.Purpose }, "", "1", "11"),
		"outcome": func(t *rapid.T) {
			e.Disclosure.Outcome = rapid.SampledFrom([]ledger.Outcome{"", ledger.Disclosed, ledger.Refused}).Draw(t, "outcome")
		},
		"reason":            text(func() *string { return &e.Disclosure.Reason }, "", "1", "11", "needed"),
		"gpc":               func(t *rapid.T) { e.Disclosure.GPC = rapid.Bool().Draw(t, "gpc") },
		"status":            number(func() *int { return &e.Disclosure.Status }),
		"subjects":          number(func() *int { return &e.Disclosure.Counts.Subjects }),
		"subjects withheld": number(func() *int { return &e.Disclosure.Counts.SubjectsWithheld }),
		"allowed":           number(func() *int { return &e.Disclosure.Counts.Allowed }),
		"pseudonymised":     number(func() *int { return &e.Disclosure.Counts.Pseudonymised }),
		"withheld":          number(func() *int { return &e.Disclosure.Counts.Withheld }),
		"lines": func(t *rapid.T) {
			e.Disclosure.Subjects = nil
			for range rapid.IntRange(0, 6).Draw(t, "lines") {
				e.Disclosure.Subjects = append(e.Disclosure.Subjects, ledger.Subject{
					Profile: rapid.SampledFrom(known).Draw(t, "profile").Hash,
					Emitted: rapid.SampledFrom([][]byte{nil, {1}, {2}, {3}, {3, 0}, {7, 1}}).Draw(t, "emitted"),
				})
			}
		},
	}
}

// A fact that was missing is not remembered as one that says nothing.
func TestMissingFactIsNotRemembered(t *testing.T) {
	t.Parallel()
	r := released(1)
	facts := factMap{}
	render := newRenderer(facts)
	e := &ledger.Entry{Record: *r, Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: 42}}
	before := render.span(e)
	for _, f := range r.Uses {
		facts[f.Hash] = f
	}
	if got, want := render.span(e), newRenderer(facts).span(e); !proto.Equal(got, want) || proto.Equal(got, before) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// What is remembered is bounded, whatever a ledger holds.
func TestRememberedIsBounded(t *testing.T) {
	t.Parallel()
	var m remembered[int]
	for i := range 3 * maxRemembered {
		if m.put(fmt.Sprint(i), i) != i || m[fmt.Sprint(i)] != i {
			t.Fatalf("%d is not remembered", i)
		}
		if len(m) > maxRemembered {
			t.Fatalf("%d are remembered", len(m))
		}
	}
}

func BenchmarkSpan(b *testing.B) {
	facts := factMap{}
	r := released(1)
	for _, f := range r.Uses {
		facts[f.Hash] = f
	}
	e := &ledger.Entry{Record: *r, Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: 42}}
	render := newRenderer(facts)
	b.ReportAllocs()
	for b.Loop() {
		if render.span(e) == nil {
			b.Fatal("no span")
		}
	}
}
