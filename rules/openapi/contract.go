package openapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"github.com/modicum-dev/modicum/rules"
)

// ContractOptions say for whom and for what a contract is.
type ContractOptions struct {
	API, Recipient, Purpose string
	Ref                     string // an example, where one is required; under a legal purpose the order
	Server                  string // URL of the gateway; empty: not said
	Auth                    string // basic, bearer or certificate; empty: by the registration
}

var (
	// ErrNoEdition says that no request is answered at that time.
	ErrNoEdition = errors.New("not every document of the policy has a version in effect")
	// ErrRefused says that the recipient may use no route for the purpose.
	ErrRefused = errors.New("nothing may be asked")
	// ErrAuth says that a way to authenticate is not known.
	ErrAuth = errors.New("not a way to authenticate: basic, bearer or certificate")
)

// Document is an OpenAPI document that was written here.
type Document struct{ doc *openapi3.T }

// JSON writes it with the members of each object sorted.
func (d *Document) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(d.doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the document: %w", err)
	}
	return append(b, '\n'), nil
}

// YAML writes the same as YAML.
func (d *Document) YAML() ([]byte, error) {
	b, err := d.JSON()
	if err != nil {
		return nil, err
	}
	if b, err = yaml.JSONToYAML(b); err != nil {
		return nil, fmt.Errorf("writing the document: %w", err)
	}
	return b, nil
}

// Contract writes the API that a recipient gets for a purpose: the routes that it
// may use, and of their answers what the plan lets leave of anybody, in the form in
// which it leaves. Types come from the description of the API; a route or member
// that it does not have is of any type. The bundle is that of the edition.
func Contract(bundle *rules.Bundle, edition *rules.Edition, described *API, o ContractOptions) (*Document, error) {
	w := &contract{options: o, bundle: bundle, edition: edition, described: described, components: make(openapi3.Schemas)}
	if err := w.parties(); err != nil {
		return nil, err
	}
	api := bundle.APIs[slices.IndexFunc(bundle.APIs, func(a rules.APIDef) bool { return a.Name.Value == o.API })]
	paths := openapi3.NewPaths()
	refused := rules.ReasonNone
	for i := range api.Resources {
		def := &api.Resources[i]
		plan, reason := w.plan(def)
		if plan == nil {
			if refused == rules.ReasonNone {
				refused = reason
			}
			continue
		}
		if op := w.operation(def, plan); op != nil {
			path := strings.TrimPrefix(def.Route.Value, "GET ")
			paths.Set(path, &openapi3.PathItem{Get: op})
		}
	}
	if paths.Len() == 0 {
		switch {
		case refused == rules.RefMissing || refused == rules.RefMalformed:
			return nil, fmt.Errorf("%w: the purpose takes a case reference (%s): give an example of one", ErrRefused, refused)
		case refused != rules.ReasonNone:
			return nil, fmt.Errorf("%w by %q for %q: %s", ErrRefused, o.Recipient, o.Purpose, refused)
		}
		return nil, fmt.Errorf("%w: no member of any route can leave to %q for %q", ErrRefused, o.Recipient, o.Purpose)
	}
	doc := w.document(paths)
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the document that was made is not valid: %w", err)
	}
	return &Document{doc}, nil
}

type contract struct {
	options    ContractOptions
	bundle     *rules.Bundle
	edition    *rules.Edition
	described  *API
	recipient  *rules.RecipientDef
	grant      *rules.ContractPurposeDef // nil: of a kind that has no contract
	components openapi3.Schemas
}

// parties finds the recipient, and what its contract says of the purpose.
func (w *contract) parties() error {
	i := slices.IndexFunc(w.bundle.Recipients, func(d rules.RecipientDef) bool { return d.Name.Value == w.options.Recipient })
	if i < 0 {
		var names []string
		for _, d := range w.bundle.Recipients {
			names = append(names, d.Name.Value)
		}
		return fmt.Errorf("%w: no recipient %q: the policy has %s", ErrRefused, w.options.Recipient, strings.Join(names, ", "))
	}
	w.recipient = &w.bundle.Recipients[i]
	switch w.options.Auth {
	case "", "basic", "bearer", "certificate":
	default:
		return fmt.Errorf("%w: %q", ErrAuth, w.options.Auth)
	}
	if w.options.Auth == "" {
		w.options.Auth = "basic"
		if len(w.recipient.Users)+len(w.recipient.Persons) == 0 {
			w.options.Auth = "certificate"
		}
	}
	if w.recipient.Contract == nil {
		return nil
	}
	find := func(purposes []rules.ContractPurposeDef) {
		for p := range purposes {
			if purposes[p].Purpose.Value == w.options.Purpose {
				w.grant = &purposes[p]
			}
		}
	}
	find(w.recipient.Contract.Purposes)
	for _, use := range w.recipient.Contract.Uses {
		for t := range w.bundle.Contracts {
			if w.bundle.Contracts[t].Name.Value == use.Value {
				find(w.bundle.Contracts[t].Purposes)
			}
		}
	}
	return nil
}

