package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"
)

// DefaultMaxDocument bounds a description in bytes. A larger one is
// [ErrTooLarge].
const DefaultMaxDocument = 64 << 20

// DefaultMaxSchemas bounds the places that a description describes. One with
// more is [ErrTooLarge].
const DefaultMaxSchemas = 1 << 20

var (
	// ErrDocument says that a file is no OpenAPI 3 or Swagger 2.0 document, or
	// one that cannot be understood.
	ErrDocument = errors.New("not an OpenAPI document")
	// ErrReferences says that a description goes on in other files.
	ErrReferences = errors.New("a description is one file: bundle it first")
	// ErrTooLarge says that a description is beyond the limits.
	ErrTooLarge = errors.New("too large")
)

// Options say how to read.
type Options struct {
	// Base is put before every path in place of the path of the document's
	// first server. "/" is no base.
	Base string
}

// Read reads a description in JSON or YAML. References to other files are
// refused: a document says what it means by itself.
func Read(b []byte, o Options) (*API, error) {
	doc, err := load(b)
	if err != nil {
		return nil, err
	}
	r := &reader{converter: newConverter(doc), api: &API{}}
	if doc.Info != nil {
		r.api.Title = doc.Info.Title
	}
	r.bases(doc.Servers, o.Base)
	if doc.Paths == nil {
		return nil, fmt.Errorf("%w: it has no paths", ErrDocument)
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		r.path(path, doc.Paths.Value(path))
	}
	if r.converter.places > DefaultMaxSchemas {
		return nil, fmt.Errorf("%w: it describes more than %d places", ErrTooLarge, DefaultMaxSchemas)
	}
	return r.api, nil
}

// load reads any of the versions.
func load(b []byte) (doc *openapi3.T, err error) {
	if len(b) > DefaultMaxDocument {
		return nil, fmt.Errorf("%w: the document has %d bytes, more than %d", ErrTooLarge, len(b), DefaultMaxDocument)
	}
	defer func() { // a description is input, and the library follows what it says
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("%w: %v", ErrDocument, r)
		}
	}()
	if swagger.Match(b[:min(len(b), 4096)]) {
		return loadSwagger(b)
	}
	if doc, err = openapi3.NewLoader().LoadFromData(b); err != nil {
		if again := withoutExamples(b); again != nil {
			if doc, err := openapi3.NewLoader().LoadFromData(again); err == nil {
				return doc, nil
			}
		}
		if strings.Contains(err.Error(), "disallowed external reference") {
			return nil, fmt.Errorf("%w: %w", ErrReferences, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	if doc.OpenAPI == "" {
		return nil, fmt.Errorf("%w: it does not say `openapi: 3...` or `swagger: \"2.0\"`", ErrDocument)
	}
	return doc, nil
}

// swagger finds the version of a Swagger document at its top.
var swagger = regexp.MustCompile(`(?m)^\s*\{?\s*["']?swagger["']?\s*:\s*["']?2`)

func loadSwagger(b []byte) (*openapi3.T, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		var err error
		if b, err = yaml.YAMLToJSON(b); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrDocument, yaml.FormatError(err, false, false))
		}
	}
	var doc openapi2.T
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	out, err := openapi2conv.ToV3(&doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return out, nil
}

type reader struct {
	converter *converter
	api       *API
}

