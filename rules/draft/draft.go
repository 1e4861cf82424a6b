// Package draft writes the first version of a policy: from the description of an
// API, or from recorded bodies. A draft passes the check of a policy and
// discloses nothing: every member has a data category, and nobody needs any.
// What it cannot know it takes in the strictest reading and says so, as a comment
// at the place and in a numbered list. It never calls a member public by itself.
//
// A draft holds names of routes, members and parameters, and never a value: of
// recorded bodies neither ids nor keys that are data become names. The same input
// makes the same draft.
package draft

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/openapi"
	"github.com/modicum-dev/modicum/rules/source"
)

// Options say what a draft is for.
type Options struct {
	API    string   // its name in the policy
	Under  []string // only routes whose path begins with one of these; none: all
	Nobody []string // shapes that are about nobody, by the person's own decision
	// Existing is the policy to which the draft adds one API; nil for a whole
	// new policy. It must compile.
	Existing *rules.Policy
	// LegalName and Country are the controller's, of a whole new policy, and Since
	// is the day from which it holds.
	LegalName, Country string
	Since              time.Time
}

// Draft is what was written.
type Draft struct {
	Files     []File // by name
	Decisions []Decision
	Left      []openapi.Left // routes that are not in it
	Routes    int
	Shapes    int
}

// File is one file of a policy.
type File struct {
	Name string
	Text []byte
}

// Decision is something that a person must decide.
type Decision struct {
	Number int    `json:"number"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Text   string `json:"text"`
}

var (
	// ErrNoRoutes says that nothing of a description can stand in a policy.
	ErrNoRoutes = errors.New("no route to draft")
	// ErrTaken says that the policy has an API of that name already.
	ErrTaken = errors.New("the policy has an api of that name")
	// ErrNoShape says that a shape that was said to be about nobody is not in the
	// draft.
	ErrNoShape = errors.New("the draft has no such shape")
	// ErrName says that a name cannot be one of a policy.
	ErrName = errors.New("not a name for an api")
)

const undecidedPopulation = "undecided"

type drafter struct {
	api         *openapi.API
	options     Options
	units       []*unit
	resources   []*resource
	populations []*population
	left        []openapi.Left
	undecided   bool // some resource has the population that nobody is in
}

// population is a group of people with ids of one form.
type population struct {
	name, form, category string
	member               string // of bodies that is the id
	sure, used, exists   bool
}

var apiName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// New writes a draft.
func New(api *openapi.API, o Options) (*Draft, error) {
	if !apiName.MatchString(o.API) {
		return nil, fmt.Errorf("%w: %q: small letters, digits, _ and -", ErrName, o.API)
	}
	if o.Existing != nil && o.Existing.HasAPI(o.API) {
		return nil, fmt.Errorf("%w: %q", ErrTaken, o.API)
	}
	d := &drafter{api: api, options: o}
	d.existing()
	routes := make(map[string]string)
	for _, l := range api.Left {
		if d.under(l.Path) {
			d.left = append(d.left, l)
		}
	}
	for _, op := range api.Operations {
		if !d.under(op.Path) {
			continue
		}
		same := parameter.ReplaceAllString(op.Path, "{}")
		if other := routes[same]; other != "" {
			d.left = append(d.left, openapi.Left{Method: "GET", Path: op.Path, Reason: "it differs from " + other + " in the names of parameters alone"})
			continue
		}
		r, reason := d.resource(op)
		if r == nil {
			d.left = append(d.left, openapi.Left{Method: "GET", Path: op.Path, Reason: reason})
			continue
		}
		routes[same] = op.Path
		d.resources = append(d.resources, r)
	}
	slices.SortStableFunc(d.left, func(a, b openapi.Left) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	if len(d.resources) == 0 {
		if len(d.left) > 0 {
			l := d.left[0]
			return nil, fmt.Errorf("%w: of %d none is fit: %s %s: %s", ErrNoRoutes, len(d.left), l.Method, l.Path, l.Reason)
		}
		return nil, ErrNoRoutes
	}
	d.people()
	d.subjects()
	d.placedOnly()
	for _, name := range o.Nobody {
		if !slices.ContainsFunc(d.units, func(u *unit) bool { return u.nobody && u.base() == name }) {
			names := make([]string, len(d.units))
			for i, u := range d.units {
				names[i] = u.base()
			}
			return nil, fmt.Errorf("%w: %q: it has %s", ErrNoShape, name, list(names, 20))
		}
	}
	out := d.write()
	for _, f := range out.Files {
		if len(f.Text) > source.DefaultMaxFile {
			return nil, fmt.Errorf("%w: %s would have %d bytes, more than a policy file may: take only some of the routes", ErrTooLarge, f.Name, len(f.Text))
		}
	}
	return out, nil
}

var parameter = regexp.MustCompile(`\{[^/]*\}`)

func (d *drafter) under(path string) bool {
	return len(d.options.Under) == 0 || slices.ContainsFunc(d.options.Under, func(prefix string) bool {
		prefix = strings.TrimRight(prefix, "/")
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	})
}

// existing knows the populations of the policy that the draft is added to.
func (d *drafter) existing() {
	if d.options.Existing == nil {
		return
	}
	all := d.options.Existing.Populations()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		form := map[rules.IDType]string{rules.IDInteger: "integer", rules.IDUUID: "uuid", rules.IDString: "string"}[all[name].Type]
		d.populations = append(d.populations, &population{name: name, form: form, exists: true})
	}
}

// people gives the people of all shapes their populations.
func (d *drafter) people() {
	for pass := range 3 { // who is described comes before who is only named
		for _, u := range d.units {
			if p := u.person; p != nil && p.rank() == pass {
				if p.population == undecidedPopulation {
					d.undecided = true
					continue
				}
				if i := slices.IndexFunc(d.populations, func(o *population) bool { return o.name == p.population }); i >= 0 && p.key {
					d.used(d.populations[i]) // in keys every id is a text
					continue
				}
				pop := d.population(p.population, p.group, p.form)
				if p.self && !p.key && pop.member == "" {
					pop.member = snake(strings.Trim(p.id, `"`))
				}
				p.population = pop.name
				d.used(pop)
			}
		}
	}
}

// population returns the one of a word whose ids have that form.
func (d *drafter) population(word string, g *group, s *openapi.Schema) *population {
	form := idType(s)
	name := word
	for n := 2; ; n++ {
		i := slices.IndexFunc(d.populations, func(p *population) bool { return p.name == name })
		if i < 0 {
			p := &population{name: name, form: form, category: "customer"}
			if g != nil {
				p.category, p.sure = g.category, g.sure
			}
			d.populations = append(d.populations, p)
			return p
		}
		if p := d.populations[i]; p.form == form {
			if p.category == "" {
				if p.category = "customer"; g != nil {
					p.category = g.category
				}
			}
			return p
		}
		name = fmt.Sprintf("%s_%d", word, n)
	}
}

func (d *drafter) used(p *population) { p.used = true }

// placedOnly forgets the shapes that no route has, and orders the rest.
func (d *drafter) placedOnly() {
	used := make(map[*unit]bool)
	for _, r := range d.resources {
		for _, p := range r.body {
			used[p.unit] = true
		}
	}
	d.units = slices.DeleteFunc(d.units, func(u *unit) bool { return !used[u] })
	slices.SortFunc(d.units, func(a, b *unit) int { return cmp.Compare(a.name, b.name) })
}

// categories lists those of the draft's fields.
func (d *drafter) categories() []string {
	seen := make(map[string]bool)
	for _, u := range d.units {
		for _, f := range u.fields {
			if !u.nobody {
				seen[f.category] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
