package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// resource is a route of the draft.
type resource struct {
	name     string
	op       *openapi.Operation
	body     []placed
	envelope []string // paths of members around the objects
	notes    []string
	subject  string // of the whole body; empty: its objects say
	decide   *unit  // the unit that nobody knows the subject of
	none     bool   // about nobody
	params   []form
	query    []form
	asked    []string // query parameters that the draft leaves out
}

// form is a parameter with what it may be, as a policy writes it.
type form struct{ name, form string }

var envelopeNames = strings.Fields("data items item results result records record entries list content value values objects payload response rows hits _embedded")

// envelope reports whether an object only wraps others: a page of a list.
func envelope(s *openapi.Schema) bool {
	if len(s.Members) == 0 || findPerson(s, s.Name) != nil || s.Member("id") != nil {
		return false
	}
	lists, others := 0, 0
	for _, m := range s.Members {
		holds := core(m.Schema)
		if holds == s { // a tree, whose nodes are like it
			return false
		}
		switch {
		case holds == nil || len(holds.Members) == 0:
		case slices.Contains(envelopeNames, strings.ToLower(m.Name)):
			return true
		case m.Schema.Elem != nil:
			lists++
		case !slices.Contains(strings.Fields("meta links _links pagination page paging"), strings.ToLower(m.Name)):
			others++
		}
	}
	return lists == 1 && others == 0
}

// core is what the arrays and maps of a schema hold in the end.
func core(s *openapi.Schema) *openapi.Schema {
	for depth := 0; s != nil && len(s.Members) == 0 && (s.Elem != nil || s.Any != nil); depth++ {
		if depth > DefaultMaxNesting {
			return nil
		}
		if s.Elem != nil {
			s = s.Elem
		} else {
			s = s.Any
		}
	}
	return s
}

func (d *drafter) resource(op *openapi.Operation) (*resource, string) {
	r := &resource{op: op, name: d.resourceName(op)}
	hint := "object"
	for segment := range strings.SplitSeq(op.Path, "/") {
		if !strings.HasPrefix(segment, "{") && snake(segment) != "" {
			hint = singular(snake(segment))
		}
	}
	switch c := core(op.Body); {
	case op.Body.Scalar() && !op.Body.Container():
		return nil, "its answer is " + op.Body.Types.String() + " and no object"
	case !op.Body.Container() || c == nil:
		return nil, "nothing says what its answer holds"
	}
	d.place(r, ".", hint, op.Body, 0)
	if len(r.body) == 0 {
		return nil, "nothing of its answer could be described"
	}
	d.forms(r)
	return r, ""
}

// place finds the objects of a body.
func (d *drafter) place(r *resource, path, hint string, s *openapi.Schema, depth int) {
	inner := core(s)
	switch {
	case depth > DefaultMaxNesting:
		r.notes = append(r.notes, path+": is nested too deep: left out")
	case depth < 3 && !strings.ContainsAny(path, "[{") && envelope(s): // what stands in a list is wrapped already
		for _, m := range s.Members {
			if !quotable(m.Name) {
				continue
			}
			at := joinPath(path, quotePath(m.Name))
			c := core(m.Schema)
			meta := m.Schema.Elem == nil && slices.Contains(strings.Fields("meta links _links pagination page paging"), strings.ToLower(m.Name))
			switch {
			case c != nil && len(c.Members) > 0 && !meta:
				d.place(r, at, singular(snake(cmpName(m.Name, hint))), m.Schema, depth+1)
			default:
				r.around(at, m.Schema, 0)
			}
		}
	case len(s.Members) == 0 && s.Elem != nil && inner != nil && len(inner.Members) > 0:
		d.place(r, joinPath(path, "[]"), hint, s.Elem, depth+1)
	case len(s.Members) == 0 && s.Any != nil && s.Elem == nil:
		d.put(r, joinPath(path, "{}"), d.unit(s.Any, hint, keysOf(s)), nil)
	default:
		d.put(r, path, d.unit(s, hint, nil), nil)
	}
}

// keysOf is the form of the keys of a map.
func keysOf(s *openapi.Schema) *openapi.Schema {
	if s.Keys != nil {
		return s.Keys
	}
	return &openapi.Schema{Types: openapi.String}
}

// cmpName is the name of what a member of an envelope holds: of `data` the route
// tells more.
func cmpName(member, hint string) string {
	if slices.Contains(envelopeNames, strings.ToLower(member)) {
		return hint
	}
	return member
}

// around lists the scalars of an envelope.
func (r *resource) around(path string, s *openapi.Schema, depth int) {
	switch {
	case depth > 2 || len(r.envelope) > 50:
	case len(s.Members) > 0:
		for _, m := range s.Members {
			if quotable(m.Name) {
				r.around(joinPath(path, quotePath(m.Name)), m.Schema, depth+1)
			}
		}
	case s.Elem != nil:
		r.around(joinPath(path, "[]"), s.Elem, depth+1)
	case s.Scalar():
		r.envelope = append(r.envelope, path)
	}
}

// put places a unit and the people within it.
func (d *drafter) put(r *resource, path string, u *unit, within []*unit) {
	if slices.ContainsFunc(r.body, func(p placed) bool { return p.path == path }) {
		return
	}
	r.body = append(r.body, placed{path, u})
	for _, p := range u.people {
		at := joinPath(path, p.path)
		if slices.Contains(within, p.unit) || len(within) >= DefaultMaxWithin {
			r.notes = append(r.notes, at+": people within people within people: left out from here on")
			continue
		}
		d.put(r, at, p.unit, append(slices.Clone(within), u))
	}
}

