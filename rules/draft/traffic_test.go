package draft_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules/draft"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// bodies are answers whose values are all to be recognised again.
var bodies = map[string]string{
	"v1/customers":        `{"data": [{"id": 880017, "name": "Canary Ann", "email": "canary@x.example", "object": "customer"}], "has_more": false}`,
	"v1/customers/880017": `{"id": 880017, "name": "Canary Ann", "email": "canary@x.example", "born": "1980-07-14", "object": "customer"}`,
	"v1/customers/880018": `{"id": 880018, "name": "Canary Bob", "email": null, "phone": "canary 2", "object": "customer"}`,
	"v1/users/canaryann":  `{"login": "canaryann", "name": "Canary Ann", "email": "canary@x.example"}`,
	"v1/by_id":            `{"880017": {"score": 1.5}, "880018": {"score": 2}}`,
	"v1/by_name":          `{"canaryann": {"score": 1, "level": 2}, "canarybob": {"score": 3, "level": 4}}`,
	"v1/by_mail":          `{"canary@x.example": 7}`,
	"v1/visits":           `[{"total": 5, "parts": [{"hall": "canary"}]}]`,
	"v1/orders/0199f2c4-5e0a-7c31-9b43-0d6f6a1c2b7e": `{"items": [{"sku": "canary-sku", "price": 1}]}`,
}

var routes = []string{
	"GET /v1/by_id", "GET /v1/by_mail", "GET /v1/by_name", "GET /v1/customers", "GET /v1/customers/{customer_id}", "GET /v1/orders/{order_id}", "GET /v1/users/{user_id}", "GET /v1/visits",
}

func samples() fstest.MapFS {
	dir := fstest.MapFS{"README.md": {Data: []byte("canary")}}
	for name, body := range bodies {
		dir[name+".json"] = &fstest.MapFile{Data: []byte(body)}
	}
	return dir
}

func recording() string {
	var entries []string
	for _, name := range append([]string{"v1/nothing"}, keys(bodies)...) {
		text, err := json.Marshal(bodies[name])
		if err != nil {
			panic(err)
		}
		status := 200
		if name == "v1/nothing" {
			status = 404
		}
		entries = append(entries, fmt.Sprintf(`{"request": {"method": "GET", "url": "https://crm.example/%s?limit=10&email=canary%%40x.example"},
			"response": {"status": %d, "content": {"mimeType": "application/json", "text": %s}}}`, name, status, text))
	}
	return `{"log": {"entries": [` + strings.Join(entries, ",") + `]}}`
}

func keys(m map[string]string) []string {
	var out []string
	for _, k := range []string{"v1/by_id", "v1/by_mail", "v1/by_name", "v1/customers", "v1/customers/880017", "v1/customers/880018", "v1/users/canaryann", "v1/visits"} {
		if m[k] != "" {
			out = append(out, k)
		}
	}
	return append(out, "v1/orders/0199f2c4-5e0a-7c31-9b43-0d6f6a1c2b7e")
}

// Of recorded bodies no value gets into a draft, neither from members nor from paths,
// queries or keys. And it is a policy.
func TestTraffic(t *testing.T) {
	t.Parallel()
	recorded, err := draft.HAR(strings.NewReader(recording()), "")
	if err != nil {
		t.Fatal(err)
	}
	sampled, err := draft.Samples(samples(), "")
	if err != nil {
		t.Fatal(err)
	}
	for what, api := range map[string]*openapi.API{"HAR": recorded, "samples": sampled} {
		var got []string
		for _, o := range api.Operations {
			got = append(got, o.Route())
		}
		if strings.Join(got, ", ") != strings.Join(routes, ", ") {
			t.Errorf("%s: routes %v", what, got)
		}
		d := write(t, api, draft.Options{API: "crm", Since: since})
		compile(t, d.Files)
		for _, f := range d.Files {
			for _, value := range []string{"anary", "88001", "0199f2c4", "1980-07-14"} {
				if strings.Contains(string(f.Text), value) {
					t.Errorf("%s: %s has the value %q:\n%s", what, f.Name, value, f.Text)
				}
			}
		}
		for _, want := range []string{
			"params: {customer_id: integer}", "params: {order_id: uuid}", `"@key": {category:`, "subject: {population: customer, category: customer, id: {at: id}, born: born}",
			`"data[]": customer`, `"[]": visit`, `"parts[].hall": {category: user.undecided}`, `".": customer`, "# has_more: public",
		} {
			if text := string(d.Files[2].Text); !strings.Contains(text, want) {
				t.Errorf("%s: no %s in\n%s", what, want, text)
			}
		}
		if what == "HAR" && !strings.Contains(string(d.Files[2].Text), "query: {limit: integer}") {
			t.Errorf("no query of numbers in\n%s", d.Files[2].Text)
		}
	}
}

func TestNoTraffic(t *testing.T) {
	t.Parallel()
	two := strings.Replace(recording(), "https://crm.example/v1/by_id", "https://shop.example/v1/by_id", 1)
	for what, c := range map[string]struct {
		har, host string
		want      error
	}{
		"two hosts":     {two, "", draft.ErrHosts},
		"another host":  {two, "nobody.example", draft.ErrNothing},
		"nothing":       {`{"log": {"entries": []}}`, "", draft.ErrNothing},
		"no JSON in it": {strings.Replace(recording(), `has_more\": false}`, `secret`, 1), "", draft.ErrSample},
	} {
		_, err := draft.HAR(strings.NewReader(c.har), c.host)
		if !errors.Is(err, c.want) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if api, err := draft.HAR(strings.NewReader(two), "shop.example"); err != nil || len(api.Operations) != 1 {
		t.Errorf("one host of two: %v, %v", api, err)
	}
	if _, err := draft.Samples(fstest.MapFS{"a.json": {Data: []byte(`{"secret"`)}}, ""); !errors.Is(err, draft.ErrSample) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a sample that is no JSON: %v", err)
	}
	deep := strings.Repeat("[", 80) + strings.Repeat("]", 80)
	if _, err := draft.Samples(fstest.MapFS{"a.json": {Data: []byte(deep)}}, ""); !errors.Is(err, draft.ErrTooLarge) {
		t.Errorf("a sample that is too deep: %v", err)
	}
}