// plan asks as a caller would: for a path of the route's form.
func (w *contract) plan(def *rules.ResourceDef) (*rules.Plan, rules.Reason) {
	match, ok := w.edition.Resource(w.options.API, def.Name.Value)
	if !ok {
		return nil, rules.RouteUnmapped
	}
	return w.edition.Admit(rules.RequestFacts{
		Caller: rules.Caller{Recipient: w.options.Recipient}, Match: match, Mapped: true, Purpose: w.options.Purpose, Ref: w.options.Ref,
	})
}

// operation describes a route, nil when nothing of it can leave.
func (w *contract) operation(def *rules.ResourceDef, plan *rules.Plan) *openapi3.Operation {
	var body *Schema
	summary, id := "", def.Name.Value
	var from *Operation
	for _, o := range w.described.Operations {
		if anonymous(o.Route()) == anonymous(def.Route.Value) {
			from = o
		}
	}
	if from != nil {
		body, id = from.Body, cmp.Or(from.ID, id)
	}
	t := newTree(w, def, plan)
	ref := t.place(plan.Resource().Shape.Root, body, ".")
	if ref == nil {
		return nil
	}
	op := &openapi3.Operation{OperationID: id, Summary: summary, Responses: openapi3.NewResponses()}
	op.Responses.Delete("default")
	op.Responses.Set("200", &openapi3.ResponseRef{Value: openapi3.NewResponse().
		WithDescription(answerWords[plan.Complete()]).
		WithContent(openapi3.Content{"application/json": &openapi3.MediaType{Schema: ref}})})
	for _, p := range problems {
		op.Responses.Set(p.status, &openapi3.ResponseRef{Ref: "#/components/responses/" + p.name})
	}
	w.parameters(op, def, plan, from)
	return op
}

// answerWords tell, by Plan.Complete, what becomes of what may not be seen.
var answerWords = map[bool]string{
	false: "What may be seen. Members may be absent, and lists shorter.",
	true:  "What may be seen. Members that may not be seen, and some that are not described here, are null, or empty lists and objects. Lists may be shorter.",
}

// problems are the problem documents of the gateway, by status.
var problems = []struct{ status, name, text string }{
	{"400", "BadRequest", "The request is not understood: its purpose, case reference, path or body."},
	{"401", "NotAuthenticated", "No credentials, or wrong ones."},
	{"403", "NotPermitted", "Not for this caller, purpose, route or query parameter."},
	{"404", "NotFound", "There is no such thing, or nothing of it may be seen."},
	{"429", "VolumeExceeded", "A limit of the contract is used up."},
	{"502", "UpstreamFailed", "The API behind the gateway did not give an answer that can be passed on."},
	{"503", "Unavailable", "Nothing can be decided or recorded for now."},
}

func (w *contract) parameters(op *openapi3.Operation, def *rules.ResourceDef, plan *rules.Plan, from *Operation) {
	for _, m := range regexp.MustCompile(`\{([^/]*)\}`).FindAllStringSubmatch(def.Route.Value, -1) {
		p := openapi3.NewPathParameter(m[1])
		p.Schema = w.pathForm(def, plan, m[1]).NewRef()
		op.AddParameter(p)
	}
	for _, q := range def.Query {
		p := openapi3.NewQueryParameter(q.Name.Value)
		p.Schema = (&openapi3.Schema{Type: &openapi3.Types{"string"}, Pattern: anchored(q.Pattern.Value)}).NewRef()
		if from != nil {
			for _, known := range from.Query {
				if known.Name == q.Name.Value {
					p.Required = known.Required
					p.Description = known.Schema.Description
				}
			}
		}
		op.AddParameter(p)
	}
	op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Ref: "#/components/parameters/DataPurpose"})
}

func anchored(pattern string) string { return "^(?:" + pattern + ")$" }

// pathForm is the form of a path parameter: the ids of a population, a pattern, or
// a plain word.
func (w *contract) pathForm(def *rules.ResourceDef, plan *rules.Plan, name string) *openapi3.Schema {
	population := ""
	pattern := `[A-Za-z0-9._~-]{1,256}`
	for _, p := range def.Params {
		if p.Name.Value == name {
			population = p.Population.Value
			if p.Pattern.Value != "" {
				pattern = p.Pattern.Value
			}
		}
	}
	for _, k := range plan.Resource().Shape.Subjects {
		if k.ID == rules.IDParam && k.Param == name {
			population = k.Population.Name
		}
	}
	for _, p := range w.bundle.Population {
		if population == "" || p.Name.Value != population {
			continue
		}
		switch p.Type {
		case rules.IDInteger:
			pattern = `0|[1-9][0-9]*`
		case rules.IDUUID:
			pattern = `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`
		case rules.IDString:
			pattern = `.{1,256}`
		}
	}
	return &openapi3.Schema{Type: &openapi3.Types{"string"}, Pattern: anchored(pattern)}
}