// bases notes the path of the first server, unless the user has said one.
func (r *reader) bases(servers openapi3.Servers, said string) {
	var all []string
	for _, s := range servers {
		path := serverPath(s)
		if !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	if said != "" {
		r.api.Base = strings.TrimRight(said, "/")
		return
	}
	if len(all) > 0 {
		r.api.Base, r.api.OtherBases = all[0], all[1:]
	}
}

// serverPath returns the path of a server's URL, its variables at their defaults.
func serverPath(s *openapi3.Server) string {
	if s == nil {
		return ""
	}
	text := s.URL
	for name, v := range s.Variables {
		if v != nil {
			text = strings.ReplaceAll(text, "{"+name+"}", v.Default)
		}
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func (r *reader) path(path string, item *openapi3.PathItem) {
	if item == nil {
		return
	}
	full := r.api.Base + path
	for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
		op := item.Operations()[method]
		switch reason := unfit(method, full); {
		case reason != "":
			r.left(method, full, reason)
		default:
			body, why := answer(op)
			if why != "" {
				r.left(method, full, why)
				continue
			}
			o := &Operation{ID: op.OperationID, Path: full, Body: r.converter.convert(body)}
			r.params(o, item.Parameters, op.Parameters)
			r.api.Operations = append(r.api.Operations, o)
		}
	}
}

func (r *reader) left(method, path, reason string) {
	r.api.Left = append(r.api.Left, Left{method, path, reason})
}

// unfit says why a policy cannot have a route.
func unfit(method, path string) string {
	if method != "GET" {
		return "only GET is minimised"
	}
	return Unfit(path)
}

// Unfit says why a policy cannot have a path, or nothing when it can.
func Unfit(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "its path does not begin with /"
	}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		name, isParam := part, false
		if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
			name, isParam = part[1:len(part)-1], true
		}
		switch {
		case part == "":
			return "its path has an empty segment, as one that ends in / has"
		case !segmentText.MatchString(name) || name == "." || name == "..":
			return fmt.Sprintf("a route cannot have the segment %q", part)
		case isParam && seen[name]:
			return fmt.Sprintf("the parameter {%s} stands twice", name)
		}
		seen[name] = isParam
	}
	return ""
}

var segmentText = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// answer returns the schema of the JSON that a GET answers with, or why there is
// none.
func answer(op *openapi3.Operation) (schema *openapi3.SchemaRef, why string) {
	if op.Responses == nil {
		return nil, "it describes no answer"
	}
	for _, status := range []string{"200", "2XX", "201", "default"} {
		response := op.Responses.Value(status)
		if response == nil || response.Value == nil {
			continue
		}
		for _, mime := range slices.SortedFunc(maps.Keys(response.Value.Content), jsonFirst) {
			if media := response.Value.Content[mime]; isJSON(mime) && media != nil {
				if media.Schema == nil {
					return nil, "its answer has no schema"
				}
				return media.Schema, ""
			}
		}
	}
	return nil, "it has no JSON answer with status 200"
}

func isJSON(mime string) bool {
	mime, _, _ = strings.Cut(strings.ToLower(mime), ";")
	mime = strings.TrimSpace(mime)
	return mime == "application/json" || strings.HasSuffix(mime, "+json") || mime == "*/*" || mime == "application/*"
}

func jsonFirst(a, b string) int {
	rank := func(s string) int {
		if s == "application/json" {
			return 0
		}
		return 1
	}
	return cmp.Or(rank(a)-rank(b), cmp.Compare(a, b))
}

// params reads the parameters, those of the operation before those of its path.
func (r *reader) params(o *Operation, shared, own openapi3.Parameters) {
	type place struct{ in, name string }
	seen := make(map[place]bool)
	for _, ref := range slices.Concat(own, shared) {
		p := ref.Value
		if p == nil || seen[place{p.In, p.Name}] {
			continue
		}
		seen[place{p.In, p.Name}] = true
		schema := p.Schema
		if schema == nil { // a parameter with content, written as JSON in one text
			schema = &openapi3.SchemaRef{Value: openapi3.NewStringSchema()}
		}
		param := Param{Name: p.Name, Required: p.Required, Schema: r.converter.convert(schema)}
		switch p.In {
		case openapi3.ParameterInPath:
			o.Params = append(o.Params, param)
		case openapi3.ParameterInQuery:
			o.Query = append(o.Query, param)
		}
	}
	byName := func(a, b Param) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(o.Params, byName)
	slices.SortFunc(o.Query, byName)
}
