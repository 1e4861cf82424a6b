package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Resource returns a resource of an api, nil for one that the policy does not have.
func (p *Policy) Resource(api, name string) *Resource {
	a := p.apis[api]
	if a == nil {
		return nil
	}
	return a.resource(name)
}

// Resources lists the resources of an api in the order of the policy.
func (p *Policy) Resources(api string) []*Resource {
	a := p.apis[api]
	if a == nil {
		return nil
	}
	return slices.Clone(a.resources)
}

// AllResources lists the resources of all apis, by api and name.
func (p *Policy) AllResources() []*Resource {
	var all []*Resource
	for _, a := range p.apis {
		all = append(all, a.resources...)
	}
	slices.SortFunc(all, func(a, b *Resource) int {
		return cmp.Or(strings.Compare(a.API, b.API), strings.Compare(a.Name, b.Name))
	})
	return all
}

// Resource returns a resource of an API by its name, as the match of a request
// without parameters: for who asks what a plan would let out, and sends nothing.
func (e *Edition) Resource(api, name string) (Match, bool) {
	r := e.policy.Resource(api, name)
	return Match{Resource: r}, r != nil
}

// Outside returns the plans by which recipients outside the controller may ask for a
// resource today, whatever case they name: by recipient, then by purpose. What rests
// on a legal order is not among them.
func (e *Edition) Outside(r *Resource) []*Plan {
	var plans []*Plan
	for _, id := range slices.Sorted(maps.Keys(e.recipients)) {
		s := e.recipients[id]
		if !s.recipient.Def.Kind.External() || s.refusal != ReasonNone {
			continue
		}
		for _, purpose := range slices.Sorted(maps.Keys(s.recipient.needs)) {
			grant := s.recipient.needs[purpose]
			if grant.Purpose.Legal != LegalNone || !r.permits(purpose) || grant.Limits.refusesList(r.Shape) {
				continue
			}
			key := planKey{resource: r, recipient: s, grant: grant}
			plans = append(plans, e.plans.plan(key, func() *Plan { return newPlan(e, key) }))
		}
	}
	return plans
}
