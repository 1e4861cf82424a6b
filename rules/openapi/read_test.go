package openapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// The same API in three versions of the specification.
const (
	swagger2 = `
swagger: "2.0"
info: {title: Clubs, version: "1"}
basePath: /api
produces: [application/json]
paths:
  /members/{id}:
    get:
      operationId: member
      parameters:
        - {name: id, in: path, required: true, type: integer}
        - {name: full, in: query, type: boolean}
      responses: {200: {description: ok, schema: {$ref: "#/definitions/Member"}}}
    delete: {responses: {204: {description: gone}}}
definitions:
  Member:
    type: object
    properties:
      id: {type: integer}
      born: {type: string, format: date}
      friends: {type: array, items: {$ref: "#/definitions/Member"}}
      marks: {type: object, additionalProperties: {type: number}}
`
	openapi30 = `
openapi: 3.0.3
info: {title: Clubs, version: "1"}
servers: [{url: "https://clubs.example/{root}/", variables: {root: {default: api}}}, {url: "https://other.example"}]
paths:
  /members/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: member
      parameters: [{name: full, in: query, schema: {type: boolean}}]
      responses: {200: {description: ok, content: {application/hal+json: {schema: {$ref: "#/components/schemas/Member"}}}}}
    delete: {responses: {204: {description: gone}}}
components:
  schemas:
    Member:
      allOf:
        - type: object
          properties: {id: {type: integer}, born: {type: string, format: date}}
        - properties:
            friends: {type: array, items: {$ref: "#/components/schemas/Member"}}
            marks: {type: object, additionalProperties: {type: number}}
`
	openapi31 = `
openapi: 3.1.0
info: {title: Clubs, version: "1"}
servers: [{url: /api}]
paths:
  /members/{id}:
    get:
      operationId: member
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: full, in: query, schema: {type: boolean}}
      responses: {default: {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
    delete: {responses: {204: {description: gone}}}
components:
  schemas:
    Member:
      type: object
      properties:
        id: {type: integer}
        born: {type: string, format: date}
        friends: {type: array, items: {$ref: "#/components/schemas/Member"}}
        marks: {type: object, additionalProperties: {type: number}}
`
)

func TestRead(t *testing.T) {
	t.Parallel()
	for version, text := range map[string]string{"2.0": swagger2, "3.0": openapi30, "3.1": openapi31} {
		api := read(t, text)
		if api.Title != "Clubs" || api.Base != "/api" || len(api.Operations) != 1 {
			t.Fatalf("%s: %+v", version, api)
		}
		o := api.Operations[0]
		if o.Route() != "GET /api/members/{id}" || o.ID != "member" || len(o.Params) != 1 || !o.Params[0].Required || len(o.Query) != 1 || o.Query[0].Name != "full" {
			t.Errorf("%s: %+v", version, o)
		}
		if fmt.Sprint(api.Left) != "[{DELETE /api/members/{id} only GET is minimised}]" {
			t.Errorf("%s: left %v", version, api.Left)
		}
		b := o.Body
		if b.Name != "Member" || len(b.Members) != 4 || b.Member("born").Format != "date" || b.Member("id").Types != openapi.Integer {
			t.Errorf("%s: %+v", version, b)
		}
		if b.Member("friends").Elem != b {
			t.Errorf("%s: a schema that leads back to itself is not itself", version)
		}
		if b.Member("marks").Any.Types != openapi.Number {
			t.Errorf("%s: marks is no map of numbers: %+v", version, b.Member("marks"))
		}
	}
	if api := read(t, openapi30); fmt.Sprintf("%q", api.OtherBases) != `[""]` {
		t.Errorf("other bases: %q", api.OtherBases)
	}
	other, err := openapi.Read([]byte(openapi30), openapi.Options{Base: "/"})
	if err != nil || other.Operations[0].Path != "/members/{id}" {
		t.Errorf("a base that was said: %v, %v", other, err)
	}
}

