package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// orderRef is the form of an order's ref, and of every case reference: what a caller
// may name it by. At most [DefaultMaxRef].
var orderRef = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

func (c *compiler) order(d *OrderDef) {
	o := &Order{Def: d}
	ref := d.Name.Value
	switch {
	case c.p.orders[ref] != nil:
		c.problem(d.Name.Pos, ErrDuplicate, fmt.Sprintf("order %q is defined twice", ref), "")
	case !orderRef.MatchString(ref):
		c.problem(d.Name.Pos, ErrBadValue, fmt.Sprintf("%q is no ref of an order", ref), "at most 64 of A-Z, a-z, 0-9, . _ : -")
	}
	c.p.orders[ref] = o
	for what, missing := range map[string]bool{
		"kind": d.Kind == "", "issuer": d.Issuer == "", "purpose": d.Purpose.Value == "", "recipients": len(d.Recipients) == 0,
		"categories": len(d.Categories) == 0, "valid_from": d.From.IsZero(), "populations or named": len(d.Populations) == 0 && !d.Named,
	} {
		if missing {
			c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("order %q needs %s", ref, what), "")
		}
	}
	if ended(d.Until, d.From) {
		c.problem(d.Pos, ErrConflict, fmt.Sprintf("order %q ends before it begins", ref), "")
	}
	if d.Purpose.Value != "" {
		if p := c.purpose(d.Purpose); p != nil && p.Legal != LegalObligation && p.Legal != LegalClaims {
			c.problem(d.Purpose.Pos, ErrConflict, fmt.Sprintf("purpose %q rests on no order", p.Name), "one with legal: obligation or claims")
		}
	}
	for _, n := range d.Recipients {
		if c.p.recipients[n.Value] == nil {
			c.problem(n.Pos, ErrDangling, fmt.Sprintf("no recipient %q", n.Value), DidYouMean(n.Value, slices.Collect(maps.Keys(c.p.recipients))))
		}
	}
	for _, n := range d.Categories {
		if attrs := c.category(n); attrs != nil && attrs.Credential {
			c.problem(n.Pos, ErrConflict, fmt.Sprintf("%q is a credential: it is disclosed to nobody", n.Value), "")
		}
		o.categories = append(o.categories, n.Value)
	}
	for _, n := range d.Populations {
		o.populations = append(o.populations, c.population(n))
	}
}
