package openapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/openapi"
	"github.com/modicum-dev/modicum/rules/source"
)

const clubPolicy = `language: 1
controller: {id: club, legal_name: The club, country: JP}
documents:
  general: {notice: appi, version: "1", effective_from: 2024-01-01}
categories:
  user.unique_id: {identifier: direct}
  user.name: {identifier: direct}
  user.contact: {identifier: direct}
  user.contact.country: {identifier: quasi, generalise: region}
  user.demographic.date_of_birth: {identifier: quasi, entropy: low, generalise: age_band}
  user.behavior: {}
purposes:
  club.run: {appi: [customer]}
  club.count: {statistical: true, appi: [customer]}
recipients:
  desk:
    legal_name: The club
    kind: internal
    country: JP
    match: {user: desk}
    grant:
      valid_from: 2024-01-01
      purposes:
        club.run:
          ref: {required: true, pattern: "case-[0-9]+"}
          needs:
            user.unique_id: pseudonym
            user.name: clear
            user.contact.email: pseudonym
            user.demographic.date_of_birth: year
            user.behavior: prefix(2)
        club.count:
          needs: {user.name: clear, user.contact.country: clear, user.behavior: "band(10, 20)"}
populations:
  member: {id: integer}
api: club
unseen_subject: withhold
shapes:
  member:
    subject: {population: member, category: customer, id: {at: id}, country: country, born: born}
    fields:
      id: {category: user.unique_id, link: member_id}
      name: {category: user.name}
      emial: {category: user.contact.email, token: email}
      email: {category: user.contact.email, token: email}
      born: {category: user.demographic.date_of_birth}
      country: {category: user.contact.country}
      address: {category: user.contact}
      "tags[].label": {category: user.behavior}
      "marks{key}": {category: user.behavior}
      "marks{}": {category: user.behavior}
      object: public
resources:
  member:
    route: "GET /members/{member}"
    params: {member: {population: member}}
    query: {full: {pattern: "true|false"}, fulll: any}
    body: {".": member}
  members: {route: "GET /members", body: {"data[]": member, total: public}}
  gone: {route: "GET /memberz", subjects: none, body: {".": nothing}}
`

const clubAPI = `
openapi: 3.0.3
info: {title: Club, version: "1"}
paths:
  /members/{id}:
    get:
      operationId: getMember
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: full, in: query, schema: {type: boolean}}
        - {name: key, in: query, required: true, schema: {type: string}}
      responses: {200: {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
  /members:
    get:
      responses:
        200:
          description: ""
          content:
            application/json:
              schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Member"}}, next: {type: string}}}
  /unmapped: {get: {responses: {200: {description: "", content: {application/json: {schema: {type: object}}}}}}}
components:
  schemas:
    Member:
      type: object
      required: [id]
      properties:
        id: {type: integer, format: int64}
        name: {type: string, nullable: true, description: What the member is called}
        email: {type: string, format: email}
        country: {type: string, enum: [JP, DE]}
        address: {type: object, properties: {city: {type: string}}}
        tags: {type: array, items: {type: string}}
        marks: {type: object, additionalProperties: {type: number}}
        object: {type: string}
        secret: {type: object, properties: {a: {type: string}}}
        friend: {$ref: "#/components/schemas/Member"}
`

