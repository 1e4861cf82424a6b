package rules

import (
	"fmt"
	"slices"
)

// unused warns of what a contract says and what can have no effect: more likely than
// not its author meant something else.
func (r *reviewer) unused() {
	mapped := r.mapped()
	check := func(purposes []ContractPurposeDef) {
		for i := range purposes {
			for _, n := range purposes[i].Needs {
				if n.Need != NeedNone && !slices.ContainsFunc(mapped, func(c string) bool { return categoryWithin(c, n.Category.Value) }) {
					r.warn(n.Category.Pos, ErrDangling, fmt.Sprintf("no resource has a field of the category %q", n.Category.Value), DidYouMean(n.Category.Value, mapped))
				}
			}
		}
	}
	for i := range r.p.Bundle.Contracts {
		check(r.p.Bundle.Contracts[i].Purposes)
	}
	for i := range r.p.Bundle.Recipients {
		d := &r.p.Bundle.Recipients[i]
		if d.Contract != nil {
			check(d.Contract.Purposes)
		}
		for _, u := range d.Users {
			r.narrowed(d, u.Purposes)
		}
		for n := range d.Certificates {
			r.narrowed(d, d.Certificates[n].Purposes)
		}
	}
}

// narrowed warns of a credential that is for a purpose that its recipient does not have.
func (r *reviewer) narrowed(d *RecipientDef, purposes []Name) {
	needs := r.p.recipients[d.Name.Value].needs
	for _, n := range purposes {
		if needs[n.Value] == nil {
			r.warn(n.Pos, ErrDangling, fmt.Sprintf("a credential of %q is for %q, which its contract does not have", d.Name.Value, n.Value), "")
		}
	}
}

// mapped lists the categories that fields of resources have.
func (r *reviewer) mapped() []string {
	seen := make(map[string]bool)
	var out []string
	for _, name := range r.p.APIs() {
		for _, res := range r.p.apis[name].resources {
			for i := range res.Shape.Fields {
				if c := res.Shape.Fields[i].Category; c != "" && !seen[c] {
					seen[c] = true
					out = append(out, c)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
