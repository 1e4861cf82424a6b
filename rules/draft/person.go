package draft

import (
	"slices"
	"strings"
	"unicode"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// group is a kind of people: the words by which objects and routes name them, and
// the subject category that the notices know them by.
type group struct {
	words    string
	category string
	sure     bool // the word is the category's own
}

var groups = []group{
	{"customer client buyer shopper consumer", "customer", true},
	{"user account_holder person people subscriber member patient passenger guest owner author contact applicant candidate student tenant recipient beneficiary", "customer", false},
	{"employee staff colleague", "staff", true},
	{"agent manager assignee operator", "staff", false},
	{"partner supplier reseller", "business_partner", false},
	{"visitor", "visitor", true},
	{"dependent spouse", "employee_family", false},
}

// qualifiers are words of a schema's name that say nothing of what it is.
var qualifiers = strings.Fields("object response result dto model detail details info information profile record summary public private full basic minimal simple item " +
	"entity resource data view read out output base nullable extended v1 v2 v3 account entry")

// who returns the word of a group in a name, empty for the name of no people.
func who(name string) (word string, g *group) {
	parts := slices.DeleteFunc(words(name), func(w string) bool { return slices.Contains(qualifiers, w) })
	if len(parts) == 0 {
		return "", nil
	}
	last := singular(parts[len(parts)-1])
	for i := range groups {
		if slices.Contains(strings.Fields(groups[i].words), last) {
			return last, &groups[i]
		}
	}
	return "", nil
}

// person is what a draft proposes about an object that describes somebody, or that
// belongs to somebody.
type person struct {
	population string
	id         string // path of the member
	form       *openapi.Schema
	group      *group // nil: no word tells
	self       bool   // the object describes the person, rather than names one
	key        bool   // the id is the key under which the object stands in a map
}

// rank is the order in which people get their populations.
func (p *person) rank() int {
	switch {
	case p.self && !p.key:
		return 0
	case p.self:
		return 1
	}
	return 2
}

// findPerson tells whether an object is about somebody with an id. name is that of
// the component, or of the member or route at which the object stands.
func findPerson(s *openapi.Schema, name string) *person {
	word, g := who(name)
	if word == "" && evidence(s) < 2 {
		return owner(s)
	}
	if word == "" {
		if word = singular(snake(name)); word == "" {
			word = "person"
		}
	}
	for _, id := range []string{"id", word + "_id", "uuid", "guid", word + "_uuid", "username", "user_name", "login", "email"} {
		for _, m := range s.Members {
			if snake(m.Name) == id && unicode.IsLetter(rune(m.Name[0])) && identifies(m.Schema) && quotable(m.Name) {
				return &person{population: word, id: quotePath(m.Name), form: m.Schema, group: g, self: true}
			}
		}
	}
	return nil
}

// keyOf tells whose the objects of a map are that have no id: they stand under one,
// as far as anybody can tell.
func keyOf(s, keys *openapi.Schema, name string) *person {
	p := &person{population: undecidedPopulation, form: keys, key: true}
	if word, g := who(name); word != "" || evidence(s) >= 2 {
		if p.population, p.group, p.self = word, g, true; word == "" {
			p.population = "person"
		}
	}
	return p
}

// owner finds the person to whom an object belongs by the one member that is named
// like an id of somebody: customer_id, userId.
func owner(s *openapi.Schema) *person {
	var found *person
	for _, m := range s.Members {
		name := snake(m.Name)
		stem, ok := strings.CutSuffix(name, "_id")
		if !ok || !identifies(m.Schema) || !quotable(m.Name) {
			continue
		}
		word, g := who(stem)
		if word == "" || word != stem {
			continue
		}
		if found != nil {
			return nil // of two people only a person can say whose it is
		}
		found = &person{population: word, id: quotePath(m.Name), form: m.Schema, group: g}
	}
	return found
}

// identifies reports whether a member can be an id.
func identifies(s *openapi.Schema) bool {
	t := s.Types &^ openapi.Null
	return (t == openapi.Integer || t == openapi.String) && !s.Container()
}

// idType is the type of a population's ids.
func idType(s *openapi.Schema) string {
	switch {
	case s.Types&openapi.Integer != 0 && s.Types&openapi.String == 0:
		return "integer"
	case s.Format == "uuid":
		return "uuid"
	}
	return "string"
}

// quotePath writes a member's name as a step of a path.
func quotePath(name string) string {
	if name != "" && !strings.ContainsAny(name, `.[]{}`) && name[0] != '@' {
		return name
	}
	return `"` + name + `"`
}

// quotable reports whether a path can name a member.
func quotable(name string) bool {
	return name != "" && !strings.ContainsAny(name, "\"\n\r\t\x00") && strings.ToValidUTF8(name, "") == name
}

// joinPath writes the path of rel below base.
func joinPath(base, rel string) string {
	switch {
	case rel == "" || rel == ".":
		return base
	case base == "" || base == ".":
		return rel
	case rel[0] == '[' || rel[0] == '{':
		return base + rel
	}
	return base + "." + rel
}
