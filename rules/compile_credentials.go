package rules

import (
	"fmt"
	"strings"
)

// user enters a name that Caddy's authentication gives.
func (c *compiler) user(r *Recipient, u UserDef) {
	if u.Name.Value == "" {
		return // a problem already
	}
	if other := c.p.users[u.Name.Value].recipient; other != nil {
		c.problem(u.Name.Pos, ErrConflict, fmt.Sprintf("user %q is recipient %q already", u.Name.Value, other.ID), "one credential is one recipient")
	}
	c.p.users[u.Name.Value] = credential{recipient: r, purposes: c.purposeNames(u.Purposes)}
}

// personsOf enters a form of user names that are data subjects.
func (c *compiler) personsOf(r *Recipient, d *PersonsDef) {
	if r.Def.Kind != DataSubject {
		c.problem(d.Pos, ErrConflict, fmt.Sprintf("recipient %q matches persons and is not a data_subject", r.ID), "kind: data_subject")
	}
	switch {
	case d.Prefix.Value == "":
		c.problem(d.Pos, ErrMissing, "persons need the prefix of their user names", `prefix: customer-`)
		return
	case d.Population.Value == "":
		c.problem(d.Pos, ErrMissing, "persons need their population", "population: one that populations declares")
		return
	}
	c.p.persons = append(c.p.persons, persons{recipient: r, population: c.population(d.Population), prefix: d.Prefix.Value})
}

// personsPrefixes refuses user names that could be two persons, or a person and a
// recipient.
func (c *compiler) personsPrefixes() {
	seen := make(map[string]bool)
	for i := range c.b.Recipients {
		d := &c.b.Recipients[i]
		for _, p := range d.Persons {
			if p.Prefix.Value == "" {
				continue // a problem already
			}
			if seen[p.Prefix.Value] {
				c.problem(p.Prefix.Pos, ErrDuplicate, fmt.Sprintf("prefix %q stands twice", p.Prefix.Value), "")
			}
			seen[p.Prefix.Value] = true
			for _, other := range c.p.persons {
				if other.prefix != p.Prefix.Value && strings.HasPrefix(other.prefix, p.Prefix.Value) {
					c.problem(p.Prefix.Pos, ErrConflict, fmt.Sprintf("a user name that begins with %q could be two persons", other.prefix), "no prefix may begin with another")
				}
			}
			for user := range c.p.users {
				if strings.HasPrefix(user, p.Prefix.Value) {
					c.problem(p.Prefix.Pos, ErrConflict, fmt.Sprintf("user %q is a recipient, and would be a person too", user), "choose another prefix")
				}
			}
		}
	}
}
