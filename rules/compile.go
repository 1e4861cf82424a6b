package rules

import (
	"fmt"
	"regexp"
)

// Compile checks a bundle as a whole and resolves its names. With any problem
// the policy is nil. Problems are complete and sorted by position.
func Compile(b *Bundle) (*Policy, Problems) {
	c := &compiler{b: b, terms: make(map[string]*terms), patterns: make(map[string]*regexp.Regexp), p: &Policy{
		Bundle: b, purposes: make(map[string]*Purpose), populations: make(map[string]*Population),
		categories: make(map[string]*CategoryAttrs), recipients: make(map[string]*Recipient),
		users: make(map[string]credential), certificates: make(map[certificateName]credential),
		orders: make(map[string]*Order), apis: make(map[string]*api),
	}}
	c.documents()
	c.geography()
	c.categoryDefs()
	c.populationDefs()
	c.purposeDefs()
	c.promises()
	c.contractTerms()
	for i := range b.Recipients {
		c.recipient(&b.Recipients[i])
	}
	c.personsPrefixes()
	for i := range b.Orders {
		c.order(&b.Orders[i])
	}
	for i := range b.APIs {
		c.api(&b.APIs[i])
	}
	c.required()
	if len(c.problems) > 0 {
		return nil, c.problems.Sort()
	}
	return c.p, nil
}

type compiler struct {
	b        *Bundle
	p        *Policy
	terms    map[string]*terms
	patterns map[string]*regexp.Regexp // compiled, by what the policy says
	shapes   map[string]*ShapeDef      // of the api that is compiled
	problems Problems
}

func (c *compiler) problem(pos Pos, kind error, detail, suggestion string) {
	c.problems = append(c.problems, &Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion})
}

// required reports sections that stand in no file, at the head of a file that
// there is.
func (c *compiler) required() {
	b := c.b
	for what, missing := range map[string]bool{
		"controller": b.Controller.ID == "", "documents": len(b.Documents) == 0, "geography": b.Geography.Pos.File == "" && !b.Geography.BuiltIn,
		"purposes": len(b.Purposes) == 0, "recipients": len(b.Recipients) == 0, "api": len(b.APIs) == 0,
	} {
		if missing {
			c.problem(Pos{File: c.anyFile(), Line: 1, Column: 1}, ErrMissing, fmt.Sprintf("the policy has no %q in any of its files", what), "")
		}
	}
}

func (c *compiler) anyFile() string {
	b := c.b
	files := []string{b.Controller.Pos.File}
	if !b.Geography.BuiltIn { // it stands in no file of the policy
		files = append(files, b.Geography.Pos.File)
	}
	for _, d := range b.Documents {
		files = append(files, d.Pos.File)
	}
	for i := range b.Purposes {
		files = append(files, b.Purposes[i].Name.Pos.File)
	}
	for i := range b.Recipients {
		files = append(files, b.Recipients[i].Name.Pos.File)
	}
	for i := range b.APIs {
		files = append(files, b.APIs[i].Name.Pos.File)
	}
	for _, f := range files {
		if f != "" {
			return f
		}
	}
	return "policy"
}

// pattern compiles a regular expression that must match a whole text. It must
// be one by itself: in a)|(b the ends would be loose.
func (c *compiler) pattern(n Name) *regexp.Regexp {
	if re := c.patterns[n.Value]; re != nil {
		return re
	}
	if _, err := regexp.Compile(n.Value); err != nil {
		c.problem(n.Pos, ErrBadValue, fmt.Sprintf("%q is not a regular expression: %v", n.Value, err), "")
		return nil
	}
	re := regexp.MustCompile("^(?:" + n.Value + ")$")
	c.patterns[n.Value] = re
	return re
}
