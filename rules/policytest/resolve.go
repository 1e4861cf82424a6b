package policytest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// resolved is a test with what its names mean in a policy.
type resolved struct {
	*Test
	edition *rules.Edition // nil: none is in effect
	api     string
	method  string
	url     *url.URL
	match   rules.Match
	mapped  bool
	kinds   []int // by subject
}

// resolver finds what tests mean. Editions are kept: they remember their plans.
type resolver struct {
	policy   *rules.Policy
	editions map[time.Time]*rules.Edition
	problems rules.Problems
}

func (r *resolver) dangling(n rules.Name, what string, candidates []string) {
	r.problems = append(r.problems, &rules.Problem{
		Pos: n.Pos, Kind: rules.ErrDangling, Detail: fmt.Sprintf("the policy has no %s %q", what, n.Value), Suggestion: rules.DidYouMean(n.Value, candidates),
	})
}

func (r *resolver) problem(pos rules.Pos, kind error, detail, suggestion string) {
	r.problems = append(r.problems, &rules.Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion})
}

func (r *resolver) edition(at time.Time) *rules.Edition {
	e, ok := r.editions[at]
	if !ok {
		e = r.policy.At(at)
		r.editions[at] = e
	}
	return e
}

// resolve notes every name that the policy does not have. A test that expects the
// very refusal of such a name may have it.
func (r *resolver) resolve(t *Test) *resolved {
	out := &resolved{Test: t, edition: r.edition(t.At), kinds: make([]int, len(t.Subjects))}
	expects := func(reason rules.Reason) bool { return t.Expect != nil && t.Expect.Refused.Value == reason.String() }
	b := r.policy.Bundle
	if ids := names(b.Recipients, func(d *rules.RecipientDef) string { return d.Name.Value }); t.Recipient.Value != "" {
		if !slices.Contains(ids, t.Recipient.Value) && !expects(rules.RecipientUnknown) {
			r.dangling(t.Recipient, "recipient", ids)
		}
	}
	if t.Purpose.Value != "" && !expects(rules.PurposeUnknown) {
		r.purpose(t.Purpose)
	}
	if c := t.Caller; c != nil {
		for _, p := range c.Purposes {
			r.purpose(p)
		}
		if cas := names(r.policy.ClientCAs(), func(n *rules.Name) string { return n.Value }); c.CA.Value != "" && !slices.Contains(cas, c.CA.Value) {
			r.dangling(c.CA, "recipient that is matched by the authority", cas)
		}
	}
	r.route(out, expects(rules.RouteUnmapped))
	for i, s := range t.Subjects {
		out.kinds[i] = r.kind(out, s)
		r.deciding(out, s, out.kinds[i])
		for j := range s.Events {
			r.event(&s.Events[j])
		}
	}
	if out.mapped {
		r.fields(out)
	}
	if t.Body != nil {
		r.body(out)
	}
	return out
}

// body checks what a test with a body needs besides.
func (r *resolver) body(t *resolved) {
	if _, err := t.identity(r.policy.Bundle); err != nil {
		r.problem(t.Recipient.Pos, rules.ErrMissing, fmt.Sprintf("recipient %q has no credential to ask with", t.Recipient.Value), "caller: {user: NAME}")
	}
	for i, s := range t.Subjects {
		if !t.mapped || t.kinds[i] >= len(t.match.Resource.Shape.Subjects) {
			continue
		}
		p := t.match.Resource.Shape.Subjects[t.kinds[i]].Population
		if _, err := p.Canonical(s.ID.Value, false); err != nil {
			r.problem(s.ID.Pos, rules.ErrBadValue, fmt.Sprintf("the id has not the form of population %q", p.Name), "")
		}
	}
}

// names lists what a list is called by.
func names[T any](list []T, name func(*T) string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = name(&list[i])
	}
	return out
}

func (r *resolver) purpose(n rules.Name) {
	if !r.policy.HasPurpose(n.Value) {
		r.dangling(n, "purpose", names(r.policy.Bundle.Purposes, func(d *rules.PurposeDef) string { return d.Name.Value }))
	}
}

