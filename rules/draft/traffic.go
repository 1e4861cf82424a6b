package draft

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules/internal/har"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// Limits of what a draft is made from. Beyond any of them the traffic is
// [ErrTooLarge].
const (
	DefaultMaxSample  = 64 << 20 // bytes of one body
	DefaultMaxSamples = 100_000  // bodies
	DefaultMaxPlaces  = 1 << 20  // places in the bodies of one route
	DefaultMaxDepth   = 64       // levels of one body
)

var (
	// ErrTooLarge says that traffic is beyond the limits.
	ErrTooLarge = errors.New("too large")
	// ErrSample says that a body is not one JSON document.
	ErrSample = errors.New("not one JSON document")
	// ErrNothing says that there is nothing to draft from.
	ErrNothing = errors.New("no JSON answer of a GET")
	// ErrURL says that the URL of a recorded request cannot be read.
	ErrURL = errors.New("its URL cannot be read")
	// ErrHosts says that a recording has the answers of several APIs.
	ErrHosts = errors.New("several hosts answered")
)

// Samples reads a folder of JSON bodies. The path of a file, without .json, is
// the path of the request that it answers: v1/customers.json answers
// GET /v1/customers. Segments that look like ids, or that stand in braces, become
// parameters, so that v1/customers/1001.json and v1/customers/1002.json are two
// bodies of GET /v1/customers/{customer_id}. Files of other names are not read.
func Samples(dir fs.FS, base string) (*openapi.API, error) {
	t := newTraffic(base)
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading samples: %w", err)
		}
		if e.IsDir() || path.Ext(name) != ".json" {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("reading samples: %w", err)
		}
		if info.Size() > DefaultMaxSample {
			return fmt.Errorf("%s: %w: more than %d bytes", name, ErrTooLarge, DefaultMaxSample)
		}
		body, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("reading samples: %w", err)
		}
		if err := t.add(t.base+"/"+strings.TrimSuffix(name, ".json"), nil, body); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.api()
}

// HAR reads recorded traffic: the JSON answers of status 200 or 201 to a GET. A
// recording of several hosts needs the name of the one that is meant. Ids in
// paths become parameters.
func HAR(r io.Reader, host string) (*openapi.API, error) {
	t := newTraffic("")
	hosts := make(map[string]bool)
	for e, err := range har.Read(r) {
		if err != nil {
			return nil, err
		}
		if e.Method != "GET" || e.Status != 200 && e.Status != 201 || len(e.Body) == 0 || !jsonType(e.MIMEType) {
			continue
		}
		u, err := url.Parse(e.URL)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Number, ErrURL) // the error of url.Parse quotes it
		}
		if host != "" && u.Host != host {
			continue
		}
		hosts[u.Host] = true
		if len(hosts) > 1 {
			return nil, fmt.Errorf("%w: %s: say which one is meant", ErrHosts, strings.Join(slices.Sorted(maps.Keys(hosts)), ", "))
		}
		if err := t.add(u.EscapedPath(), u.Query(), e.Body); err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Number, err)
		}
	}
	return t.api()
}

func jsonType(mime string) bool {
	mime, _, _ = strings.Cut(strings.ToLower(mime), ";")
	mime = strings.TrimSpace(mime)
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}

// traffic collects bodies by their route.
type traffic struct {
	base   string
	routes map[string]*recorded
	count  int
}

type recorded struct {
	params []openapi.Param
	query  map[string]*openapi.Schema
	root   place
	places int
}

func newTraffic(base string) *traffic {
	return &traffic{base: strings.TrimRight(base, "/"), routes: make(map[string]*recorded)}
}

func (t *traffic) add(path string, query url.Values, body []byte) error {
	if t.count++; t.count > DefaultMaxSamples {
		return fmt.Errorf("%w: more than %d bodies", ErrTooLarge, DefaultMaxSamples)
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil { // whose text quotes the body
		return ErrSample
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ErrSample
	}
	ids := make(map[string]bool)
	collectIDs(v, ids)
	pattern, params := route(path, ids)
	r := t.routes[pattern]
	if r == nil {
		r = &recorded{params: params, query: make(map[string]*openapi.Schema)}
		t.routes[pattern] = r
	}
	for i := range params {
		r.params[i].Schema = openapi.Merge(r.params[i].Schema, params[i].Schema)
	}
	for name, values := range query {
		for _, value := range values {
			r.query[name] = openapi.Merge(r.query[name], formOf(value))
		}
	}
	return r.see(&r.root, v, 0)
}

// collectIDs finds the values of a body that a path may name.
func collectIDs(v any, ids map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && idNames.MatchString(k) {
				ids[s] = true
			}
			collectIDs(e, ids)
		}
	case []any:
		for _, e := range v {
			collectIDs(e, ids)
		}
	}
}

// place is what stood at one place of all bodies of a route.
type place struct {
	types   openapi.Types
	formats map[string]bool // of texts; empty text: none
	objects int             // how often it was an object
	keys    int             // of all these objects
	members map[string]*place
	elem    *place
}