// A union has the members of all that it may be.
func TestUnions(t *testing.T) {
	t.Parallel()
	b := answer(t, `
oneOf:
  - {type: object, properties: {kind: {type: string, enum: [a]}, same: {type: string}, deep: {type: object, properties: {x: {type: integer}}}}}
  - {type: object, properties: {kind: {type: string, enum: [b]}, same: {type: integer}, deep: {type: object, properties: {y: {type: integer}}}}}
  - {type: "null"}
`)
	if b.Alternatives != 2 || len(b.Members) != 3 || len(b.Member("deep").Members) != 2 || b.Types&openapi.Null == 0 {
		t.Errorf("%+v", b)
	}
	if got := b.Member("same").Types; got != openapi.String|openapi.Integer {
		t.Errorf("same is %s", got)
	}
	if got := fmt.Sprint(b.Member("kind").Enum); got != "[a b]" {
		t.Errorf("kind is one of %s", got)
	}
	for text, want := range map[string]string{
		"{anyOf: [{type: string}, {type: object, properties: {a: {type: string}}}]}": "a text or an object",
		"{type: [string, 'null']}": "a text or null",
		"{}":                       "anything",
		"{enum: [x, y]}":           "a text",
		"{type: object}":           "an object",
	} {
		if got := answer(t, text).Types.String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// Examples of a wrong form are not what a description is read for. A member may have
// their name.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Replace(openapi31, "id: {type: integer}", "id: {type: integer, examples: {a: 1}}\n        examples: {type: string, examples: {b: 2}}", 1),
		strings.Replace(openapi31, "id: {type: integer}", "id: {type: integer}\n        examples: {type: string}", 1),
	} {
		b := read(t, text).Operations[0].Body
		if m := b.Member("examples"); m == nil || m.Types != openapi.String || b.Member("id").Types != openapi.Integer {
			t.Errorf("%+v", b)
		}
	}
}

func TestNotRead(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":        {"", openapi.ErrDocument},
		"no description": {"a: 1", openapi.ErrDocument},
		"no YAML":        {"openapi: 3.0.0\n\t- x", openapi.ErrDocument},
		"no paths":       {"openapi: 3.1.0\ninfo: {title: x, version: '1'}", openapi.ErrDocument},
		"bad Swagger":    {"swagger: '2.0'\npaths: 7", openapi.ErrDocument},
		"another file":   {strings.Replace(openapi31, `"#/components/schemas/Member"`, `"other.yaml#/Member"`, 1), openapi.ErrReferences},
		"a loop":         {strings.Replace(openapi31, `type: object`, `$ref: "#/components/schemas/Member"`, 1), nil},
		"too large":      {strings.Repeat(" ", openapi.DefaultMaxDocument+1), openapi.ErrTooLarge},
	} {
		_, err := openapi.Read([]byte(c.text), openapi.Options{})
		if c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Each reason for which a route is left out.
func TestLeft(t *testing.T) {
	t.Parallel()
	api := read(t, `
openapi: 3.0.3
info: {title: x, version: "1"}
paths:
  /a/: {get: {responses: {200: {description: "", content: {application/json: {schema: {type: object}}}}}}}
  /a/{b}.json: {get: {responses: {200: {description: "", content: {application/json: {schema: {type: object}}}}}}}
  /c: {get: {responses: {200: {description: "", content: {text/html: {}}}}}}
  /d: {get: {responses: {200: {description: "", content: {application/json: {}}}}}}
  /e: {get: {responses: {302: {description: ""}}}}
`)
	var got []string
	for _, l := range api.Left {
		got = append(got, l.Path+": "+l.Reason)
	}
	want := `/a/: its path has an empty segment, as one that ends in / has
/a/{b}.json: a route cannot have the segment "{b}.json"
/c: it has no JSON answer with status 200
/d: its answer has no schema
/e: it has no JSON answer with status 200`
	if strings.Join(got, "\n") != want || len(api.Operations) != 0 {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{swagger2, openapi30, openapi31} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		api, err := openapi.Read(b, openapi.Options{})
		if (api == nil) == (err == nil) {
			t.Errorf("%v, %v", api, err)
		}
	})
}

func read(t *testing.T, text string) *openapi.API {
	t.Helper()
	api, err := openapi.Read([]byte(text), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// answer is the schema of the answer of an API that has one.
func answer(t *testing.T, schema string) *openapi.Schema {
	t.Helper()
	text := "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {/x: {get: {responses: {200: {description: '', content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}}}}}\ncomponents:\n  schemas:\n    S:\n" +
		"      " + strings.ReplaceAll(strings.TrimSpace(schema), "\n", "\n      ") + "\n"
	return read(t, text).Operations[0].Body
}
