package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pattern is a parsed route: a method and path segments.
type pattern struct {
	method   string
	segments []segment
}

type segment struct {
	text  string
	param bool
}

var errRoute = errors.New("not a route")

func parsePattern(s string) (pattern, error) {
	method, path, ok := strings.Cut(s, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return pattern{}, fmt.Errorf("%w: a method, a space and a path", errRoute)
	}
	if method != "GET" {
		return pattern{}, fmt.Errorf("%w: this version minimises GET (and with it HEAD), not %q", errRoute, method)
	}
	p := pattern{method: method}
	for part := range strings.SplitSeq(path[1:], "/") {
		seg := segment{text: part}
		if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
			seg = segment{text: part[1 : len(part)-1], param: true}
		}
		if seg.text == "" || seg.text == "." || seg.text == ".." || !segmentText.MatchString(seg.text) {
			return pattern{}, fmt.Errorf("%w: segment %q", errRoute, part)
		}
		if seg.param && slices.Contains(p.params(), seg.text) {
			return pattern{}, fmt.Errorf("%w: parameter {%s} twice", errRoute, seg.text)
		}
		p.segments = append(p.segments, seg)
	}
	return p, nil
}

var segmentText = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

func (p pattern) params() []string {
	var names []string
	for _, s := range p.segments {
		if s.param {
			names = append(names, s.text)
		}
	}
	return names
}

// router finds the resource of a path: a tree of segments, literal before
// parameter.
type router struct {
	literal map[string]*router
	param   *router
	leaf    map[string]*Resource // by method
}

// add enters a resource, or returns the one that has its route already.
func (r *router) add(p pattern, res *Resource) *Resource {
	n := r
	for _, s := range p.segments {
		var next *router
		if s.param {
			if n.param == nil {
				n.param = new(router)
			}
			next = n.param
		} else {
			if n.literal == nil {
				n.literal = make(map[string]*router)
			}
			if next = n.literal[s.text]; next == nil {
				next = new(router)
				n.literal[s.text] = next
			}
		}
		n = next
	}
	if other := n.leaf[p.method]; other != nil {
		return other
	}
	if n.leaf == nil {
		n.leaf = make(map[string]*Resource)
	}
	n.leaf[p.method] = res
	return nil
}

// find matches the unescaped segments of a path. values are those of the
// parameters on the way.
func (r *router) find(method string, segments, values []string) (*Resource, []string) {
	if len(segments) == 0 {
		res := r.leaf[method]
		if res == nil || !res.accepts(values) {
			return nil, nil
		}
		return res, values
	}
	if next := r.literal[segments[0]]; next != nil {
		if res, v := next.find(method, segments[1:], values); res != nil {
			return res, v
		}
	}
	if r.param != nil {
		return r.param.find(method, segments[1:], append(values, segments[0]))
	}
	return nil, nil
}

// Resource is one route of an API, compiled.
type Resource struct {
	API, Name, Route, Method string
	Shape                    *Shape
	// ConsumerFacing: Sec-GPC on a request is the word of the subject.
	ConsumerFacing bool

	params   []string
	ids      []*Population    // by parameter: the population whose id it is, or nil
	patterns []*regexp.Regexp // by parameter: its declared form, or nil
	query    []queryParam
	purposes []string
	unseen   Unseen
	kinds    []planKind // of the shape's subjects
}

type queryParam struct {
	name    string
	pattern *regexp.Regexp
}

func (r *Resource) paramPopulation(name string, p *Population) {
	if r.ids == nil {
		r.ids = make([]*Population, len(r.params))
	}
	if i := slices.Index(r.params, name); i >= 0 {
		r.ids[i] = p
	}
}

func (r *Resource) paramPattern(name string, re *regexp.Regexp) {
	if r.patterns == nil {
		r.patterns = make([]*regexp.Regexp, len(r.params))
	}
	if i := slices.Index(r.params, name); i >= 0 {
		r.patterns[i] = re
	}
}

// accepts reports whether the parameters have the form that the resource
// declares: /customers/export is not /customers/{id}.
func (r *Resource) accepts(values []string) bool {
	for i, v := range values {
		if v == "." || v == ".." {
			return false
		}
		if i < len(r.ids) && r.ids[i] != nil {
			id, err := r.ids[i].Canonical(v, false)
			if foldable := r.ids[i].Type == IDUUID || r.ids[i].FoldCase; err != nil || id != v && !foldable {
				return false
			}
			continue
		}
		if i < len(r.patterns) && r.patterns[i] != nil {
			if !r.patterns[i].MatchString(v) {
				return false
			}
			continue
		}
		if !segmentText.MatchString(v) || len(v) > DefaultMaxSubjectID {
			return false
		}
	}
	return true
}

// AcceptsQuery reports whether the resource allows a query parameter of this
// name and value.
func (r *Resource) AcceptsQuery(name, value string) bool {
	for _, q := range r.query {
		if q.name == name {
			return q.pattern.MatchString(value)
		}
	}
	return false
}

// Match is a request's resource with the values of its parameters.
type Match struct {
	Resource *Resource
	values   []string
}

// Param returns the value of a path parameter.
func (m Match) Param(name string) string {
	if i := slices.Index(m.Resource.params, name); i >= 0 {
		return m.values[i]
	}
	return ""
}
