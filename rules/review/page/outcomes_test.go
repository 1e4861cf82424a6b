package page

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// Of random people, a field leaves exactly if no sentence of the page hides them, and in
// the form of the row: what the page says is what the gateway does.
func TestSentencesAreTheDecision(t *testing.T) {
	t.Parallel()
	policy, problems, err := source.Policy(os.DirFS("../../../examples/software-vendor/policy"))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	b := newBuilder(policy, policy.At(at))
	uses := b.uses()
	b.generalise(uses)
	r := rand.New(rand.NewPCG(5, 24))
	left, hidden := 0, 0
	for _, u := range uses {
		var p Purpose
		b.tell(u, &p)
		for i := range u.fields {
			f := &u.fields[i]
			for range 60 {
				c := f.person(r, u, policy)
				at := f.at[0]
				action := f.plan.Actions(c).Fields[at.Field]
				says := b.hides(f, &p, &c)
				if says != (action.Verb == rules.Withhold) {
					t.Fatalf("%s, %s, %s: the page hides %v, the decision is %v, of %+v", u.recipient, u.purpose, f.group.Category, says, action.Verb, c)
				}
				if says {
					hidden++
					continue
				}
				left++
				if !slices.ContainsFunc(p.gets(), func(row Row) bool {
					return row.group == f.group.Subject && row.form.Verb == action.Verb && row.form.Need == action.Need && row.form.Cell == action.Cell &&
						slices.ContainsFunc(row.Data, func(d Data) bool { return d.Category == f.group.Category })
				}) {
					t.Fatalf("%s, %s, %s: no row has the form %+v", u.recipient, u.purpose, f.group.Category, action)
				}
			}
		}
	}
	if left < 5_000 || hidden < 5_000 {
		t.Errorf("%d left and %d were hidden", left, hidden)
	}
}

// hides reports whether some sentence of the page is about a person.
func (b *builder) hides(f *fieldUse, p *Purpose, c *rules.Class) bool {
	about := func(list []Sentence, is func(Sentence) bool) bool {
		return slices.ContainsFunc(list, func(s Sentence) bool {
			return slices.Contains(s.groups, f.group.Subject) && slices.Contains(s.categories, f.group.Category) && is(s)
		})
	}
	holds := func(s Sentence) bool {
		return slices.ContainsFunc(s.situations, func(o rules.Situation) bool { return met(o, c) })
	}
	part := p.Without
	if len(f.profile.open) > 0 && f.profile.consented() {
		part = p.With
	}
	if about(p.Never, holds) || about(part.Nothing, holds) {
		return true
	}
	for _, g := range b.general {
		lifted := about(part.Also, func(s Sentence) bool { return s.Rule == g.rule })
		if len(f.profile.open) > 0 && !lifted && met(g.situation, c) {
			return true
		}
	}
	return false
}

// met reports whether a person is in a set of situations.
func met(s rules.Situation, c *rules.Class) bool {
	return !slices.ContainsFunc(s, func(o rules.Condition) bool { return !slices.Contains(o.Values, valueOf(o.Aspect, c)) })
}

// valueOf names what a class says of an aspect. The masks of a class are all or nothing.
func valueOf(a rules.Aspect, c *rules.Class) string {
	pick := func(f rules.Flags, yes, no string) string {
		if c.Has(f) {
			return yes
		}
		return no
	}
	switch a {
	case rules.AspectUnresolved:
		return pick(rules.FlagUnresolved, "not_understood", "understood")
	case rules.AspectKnown:
		return pick(rules.FlagUnseen, "none", "some")
	case rules.AspectErasure:
		return pick(rules.FlagErased, "executed", pick(rules.FlagErasurePending, "pending", pick(rules.FlagErasureExcepted, "excepted", "none")))
	case rules.AspectRestriction:
		return pick(rules.FlagRestrictionConsent, "lifted_by_consent", pick(rules.FlagRestricted, "active", "none"))
	case rules.AspectRetention:
		return pick(rules.FlagRetentionExpired, "expired", pick(rules.FlagRetentionHold, "hold", "kept"))
	case rules.AspectContested:
		if c.Contested != (rules.CategoryMask{}) {
			return "contested"
		}
		return "undisputed"
	case rules.AspectOwn:
		return pick(rules.FlagOwn, "yes", "no")
	case rules.AspectOrder:
		return pick(rules.FlagOrdered, "reached", "not_reached")
	case rules.AspectRegimes:
		return c.Regimes.String()
	case rules.AspectAge:
		return c.Age.String()
	case rules.AspectToldAPPI:
		return pick(rules.FlagUntoldAPPI, "not_told", "told")
	case rules.AspectToldEEAUK:
		return pick(rules.FlagUntoldEEAUK, "not_told", "told")
	case rules.AspectToldCalifornia:
		return pick(rules.FlagUntoldCalifornia, "not_told", "told")
	case rules.AspectDMObjection:
		return pick(rules.FlagDMObjection, "active", "none")
	case rules.AspectCeaseUse:
		return pick(rules.FlagCeaseUse, "standing", "none")
	case rules.AspectCeaseProvision:
		return pick(rules.FlagCeaseProvision, "standing", "none")
	case rules.AspectLIObjection:
		if c.LI == rules.StateNone {
			return "none"
		}
		return c.LI.String()
	case rules.AspectLimitSPI:
		return pick(rules.FlagLimitSPI, "active", "none")
	case rules.AspectOptOut:
		return pick(rules.FlagOptOut, "active", "none")
	case rules.AspectGPC:
		return pick(rules.FlagGPC, "on", "off")
	case rules.AspectMinorOptIn:
		return pick(rules.FlagMinorOptIn, "given", "none")
	default:
	}
	slot := int(a - rules.AspectConsentAPPI)
	if c.Valid[slot] == (rules.CategoryMask{}) {
		return "none"
	}
	name := "given"
	for _, more := range []struct {
		mask rules.CategoryMask
		word string
	}{{c.Explicit[slot], "_explicit"}, {c.Parental[slot], "_parental"}} {
		if more.mask != (rules.CategoryMask{}) {
			name += more.word
		}
	}
	if a == rules.AspectConsentAPPI && c.Foreign != (rules.CategoryMask{}) {
		name += "_informed"
	}
	return name
}

