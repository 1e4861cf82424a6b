package rules

import (
	"fmt"
	"slices"
	"strings"
)

// promises reads what the notices limit to certain purposes: categories of data, as
// health data to health management (J4.8), and categories of recipients, as analytics
// modules to the analysis of visits (E4.2).
func (c *compiler) promises() {
	for i := range c.b.Categories {
		d := &c.b.Categories[i]
		attrs := c.p.categories[d.Name.Value]
		if len(d.Purposes) > 0 && attrs != nil {
			attrs.Purposes = c.purposeNames(d.Purposes)
		}
	}
	for i := range c.b.Categories {
		d := &c.b.Categories[i]
		attrs := c.p.categories[d.Name.Value]
		outer := c.limitedTo(parent(d.Name.Value))
		for _, n := range d.Purposes {
			if len(outer) > 0 && !slices.Contains(outer, n.Value) {
				c.problem(n.Pos, ErrConflict, fmt.Sprintf("%q is within a category that is for %s only", d.Name.Value, strings.Join(outer, ", ")), "")
			}
		}
		if attrs.Purposes = c.limitedTo(d.Name.Value); attrs.Special && len(attrs.Purposes) == 0 {
			c.problem(d.Name.Pos, ErrMissing, fmt.Sprintf("special category %q needs the purposes that it is for", d.Name.Value), "purposes: [hr.health]")
		}
	}
	for _, only := range c.b.Disclosure.Only {
		c.purposeNames(only.Purposes)
	}
}

// limitedTo returns the purposes of a category, or else of the nearest that it is
// within and that has some.
func (c *compiler) limitedTo(category string) []string {
	for name := category; name != ""; name = parent(name) {
		if outer := c.p.categories[name]; outer != nil && len(outer.Purposes) > 0 {
			return outer.Purposes
		}
	}
	return nil
}

// promised refuses a purpose that the recipient's category must not have.
func (c *compiler) promised(r *Recipient, d *ContractPurposeDef, pos Pos) {
	for _, only := range c.b.Disclosure.Only {
		if only.Category != r.Def.Category || slices.ContainsFunc(only.Purposes, func(n Name) bool { return n.Value == d.Purpose.Value }) {
			continue
		}
		var names []string
		for _, n := range only.Purposes {
			names = append(names, n.Value)
		}
		c.problem(pos, ErrConflict, fmt.Sprintf("recipient %q is of the category %s, which is for %s only, not for %q",
			r.ID, only.Category, strings.Join(names, ", "), d.Purpose.Value), "disclosures.only says so")
	}
}
