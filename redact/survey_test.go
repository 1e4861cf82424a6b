package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

var foundNames = [...]string{"rule", "key", "unexpected", "unmapped", "empty", "subject"}

// Every value of a body is told of once, with the rule that covers it or without one.
func TestSurvey(t *testing.T) {
	t.Parallel()
	const people = `subject customer at data[] id=id born=born
data[].id
data[].name
data[].address.city
data[].tags[]
data[].extra subtree
data[].keys{key}
data[].keys{}.seats
object public`
	for _, c := range []struct {
		name, shape, body string
		want              []string
	}{
		{"a list", people, `{"object":"list","total":2,"data":[{"id":1,"name":"A","notes":{"x":[1]},"born":"1980-01-01"},{"id":2,"na\u006de":null}]}`, []string{
			`-1 rule object /object "list"`, `-1 unmapped total /total 2`,
			`0 subject data[] /data/0 `,
			`0 rule data[].id /data/0/id 1`, `0 rule data[].name /data/0/name "A"`, `0 unmapped data[].notes /data/0/notes {"x":[1]}`,
			`0 unmapped data[].born /data/0/born "1980-01-01"`,
			`1 subject data[] /data/1 `, `1 rule data[].id /data/1/id 2`, `1 rule data[].name /data/1/name null`,
		}},
		{"types", people, `{"data":[{"name":["A"],"address":"B","tags":[1,{}],"extra":{"a": 1}},7]}`, []string{
			`0 subject data[] /data/0 `, `0 unexpected data[].name /data/0/name ["A"]`, `0 unexpected data[].address /data/0/address "B"`,
			`0 rule data[].tags[] /data/0/tags/0 1`, `0 unexpected data[].tags[] /data/0/tags/1 {}`,
			`0 rule data[].extra /data/0/extra {"a": 1}`, `-1 unexpected data[] /data/1 7`,
		}},
		{"a map and nothing", people, `{"data":[{"keys":{"K-1":{"seats":5,"x":1},"K-2":{}},"tags":[]},{}]}`, []string{
			`0 subject data[] /data/0 `, `0 key data[].keys{key} /data/0/keys/K-1 "K-1"`, `0 rule data[].keys{}.seats /data/0/keys/K-1/seats 5`,
			`0 unmapped data[].keys{}.x /data/0/keys/K-1/x 1`, `0 key data[].keys{key} /data/0/keys/K-2 "K-2"`,
			`0 empty data[].keys{} /data/0/keys/K-2 {}`, `0 empty data[].tags /data/0/tags []`, `1 subject data[] /data/1 `, `1 empty data[] /data/1 {}`,
		}},
		{"keys that are people", "subject customer at {} id=@key\n{}@key\n{}.x", `{"1":{"x":1},"2":3}`, []string{
			`0 subject {} /1 `, `0 key {key} /1 "1"`, `0 rule {}.x /1/x 1`, `-1 key {key} /2 "2"`, `-1 unexpected {} /2 3`,
		}},
		{"special keys", "a.b", `{"a":{"c.d":1,"e/f~":2,"":3,"@g":4}}`, []string{
			`-1 unmapped a."c.d" /a/c.d 1`, `-1 unmapped a.e/f~ /a/e~1f~0 2`, `-1 unmapped a."" /a/ 3`, `-1 unmapped a."@g" /a/@g 4`,
		}},
		{"a scalar", "a", ` 7 `, []string{`-1 unexpected   7`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var doc redact.Document
			if err := doc.Open(mustShape(t, c.shape), nil, []byte(c.body), redact.Limits{}); err != nil {
				t.Fatal(err)
			}
			var got []string
			doc.Survey(func(p *redact.Place) {
				got = append(got, fmt.Sprintf("%d %s %s %s %s", p.Subject, foundNames[p.Found], p.AppendPath(nil), p.AppendPointer(nil), p.Value))
			})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What leads to a value is told without the value's own name, which may be data.
func TestSurveyParent(t *testing.T) {
	t.Parallel()
	var doc redact.Document
	if err := doc.Open(mustShape(t, "m{key}\nm{}.a"), nil, []byte(`{"m":{"anna":{"b":1}},"c":2}`), redact.Limits{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	doc.Survey(func(p *redact.Place) {
		got = append(got, fmt.Sprintf("%s|%s|%t", p.AppendParent(nil), p.Name(), p.Map))
	})
	if diff := cmp.Diff([]string{"m||true", "m{}|b|false", "|c|false"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSurveyOfNoDocument(t *testing.T) {
	t.Parallel()
	var doc redact.Document
	doc.Survey(func(*redact.Place) { t.Error("visited") })
}

// checkSurvey holds the survey of an open document against the body and against what
// the last Emit let leave.
func checkSurvey(tb testing.TB, doc *redact.Document, shape *rules.Shape, body []byte) {
	tb.Helper()
	type field struct{ subject, field int }
	covered := make(map[field]bool)
	var rest bytes.Buffer
	end := 0
	doc.Survey(func(p *redact.Place) {
		if p.Found == redact.FoundRule || p.Found == redact.FoundKey {
			covered[field{p.Subject, p.Field}] = true
			if p.Other >= 0 {
				covered[field{p.Other, p.Field}] = true
			}
		}
		if p.Found == redact.FoundKey || p.Found == redact.FoundSubject {
			return // no value
		}
		from := cap(body) - cap(p.Value)
		if from < end || !bytes.Equal(body[from:from+len(p.Value)], p.Value) {
			tb.Fatalf("told of %d to %d after %d, in %s", from, from+len(p.Value), end, body)
		}
		rest.Write(body[end:from])
		rest.WriteByte('0')
		end = from + len(p.Value)
	})
	rest.Write(body[end:])
	// All values of the body were told of: nothing but keys is left of it.
	var left any
	if err := json.Unmarshal(rest.Bytes(), &left); err != nil || !zeros(left) {
		tb.Fatalf("not told of: %s of %s (%v)", rest.Bytes(), body, err)
	}
	for i := range doc.Subjects() {
		left := doc.Emitted(i)
		for f := range shape.Fields {
			if left.Has(f) && !covered[field{i, f}] {
				tb.Fatalf("field %d of subject %d left and was not told of, in %s", f, i, body)
			}
		}
	}
}

func zeros(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if !zeros(member) {
				return false
			}
		}
		return len(v) > 0
	case []any:
		for _, element := range v {
			if !zeros(element) {
				return false
			}
		}
		return len(v) > 0
	}
	return v == 0.0
}
