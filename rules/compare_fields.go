package rules

import (
	"maps"
	"slices"
)

// resourcePair is a resource of both policies, by its name; nil where one has none.
type resourcePair struct{ sides [2]*Resource }

// fieldPair is a field of both policies by its path, as far as it decides: every
// place where it does so alike.
type fieldPair struct {
	key    fieldKey
	fields [2]*Field // of one of the places
	places []fieldPlace
}

type fieldKey [2]fieldReading

// fieldReading is what a policy says of a field, beside what contracts do.
type fieldReading struct {
	mapped bool // as personal data
	// other: what the person decides that the field is about besides its subject. free:
	// here the policy has none, so that nobody but the subject restricts it.
	other, free    bool
	group          SubjectCategory
	category, link string
	kind           kindReading
}

// kindReading is how a policy finds out about the people of one kind.
type kindReading struct {
	unseenWithheld, consumerFacing bool
	population                     string
	told                           told
	location, born                 string // where the body says it
}

type fieldPlace struct {
	resource int // in comparison.resources
	place    Place
}

// pairFields finds the fields of all resources of both policies, and unites those that
// decide alike.
func (c *comparison) pairFields() {
	byKey := make(map[fieldKey]*fieldPair)
	for _, names := range c.resourceNames() {
		pair := resourcePair{}
		var readings [2]map[fieldName]fieldReading
		var fields [2]map[fieldName]*Field
		var paths []fieldName
		for side, p := range c.policies {
			if a := p.apis[names[0]]; a != nil {
				pair.sides[side] = a.resource(names[1])
			}
			readings[side], fields[side] = pair.sides[side].personal()
			paths = slices.AppendSeq(paths, maps.Keys(readings[side]))
		}
		slices.SortFunc(paths, fieldName.compare)
		for _, path := range slices.Compact(paths) {
			for side := range readings {
				path.release(readings[side], fields[side])
			}
			key := fieldKey{readings[0][path], readings[1][path]}
			f := byKey[key]
			if f == nil {
				f = &fieldPair{key: key, fields: [2]*Field{fields[0][path], fields[1][path]}}
				byKey[key] = f
				c.fields = append(c.fields, f)
			}
			f.places = append(f.places, fieldPlace{resource: len(c.resources), place: Place{API: names[0], Resource: names[1], Shape: pair.shape(path), Path: path.path, Other: path.other}})
		}
		c.resources = append(c.resources, pair)
	}
}

// resourceNames lists (api, resource) of both policies, sorted.
func (c *comparison) resourceNames() [][2]string {
	all := make(map[[2]string]bool)
	for _, p := range c.policies {
		for name, a := range p.apis {
			for _, r := range a.resources {
				all[[2]string{name, r.Name}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// shape names the shape of the subject of a field, as the newer policy has it.
func (p *resourcePair) shape(of fieldName) (name string) {
	for _, r := range p.sides {
		if r == nil {
			continue
		}
		for i := range r.Shape.Fields {
			f := &r.Shape.Fields[i]
			switch {
			case f.Path != of.path || f.Kind < 0:
			case !of.other:
				name = r.Shape.Subjects[f.Kind].Shape
			case f.About > 0:
				name = r.Shape.Subjects[f.About].Shape
			}
		}
	}
	return name
}

// personal lists the personal fields of a resource by path.
func (r *Resource) personal() (map[fieldName]fieldReading, map[fieldName]*Field) {
	readings, fields := make(map[fieldName]fieldReading), make(map[fieldName]*Field)
	if r == nil {
		return readings, fields
	}
	kinds := make([]kindReading, len(r.Shape.Subjects))
	for i := range kinds {
		k := &r.Shape.Subjects[i]
		kinds[i] = kindReading{
			unseenWithheld: r.unseen == UnseenWithhold, consumerFacing: r.ConsumerFacing, population: k.Population.Name, told: k.Population.told,
		}
	}
	for i := range kinds {
		for _, role := range r.Shape.Roles(i) {
			switch role.Name {
			case "birth date":
				kinds[i].born += role.Path + ";"
			case "id":
			default:
				kinds[i].location += role.Name + " " + role.Path + ";"
			}
		}
	}
	for i := range r.Shape.Fields {
		if f := &r.Shape.Fields[i]; !f.Public && f.Kind >= 0 {
			name := fieldName{path: f.Path}
			readings[name] = fieldReading{mapped: true, group: r.Shape.Subjects[f.Kind].Category, category: f.Category, link: f.Link, kind: kinds[f.Kind]}
			fields[name] = f
			if f.About > 0 {
				name.other = true
				readings[name] = fieldReading{mapped: true, other: true, group: r.Shape.Subjects[f.About].Category, category: f.Category, link: f.Link, kind: kinds[f.About]}
				fields[name] = f
			}
		}
	}
	return readings, fields
}