// purposeHeader describes the header Data-Purpose as this contract wants it.
func (w *contract) purposeHeader() *openapi3.Parameter {
	p := openapi3.NewHeaderParameter("Data-Purpose").WithRequired(true)
	p.Description = "What the data is asked for."
	ref := `[A-Za-z0-9._:-]{1,64}`
	required := w.options.Ref != "" && w.grant == nil
	if w.grant != nil {
		required = w.grant.RefRequired
		if w.grant.RefPattern.Value != "" {
			ref = "(?:" + w.grant.RefPattern.Value + ")"
		}
	}
	pattern, example := regexp.QuoteMeta(w.options.Purpose), w.options.Purpose
	if required {
		pattern += `;ref="` + ref + `"`
		p.Description = "What the data is asked for, and the reference of the case."
	} else {
		pattern += `(;ref="` + ref + `")?`
	}
	if w.options.Ref != "" {
		example += `;ref="` + w.options.Ref + `"`
	}
	p.Schema = (&openapi3.Schema{Type: &openapi3.Types{"string"}, Pattern: "^" + pattern + "$", Example: example}).NewRef()
	return p
}

// memberWords tell, by RecipientDef.Complete, what a client may rely on.
var memberWords = map[bool]string{
	false: "no member is required",
	true:  "every member is there, and may be null",
}

func (w *contract) document(paths *openapi3.Paths) *openapi3.T {
	doc := &openapi3.T{
		OpenAPI: "3.0.3",
		Info: &openapi3.Info{
			Title:   fmt.Sprintf("%s for %s, for the purpose %s", cmp.Or(w.described.Title, w.options.API), w.recipient.LegalName, w.options.Purpose),
			Version: w.edition.Version(),
			Description: "What leaves about a person depends on that person and on the day: " + memberWords[w.recipient.Complete] + ". Send the header Data-Purpose with every request. " +
				"Every answer has a header Disclosure-Id, which names it in the operator's ledger.",
		},
		Paths: paths,
	}
	if w.options.Server != "" {
		doc.Servers = openapi3.Servers{{URL: w.options.Server}}
	}
	responses := make(openapi3.ResponseBodies)
	for _, p := range problems {
		responses[p.name] = &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription(p.text).
			WithContent(openapi3.Content{"application/problem+json": &openapi3.MediaType{Schema: openapi3.NewSchemaRef("#/components/schemas/Problem", nil)}})}
	}
	w.components["Problem"] = problemSchema().NewRef()
	scheme := openapi3.NewSecurityScheme().WithType("http").WithScheme(w.options.Auth)
	if w.options.Auth == "certificate" {
		doc.OpenAPI = "3.1.0" // which first knows it
		nullType(w.components)
		scheme = openapi3.NewSecurityScheme().WithType("mutualTLS")
	}
	doc.Components = &openapi3.Components{
		Schemas:         w.components,
		Responses:       responses,
		Parameters:      openapi3.ParametersMap{"DataPurpose": &openapi3.ParameterRef{Value: w.purposeHeader()}},
		SecuritySchemes: openapi3.SecuritySchemes{"caller": &openapi3.SecuritySchemeRef{Value: scheme}},
	}
	doc.Security = openapi3.SecurityRequirements{{"caller": []string{}}}
	return resolved(doc)
}

// problemSchema is a problem document (RFC 9457) as the gateway writes it.
func problemSchema() *openapi3.Schema {
	text := func(format string) *openapi3.SchemaRef {
		return (&openapi3.Schema{Type: &openapi3.Types{"string"}, Format: format}).NewRef()
	}
	return &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{
		"type": text("uri"), "title": text(""), "status": (&openapi3.Schema{Type: &openapi3.Types{"integer"}}).NewRef(),
		"detail": text(""), "instance": text("uri"), "reason": text(""),
	}, Required: []string{"reason", "status", "title", "type"}}
}

// resolved gives the references of a document what they refer to.
func resolved(doc *openapi3.T) *openapi3.T {
	b, err := json.Marshal(doc)
	if err != nil {
		return doc
	}
	if again, err := openapi3.NewLoader().LoadFromData(b); err == nil {
		return again
	}
	return doc
}
