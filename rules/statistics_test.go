package rules_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// action is that of a member.
func action(p *rules.Plan, a *rules.Actions, path string) (rules.Action, []rules.Reason) {
	for i, f := range p.Resource().Shape.Fields {
		if f.Path == path {
			return a.Fields[i], a.Decisions[i].Reasons
		}
	}
	return rules.Action{}, nil
}

// M2: under a statistical purpose a direct identifier leaves as a pseudonym or not at
// all, a quasi-identifier by the generaliser of the cell, else of the category, else
// not at all, and an attribute as it is. M3: a generalised need of any purpose.
func TestStatistics(t *testing.T) {
	t.Parallel()
	p := inputs(t)
	plan, _ := request{purpose: "figures"}.plan(t, p.At(now))
	a := decide(plan, in("JP"))
	members(t, p, request{purpose: "figures"}, in("JP"), map[string]string{
		"id": "transform", "name": "not_necessary", "email": "not_necessary", "city": "transform", "area": "not_necessary", "born": "transform", "usage": "allow",
		"passport": "not_necessary", "secret": "not_necessary", "object": "allow",
	})
	for member, want := range map[string]string{"city": "prefix(2)", "born": "year"} {
		got, _ := action(plan, a, member)
		if got.Need != rules.NeedGeneralised || got.Generaliser == nil || got.Generaliser.String() != want || !got.Cell {
			t.Errorf("%s: %+v, want %s", member, got, want)
		}
	}
	if got, _ := action(plan, a, "id"); got.Need != rules.NeedPseudonym || got.Generaliser != nil || got.Cell {
		t.Errorf("id: %+v", got)
	}
	if plan.MinCell() != 3 || !a.Celled() {
		t.Errorf("cells of %d, %v", plan.MinCell(), a.Celled())
	}
	five, _ := request{purpose: "figures"}.plan(t, inputs(t, "choices: {min_cell: 3}", "choices: {sale_share: disabled}").At(now))
	if five.MinCell() != rules.DefaultMinCell || rules.DefaultMinCell != 5 {
		t.Errorf("cells of %d", five.MinCell())
	}

	// A cell's generaliser comes before that of the category; a need that is no
	// generaliser makes no difference, but for none.
	for is, want := range map[string]string{
		"user.contact.address: region": "region", "user.contact.address: pseudonym": "prefix(2)", "user.contact.address: none": "",
	} {
		plan, _ := request{purpose: "figures"}.plan(t, inputs(t, "user.contact.address: clear", is).At(now))
		got, reasons := action(plan, decide(plan, in("JP")), "city")
		switch {
		case want == "" && (got.Verb != rules.Withhold || reasons[0] != rules.NotNecessary):
			t.Errorf("%s: %+v %v", is, got, reasons)
		case want != "" && (got.Generaliser == nil || got.Generaliser.String() != want):
			t.Errorf("%s: %+v", is, got)
		}
	}

	// Under any other purpose a generalised need is one, and makes no cell.
	support, _ := request{purpose: "support"}.plan(t, inputs(t, "user.birth_date: clear", "user.birth_date: age_band").At(now))
	a = decide(support, in("JP"))
	if got, _ := action(support, a, "born"); got.Generaliser == nil || got.Generaliser.String() != "age_band" || got.Cell || a.Celled() {
		t.Errorf("born: %+v, %v", got, a.Celled())
	}
	if got, _ := action(support, a, "city"); got.Verb != rules.Allow || got.Generaliser != nil {
		t.Errorf("city: %+v", got)
	}
}

// M2: of a cell that too few share the generalised values go, and nothing else; with
// nothing personal left, the person goes.
func TestSmallCell(t *testing.T) {
	t.Parallel()
	plan, _ := request{purpose: "figures"}.plan(t, inputs(t).At(now))
	a := decide(plan, in("JP"))
	small := a.Small()
	for _, member := range []string{"city", "born"} {
		if got, reasons := action(plan, small, member); got != (rules.Action{}) || reasons[0] != rules.SmallCell || !slices.Contains(reasons, rules.Minimised) {
			t.Errorf("%s: %+v %v", member, got, reasons)
		}
	}
	for _, member := range []string{"id", "name", "usage", "object"} {
		got, _ := action(plan, small, member)
		if want, _ := action(plan, a, member); got != want {
			t.Errorf("%s: %+v, want %+v", member, got, want)
		}
	}
	if small.Nothing || small.Transformed != 1 || small.Withheld != a.Withheld+2 || small.Allowed != a.Allowed {
		t.Errorf("%+v", small)
	}

	alone, _ := request{purpose: "figures"}.plan(t, inputs(t, "          user.unique_id: pseudonym\n", "", "          user.usage: clear\n", "").At(now))
	a = decide(alone, in("JP"))
	small = a.Small()
	if a.Nothing || !small.Nothing || small.Transformed != 0 || small.Allowed != 0 {
		t.Errorf("%+v, then %+v", a, small)
	}
	for i, f := range small.Fields {
		if f != (rules.Action{}) {
			t.Errorf("member %d of nobody: %+v", i, f)
		}
		if slices.Contains(small.Decisions[i].Reasons, rules.FieldPublic) {
			t.Errorf("member %d of nobody leaves as public", i)
		}
	}
	if withheld := decide(plan, in("JP").born("2020-01-01")); withheld.Celled() || withheld.Small() != withheld {
		t.Error("somebody who is withheld has a cell")
	}
}

