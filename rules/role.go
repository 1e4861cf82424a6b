package rules

import (
	"maps"
	"slices"
)

// Role is a deciding member of a kind of subject: where a body says its id, where it
// is, or when it was born.
type Role struct {
	Name string // id, country, region, residence, birth date
	Path string // from the root of the body
}

var roleNames = [...]struct {
	role Roles
	name string
}{{RoleID, "id"}, {RoleCountry, "country"}, {RoleRegion, "region"}, {RoleResidence, "residence"}, {RoleBorn, "birth date"}}

// Roles lists the deciding members of one kind of subject, by their place in the body.
func (s *Shape) Roles(kind int) []Role { return s.Root.roles("", -1, kind, nil) }

func (n *Node) roles(path string, in, kind int, out []Role) []Role {
	if n == nil {
		return out
	}
	if n.Subject >= 0 {
		in = n.Subject
	}
	if in == kind {
		for _, r := range roleNames {
			if n.Roles&r.role != 0 {
				out = append(out, Role{Name: r.name, Path: path})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n.Members)) {
		below := name
		if path != "" {
			below = path + "." + name
		}
		out = n.Members[name].roles(below, in, kind, out)
	}
	out = n.Any.roles(path+"{}", in, kind, out)
	return n.Elem.roles(path+"[]", in, kind, out)
}
