package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// ErrRequest is returned for a request that names what the policy does not have, or
// says too little.
var ErrRequest = errors.New("no request to try")

func noRequest(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRequest, fmt.Sprintf(format, args...))
}

// Request is who asks for what.
type Request struct {
	Recipient, Purpose, Ref string
	API                     string // empty: the only one
	Resource                string // by name; empty: that of Path
	// Path is that of the request, with its query if there is one. Empty: the route of
	// the resource with Params, and an id that is left out is that of the one person
	// whom the body is about.
	Path   string
	Params map[string]string
	Own    string // population:id of a caller who is a data subject; empty: none
	GPC    bool
}

// Trial shows what becomes of answers, by the very functions that a gateway decides
// by. Nothing is sent anywhere, and no store is written.
type Trial struct {
	policy  *rules.Policy
	edition *rules.Edition
	plain   *rules.Edition // see omitted
	at      time.Time
	desk    *desk
	people  *People
}

// NewTrial returns a trial as of an instant. Its keys are drawn for it, and kept
// nowhere.
func NewTrial(policy *rules.Policy, at time.Time, people *People) (*Trial, error) {
	d, err := newDesk()
	if err != nil {
		return nil, err
	}
	return &Trial{policy: policy, edition: policy.At(at), at: at, desk: d, people: people}, nil
}

// Tried is what became of one answer.
type Tried struct {
	Refused rules.Reason // the recipient is refused for it; ReasonNone: it gets Result
	// Detail says where a body cannot be inspected, by kind and byte.
	Detail    string
	Recipient *rules.RecipientDef
	Purpose   string
	Method    string
	Path      string
	Resource  *rules.Resource // nil: no route of the policy
	Policy    string          // version
	At        time.Time
	Original  []byte
	Result    []byte   // of an answer
	Subjects  []Person // in the order of the body
	Members   []Member // likewise
}

// Person is one subject of the body.
type Person struct {
	Population, ID string
	Pointer        string // of its object, RFC 6901
	Known          bool   // the id has the form of its population
	Released       bool   // it is in the answer
	// Gate is why everything of it is withheld; ReasonNone: each member has its own
	// reason.
	Gate rules.Reason
}

// The outcomes of a member.
const (
	OutcomeClear       = "clear"
	OutcomeGeneralised = "generalised"
	OutcomePseudonym   = "pseudonym"
	OutcomeWithheld    = "withheld"
)

// Member is one value of the body, or a key that is data, and what became of it. What
// no rule names is one member, with all that is in it.
type Member struct {
	Pointer string // RFC 6901, in the original
	Path    string // as a policy writes it
	Subject int    // index in Subjects, -1 outside every subject
	Key     bool   // the key of a member is meant, and not its value
	// Category is that of the rule; empty where there is none, or what it covers is not
	// personal.
	Category string
	Outcome  string
	Form     string // of what is generalised: year, prefix(3)
	// Reasons are those of the decision, the primary one first. None: the value is
	// empty, or stands and falls with what is around it.
	Reasons  []rules.Reason
	Original json.RawMessage
	Result   json.RawMessage // nil when it is withheld
}

// Try shows what becomes of a body. With a resource that the recipient may not have,
// Refused says why.
func (t *Trial) Try(r *Request, body []byte) (*Tried, error) {
	q, err := t.question(r)
	if err != nil {
		return nil, err
	}
	if q.url, err = t.url(r, q.api, body); err != nil {
		return nil, err
	}
	q.upstream = jsonUpstream(body)
	return t.ask(r, q, body)
}

// question resolves who asks, and for what purpose.
func (t *Trial) question(r *Request) (*question, error) {
	def, err := t.recipient(r.Recipient)
	if err != nil {
		return nil, err
	}
	identity, err := t.caller(def, r)
	if err != nil {
		return nil, err
	}
	if purposes := names(t.policy.Bundle.Purposes, func(d *rules.PurposeDef) string { return d.Name.Value }); !slices.Contains(purposes, r.Purpose) {
		return nil, unknown("purpose", r.Purpose, purposes)
	}
	q := &question{
		edition: t.edition, at: t.at, method: http.MethodGet, identity: identity, purpose: r.Purpose, ref: r.Ref, gpc: r.GPC, keys: t.desk,
	}
	if t.people.Store != nil {
		q.keys = storeKeys{t.desk, t.people.Store}
	}
	apis := t.policy.APIs()
	switch q.api = r.API; {
	case q.api == "" && len(apis) == 1:
		q.api = apis[0]
	case q.api == "":
		return nil, noRequest("the policy has several apis: %s", strings.Join(apis, ", "))
	case !slices.Contains(apis, q.api):
		return nil, unknown("api", q.api, apis)
	}
	q.states, err = t.people.states(t.policy, q.keys, t.at)
	return q, err
}

func unknown(what, name string, candidates []string) error {
	if hint := rules.DidYouMean(name, candidates); hint != "" {
		return noRequest("the policy has no %s %q; %s", what, name, hint)
	}
	return noRequest("the policy has no %s %q", what, name)
}