func TestCompare(t *testing.T) {
	t.Parallel()
	policy := compile(t, clubPolicy)
	var got []string
	for _, p := range openapi.Compare(policy.Bundle, "club", read(t, clubAPI)) {
		if !p.Warning || !errors.Is(p, p.Kind) {
			t.Errorf("%v is no warning", p)
		}
		got = append(got, p.Error())
	}
	want := `policy.yaml:36:6: warning: no resource of "club" has the route GET /unmapped: it is refused (map it, if anybody should)
policy.yaml:40:3: warning: no rule of shape "member" names "friend", which the api has (it is dropped: is that meant?)
policy.yaml:40:3: warning: no rule of shape "member" names "secret", which the api has (it is dropped: is that meant?)
policy.yaml:41:93: warning: the api has no "born", the birth date of the subject of "member", in GET /members
policy.yaml:41:93: warning: the api has no "born", the birth date of the subject of "member", in GET /members/{member}
policy.yaml:45:7: warning: the api has no "emial" of shape "member" (did you mean "email"?)
policy.yaml:47:7: warning: the api has no "born" of shape "member"
policy.yaml:49:7: warning: the rule covers a scalar, and "address" of GET /members/{member} is an object: it is withheld (rules for what is within it)
policy.yaml:50:7: warning: "tags[]" of GET /members/{member} is a text, and the rule is for something within it: it is withheld (a rule for "tags[]")
policy.yaml:56:12: warning: the api requires the query parameter "key" of GET /members/{member}, and the resource does not allow it (query: allow it)
policy.yaml:58:44: warning: the api has no query parameter "fulll" of GET /members/{member} (did you mean "full"?)
policy.yaml:60:3: warning: no rule of resource "members" names "next", which the api has (it is dropped: is that meant?)
policy.yaml:60:61: warning: the api has no "total" in GET /members
policy.yaml:61:17: warning: the api has no GET /memberz (did you mean "GET /members"?)`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s", s)
	}
	if more := openapi.Compare(policy.Bundle, "club", read(t, clubAPI)).Error(); more != strings.Join(got, "\n") {
		t.Error("the same comparison says something else")
	}
}

// A policy for a part of a large API has one warning of all the other routes.
func TestCompareWithLarge(t *testing.T) {
	t.Parallel()
	var more strings.Builder
	for i := range openapi.DefaultMaxRefused {
		fmt.Fprintf(&more, "  /more/%d: {get: {responses: {200: {description: \"\", content: {application/json: {schema: {type: object}}}}}}}\n", i)
	}
	policy := compile(t, clubPolicy)
	found := openapi.Compare(policy.Bundle, "club", read(t, strings.Replace(clubAPI, "  /unmapped:", more.String()+"  /unmapped:", 1)))
	want := `policy.yaml:36:6: warning: no resource of "club" has 21 of the 23 routes of the api, GET /more/0, GET /more/1, GET /more/10 among them: they are refused (map them, if anybody should)`
	if found[0].Error() != want {
		t.Errorf("got %v", found[0])
	}
}

