package rules

import "sync"

// DefaultMaxClasses is how many classes a plan remembers the actions of. Beyond
// it actions are computed for each subject anew: slower, never different.
const DefaultMaxClasses = 4096

// DefaultMaxDecisions is how many decisions about single fields all plans of an
// edition remember between them, at about 100 bytes each. Beyond it, too, actions are
// computed for each subject anew, so that neither many plans nor people in unusual
// states fill the memory.
const DefaultMaxDecisions = 1 << 19

// Plan is edition x resource x recipient x purpose, and under a legal purpose the
// order that the request names, compiled. It is safe for concurrent use.
type Plan struct {
	edition  *Edition
	resource *Resource
	standing *standing
	grant    *Grant
	order    *Order
	kinds    []planKind
	wants    FieldSet

	mu   sync.RWMutex
	memo map[Class]*Actions
}

// planKind is what every plan of a resource knows of one kind of subject.
type planKind struct {
	subject    *SubjectKind
	categories []string
	all        CategoryMask // of categories
	number     []int        // by field: the number of its category, -1 for public ones
	told       told         // without an event of the person
}

func planKinds(s *Shape) []planKind {
	kinds := make([]planKind, len(s.Subjects))
	for i := range kinds {
		k := planKind{subject: &s.Subjects[i], categories: kindCategories(s, i), number: make([]int, len(s.Fields)), told: s.Subjects[i].Population.told}
		numbers := make(map[string]int, len(k.categories))
		for n, c := range k.categories {
			numbers[c] = n
			k.all.add(n)
		}
		for f := range s.Fields {
			k.number[f] = -1
			if n, ok := numbers[s.Fields[f].Category]; ok {
				k.number[f] = n
			}
		}
		kinds[i] = k
	}
	return kinds
}

func newPlan(e *Edition, k planKey) *Plan {
	p := &Plan{edition: e, resource: k.resource, standing: k.recipient, grant: k.grant, order: k.order, kinds: k.resource.kinds}
	p.wants = NewFieldSet(len(p.resource.Shape.Fields))
	for i := range p.resource.Shape.Fields {
		if f := &p.resource.Shape.Fields[i]; f.Public || p.grant.Need(f.Category) != NeedNone {
			p.wants.Add(i)
		}
	}
	return p
}

// Resource returns what the plan is for.
func (p *Plan) Resource() *Resource { return p.resource }

// Edition returns the edition that the plan belongs to.
func (p *Plan) Edition() *Edition { return p.edition }

// Recipient returns the recipient's registration.
func (p *Plan) Recipient() *RecipientDef { return p.standing.recipient.Def }

// Purpose returns the purpose.
func (p *Plan) Purpose() *Purpose { return p.grant.Purpose }

// LinkGroup names the domain of the plan's pseudonyms within its recipient: the
// purpose, or group:NAME with the contract's link group. No purpose has a colon,
// so a group never shares the tokens of a purpose of its name.
func (p *Plan) LinkGroup() string {
	if p.grant.LinkGroup != "" {
		return "group:" + p.grant.LinkGroup
	}
	return p.grant.Purpose.Name
}

// Wants returns the fields that any subject's actions could let out.
func (p *Plan) Wants() FieldSet { return p.wants }

// Limits returns how much the contract lets the purpose read, nil without limits.
func (p *Plan) Limits() *Limits { return p.grant.Limits }

// MinCell returns how many subjects of one answer must share a combination of the
// values that are marked [Action.Cell].
func (p *Plan) MinCell() int { return p.edition.policy.Bundle.Choices.minCell() }

// Complete reports whether the recipient gets objects with every mapped member, filled
// where it does not leave.
func (p *Plan) Complete() bool { return p.standing.recipient.Def.Complete }

// Actions returns the decision for a class. It is computed once per class.
func (p *Plan) Actions(c Class) *Actions {
	p.mu.RLock()
	a := p.memo[c]
	p.mu.RUnlock()
	if a != nil {
		return a
	}
	a = p.decide(&c)
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.memo[c]; known != nil {
		return known
	}
	if len(p.memo) < DefaultMaxClasses && p.edition.plans.reserve(a.size()) {
		if p.memo == nil {
			p.memo = make(map[Class]*Actions)
		}
		p.memo[c] = a
	}
	return a
}

// Remembers reports whether the plan keeps a decision, so that what is derived from
// it is worth keeping as long.
func (p *Plan) Remembers(a *Actions) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	known := p.memo[a.Class]
	return known != nil && (known == a || known.small == a)
}

// CCPANature says what a disclosure under this plan is in California: a sale or
// sharing, or for a business purpose. Nothing is disclosed to the controller.
func (p *Plan) CCPANature() string {
	d := p.standing.recipient.Def
	switch {
	case p.grant.Purpose.AdShare:
		return "share"
	case d.Kind == Internal || d.Kind == DataSubject:
		return "none"
	case d.Kind != Processor && d.Consideration:
		return "sale"
	}
	return "business_purpose"
}

// APPI29 says whether Art. 29 of APPI asks for a record of a provision under
// this plan, and why: a third party in Japan or abroad, and anybody abroad who
// is reached on consent because no equivalent system covers the country.
func (p *Plan) APPI29() (required bool, ground string) {
	d := p.standing.recipient.Def
	switch {
	case p.grant.Purpose.Legal != LegalNone: // an order, or the person's own request (Art. 27(1))
		return false, ""
	case d.Kind == ThirdParty:
		return true, "third_party_consent"
	case d.Kind.External() && d.Kind != Authority && p.standing.appi == GeoNone:
		return true, "foreign_consent"
	}
	return false, ""
}
