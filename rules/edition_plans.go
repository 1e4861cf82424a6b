package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// What follows looks at an edition without a request: for reports that tell what it
// answers to whom.

// Refusal returns why a recipient is refused whatever it asks for (R3, R4): ReasonNone
// when it is not, and RecipientUnknown for an id that the registry does not have.
func (e *Edition) Refusal(recipient string) Reason {
	s := e.recipients[recipient]
	if s == nil {
		return RecipientUnknown
	}
	return s.refusal
}

// Purposes lists the purposes that a recipient may ask for, sorted. A refused one has
// those of its contract, too.
func (e *Edition) Purposes(recipient string) []string {
	s := e.recipients[recipient]
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.recipient.needs))
}

// Orders lists the refs of the legal orders in force that a recipient may name for a
// purpose, sorted.
func (e *Edition) Orders(recipient, purpose string) []string {
	p := e.policy.purposes[purpose]
	if p == nil || p.Legal != LegalObligation && p.Legal != LegalClaims {
		return nil
	}
	var refs []string
	for ref := range e.policy.orders {
		if e.order(ref, recipient, p) != nil {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	return refs
}

// Answers reports whether a resource answers a recipient for a purpose at all.
func (e *Edition) Answers(recipient, purpose string, r *Resource) bool {
	s := e.recipients[recipient]
	if s == nil || s.refusal != ReasonNone {
		return false
	}
	grant := s.recipient.needs[purpose]
	return grant != nil && r.permits(purpose) && !grant.Limits.refusesList(r.Shape)
}

// Plan returns the plan of a request for a resource, and under a legal purpose of one
// that names an order; nil where [Edition.Answers] is false. The edition does not keep
// it.
func (e *Edition) Plan(recipient, purpose string, r *Resource, order string) *Plan {
	if !e.Answers(recipient, purpose, r) {
		return nil
	}
	s := e.recipients[recipient]
	key := planKey{resource: r, recipient: s, grant: s.recipient.needs[purpose]}
	if p := key.grant.Purpose; p.Legal == LegalObligation || p.Legal == LegalClaims {
		key.order = e.order(order, recipient, p)
	}
	return newPlan(e, key)
}

// InForce reports whether a safeguard holds on the date of the edition.
func (e *Edition) InForce(s *SafeguardDef) bool { return s.inForce(e.from) }

// FieldGroup is personal fields of a policy about which every plan that answers their
// resource decides alike.
type FieldGroup struct {
	Subject    SubjectCategory
	Category   string
	Population string
	Fields     []FieldOf // by api, resource and number
}

// FieldOf is one field of a resource.
type FieldOf struct {
	Resource *Resource
	Field    int
}

// FieldGroups lists the personal fields of all resources in groups, by subject,
// category, population and first field.
func (p *Policy) FieldGroups() []FieldGroup {
	place := make(map[fieldReading]int)
	var groups []FieldGroup
	for _, r := range p.AllResources() {
		readings, _ := r.personal()
		for i := range r.Shape.Fields {
			reading, ok := readings[fieldName{path: r.Shape.Fields[i].Path}]
			if !ok {
				continue
			}
			reading.kind.location, reading.kind.born = "", "" // where a body says it changes no answer
			n, known := place[reading]
			if !known {
				n = len(groups)
				place[reading] = n
				groups = append(groups, FieldGroup{Subject: reading.group, Category: reading.category, Population: reading.kind.population})
			}
			groups[n].Fields = append(groups[n].Fields, FieldOf{Resource: r, Field: i})
		}
	}
	slices.SortStableFunc(groups, func(a, b FieldGroup) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), strings.Compare(a.Category, b.Category), strings.Compare(a.Population, b.Population))
	})
	return groups
}

// Alike is everything that decides about a field under a plan. Equal values have equal
// [Plan.Outcomes], whatever recipients and purposes they are of. It is comparable.
type Alike struct {
	conditions conditions
	forms      forms
	kind       kindReading
	order      orderReading
	late       bool
	sinces     told
}

// Alike returns what decides about a field; that of a public one is the zero value.
func (p *Plan) Alike(field int) Alike {
	f := &p.resource.Shape.Fields[field]
	if f.Public || f.Kind < 0 {
		return Alike{}
	}
	kind := &p.resource.Shape.Subjects[f.Kind]
	return Alike{
		conditions: p.conditions(kind.Category).of(p, f), forms: p.forms(f),
		kind: kindReading{
			unseenWithheld: p.resource.unseen == UnseenWithhold, consumerFacing: p.resource.ConsumerFacing,
			population: kind.Population.Name, told: kind.Population.told,
		},
		order: p.order.reading(kind.Population.Name), late: p.grant.Purpose.late, sinces: p.sinces(kind.Category),
	}
}

// Grounds is what the notices in effect say of a purpose for a group of people who were
// told them, and how the recipient's countries stand for data about that group.
type Grounds struct {
	General, California bool  // the notice lists the purpose
	Row                 bool  // the EEA/UK notice has a row
	Basis               Basis // that governs the row, BasisNone without one
	APPI, EEA, UK       Geo
}

// Grounds returns those of a group.
func (p *Plan) Grounds(group SubjectCategory) (g Grounds) {
	in := p.purposeConditions(group)
	g.General, g.California, g.Row = in.scopeJ, in.scopeC, in.rowE
	if g.Row {
		g.Basis = in.basis
	}
	g.APPI, g.EEA, g.UK = p.standing.geo(group)
	return g
}