func (r *recorded) see(p *place, v any, depth int) error {
	if r.places++; r.places > DefaultMaxPlaces*16 || depth > DefaultMaxDepth {
		return fmt.Errorf("%w: more places, or deeper, than a draft is made from", ErrTooLarge)
	}
	switch v := v.(type) {
	case nil:
		p.types |= openapi.Null
	case bool:
		p.types |= openapi.Boolean
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			p.types |= openapi.Number
		} else {
			p.types |= openapi.Integer
		}
	case string:
		p.types |= openapi.String
		if p.formats == nil {
			p.formats = make(map[string]bool)
		}
		p.formats[textFormat(v)] = true
	case []any:
		p.types |= openapi.Array
		if p.elem == nil {
			p.elem = new(place)
		}
		for _, e := range v {
			if err := r.see(p.elem, e, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		p.types |= openapi.Object
		p.objects++
		p.keys += len(v)
		if p.members == nil {
			p.members = make(map[string]*place, len(v))
		}
		for k, e := range v {
			m := p.members[k]
			if m == nil {
				m = new(place)
				p.members[k] = m
			}
			if err := r.see(m, e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// textFormat names the forms of texts that say what a member is.
func textFormat(s string) string {
	switch {
	case uuidForm.MatchString(s):
		return "uuid"
	case dateForm.MatchString(s) && len(s) == 10:
		return "date"
	case len(s) > 16 && s[10] == 'T' && dateForm.MatchString(s[:10]):
		return "date-time"
	case strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " \n") && strings.Contains(s[strings.IndexByte(s, '@'):], "."):
		return "email"
	}
	return ""
}

// schema says what stood at a place. An object whose keys are data is a map: its
// keys must not become names.
func (p *place) schema() *openapi.Schema {
	s := &openapi.Schema{Types: p.types}
	if len(p.formats) == 1 {
		for f := range p.formats {
			s.Format = f
		}
	}
	if p.elem != nil {
		s.Elem = p.elem.schema()
	}
	if p.types&openapi.Object == 0 {
		return s
	}
	if !p.isMap() {
		for _, name := range slices.Sorted(maps.Keys(p.members)) {
			s.Members = append(s.Members, openapi.Member{Name: name, Schema: p.members[name].schema()})
		}
		s.Open = len(s.Members) == 0
		return s
	}
	all := new(place)
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		all.join(p.members[name])
		s.Keys = openapi.Merge(s.Keys, formOf(name))
	}
	s.Any = all.schema()
	return s
}

// join adds what stood at o.
func (p *place) join(o *place) {
	p.types |= o.types
	p.objects += o.objects
	p.keys += o.keys
	for f := range o.formats {
		if p.formats == nil {
			p.formats = make(map[string]bool)
		}
		p.formats[f] = true
	}
	for k, m := range o.members {
		if p.members == nil {
			p.members = make(map[string]*place)
		}
		if p.members[k] == nil {
			p.members[k] = new(place)
		}
		p.members[k].join(m)
	}
	if o.elem != nil {
		if p.elem == nil {
			p.elem = new(place)
		}
		p.elem.join(o.elem)
	}
}

// isMap reports whether the keys of the objects at a place are data: one of them
// is an id or no name at all, the objects have hardly a key in common, or all
// members are objects of one kind.
func (p *place) isMap() bool {
	for k := range p.members {
		if idLike(k) || !memberForm.MatchString(k) {
			return true
		}
	}
	if p.objects >= 3 && len(p.members)*p.objects > 3*p.keys && len(p.members) > 8 {
		return true
	}
	return len(p.members) >= 2 && p.alike()
}

// alike reports whether all members are objects with mostly the same members.
func (p *place) alike() bool {
	var first map[string]*place
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		m := p.members[name]
		if m.types&^openapi.Null != openapi.Object || len(m.members) == 0 {
			return false
		}
		if first == nil {
			first = m.members
			continue
		}
		shared := 0
		for k := range m.members {
			if first[k] != nil {
				shared++
			}
		}
		if 2*shared < max(len(first), len(m.members)) {
			return false
		}
	}
	return first != nil
}

func (t *traffic) api() (*openapi.API, error) {
	if len(t.routes) == 0 {
		return nil, ErrNothing
	}
	api := &openapi.API{Base: t.base}
	for _, pattern := range slices.Sorted(maps.Keys(t.routes)) {
		r := t.routes[pattern]
		if reason := openapi.Unfit(pattern); reason != "" {
			api.Left = append(api.Left, openapi.Left{Method: "GET", Path: pattern, Reason: reason})
			continue
		}
		o := &openapi.Operation{Path: pattern, Params: r.params, Body: r.root.schema()}
		for _, name := range slices.SortedFunc(maps.Keys(r.query), cmp.Compare) {
			o.Query = append(o.Query, openapi.Param{Name: name, Schema: r.query[name]})
		}
		api.Operations = append(api.Operations, o)
	}
	return api, nil
}