func (t *Trial) recipient(id string) (*rules.RecipientDef, error) {
	all := t.policy.Bundle.Recipients
	for i := range all {
		if all[i].Name.Value == id {
			return &all[i], nil
		}
	}
	return nil, unknown("recipient", id, names(all, func(d *rules.RecipientDef) string { return d.Name.Value }))
}

// caller returns a credential of the recipient.
func (t *Trial) caller(d *rules.RecipientDef, r *Request) (rules.Identity, error) {
	if d.Kind != rules.DataSubject {
		if r.Own != "" {
			return rules.Identity{}, noRequest("recipient %q is not of the kind data_subject, so that nobody asks for own data as one", d.Name.Value)
		}
		id, err := credential(d, r.Purpose)
		if err != nil {
			return id, noRequest("recipient %q has neither a user nor a certificate to ask with", d.Name.Value)
		}
		return id, nil
	}
	population, id, ok := strings.Cut(r.Own, ":")
	if !ok {
		return rules.Identity{}, noRequest("recipient %q is people who ask for their own data: say which one, as population:id", d.Name.Value)
	}
	for _, p := range d.Persons {
		if p.Population.Value == population {
			return rules.Identity{User: p.Prefix.Value + id, Method: "basic"}, nil
		}
	}
	return rules.Identity{}, noRequest("nobody of population %q is recipient %q", population, d.Name.Value)
}

// url is that of the request.
func (t *Trial) url(r *Request, api string, body []byte) (*url.URL, error) {
	if r.Path != "" {
		u, err := url.ParseRequestURI(r.Path)
		if err != nil || !strings.HasPrefix(u.Path, "/") {
			return nil, noRequest("the path does not begin with a slash, such as /v1/customers?limit=3")
		}
		return u, nil
	}
	all := t.policy.Resources(api)
	resources := make([]string, len(all))
	for i, res := range all {
		resources[i] = res.Name
	}
	if r.Resource == "" {
		return nil, noRequest("it needs a resource, or a path; the resources are %s", strings.Join(resources, ", "))
	}
	res := t.policy.Resource(api, r.Resource)
	if res == nil {
		return nil, unknown("resource", r.Resource, resources)
	}
	_, template, _ := strings.Cut(res.Route, " ")
	segments := strings.Split(template, "/")
	given := 0
	for i, s := range segments {
		name, ok := strings.CutPrefix(s, "{")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		value, ok := r.Params[name]
		if ok {
			given++
		} else if value, ok = onlyID(res, body); !ok {
			return nil, noRequest("the route %s has the parameter %s: say its value", res.Route, name)
		}
		segments[i] = url.PathEscape(value)
	}
	if given < len(r.Params) {
		return nil, noRequest("the route %s has no such parameter", res.Route)
	}
	path := strings.Join(segments, "/")
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, noRequest("a parameter of the route %s is not one", res.Route)
	}
	return u, nil
}

// onlyID returns the id of the one person whom a body is about.
func onlyID(res *rules.Resource, body []byte) (string, bool) {
	var doc redact.Document
	if !res.Shape.Single || doc.Open(res.Shape, nil, body, redact.Limits{}) != nil || len(doc.Subjects()) == 0 {
		return "", false
	}
	s := &doc.Subjects()[0]
	if kind := &res.Shape.Subjects[s.Kind]; kind.ID != rules.IDMember || len(s.ID.Text) == 0 {
		return "", false
	}
	return string(s.ID.Text), true
}

// ask asks the gateway and explains what it answers.
func (t *Trial) ask(r *Request, q *question, body []byte) (*Tried, error) {
	w, log, err := ask(q)
	if err != nil {
		return nil, err
	}
	if k, ok := q.states.(*known); ok && k.err != nil {
		return nil, fmt.Errorf("reading the subject state: %w", k.err)
	}
	out := &Tried{Purpose: r.Purpose, Method: q.method, Path: q.url.RequestURI(), At: t.at, Original: body}
	if out.Recipient, err = t.recipient(r.Recipient); err != nil {
		return nil, err
	}
	if out.Refused, err = w.refused(); err != nil {
		return nil, err
	}
	if t.edition == nil {
		return out, nil
	}
	out.Policy = t.edition.Version()
	match, mapped := t.edition.Route(q.api, q.method, strings.Split(strings.TrimPrefix(q.url.Path, "/"), "/"))
	if !mapped {
		return out, nil
	}
	out.Resource = match.Resource
	if out.Refused == rules.ReasonNone {
		out.Result = w.body.Bytes()
	}
	if out.Refused != rules.ReasonNone && (out.Refused != rules.NotFound || !log.inspected()) {
		out.Detail = uninspectable(out, body)
		return out, nil
	}
	e := explainer{tried: out, record: log, result: out.Result, match: match, query: q.url.Query(), at: t.at}
	return out, t.explain(q, &e)
}

// uninspectable says what is wrong with a body that was refused as such.
func uninspectable(t *Tried, body []byte) string {
	var doc redact.Document
	if err := doc.Open(t.Resource.Shape, nil, body, redact.Limits{}); t.Refused == rules.ResponseUninspectable && err != nil {
		return err.Error()
	}
	return ""
}