// randomClass draws what decides about a customer.
func randomClass(r *rand.Rand) rules.Class {
	mask := func() rules.CategoryMask {
		return rules.CategoryMask{r.Uint64() | r.Uint64()}
	}
	c := rules.Class{
		Category: rules.Customer, Regimes: rules.Regimes(r.IntN(8)), Age: rules.AgeBand(1 + r.IntN(4)), //nolint:gosec // small
		LI:      []rules.EventState{rules.StateNone, rules.StatePending, rules.StateUpheld, rules.StateLifted}[r.IntN(4)],
		Foreign: mask(),
	}
	for slot := range c.Valid {
		c.Valid[slot], c.Explicit[slot], c.Parental[slot] = mask(), mask(), mask()
	}
	if r.IntN(4) == 0 {
		c.Contested = mask()
	}
	few := rules.Flags(r.Uint32() & r.Uint32() & r.Uint32())
	c.Flags = few & (rules.FlagOrdered<<1 - 1)
	return c
}

// plansOfInputs is a plan for every recipient, purpose and order that is admitted.
func plansOfInputs(t *testing.T) []*rules.Plan {
	t.Helper()
	p := inputs(t)
	e := p.At(now)
	var plans []*rules.Plan
	for i := range p.Bundle.Recipients {
		for j := range p.Bundle.Purposes {
			for _, ref := range []string{"", everybody, some} {
				r := request{recipient: p.Bundle.Recipients[i].Name.Value, purpose: p.Bundle.Purposes[j].Name.Value, ref: ref}
				if plan, _ := r.plan(t, e); plan != nil && !slices.Contains(plans, plan) {
					plans = append(plans, plan)
				}
			}
		}
	}
	if len(plans) < 50 {
		t.Fatalf("only %d plans", len(plans))
	}
	return plans
}

const classesOfEachPlan = 1500

// A small cell never releases more than the full decision, and only takes away what is
// generalised for statistics.
func TestSmallCellNeverReleasesMore(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 1))
	celled := 0
	for _, plan := range plansOfInputs(t) {
		for range classesOfEachPlan {
			a := plan.Actions(randomClass(r))
			small := a.Small()
			if a.Celled() {
				celled++
			}
			for i := range a.Fields {
				switch got, full := small.Fields[i], a.Fields[i]; {
				case got == full && !full.Cell:
				case got != (rules.Action{}), !full.Cell && !small.Nothing:
					t.Fatalf("%s for %s: %+v becomes %+v of %+v", plan.Recipient().Name.Value, plan.Purpose().Name, full, got, a.Class)
				}
			}
			if a.Nothing && !small.Nothing || small.Allowed+small.Transformed+small.Withheld != a.Allowed+a.Transformed+a.Withheld {
				t.Fatalf("%+v becomes %+v", a, small)
			}
		}
	}
	if celled < 100 {
		t.Errorf("only %d decisions have a cell", celled)
	}
}

// That the caller is the subject changes nothing for any kind but data_subject, and
// for that one only what is asked as people's own request.
func TestOwnIsForDataSubjectsAlone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 2))
	changed := 0
	for _, plan := range plansOfInputs(t) {
		for range classesOfEachPlan {
			class := randomClass(r)
			class.Flags &^= rules.FlagOwn
			others := plan.Actions(class)
			class.Flags |= rules.FlagOwn
			own := plan.Actions(class)
			same := own.Gate == others.Gate
			for i := range own.Fields {
				same = same && own.Fields[i] == others.Fields[i] && slices.Equal(own.Decisions[i].Reasons, others.Decisions[i].Reasons)
			}
			if same {
				continue
			}
			changed++
			if plan.Recipient().Kind != rules.DataSubject {
				t.Fatalf("%s for %s: %+v", plan.Recipient().Name.Value, plan.Purpose().Name, class)
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d decisions depend on it", changed)
	}
}

// K3: that the person was not told never relaxes, with one exception that follows from
// the table. Where it takes a row of legitimate interest away, a valid consent takes
// its place (G3); the objection was to the row.
func TestUntoldNeverRelaxes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 3))
	untold := []rules.Flags{rules.FlagUntoldAPPI, rules.FlagUntoldEEAUK, rules.FlagUntoldCalifornia}
	tightened, exceptions := 0, 0
	for _, plan := range plansOfInputs(t) {
		for range classesOfEachPlan {
			class := randomClass(r)
			flag := untold[r.IntN(len(untold))]
			class.Flags &^= flag
			told := plan.Actions(class)
			class.Flags |= flag
			not := plan.Actions(class)
			for i := range told.Fields {
				switch objected := class.LI == rules.StatePending || class.LI == rules.StateUpheld; {
				case not.Fields[i].Verb < told.Fields[i].Verb:
					tightened++
				case not.Fields[i].Verb == told.Fields[i].Verb:
				case flag == rules.FlagUntoldEEAUK && objected:
					exceptions++
				default:
					t.Fatalf("%s for %s: %v relaxes member %d of %+v", plan.Recipient().Name.Value, plan.Purpose().Name, flag, i, class)
				}
			}
		}
	}
	if tightened < 100 || exceptions == 0 {
		t.Errorf("%d tightened, %d exceptions", tightened, exceptions)
	}
}
