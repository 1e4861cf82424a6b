package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// union warns of what one recipient could put together from its answers for different
// purposes (purpose_union): by an identifier that they have in common, or by the order
// of a list.
func (r *reviewer) union(d *RecipientDef) {
	if !d.Kind.contracted() || d.Contract == nil {
		return
	}
	joined := make(map[joint][]*Grant)
	needs := r.p.recipients[d.Name.Value].needs
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		for _, key := range r.keys(needs[name]) {
			joined[key] = append(joined[key], needs[name])
		}
	}
	told := make(map[string]bool)
	for _, key := range slices.SortedFunc(maps.Keys(joined), joint.compare) {
		grants := joined[key]
		all := unionOf(grants)
		purposes := purposesOf(grants)
		enough := slices.ContainsFunc(grants, func(g *Grant) bool { return len(unionOf([]*Grant{g})) == len(all) })
		if enough || told[purposes] { // one of them sees as much as all
			continue
		}
		told[purposes] = true
		r.warn(d.Contract.Pos, ErrReveals, fmt.Sprintf("purpose_union: recipient %q can join its answers for %s by %s, and so see of one person %s",
			d.Name.Value, purposes, key, strings.Join(all, ", ")), key.remedy())
	}
}

// joint is what answers for two purposes can be joined by.
type joint struct {
	by   jointKind
	name string // of the category, the link group or the list
	of   SubjectCategory
}

type jointKind uint8

const (
	jointIdentifier jointKind = iota
	jointPseudonym
	jointOrder
)

func (j joint) compare(o joint) int {
	return cmp.Or(cmp.Compare(j.by, o.by), strings.Compare(j.name, o.name), cmp.Compare(j.of, o.of))
}

// String completes "can join its answers by".
func (j joint) String() string {
	switch j.by {
	case jointIdentifier:
		return fmt.Sprintf("the %s of a %s", j.name, j.of)
	case jointPseudonym:
		return fmt.Sprintf("the pseudonyms of a %s in link group %s", j.of, j.name)
	case jointOrder:
	}
	return fmt.Sprintf("the order of the list %s", j.name)
}

func (j joint) remedy() string {
	switch j.by {
	case jointIdentifier:
		return "a pseudonym in place of the identifier keeps the purposes apart"
	case jointPseudonym:
		return "without the link group the purposes are apart"
	case jointOrder:
	}
	return "limits: {lists: false}, or name the purposes of the list at its resource"
}

// keys lists what answers for a purpose can be joined by.
func (r *reviewer) keys(g *Grant) []joint {
	if known, ok := r.joints[g]; ok {
		return known
	}
	var keys []joint
	for category, c := range g.needs {
		attrs := r.p.attributes(category)
		if attrs == nil || attrs.Identifier != DirectIdentifier {
			continue
		}
		for of := Customer; of <= Visitor; of++ {
			switch {
			case !g.Purpose.concerns(of):
			case c.need == NeedClear:
				keys = append(keys, joint{jointIdentifier, category, of})
			case c.need == NeedPseudonym && g.LinkGroup != "":
				keys = append(keys, joint{jointPseudonym, g.LinkGroup, of})
			}
		}
	}
	for _, name := range r.p.APIs() {
		for _, res := range r.p.apis[name].resources {
			if of, ok := res.lists(g); ok {
				keys = append(keys, joint{jointOrder, res.API + "." + res.Name, of})
			}
		}
	}
	slices.SortFunc(keys, joint.compare)
	keys = slices.Compact(keys)
	if r.joints == nil {
		r.joints = make(map[*Grant][]joint)
	}
	r.joints[g] = keys
	return keys
}

// concerns reports whether any notice lists the purpose for a group.
func (p *Purpose) concerns(c SubjectCategory) bool {
	return p.scopeJ[c] || p.scopeC[c] || p.rows[c].exists
}

// lists reports whether the resource is a list of which the purpose sees something
// personal, and of which group: the same place in two answers is the same person.
func (r *Resource) lists(g *Grant) (of SubjectCategory, ok bool) {
	if r.Shape.Single || !r.permits(g.Purpose.Name) || g.Limits.refusesList(r.Shape) || !r.shows(g) {
		return CategoryUnknown, false
	}
	for i := range r.Shape.Subjects {
		if c := r.Shape.Subjects[i].Category; g.Purpose.concerns(c) {
			return c, true
		}
	}
	return CategoryUnknown, false
}

// shows reports whether anything personal of the resource is needed.
func (r *Resource) shows(g *Grant) bool {
	return slices.ContainsFunc(r.Shape.Fields, func(f Field) bool { return !f.Public && g.Need(f.Category) != NeedNone })
}

// unionOf lists the categories that any of the grants sees in some form.
func unionOf(grants []*Grant) []string {
	seen := make(map[string]bool)
	for _, g := range grants {
		for category, c := range g.needs {
			if c.need != NeedNone {
				seen[category] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func purposesOf(grants []*Grant) string {
	names := make([]string, len(grants))
	for i, g := range grants {
		names[i] = fmt.Sprintf("%q", g.Purpose.Name)
	}
	return strings.Join(names, " and ")
}
