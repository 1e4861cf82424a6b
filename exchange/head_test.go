package exchange_test

import (
	"reflect"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// A HEAD asks the upstream as a GET, so that the subject's state decides, and
// tells neither a body nor its length. Nobody's data leaves with it.
func TestHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, one)
	s := w.serve(t, request("HEAD", "/v1/customers/17"))
	if up := w.upstream.asked(t); up.Method != "GET" {
		t.Errorf("the upstream was asked with %s", up.Method)
	}
	rec := w.ledger.only(t, ledger.KindReleased).Disclosure
	holdsHeaders(t, s.sent, map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Data-Purpose": "support.provide", "Disclosure-Id": rec.ID,
	})
	if s.status != 200 || s.body.Len() != 0 {
		t.Errorf("%d %s", s.status, s.body.String())
	}
	if len(rec.Subjects) != 0 || !reflect.DeepEqual(rec.Counts, ledger.Counts{}) || rec.Bytes != 0 || rec.Resource.Method != "HEAD" {
		t.Errorf("recorded as %+v", rec)
	}
}

// Two customers of whom different things may be seen have the same HEAD.
func TestHeadTellsNothingOfContent(t *testing.T) {
	t.Parallel()
	heads := make([]string, 0, 2)
	for _, body := range []string{one, `{"id":17,"name":"A much longer name"}`} {
		w := newWorld(t)
		w.upstream.answer = answers(200, body)
		heads = append(heads, withoutID(t, w.serve(t, request("HEAD", "/v1/customers/17"))))
	}
	if heads[0] != heads[1] {
		t.Errorf("%s\n%s", heads[0], heads[1])
	}
}
