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
func (s *Shape) Roles(kind int) []Role {
	if kind < len(s.Subjects) && s.Subjects[kind].About {
		return s.Root.roles("", -1, func(n *Node, _ int) Roles { return n.other(kind) }, nil)
	}
	return s.Root.roles("", -1, func(n *Node, in int) Roles {
		if in != kind {
			return 0
		}
		return n.Roles
	}, nil)
}

// other returns what the place says of another person.
func (n *Node) other(kind int) Roles {
	for _, o := range n.Others {
		if o.Kind == kind {
			return o.Roles
		}
	}
	return 0
}

func (n *Node) roles(path string, in int, of func(n *Node, in int) Roles, out []Role) []Role {
	if n == nil {
		return out
	}
	if n.Subject >= 0 {
		in = n.Subject
	}
	found := of(n, in)
	for _, r := range roleNames {
		if found&r.role != 0 {
			out = append(out, Role{Name: r.name, Path: path})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n.Members)) {
		below := name
		if path != "" {
			below = path + "." + name
		}
		out = n.Members[name].roles(below, in, of, out)
	}
	out = n.Any.roles(path+"{}", in, of, out)
	return n.Elem.roles(path+"[]", in, of, out)
}