func (r *resolver) route(t *resolved, unmapped bool) {
	apis := r.policy.APIs()
	switch t.api = t.API.Value; {
	case t.api == "" && len(apis) == 1:
		t.api = apis[0]
	case t.api == "":
		r.problem(t.Request.Pos, rules.ErrMissing, "the policy has several apis", "say which one, by api: NAME")
		return
	case !slices.Contains(apis, t.api):
		r.dangling(t.API, "api", apis)
		return
	}
	method, target, _ := strings.Cut(t.Request.Value, " ")
	u, err := url.ParseRequestURI(strings.TrimSpace(target))
	if err != nil || !strings.HasPrefix(u.Path, "/") || method == "" || method != strings.ToUpper(method) {
		r.problem(t.Request.Pos, rules.ErrBadValue, "the request is not a method and a path", "for example: GET /v1/customers/1007")
		return
	}
	t.method, t.url = method, u
	if t.edition == nil {
		return
	}
	t.match, t.mapped = t.edition.Route(t.api, method, strings.Split(u.Path[1:], "/"))
	if !t.mapped && !unmapped {
		routes := names(r.policy.Bundle.APIs, func(d *rules.APIDef) string { return d.Name.Value })
		routes = routes[:0]
		for i := range r.policy.Bundle.APIs {
			if a := &r.policy.Bundle.APIs[i]; a.Name.Value == t.api {
				routes = names(a.Resources, func(d *rules.ResourceDef) string { return d.Route.Value })
			}
		}
		r.dangling(t.Request, "resource for the request", routes)
	}
}

// kind returns which kind of subject of the answer a subject is.
func (r *resolver) kind(t *resolved, s *Subject) int {
	if !t.mapped || s.Kind.Value == "" {
		return 0
	}
	kinds := t.match.Resource.Shape.Subjects
	for i := range kinds {
		if kinds[i].Shape == s.Kind.Value || kinds[i].Population.Name == s.Kind.Value {
			return i
		}
	}
	r.problem(s.Kind.Pos, rules.ErrDangling, fmt.Sprintf("resource %q has no subject of kind %q", t.match.Resource.Name, s.Kind.Value),
		rules.DidYouMean(s.Kind.Value, names(kinds, func(k *rules.SubjectKind) string { return k.Shape })))
	return 0
}

// deciding refuses facts that the gateway would not know: the bodies of the resource
// do not say them, and the policy does not promise that the state has them.
func (r *resolver) deciding(t *resolved, s *Subject, kind int) {
	if !t.mapped || kind >= len(t.match.Resource.Shape.Subjects) {
		return
	}
	k := &t.match.Resource.Shape.Subjects[kind]
	if k.FromState {
		return
	}
	unsaid := func(what, event string) {
		r.problem(s.Pos, rules.ErrConflict, fmt.Sprintf("the bodies of resource %q do not say %s", t.match.Resource.Name, what), "an event of kind "+event+" does")
	}
	if (s.Location.Country != "" || s.Residence != "") && !k.HasCountry {
		unsaid("where a person is", "location")
	}
	if !s.Born.IsZero() && !k.HasBorn {
		unsaid("when a person was born", "age")
	}
}

