package har_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/modicum-dev/modicum/rules/internal/har"
)

const recording = `{"log": {
  "version": "1.2",
  "creator": {"name": "a browser", "entries": [1, {"log": 2}]},
  "entries": [
    {"request": {"method": "get", "url": "https://crm.example/v1/customers/17?expand=a",
       "headers": [{"name": ":authority", "value": "crm.example"}, {"name": "accept", "value": "application/json"},
                   {"name": "Accept", "value": "text/plain"}]},
     "response": {"status": 200, "content": {"size": 9, "mimeType": "application/json; charset=utf-8", "text": "{\"id\":17}"}}},
    {"request": {"method": "GET", "url": "https://crm.example/v1/customers/18", "headers": []},
     "response": {"status": 200, "content": {"mimeType": "application/json", "text": "eyJpZCI6MTh9", "encoding": "base64"}}},
    {"request": {"method": "DELETE", "url": "https://crm.example/v1/customers/18", "headers": []},
     "response": {"status": 204, "content": {"size": 0, "mimeType": ""}}},
    {"request": {"method": "GET", "url": "https://crm.example/blocked", "headers": []},
     "response": {"status": 0, "content": {"size": 0, "mimeType": "x-unknown", "text": ""}}}
  ],
  "comment": ["behind", {"the": "entries"}]
}}`

func TestRead(t *testing.T) {
	t.Parallel()
	none := http.Header{}
	want := []*har.Entry{
		{
			Number: 1, Method: "GET", URL: "https://crm.example/v1/customers/17?expand=a", Status: 200, MIMEType: "application/json; charset=utf-8",
			Body: []byte(`{"id":17}`), Header: http.Header{"Accept": {"application/json", "text/plain"}},
		},
		{Number: 2, Method: "GET", URL: "https://crm.example/v1/customers/18", Status: 200, MIMEType: "application/json", Body: []byte(`{"id":18}`), Header: none},
		{Number: 3, Method: "DELETE", URL: "https://crm.example/v1/customers/18", Status: 204, Header: none},
		{Number: 4, Method: "GET", URL: "https://crm.example/blocked", MIMEType: "x-unknown", Body: []byte{}, Header: none},
	}
	for what, r := range map[string]io.Reader{
		"plain":               strings.NewReader(recording),
		"with a mark":         strings.NewReader("\xef\xbb\xbf" + recording),
		"a byte at a time":    iotest.OneByteReader(strings.NewReader(recording)),
		"entries before rest": strings.NewReader(strings.Replace(recording, `"version": "1.2",`, "", 1)),
	} {
		var got []*har.Entry
		for e, err := range har.Read(r) {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			got = append(got, e)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v", what, got)
		}
	}
}

// A bad entry is named by its number, and the next one is read.
func TestBadEntry(t *testing.T) {
	t.Parallel()
	const good = `{"request": {"method": "GET", "url": "https://crm.example/"}, "response": {"status": 200, "content": {}}}`
	for bad, kind := range map[string]error{
		`{}`:                              har.ErrEntry,
		`"secret"`:                        har.ErrEntry,
		`{"request": {"method": "GET"}}`:  har.ErrEntry,
		`{"request": {"method": 424242}}`: har.ErrEntry,
		`{"request": {"method": "GET", "url": "https://crm.example/"}, "response": {"status": "secret"}}`:                                                  har.ErrEntry,
		`{"request": {"method": "GET", "url": "https://crm.example/"}, "response": {"status": 200, "content": {"encoding": "base64", "text": "secret!"}}}`: har.ErrContent,
	} {
		var errs []error
		var numbers []int
		for e, err := range har.Read(strings.NewReader(`{"log": {"entries": [` + good + `,` + bad + `,` + good + `]}}`)) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			numbers = append(numbers, e.Number)
		}
		if len(errs) != 1 || !errors.Is(errs[0], kind) || !strings.Contains(errs[0].Error(), "entry 2") {
			t.Errorf("%s: %v", bad, errs)
		}
		if !reflect.DeepEqual(numbers, []int{1, 3}) {
			t.Errorf("%s: read the entries %v", bad, numbers)
		}
	}
}

// What is no recording ends with an error that does not quote it.
func TestNoRecording(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		in   string
		want error
	}{
		"nothing":       {"", har.ErrFormat},
		"another JSON":  {`{"secret": 1}`, har.ErrFormat},
		"no object":     {`["secret"]`, har.ErrFormat},
		"no entries":    {`{"log": {"version": "1.2"}}`, har.ErrFormat},
		"entries no []": {`{"log": {"entries": "secret"}}`, har.ErrFormat},
		"no JSON":       {`secret`, har.ErrFormat},
		"cut off in it": {recording[:len(recording)/2], har.ErrFormat},
		"cut off after": {recording[:len(recording)-5], har.ErrFormat},
	} {
		last := lastError(strings.NewReader(c.in))
		if !errors.Is(last, c.want) {
			t.Errorf("%s: %v", what, last)
		}
		if last != nil && strings.Contains(last.Error(), "secret") {
			t.Errorf("%s: the error quotes the file: %v", what, last)
		}
	}
	broken := errors.New("the disk is gone")
	if last := lastError(io.MultiReader(strings.NewReader(recording[:300]), iotest.ErrReader(broken))); !errors.Is(last, broken) {
		t.Errorf("the reader's error is lost: %v", last)
	}
}

// An entry beyond the limit ends the reading, and one below it does not, whatever
// stood before it.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	entry := func(size int) io.Reader {
		return io.MultiReader(
			strings.NewReader(`{"request": {"method": "GET", "url": "https://crm.example/"}, "response": {"status": 200, "content": {"text": "`),
			bytes.NewReader(bytes.Repeat([]byte("a"), size)),
			strings.NewReader(`"}}}`))
	}
	list := func(sizes ...int) io.Reader {
		parts := []io.Reader{strings.NewReader(`{"log": {"entries": [`)}
		for i, size := range sizes {
			if i > 0 {
				parts = append(parts, strings.NewReader(","))
			}
			parts = append(parts, entry(size))
		}
		return io.MultiReader(append(parts, strings.NewReader(`]}}`))...)
	}
	const half = har.DefaultMaxEntry / 2
	if err := lastError(list(half, half, half)); err != nil {
		t.Errorf("entries below the limit: %v", err)
	}
	err := lastError(list(1, har.DefaultMaxEntry))
	if !errors.Is(err, har.ErrTooLarge) || !strings.Contains(fmt.Sprint(err), "entry 2") {
		t.Errorf("an entry beyond the limit: %v", err)
	}
}

func lastError(r io.Reader) error {
	var last error
	for _, err := range har.Read(r) {
		last = err
	}
	return last
}
