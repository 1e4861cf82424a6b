package otlp

import (
	"fmt"
	"testing"

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
// makes of the same record.
func TestRememberedFactsChangeNothing(t *testing.T) {
	t.Parallel()
	known := profiles(t, 4)
	rapid.Check(t, func(t *rapid.T) {
		facts := factMap{}
		for _, f := range append(released(1).Uses, known...) {
			facts[f.Hash] = f
		}
		old := newRenderer(facts)
		for range rapid.IntRange(1, 8).Draw(t, "records") {
			r := released(1)
			if rapid.Bool().Draw(t, "refused") {
				r = refused(403, "purpose_not_permitted")
			} else {
				r.Disclosure.Subjects = nil
				for range rapid.IntRange(0, 6).Draw(t, "subjects") {
					r.Disclosure.Subjects = append(r.Disclosure.Subjects, ledger.Subject{
						Profile: rapid.SampledFrom(known).Draw(t, "profile").Hash,
						Emitted: rapid.SampledFrom([][]byte{nil, {1}, {2}, {3}, {3, 0}, {7, 1}}).Draw(t, "emitted"),
					})
				}
			}
			e := &ledger.Entry{Record: *r, Receipt: ledger.Receipt{Epoch: "0193578a-0000-7000-8000-000000000000", Seq: 42}}
			if got, want := old.span(e), newRenderer(facts).span(e); !proto.Equal(got, want) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		}
	})
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