// event checks the names that an event holds: a consent to a purpose of another
// name would grant nothing, and the test would pass for the wrong reason.
func (r *resolver) event(e *Event) {
	b := r.policy.Bundle
	at := func(member, value string) rules.Name { return rules.Name{Value: value, Pos: e.at[member]} }
	if p := e.Scope.Purpose; p != "" {
		r.purpose(at("purpose", p))
	}
	for _, p := range e.Exceptions {
		r.purpose(at("exceptions", p))
	}
	ids := names(b.Recipients, func(d *rules.RecipientDef) string { return d.Name.Value })
	for _, id := range e.Scope.Recipients {
		if _, category := rules.ParseRecipientCategory(id); !category && !slices.Contains(ids, id) {
			r.dangling(at("recipients", id), "recipient, and no category of recipients,", ids)
		}
	}
	categories := names(b.Categories, func(d *rules.CategoryDef) string { return d.Name.Value })
	for _, c := range e.Scope.Categories {
		if !slices.ContainsFunc(categories, func(known string) bool { return within(known, c) || within(c, known) }) {
			r.dangling(at("categories", c), "category", categories)
		}
	}
	if orders := names(b.Orders, func(d *rules.OrderDef) string { return d.Name.Value }); e.Order != "" && !slices.Contains(orders, e.Order) {
		r.dangling(at("order", e.Order), "order", orders)
	}
	if e.Document == "" {
		return
	}
	versions := make(map[string][]string)
	for _, d := range b.Documents {
		versions[d.ID] = append(versions[d.ID], d.Version)
	}
	switch known, ok := versions[e.Document]; {
	case !ok:
		r.dangling(at("document", e.Document), "document", slices.Sorted(maps.Keys(versions)))
	case e.Version != "" && !slices.Contains(known, e.Version):
		r.dangling(at("version", e.Version), fmt.Sprintf("version of %q called", e.Document), known)
	}
}

// within reports whether a data category is another one or below it.
func within(category, ancestor string) bool {
	return category == ancestor || strings.HasPrefix(category, ancestor+".")
}

// fields checks that every field that is expected is one of a subject it is
// expected of.
func (r *resolver) fields(t *resolved) {
	shape := t.match.Resource.Shape
	check := func(e *Expect, kinds []int) {
		for _, f := range e.Fields {
			found := func(kind int) bool { return fieldNumber(shape, kind, f.Path.Value) >= 0 }
			if !slices.ContainsFunc(kinds, found) {
				r.problem(f.Path.Pos, rules.ErrDangling, fmt.Sprintf("resource %q has no field %q of this subject", t.match.Resource.Name, f.Path.Value),
					rules.DidYouMean(f.Path.Value, fieldNames(shape, kinds)))
			}
		}
	}
	var shared []int
	for i, s := range t.Subjects {
		if s.Expect != nil {
			check(s.Expect, t.kinds[i:i+1])
		} else {
			shared = append(shared, t.kinds[i])
		}
	}
	if len(t.Subjects) == 0 {
		shared = []int{0}
	}
	if len(shape.Subjects) == 0 && t.Body == nil && (t.Expect == nil || t.Expect.Refused.Value == "") {
		r.problem(t.Request.Pos, rules.ErrConflict, fmt.Sprintf("resource %q is about nobody", t.match.Resource.Name), "expect a refusal, or give the test a body")
		return
	}
	if t.Expect != nil {
		check(t.Expect, shared)
	}
}

// fieldNumber finds a field by its path from the root of the body, or from the
// object of its subject, as a shape writes it; -1 for another.
func fieldNumber(shape *rules.Shape, kind int, path string) int {
	if kind >= len(shape.Subjects) {
		return -1
	}
	for i := range shape.Fields {
		if f := &shape.Fields[i]; f.Concerns(kind) && (f.Path == path || f.Path == joined(shape.Subjects[kind].Path, path)) {
			return i
		}
	}
	return -1
}

// joined is the path of something below a place, as the policy writes it.
func joined(base, rel string) string {
	switch {
	case base == "" || base == ".":
		return rel
	case strings.HasPrefix(rel, "[") || strings.HasPrefix(rel, "{") || rel == "@key":
		return base + rel
	}
	return base + "." + rel
}

func fieldNames(shape *rules.Shape, kinds []int) (paths []string) {
	for i := range shape.Fields {
		if f := &shape.Fields[i]; slices.ContainsFunc(kinds, f.Concerns) && f.Kind >= 0 {
			base := shape.Subjects[f.Kind].Path
			paths = append(paths, f.Path, strings.TrimPrefix(strings.TrimPrefix(f.Path, base), "."))
		}
	}
	return paths
}
