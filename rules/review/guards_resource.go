package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// resources compares what requests each resource takes, how it finds the people of a
// body, and what of a body is not about anybody.
func (w *watch) resources() {
	pairs(w.before.Bundle.APIs, w.after.Bundle.APIs, func(a *rules.APIDef) string { return a.Name.Value }, func(before, after *rules.APIDef) {
		var o, n rules.APIDef
		if before != nil {
			o = *before
		}
		if after != nil {
			n = *after
		}
		api := cmp.Or(n.Name.Value, o.Name.Value)
		pairs(o.Resources, n.Resources, func(r *rules.ResourceDef) string { return r.Name.Value }, func(before, after *rules.ResourceDef) {
			w.resource(api, before, after)
		})
	})
}

func (w *watch) resource(api string, before, after *rules.ResourceDef) {
	if after == nil {
		change, other := "is gone", answering(w.after.Bundle, api, before.Route.Value)
		if other != "" {
			change += ": what it answered may be answered by " + api + "." + other + " now"
		}
		w.add(other != "", "resource "+api+"."+before.Name.Value, change, before.Name.Pos)
		return
	}
	what := "resource " + api + "." + after.Name.Value
	o, n := &rules.ResourceDef{}, after
	if before == nil {
		w.add(true, what, "is new: "+after.Route.Value, after.Name.Pos)
	} else {
		o = before
		w.requests(what, o, n)
	}
	w.bodies(what, w.before.Resource(api, o.Name.Value), w.after.Resource(api, n.Name.Value), n.Name.Pos)
}

// answering names a resource of an api that may take requests for a route, empty if
// none does.
func answering(b *rules.Bundle, api, route string) string {
	for i := range b.APIs {
		if b.APIs[i].Name.Value != api {
			continue
		}
		for _, r := range b.APIs[i].Resources {
			if overlap(route, r.Route.Value) {
				return r.Name.Value
			}
		}
	}
	return ""
}

// overlap reports whether one request may be for either of two routes, whatever form
// their parameters have.
func overlap(a, b string) bool {
	return slices.EqualFunc(strings.Split(a, "/"), strings.Split(b, "/"), func(x, y string) bool {
		return x == y || strings.HasPrefix(x, "{") || strings.HasPrefix(y, "{")
	})
}

// admissions compares who is answered about what is nobody's.
func (w *watch) admissions(now time.Time) {
	pos := func(recipient string) rules.Pos {
		for _, b := range []*rules.Bundle{w.after.Bundle, w.before.Bundle} {
			for i := range b.Recipients {
				if b.Recipients[i].Name.Value == recipient {
					return b.Recipients[i].Name.Pos
				}
			}
		}
		return rules.Pos{}
	}
	type key struct {
		who, where string
		weaker     bool
	}
	told := make(map[key]bool)
	rules.CompareAdmissions(w.before, w.after, now, func(a *rules.Admission) {
		k := key{"recipient " + a.Recipient + ", " + a.Purpose, a.API + "." + a.Resource, a.Weaker}
		if told[k] {
			return // on another date
		}
		told[k] = true
		change := "reads what is nobody's in " + k.where
		if !a.Weaker {
			change = "does not read what is nobody's in " + k.where + " any more"
		}
		if from := a.When[0].From; from.After(now) {
			change += ", from " + from.Format(time.DateOnly) + " on"
		}
		w.add(a.Weaker, k.who, change, pos(a.Recipient))
	})
}

// requests compares the route and the parameters of a resource.
func (w *watch) requests(what string, o, n *rules.ResourceDef) {
	if o.Route.Value != n.Route.Value {
		w.add(true, what, fmt.Sprintf("has the route %s, before %s", n.Route.Value, o.Route.Value), n.Route.Pos)
	}
	pairs(o.Query, n.Query, func(q *rules.QueryDef) string { return q.Name.Value }, func(before, after *rules.QueryDef) {
		switch {
		case before == nil:
			w.add(true, what, "takes the query parameter "+after.Name.Value, after.Name.Pos)
		case after == nil:
			w.add(false, what, "does not take the query parameter "+before.Name.Value+" any more", before.Name.Pos)
		case before.Pattern.Value != after.Pattern.Value:
			w.add(true, what, "takes other values of the query parameter "+after.Name.Value, after.Name.Pos)
		}
	})
	pairs(o.Params, n.Params, func(p *rules.ParamDef) string { return p.Name.Value }, func(before, after *rules.ParamDef) {
		switch {
		case before == nil:
			// Without one a parameter is a plain word, which the form may go beyond.
			w.add(true, what, "says the form of {"+after.Name.Value+"}", after.Name.Pos)
		case after == nil:
			w.add(true, what, "does not say the form of {"+before.Name.Value+"} any more", n.Name.Pos)
		case before.Pattern.Value != after.Pattern.Value || before.Population.Value != after.Population.Value:
			w.add(true, what, "has another form of {"+after.Name.Value+"}", after.Name.Pos)
		}
	})
	if was, is := values(o.Purposes), values(n.Purposes); o.NoSubjects && n.NoSubjects && !slices.Equal(was, is) {
		narrower := is != nil && (was == nil || subset(is, was))
		w.add(!narrower, what, fmt.Sprintf("answers %s, before %s", purposes(is), purposes(was)), n.Name.Pos)
	}
}