// What leaves has the form in which it leaves, and nothing else is there.
func TestContract(t *testing.T) {
	t.Parallel()
	got := contract(t, openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.run", Ref: "case-1", Server: "https://gateway.example"})
	member := schemaOf(t, got, "member")
	for name, want := range map[string]string{
		"id":     `{"description":"A pseudonym: the same for the same value in all answers for this purpose, and for nobody else.","pattern":"^[a-z0-9]+\\.[a-z2-7]{26}$","type":"string"}`,
		"name":   `{"description":"What the member is called","nullable":true,"type":"string"}`,
		"born":   `{"description":"Made coarser: year","pattern":"^[0-9]{4}$","type":"string"}`,
		"marks":  `{"additionalProperties":{"description":"Made coarser: prefix(2)","maxLength":2,"minLength":2,"type":"string"},"type":"object"}`,
		"object": `{"type":"string"}`,
	} {
		b, err := json.Marshal(member.Properties[name])
		if err != nil || string(b) != want {
			t.Errorf("%s is %s, %v", name, b, err)
		}
	}
	if p := member.Properties["email"]; p == nil || p.Value.Format != "email" {
		t.Errorf("email is %v", p)
	}
	for _, name := range []string{"country", "address", "secret", "friend"} {
		if member.Properties[name] != nil {
			t.Errorf("%s is there", name)
		}
	}
	if len(member.Required) > 0 {
		t.Errorf("required: %v", member.Required)
	}
	if got.Paths.Len() != 2 || got.Paths.Value("/members/{member}").Get.OperationID != "getMember" || got.Servers[0].URL != "https://gateway.example" {
		t.Errorf("paths: %v", got.Paths.Map())
	}
	header := got.Components.Parameters["DataPurpose"].Value
	if !header.Required || header.Schema.Value.Pattern != `^club\.run;ref="(?:case-[0-9]+)"$` {
		t.Errorf("header: %+v", header.Schema.Value)
	}
	op := got.Paths.Value("/members/{member}").Get
	if problem := op.Responses.Value("403").Value.Content["application/problem+json"]; problem == nil || problem.Schema.Value.Properties["reason"] == nil {
		t.Error("no problem document")
	}
	var names []string
	for _, p := range op.Parameters {
		names = append(names, p.Value.In+" "+p.Value.Name)
	}
	if s := strings.Join(names, ", "); s != "path member, query full, query fulll, header Data-Purpose" {
		t.Errorf("parameters: %s", s)
	}
	if len(got.Components.Schemas) != 2 { // the member, and the problem
		t.Errorf("components: %v", got.Components.Schemas)
	}
}

// Under a statistical purpose the contract says what is left of the needs.
func TestContractStatistical(t *testing.T) {
	t.Parallel()
	member := schemaOf(t, contract(t, openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.count"}), "member")
	if member.Properties["name"] != nil {
		t.Error("a direct identifier is there")
	}
	if c := member.Properties["country"]; c == nil || len(c.Value.Enum) != 6 {
		t.Errorf("country is %v", c)
	}
	if m := member.Properties["marks"]; m == nil || len(m.Value.AdditionalProperties.Schema.Value.Enum) != 3 {
		t.Errorf("marks is %v", m)
	}
}

func TestContractRefused(t *testing.T) {
	t.Parallel()
	policy := compile(t, clubPolicy)
	edition := policy.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		o    openapi.ContractOptions
		want error
		says string
	}{
		{openapi.ContractOptions{API: "club", Recipient: "nobody", Purpose: "club.run"}, openapi.ErrRefused, `no recipient "nobody": the policy has desk`},
		{openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.run"}, openapi.ErrRefused, "give an example of one"},
		{openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.sell"}, openapi.ErrRefused, "purpose_unknown"},
		{openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.count", Auth: "none"}, openapi.ErrAuth, "basic, bearer or certificate"},
	} {
		_, err := openapi.Contract(policy.Bundle, edition, read(t, clubAPI), c.o)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

// A certificate is a way to authenticate since 3.1, and the document is the same
// each time.
func TestContractForms(t *testing.T) {
	t.Parallel()
	policy := compile(t, clubPolicy)
	edition := policy.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	var before []byte
	for range 5 {
		doc, err := openapi.Contract(policy.Bundle, edition, read(t, clubAPI), openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: "club.count", Auth: "certificate"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := doc.YAML()
		if err != nil || before != nil && !bytes.Equal(b, before) {
			t.Fatalf("another document: %v\n%s", err, b)
		}
		before = b
	}
	if s := string(before); !strings.Contains(s, "type: mutualTLS") || !strings.Contains(s, "openapi: 3.1.0") {
		t.Errorf("got\n%s", s)
	}
}

func contract(t *testing.T, o openapi.ContractOptions) *openapi3.T {
	t.Helper()
	policy := compile(t, clubPolicy)
	doc, err := openapi.Contract(policy.Bundle, policy.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)), read(t, clubAPI), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := doc.YAML()
	if err != nil {
		t.Fatal(err)
	}
	out, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out
}

func schemaOf(t *testing.T, doc *openapi3.T, name string) *openapi3.Schema {
	t.Helper()
	ref := doc.Components.Schemas[name]
	if ref == nil {
		t.Fatalf("no component %s", name)
	}
	return ref.Value
}

func compile(t *testing.T, text string) *rules.Policy {
	t.Helper()
	text = strings.Replace(text, "shapes:\n", "shapes:\n  nothing: {fields: {}}\n", 1)
	bundle, problems, err := source.Load(fstest.MapFS{"policy.yaml": {Data: []byte(text)}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	policy, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return policy
}