// subjects says of every resource whose data it is, once all people are known.
func (d *drafter) subjects() {
	for _, r := range d.resources {
		var open *unit
		people := false
		for _, p := range r.body {
			switch {
			case p.unit.person != nil:
				people = true
			case p.unit.nobody:
			case open == nil:
				open = p.unit
			}
		}
		switch {
		case open == nil:
			r.none = !people
			continue
		case d.bySubject(r):
		default:
			r.decide = open
			r.subject = "{population: " + undecidedPopulation + ", category: customer, id: {at: id}, facts: state}"
			d.undecided = true
		}
	}
}

// bySubject proposes the person whose id is in the path, or must be in the query.
func (d *drafter) bySubject(r *resource) bool {
	segments := strings.Split(r.op.Path, "/")
	try := func(kind string, p openapi.Param, before string) bool {
		name := snake(p.Name)
		word, g := who(strings.TrimSuffix(name, "_id"))
		if name == "id" || word == "" || name == word && before != "" {
			if w, h := who(before); w != "" {
				word, g = w, h
			}
		}
		if word == "" {
			return false
		}
		if i := slices.IndexFunc(d.populations, func(o *population) bool { return o.name == word }); i >= 0 {
			known := d.populations[i]
			other := known.member != "" && known.member != name && !strings.HasSuffix(name, "id") // a login where bodies have numbers
			if known.form != idType(p.Schema) || other {
				return false
			}
		}
		pop := d.population(word, g, p.Schema)
		r.subject = fmt.Sprintf("{population: %s, category: %s, id: {%s: %s}}", pop.name, pop.category, kind, scalar(p.Name))
		d.used(pop)
		return true
	}
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") || i == 0 {
			continue
		}
		for _, p := range r.op.Params {
			if "{"+p.Name+"}" == s && try("param", p, segments[i-1]) {
				return true
			}
		}
	}
	for _, p := range r.op.Query {
		if p.Required && formFor(p.Schema) != "" && strings.HasSuffix(snake(p.Name), "_id") && try("query", p, "") {
			return true
		}
	}
	return false
}

// forms gives the parameters their forms.
func (d *drafter) forms(r *resource) {
	for _, p := range r.op.Params {
		if f := formFor(p.Schema); f != "" && strings.Contains(r.op.Path, "{"+p.Name+"}") { // descriptions have others, too
			r.params = append(r.params, form{p.Name, f})
		}
	}
	for _, p := range r.op.Query {
		if f := formFor(p.Schema); f != "" {
			r.query = append(r.query, form{p.Name, f})
		} else {
			name := p.Name
			if p.Required {
				name += " (which the api requires)"
			}
			r.asked = append(r.asked, name)
		}
	}
}

// formFor writes the form of a parameter, empty for a text of any kind.
func formFor(s *openapi.Schema) string {
	t := s.Types &^ openapi.Null
	switch {
	case t == openapi.Array && s.Elem != nil && !s.Elem.Container(): // of a list a caller may say one
		return formFor(s.Elem)
	case s.Container():
		return ""
	case len(s.Enum) > 0:
		return enumForm(s.Enum)
	case t == openapi.Integer:
		return "integer"
	case t == openapi.Boolean:
		return `{pattern: "true|false"}`
	case t != openapi.String:
		return ""
	case s.Format == "uuid":
		return "uuid"
	case s.Format == "date":
		return `{pattern: "[0-9]{4}-[0-9]{2}-[0-9]{2}"}`
	case s.Format == "date-time":
		return `{pattern: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,18}(Z|[+-][0-9]{2}:[0-9]{2})"}`
	case s.Pattern != "" && len(s.Pattern) < 500:
		if _, err := regexp.Compile(s.Pattern); err == nil && strings.HasPrefix(s.Pattern, "^") && strings.HasSuffix(s.Pattern, "$") && !strings.HasSuffix(s.Pattern, `\$`) {
			return "{pattern: " + strconv.Quote(s.Pattern) + "}"
		}
	}
	return ""
}

func enumForm(values []any) string {
	var out []string
	for _, v := range values {
		if v == nil {
			continue
		}
		if q := regexp.QuoteMeta(fmt.Sprint(v)); !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	if len(out) == 0 || len(out) > 200 {
		return ""
	}
	return "{pattern: " + strconv.Quote(strings.Join(out, "|")) + "}"
}

// resourceName names a route by its operation id, or by its path.
func (d *drafter) resourceName(op *openapi.Operation) string {
	name := snake(op.ID)
	if name == "" {
		var parts []string
		for segment := range strings.SplitSeq(strings.TrimPrefix(op.Path, d.api.Base), "/") {
			inner, isParam := strings.CutPrefix(segment, "{")
			switch part := snake(strings.TrimSuffix(inner, "}")); {
			case part == "" || versionForm.MatchString(segment):
			case isParam:
				parts = append(parts, "by_"+part)
			default:
				parts = append(parts, part)
			}
		}
		name = strings.Join(parts, "_")
	}
	if name == "" {
		name = "root"
	}
	base := name
	for n := 2; slices.ContainsFunc(d.resources, func(o *resource) bool { return o.name == name }); n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}