// bodies compares what of a body is not personal, what passes unread, and by what its
// people are found.
func (w *watch) bodies(what string, before, after *rules.Resource, pos rules.Pos) {
	o, n := members(before), members(after)
	for _, path := range slices.Sorted(maps.Keys(n)) {
		was, ok := o[path]
		is := n[path]
		switch {
		case is.public && !ok:
			w.add(true, what, path+" is a new public member", pos)
		case is.public && !was.public:
			w.add(true, what, path+" is public, before of the category "+was.category, pos)
		case !is.public && ok && was.public:
			w.add(true, what, path+" is of the category "+is.category+", before public: people may be in an answer for it alone", pos)
		case is.subtree && !was.subtree:
			w.add(true, what, path+" passes with everything below it, unread (subtree)", pos)
		case was.subtree && !is.subtree:
			w.add(false, what, path+" does not pass with everything below it any more (subtree)", pos)
		}
		if ok && was.of != is.of {
			w.add(true, what, fmt.Sprintf("%s is decided by %s, before by %s", path, is.of, was.of), pos)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(o)) {
		if _, ok := n[path]; !ok && o[path].public {
			w.add(false, what, path+" is no public member any more", pos)
		}
	}
	if before == nil || after == nil {
		return
	}
	was, is := subjects(before), subjects(after)
	for _, place := range slices.Sorted(maps.Keys(is)) {
		if o, ok := was[place]; ok && o != is[place] {
			w.add(true, what, fmt.Sprintf("the person at %s is found by %s, before by %s", place, is[place], o), pos)
		}
	}
}

type member struct {
	public, subtree bool
	category        string
	of              string // whose state decides
}

func members(r *rules.Resource) map[string]member {
	out := make(map[string]member)
	if r == nil {
		return out
	}
	for i := range r.Shape.Fields {
		f := &r.Shape.Fields[i]
		of := "nobody"
		if f.Kind >= 0 {
			of = "the person at " + cmp.Or(r.Shape.Subjects[f.Kind].Path, ".")
			if f.About > 0 {
				of += " and another one that it is about"
			}
		}
		out[f.Path] = member{public: f.Public, subtree: f.Subtree, category: f.Category, of: of}
	}
	return out
}

// subjects tells by what each kind of person of a body is found: by the place of the
// object.
func subjects(r *rules.Resource) map[string]string {
	out := make(map[string]string)
	for i := range r.Shape.Subjects {
		k := &r.Shape.Subjects[i]
		words := []string{"population " + k.Population.Name, "group " + k.Category.String()}
		if k.Param != "" {
			words = append(words, "parameter "+k.Param)
		}
		for _, role := range r.Shape.Roles(i) {
			words = append(words, role.Name+" at "+role.Path)
		}
		switch k.ID {
		case rules.IDKey:
			words = append(words, "id by its key")
		case rules.IDCaller:
			words = append(words, "id of the caller")
		case rules.IDMember, rules.IDParam, rules.IDQuery:
		}
		if k.FromState {
			words = append(words, "age and location from the state")
		}
		out[placeOf(r.Shape, i)] = strings.Join(words, ", ")
	}
	return out
}

// placeOf says where a kind of person stands: its object, or the fields about it in the
// object of another one.
func placeOf(s *rules.Shape, kind int) string {
	place := cmp.Or(s.Subjects[kind].Path, ".")
	if !s.Subjects[kind].About {
		return place
	}
	var paths []string
	for i := range s.Fields {
		if s.Fields[i].About == kind {
			paths = append(paths, s.Fields[i].Path)
		}
	}
	return place + " whom " + strings.Join(paths, ", ") + " is also about"
}