// person draws a class of somebody whom the field may be of. What takes something away
// is rarer than not, else hardly anything would leave.
func (f *fieldUse) person(r *rand.Rand, u *use, p *rules.Policy) rules.Class {
	place := f.at[0]
	kind := place.Resource.Shape.Fields[place.Field].Kind
	c := rules.Class{Kind: uint8(kind), Category: f.group.Subject, Age: rules.Adult} //nolint:gosec // few kinds
	every := rules.CategoryMask{^uint64(0), ^uint64(0)}
	rarely := func(flag rules.Flags) {
		if r.IntN(14) == 0 {
			c.Flags |= flag
		}
	}
	told := func(a rules.Aspect, flag rules.Flags) {
		if slices.Contains(f.profile.space[a], "not_told") && r.IntN(3) == 0 {
			c.Flags |= flag
		}
	}
	c.Regimes = rules.Regimes(r.IntN(int(rules.AllRegimes) + 1)) //nolint:gosec // few
	if r.IntN(3) == 0 {
		c.Age = rules.AgeBand(r.IntN(int(rules.Adult) + 1)) //nolint:gosec // few
	}
	if r.IntN(6) == 0 {
		c.LI = []rules.EventState{rules.StatePending, rules.StateUpheld}[r.IntN(2)]
	}
	if r.IntN(14) == 0 {
		c.Contested = every
	}
	for _, flag := range []rules.Flags{
		rules.FlagUnresolved, rules.FlagRestricted, rules.FlagDMObjection, rules.FlagCeaseUse, rules.FlagCeaseProvision,
		rules.FlagLimitSPI, rules.FlagOptOut, rules.FlagMinorOptIn,
	} {
		rarely(flag)
	}
	rarely([]rules.Flags{rules.FlagErased, rules.FlagErasurePending, rules.FlagErasureExcepted}[r.IntN(3)])
	rarely([]rules.Flags{rules.FlagRetentionExpired, rules.FlagRetentionHold}[r.IntN(2)])
	if r.IntN(2) == 0 {
		c.Flags |= rules.FlagOwn
	}
	if place.Resource.ConsumerFacing {
		rarely(rules.FlagGPC)
	}
	told(rules.AspectToldAPPI, rules.FlagUntoldAPPI)
	told(rules.AspectToldEEAUK, rules.FlagUntoldEEAUK)
	told(rules.AspectToldCalifornia, rules.FlagUntoldCalifornia)
	c.Flags |= ordered(r, u, p, f.group.Population)
	for slot := range c.Valid {
		if r.IntN(2) == 0 {
			continue
		}
		c.Valid[slot] = every
		if r.IntN(2) == 0 {
			c.Explicit[slot] = every
		}
		if r.IntN(2) == 0 {
			c.Parental[slot] = every
		}
		if slot == 0 && r.IntN(3) > 0 {
			c.Foreign = every
		}
	}
	if all := !slices.Contains(c.Valid[:], rules.CategoryMask{}); all && c.Has(rules.FlagRestricted) && r.IntN(2) == 0 {
		c.Flags |= rules.FlagRestrictionConsent
	}
	return c
}

// ordered draws whether the order of a request reaches somebody.
func ordered(r *rand.Rand, u *use, p *rules.Policy, population string) rules.Flags {
	for i := range p.Bundle.Orders {
		o := &p.Bundle.Orders[i]
		if o.Name.Value != u.order {
			continue
		}
		all := slices.ContainsFunc(o.Populations, func(n rules.Name) bool { return n.Value == population })
		if all || o.Named && r.IntN(2) == 0 {
			return rules.FlagOrdered
		}
	}
	return 0
}
