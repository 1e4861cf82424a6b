package policytest

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// comparison holds what was decided about one subject against what is expected.
type comparison struct {
	shape    *rules.Shape
	kind     int
	actions  *rules.Actions
	subject  int
	failures []Failure
}

func (c *comparison) fail(pos rules.Pos, what, expected, got string, reasons []string) {
	c.failures = append(c.failures, Failure{Pos: pos, Subject: c.subject, What: what, Expected: expected, Got: got, Reasons: reasons})
}

func (c *comparison) compare(e *Expect) {
	named := make(map[int]bool)
	for _, f := range e.Fields {
		if i := fieldNumber(c.shape, c.kind, f.Path.Value); i >= 0 { // else it is of another subject
			named[i] = true
			c.field(i, f.Path.Value, f.Outcome)
		}
	}
	if e.Rest != nil {
		for i := range c.shape.Fields {
			if f := &c.shape.Fields[i]; f.Concerns(c.kind) && !f.Public && !named[i] {
				c.field(i, f.Path, *e.Rest)
			}
		}
	}
	if e.Nothing.Value != "" {
		c.nothing(e.Nothing)
	}
	if e.Basis.Value != "" {
		if got := c.basis(); got != e.Basis.Value {
			c.fail(e.Basis.Pos, "basis", e.Basis.Value, got, nil)
		}
	}
	if e.Regimes != nil {
		want, got := values(e.Regimes), c.actions.Class.Regimes.Names()
		if !slices.Contains(want, "APPI") {
			want = append(want, "APPI") // it is everybody's
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(slices.Compact(want), got) {
			c.fail(e.regimeAt, "regimes", strings.Join(want, ", "), strings.Join(got, ", "), nil)
		}
	}
	if got := c.actions.Class.Age.String(); e.Age.Value != "" && got != e.Age.Value {
		c.fail(e.Age.Pos, "age", e.Age.Value, got, nil)
	}
}

func (c *comparison) field(i int, what string, want Outcome) {
	form, reasons := form(c.actions.Fields[i]), codes(c.actions.Decisions[i].Reasons)
	primary := ""
	if len(reasons) > 0 {
		primary = reasons[0]
	}
	if form != want.Form || want.Reason.Value != "" && want.Reason.Value != primary {
		c.fail(want.Pos, what, want.String(), form, reasons)
	}
}

// form writes an action as the tests do.
func form(a rules.Action) string {
	switch {
	case a.Verb == rules.Allow:
		return formClear
	case a.Verb == rules.Withhold:
		return formWithhold
	case a.Need == rules.NeedGeneralised && a.Generaliser != nil:
		return a.Generaliser.String()
	}
	return a.Need.String()
}

func codes(list []rules.Reason) (out []string) {
	for _, r := range list {
		out = append(out, r.String())
	}
	return out
}

// nothing holds when no personal field leaves, and for the reason: that of the gate,
// or the primary one of a field.
func (c *comparison) nothing(want rules.Name) {
	if !c.actions.Nothing {
		var left []string
		for i := range c.shape.Fields {
			if f := &c.shape.Fields[i]; f.Concerns(c.kind) && !f.Public && c.actions.Fields[i].Verb != rules.Withhold {
				left = append(left, f.Path)
			}
		}
		c.fail(want.Pos, "person", "nothing", strings.Join(left, ", "), nil)
		return
	}
	var reasons []string
	for i := range c.shape.Fields {
		if d := c.actions.Decisions[i]; c.shape.Fields[i].Concerns(c.kind) && len(d.Reasons) > 0 {
			reasons = append(reasons, d.Reasons[0].String())
		}
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	if want.Value != "true" && !slices.Contains(reasons, want.Value) {
		c.fail(want.Pos, "person", "nothing for "+want.Value, "nothing", reasons)
	}
}

// basis is the strictest one that anything personal leaves on.
func (c *comparison) basis() string {
	basis := rules.BasisNone
	for i := range c.shape.Fields {
		if c.shape.Fields[i].Concerns(c.kind) && c.actions.Fields[i].Verb != rules.Withhold {
			basis = max(basis, c.actions.Decisions[i].Basis)
		}
	}
	if basis == rules.BasisNone {
		return "none"
	}
	return basis.String()
}
