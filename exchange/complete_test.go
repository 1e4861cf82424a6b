package exchange_test

import (
	"bytes"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// A recipient with shape: complete gets every mapped member in each object, and the same
// bytes whether what it does not get is there or not.
func TestCompleteShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, target, body, want string }{
		{
			"one person", "/v1/customers/17", `{"object":"customer","email":"a@b.example","id":17,"address":{"country":"JP"},"name":"Ada","born":"1980-01-01","more":1}`,
			`{"object":"customer","id":17,"name":"Ada","address":{"country":null},"born":null,"email":null,"notes":null}`,
		},
		{
			"nothing else there", "/v1/customers/17", `{"object":"customer","id":17,"name":"Ada"}`,
			`{"object":"customer","id":17,"name":"Ada","address":{"country":null},"born":null,"email":null,"notes":null}`,
		},
		{
			"a list", "/v1/customers", `{"data":[{"id":2,"name":"B"},{"id":1},{"id":"x","name":"C"}]}`,
			`{"data":[{"id":1,"address":{"country":null},"born":null,"email":null,"name":null,"notes":null,"object":null}],"has_more":null,"object":null}`,
		},
		{"a hidden list", "/v1/customers", `{"data":[{"id":2,"name":"B"}],"object":"list"}`, `{"data":[],"object":"list","has_more":null}`},
		{"no list", "/v1/customers", `{"object":"list"}`, `{"object":"list","data":[],"has_more":null}`},
		{
			"a person in a frame", "/v1/profiles/17", `{"customer":{"id":17}}`,
			`{"customer":{"id":17,"address":{"country":null},"born":null,"email":null,"name":null,"notes":null,"object":null},"object":null}`,
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.customer("2", restricted())
			w.upstream.answer = answers(200, c.body)
			if s := w.serveAs(t, user("typed-desk"), get(c.target)); s.body.String() != c.want {
				t.Errorf("got  %s\nwant %s", s.body.String(), c.want)
			}
		})
	}
}

// One person of whom nothing may be seen is nobody, also for a client that gets forms.
func TestCompleteShapeHidesLikeUnknown(t *testing.T) {
	t.Parallel()
	for target, body := range map[string]string{
		"/v1/customers/2": `{"id":2,"name":"B","object":"customer"}`,
		"/v1/profiles/2":  `{"customer":{"id":2,"name":"B"},"object":"profile"}`,
	} {
		w := newWorld(t)
		w.customer("2", restricted())
		w.upstream.answer = answers(200, body)
		if s := w.serveAs(t, user("typed-desk"), get(target)); s.status != 404 || reason(t, s) != "not_found" {
			t.Errorf("%s: %d %s", target, s.status, s.body.String())
		}
	}
}

// What is filled in is no disclosure: the record is that of an answer without it.
func TestCompleteShapeIsRecordedAsWhatLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"A"},{"id":2}]}`)
	w.serveAs(t, user("typed-desk"), get("/v1/customers"))
	d := w.ledger.only(t, ledger.KindReleased).Disclosure
	if len(d.Subjects) != 2 || d.Counts.Subjects != 2 || d.Counts.SubjectsWithheld != 0 {
		t.Fatalf("%+v", d.Counts)
	}
	if bytes.Equal(d.Subjects[0].Emitted, d.Subjects[1].Emitted) {
		t.Errorf("a name that did not leave is recorded: %08b", d.Subjects[1].Emitted)
	}
}
