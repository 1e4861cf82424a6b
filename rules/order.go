package rules

import (
	"slices"
	"time"
)

// Order is a legal order on file, compiled. A request under a legal purpose names
// it by its ref; a purpose without one discloses nothing (X2, X3).
type Order struct {
	Def *OrderDef

	populations []*Population
	categories  []string
}

func (o *Order) inForce(now time.Time) bool {
	return !o.Def.From.After(now) && !ended(o.Def.Until, now)
}

// addressed reports whether the order is to the recipient and for the purpose.
func (o *Order) addressed(recipient, purpose string) bool {
	return o.Def.Purpose.Value == purpose &&
		slices.ContainsFunc(o.Def.Recipients, func(n Name) bool { return n.Value == recipient })
}

// lists reports whether the order covers a data category.
func (o *Order) lists(category string) bool {
	return slices.ContainsFunc(o.categories, func(c string) bool { return categoryWithin(category, c) })
}

// reaches reports whether the order is about a person of a population.
func (o *Order) reaches(p *Population, s *State) bool {
	return slices.Contains(o.populations, p) || o.Def.Named && s.underOrder(o.Def.Name.Value)
}

// underOrder reports whether an event names an order for the subject.
func (s *State) underOrder(ref string) bool {
	return s != nil && slices.ContainsFunc(s.Orders, func(o OrderStanding) bool { return o.Order == ref && o.Active() })
}

// order returns the order that a request names, if it is one to the recipient, for
// the purpose, and in force; nil otherwise.
func (e *Edition) order(ref, recipient string, purpose *Purpose) *Order {
	o := e.policy.orders[ref]
	if o == nil || !o.inForce(e.from) || !o.addressed(recipient, purpose.Name) {
		return nil
	}
	return o
}
