package main

import (
	"strings"
	"testing"
)

const (
	original = `{"id":1,"email":"a@example.com","balance":1.50,"seats":100,"address":{"line1":"x","city":"Lyon"},"support":{"tickets":[{"id":"t"}]}}`
	left     = `{"id":1,"seats":100,"address":{"city":"Lyon"},"support":{"tickets":[{"id":"t"}]}}`
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		tokens bool
		want   []string
	}{
		"equal":                 {answer: left},
		"other order and space": {answer: `{ "support":{"tickets":[{"id":"t"}]}, "address":{"city":"Ly\u006fn"}, "seats":100, "id":1 }`},
		"token":                 {answer: strings.Replace(left, "{", `{"email":"p@pseudonym.invalid",`, 1), tokens: true},
		"no token":              {answer: left, tokens: true, want: []string{"email: no pseudonym"}},
		"original for a token":  {answer: strings.Replace(left, "{", `{"email":"a@example.com",`, 1), tokens: true, want: []string{"email: no pseudonym"}},
		"not removed":           {answer: original, want: []string{"address.line1: must be gone, got \"x\"", "balance: must be gone, got 1.50", "email: must be gone, got \"a@example.com\""}},
		"too much removed":      {answer: strings.Replace(left, `"city":"Lyon"`, "", 1), want: []string{`address.city: missing, want "Lyon"`}},
		"number rewritten":      {answer: strings.Replace(left, "100", "1e2", 1), want: []string{"seats: want 100, got 1e2"}},
		"text for a number":     {answer: strings.Replace(left, "100", `"100"`, 1), want: []string{`seats: want 100, got "100"`}},
		"object for a list":     {answer: strings.Replace(left, `[{"id":"t"}]`, "{}", 1), want: []string{"support.tickets: want a list, got {}"}},
		"shorter list":          {answer: strings.Replace(left, `{"id":"t"}`, "", 1), want: []string{"support.tickets: want 1 elements, got 0"}},
		"object for a scalar":   {answer: strings.Replace(left, "100", "{}", 1), want: []string{"seats: want 100, got {}"}},
		"something else":        {answer: "[]", want: []string{"the document: want an object, got []"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := differences([]byte(original), []byte(test.answer), test.tokens)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestDifferencesOfList(t *testing.T) {
	t.Parallel()
	const answer = `{"object":"list","data":[{"id":1,"email":"p@pseudonym.invalid"},{"id":3,"email":null}]}`
	got, err := differences([]byte(`{"object":"list","data":[{"id":1,"ssn":"x"},{"id":2,"tags":[]}]}`), []byte(answer), true)
	if err != nil {
		t.Fatal(err)
	}
	if want := "data[1].email: no pseudonym\ndata[1].id: want 2, got 3"; strings.Join(got, "\n") != want {
		t.Errorf("got %q", got)
	}
}

func TestDifferencesRefusesOtherText(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "{", left + left} {
		if _, err := differences([]byte(original), []byte(answer), false); err == nil {
			t.Errorf("%q was taken for an answer", answer)
		}
	}
}

func TestListedIsShort(t *testing.T) {
	t.Parallel()
	text := listed(make([]string, 25))
	if !strings.HasSuffix(text, "and 5 more") || strings.Count(text, "\n") != 20 {
		t.Errorf("got %q", text)
	}
}
