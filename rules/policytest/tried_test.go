package policytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/subject"
)

func example1001(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../examples/software-vendor/upstream/v1/customers/1001.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lines writes what became of the members whose path is wanted.
func lines(tried *policytest.Tried, paths ...string) (out []string) {
	for i := range tried.Members {
		m := &tried.Members[i]
		if !slices.Contains(paths, m.Path) {
			continue
		}
		result := string(m.Result)
		if strings.HasPrefix(result, `"p1a1.`) {
			result = policytest.Pseudonym
		}
		reason := ""
		if len(m.Reasons) > 0 {
			reason = m.Reasons[0].String()
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s%s %s %s", m.Pointer, m.Original, m.Outcome, m.Form, result, reason)))
	}
	return out
}

// Each member has what stands in its place, and the primary reason of that.
func TestTryMembers(t *testing.T) {
	t.Parallel()
	tr := trial(t, &policytest.People{Everybody: []rules.Event{{
		Kind: rules.EventLocation, Location: rules.Location{Country: "JP"}, Time: tryAt, Actor: rules.Actor{Type: rules.ActorOperator, Verified: true},
	}}})
	body := `{"1001":{"name":"Ada","email":"a@example.com","licences":{"SV-1":{"product":"P","seats":null,"x":1},"SV-2":{}}},
		"1002":{"name":["B"],"email":"","licences":[]},"1003":{"secret":1},"x":{"name":"C"},"1004":7}`
	got, err := tr.Try(&policytest.Request{Recipient: "support-desk", Purpose: "support.provide", Resource: "licences_by_customer"}, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`/1001 "1001" clear "1001" appi_allowed`,
		`/1001/name "Ada" clear "Ada" appi_allowed`,
		`/1001/email "a@example.com" pseudonym <pseudonym> minimised`,
		`/1001/licences/SV-1 "SV-1" clear "SV-1" appi_allowed`,
		`/1001/licences/SV-1/product "P" clear "P" appi_allowed`,
		`/1001/licences/SV-1/x 1 withheld  field_unmapped`,
		`/1001/licences/SV-2 "SV-2" withheld`, // nothing of what it stands for leaves
		`/1002 "1002" clear "1002" appi_allowed`,
		`/1002/name ["B"] withheld  type_unexpected`,
		`/1002/email "" withheld`,
		`/1003 "1003" clear "1003" appi_allowed`,
		`/x "x" withheld  subject_unresolved`,
		`/x/name "C" withheld  subject_unresolved`,
		`/1004 "1004" withheld`, // not the subject that its rule is for
	}
	have := lines(got, "{key}", "{}.name", "{}.email", "{}.licences{key}", "{}.licences{}.product", "{}.licences{}.x")
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	var people []string
	for _, p := range got.Subjects {
		people = append(people, fmt.Sprintf("%s %s %s %t %s", p.Population, p.ID, p.Pointer, p.Released, p.Gate))
	}
	if diff := cmp.Diff([]string{
		"customer 1001 /1001 true ", "customer 1002 /1002 true ", "customer 1003 /1003 true ", "customer x /x false subject_unresolved",
	}, people); diff != "" {
		t.Error(diff)
	}
}

// What --json prints can be read again: original and result as they are, and each
// member once.
func TestTryJSON(t *testing.T) {
	t.Parallel()
	tr := trial(t, &policytest.People{})
	body := example1001(t)
	tried, err := tr.Try(&policytest.Request{Recipient: "analytics", Purpose: "statistics.prepare", Resource: "customer"}, body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := tried.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Recipient, Purpose, Request, Resource string
		Refused                               *string
		Original, Result                      map[string]any
		Subjects                              []struct{ ID string }
		Members                               []struct {
			Pointer, Outcome, Form string
			Subject                *int
			Reasons                []string
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Recipient != "analytics" || got.Request != "GET /v1/customers/1001" || got.Resource != "crm.customer" || got.Refused != nil ||
		got.Original["name"] != "Anna Müller" || got.Result["name"] != nil || len(got.Subjects) != 1 || got.Subjects[0].ID != "1001" {
		t.Errorf("%+v", got)
	}
	seen := make(map[string]bool)
	for _, m := range got.Members {
		if seen[m.Pointer] && !strings.HasPrefix(m.Pointer, "/licences/") || m.Subject == nil || m.Reasons == nil {
			t.Errorf("%+v", m)
		}
		seen[m.Pointer] = true
	}
	if !seen["/address/postal_code"] || len(got.Members) != len(tried.Members) {
		t.Errorf("%d members", len(got.Members))
	}
}

// A recipient that is refused is told so, and nothing of the body is looked into.
func TestTryRefused(t *testing.T) {
	t.Parallel()
	tr := trial(t, &policytest.People{})
	for _, c := range []struct {
		r    policytest.Request
		want rules.Reason
	}{
		{policytest.Request{Recipient: "courier", Purpose: "customer.fulfil", Resource: "customer"}, rules.EvaluationOverdue},
		{policytest.Request{Recipient: "mailer", Purpose: "support.provide", Resource: "customer"}, rules.PurposeNotPermitted},
		{policytest.Request{Recipient: "call-centre", Purpose: "inquiry.respond", Resource: "customer"}, rules.RefMissing},
		{policytest.Request{Recipient: "call-centre", Purpose: "inquiry.respond", Ref: "inq-1", Resource: "customers"}, rules.VolumeExceeded},
		{policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Path: "/v1/unheard_of"}, rules.RouteUnmapped},
		{policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Path: "/v1/customers?email=x"}, rules.ProbeRefused},
		{policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Path: "//v1/customers"}, rules.PathNotCanonical},
	} {
		got, err := tr.Try(&c.r, example1001(t))
		if err != nil || got.Refused != c.want || len(got.Members) != 0 || got.Result != nil {
			t.Errorf("%+v: %v, %v", c.r, got.Refused, err)
		}
		if text := got.Text(); strings.Contains(text, "Anna") || !strings.Contains(text, c.want.String()) {
			t.Errorf("%s", text)
		}
	}
}

// Names that the policy does not have are errors, with the nearest one.
func TestTryUnknownNames(t *testing.T) {
	t.Parallel()
	tr := trial(t, &policytest.People{})
	for want, r := range map[string]policytest.Request{
		`"mailr"; did you mean "mailer"`:       {Recipient: "mailr", Purpose: "newsletter.send", Resource: "customer"},
		`did you mean "newsletter.send"`:       {Recipient: "mailer", Purpose: "newsletter.sent", Resource: "customer"},
		`did you mean "customers"`:             {Recipient: "mailer", Purpose: "newsletter.send", Resource: "custmers"},
		`no api "cmr"`:                         {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", API: "cmr"},
		"needs a resource":                     {Recipient: "mailer", Purpose: "newsletter.send"},
		"has no such parameter":                {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", Params: map[string]string{"id": "1", "ido": "2"}},
		"say its value":                        {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer_orders"},
		"as population:id":                     {Recipient: "data-subjects", Purpose: "rights.fulfil", Resource: "customer"},
		`nobody of population "staff"`:         {Recipient: "data-subjects", Purpose: "rights.fulfil", Resource: "customer", Own: "staff:1"},
		"nobody asks for own data":             {Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer", Own: "customer:1"},
		"the path does not begin with a slash": {Recipient: "mailer", Purpose: "newsletter.send", Path: "v1/customers"},
	} {
		if _, err := tr.Try(&r, example1001(t)); !errors.Is(err, policytest.ErrRequest) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", r, err, want)
		}
	}
}

// store fakes that of a gateway.
type store struct {
	events []subject.Change
	err    error
}

func (*store) Key(p *rules.Population, id string) (k rules.Key) {
	copy(k[:], p.Name+" "+id)
	return k
}

func (s *store) Events(context.Context, []rules.Key) ([]subject.Change, error) {
	return s.events, s.err
}

// What a store holds counts as of the instant, and what is given beside it as well.
func TestTryStore(t *testing.T) {
	t.Parallel()
	s := new(store)
	key := s.Key(&rules.Population{Name: "customer"}, "1001")
	objection := func(state rules.EventState, recorded time.Time) subject.Change {
		return subject.Change{Keyed: subject.Keyed{Key: key, Event: rules.Event{
			Kind: rules.EventDMObjection, State: state, Time: recorded, Recorded: recorded, Actor: rules.Actor{Type: rules.ActorSubject, Verified: true},
		}}}
	}
	lifted := objection(rules.StateLifted, tryAt).Event
	for name, c := range map[string]struct {
		people policytest.People
		want   rules.Reason
	}{
		"an objection":         {policytest.People{Store: &store{events: []subject.Change{objection(rules.StateActive, tryAt.Add(-time.Hour))}}}, rules.NotFound},
		"one that comes later": {policytest.People{Store: &store{events: []subject.Change{objection(rules.StateActive, tryAt.Add(time.Hour))}}}, rules.ReasonNone},
		"one that is lifted beside it": {policytest.People{
			Store: &store{events: []subject.Change{objection(rules.StateActive, tryAt.Add(-time.Hour))}}, Everybody: []rules.Event{lifted},
		}, rules.ReasonNone},
		"another's": {policytest.People{Events: []subject.Envelope{{Population: "customer", ID: "1002", Event: objection(rules.StateActive, tryAt).Event}}}, rules.ReasonNone},
		"its own":   {policytest.People{Events: []subject.Envelope{{Population: "customer", ID: "01001", Event: objection(rules.StateActive, tryAt).Event}}}, rules.NotFound},
	} {
		got, err := trial(t, &c.people).Try(&policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer"}, example1001(t))
		if err != nil || got.Refused != c.want {
			t.Errorf("%s: %v, %v", name, got.Refused, err)
		}
	}
	broken := errors.New("broken")
	tr := trial(t, &policytest.People{Store: &store{err: broken}})
	if _, err := tr.Try(&policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer"}, example1001(t)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for population, id := range map[string]string{"customers": "1", "customer": "x"} {
		tr := trial(t, &policytest.People{Events: []subject.Envelope{{Population: population, ID: id}}})
		if _, err := tr.Try(&policytest.Request{Recipient: "mailer", Purpose: "newsletter.send", Resource: "customer"}, example1001(t)); !errors.Is(err, policytest.ErrPerson) || strings.Contains(err.Error(), `"x"`) {
			t.Errorf("%v", err)
		}
	}
}

// A recording is counted to the last entry, what cannot be read of it as well.
func TestTraffic(t *testing.T) {
	t.Parallel()
	tr := trial(t, &policytest.People{})
	entry := func(url string, status int, mime, text string) string {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"request":{"method":"GET","url":%q,"headers":[]},"response":{"status":%d,"content":{"mimeType":%q,"text":%s}}}`, url, status, mime, b)
	}
	recording := `{"log":{"entries":[` + strings.Join([]string{
		entry("https://a/v1/customers/17", 200, "application/json; charset=utf-8", `{"id":17,"name":"Ada","email":"a@b.example","extra":{"n":1},"address":{"country":"JP"}}`),
		entry("https://b/v1/customers/17", 200, "text/html", "<p>"),
		entry("https://b/v1/customers/17", 503, "text/html", "<p>"),
		entry("https://b/v1/customers/17", 0, "", ""),
		entry("https://b/v1/files/0b5c2a52-ffff-4cce-9a0e-1b2c3d4e5f60/a@b.example", 200, "", ""),
		`{"request":{"method":"POST","url":"https://b/v1/customers","headers":[]},"response":{"status":201,"content":{}}}`,
		`{"request":{"method":"GET","url":"https://b/v1/customers","headers":[]},"response":{"status":200,"content":{}}}`,
		`{"request":{}}`,
	}, ",") + `]}}`
	got, err := tr.Traffic(&policytest.Request{Recipient: "support-desk", Purpose: "support.provide"}, strings.NewReader(recording))
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests != 8 || got.Unreadable != 1 || got.WithoutBody != 1 || got.Unnamed() != 3 {
		t.Errorf("%+v, %d unnamed", got, got.Unnamed())
	}
	if diff := cmp.Diff(map[string]int{"GET /v1/files/{}/{}": 1, "POST /v1/customers": 1}, got.Unmapped); diff != "" {
		t.Error(diff)
	}
	if len(got.Resources) != 2 {
		t.Fatalf("%+v", got.Resources)
	}
	customer := got.Resources[0]
	if diff := cmp.Diff(map[rules.Reason]int{rules.ResponseUninspectable: 1, rules.UpstreamStatus: 1, rules.UpstreamUnavailable: 1}, customer.Refused); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[policytest.Disclosed]int{
		{Category: "user.unique_id", Form: "clear"}: 1, {Category: "user.name", Form: "clear"}: 1,
		{Category: "user.contact.email", Form: "pseudonym"}: 1, {Category: "user.contact.address.country", Form: "clear"}: 1,
	}, customer.Disclosed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"extra": 1}, customer.Unnamed); diff != "" || customer.Requests != 4 || customer.Answered != 1 {
		t.Errorf("%s %+v", diff, customer)
	}
	b, err := got.JSON()
	if err != nil || !json.Valid(b) || strings.Contains(string(b), "Ada") || strings.Contains(got.Text(), "Ada") {
		t.Errorf("%s %v", b, err)
	}
	if _, err := tr.Traffic(&policytest.Request{Recipient: "support-desk", Purpose: "support.provide"}, strings.NewReader("{}")); err == nil {
		t.Error("no HAR is read")
	}
}
