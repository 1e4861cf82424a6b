package exchange_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// five is a list of five people, the third of which is poisoned.
func five(poisoned string) string {
	healthy := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"name":"Person%d","address":{"country":"JP"}}`, id, id)
	}
	return `{"data":[` + strings.Join([]string{healthy(1), healthy(2), poisoned, healthy(4), healthy(5)}, ",") + `]}`
}

// A defect of one value or one subject withholds that one, and nobody else: the other
// four are in the answer. The operator is told the place and the reason, and no value.
func TestDefectOfOneDoesNotCloseTheList(t *testing.T) {
	t.Parallel()
	const c = "canaryvalue"
	for name, test := range map[string]struct {
		poisoned      string
		withheld      bool   // the whole subject
		place, reason string // of the alert
		values        string // by which the record counts it, empty for subjects
	}{
		"object for a value":           {`{"id":3,"name":{"first":"` + c + `"},"email":"a@example.com"}`, false, "data[].name", "type_unexpected", "defects_by"},
		"array for a value":            {`{"id":3,"name":["` + c + `"]}`, false, "data[].name", "type_unexpected", "defects_by"},
		"half a pair in a value":       {`{"id":3,"name":"` + c + `\ud83d"}`, false, "data[].name", "lone_surrogate", "defects_by"},
		"no id":                        {`{"name":"` + c + `"}`, true, "data[].id", "id_absent", ""},
		"null id":                      {`{"id":null,"name":"` + c + `"}`, true, "data[].id", "id_absent", ""},
		"empty id":                     {`{"id":"","name":"` + c + `"}`, true, "data[].id", "id_absent", ""},
		"id of another form":           {`{"id":"` + c + `","name":"x"}`, true, "data[].id", "id_malformed", ""},
		"fraction as id":               {`{"id":3.5,"name":"` + c + `"}`, true, "data[].id", "id_malformed", ""},
		"truth as id":                  {`{"id":true,"name":"` + c + `"}`, true, "data[].id", "type_unexpected", ""},
		"id twice":                     {`{"id":3,"id":33,"name":"` + c + `"}`, true, "data[].id", "duplicate_member", ""},
		"id twice by an escape":        {`{"id":3,"\u0069d":3,"name":"` + c + `"}`, true, "data[].id", "duplicate_member", ""},
		"half a pair in the id":        {`{"id":"` + c + `\udc00","name":"x"}`, true, "data[].id", "lone_surrogate", ""},
		"birth date of no form":        {`{"id":3,"name":"x","born":"` + c + `"}`, true, "data[].born", "birth_date_unreadable", ""},
		"birth date that never was":    {`{"id":3,"name":"` + c + `","born":"2001-02-29"}`, true, "data[].born", "birth_date_unreadable", ""},
		"birth date as a number":       {`{"id":3,"name":"` + c + `","born":978307200}`, true, "data[].born", "type_unexpected", ""},
		"birth date as an object":      {`{"id":3,"name":"x","born":{"y":"` + c + `"}}`, true, "data[].born", "type_unexpected", ""},
		"birth date twice":             {`{"id":3,"name":"` + c + `","born":null,"born":"2001-02-28"}`, true, "data[].born", "duplicate_member", ""},
		"country of no form":           {`{"id":3,"name":"x","address":{"country":"` + c + `"}}`, true, "data[].address.country", "location_unknown", ""},
		"country as a number":          {`{"id":3,"name":"` + c + `","address":{"country":392}}`, true, "data[].address.country", "type_unexpected", ""},
		"country below two parents":    {`{"id":3,"name":"` + c + `","address":{"country":"JP"},"address":{}}`, true, "data[].address.country", "duplicate_member", ""},
		"country without its parent":   {`{"id":3,"name":"x","address":"` + c + `"}`, true, "data[].address.country", "member_unreachable", ""},
		"no state of the United State": {`{"id":3,"name":"x","address":{"country":"US","state":"` + c + `"}}`, true, "data[].address.state", "location_unknown", ""},
		"somebody who is a text":       {`"` + c + `"`, true, "data[]", "type_unexpected", "defects_by"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.metered()
			w.upstream.answer = answers(200, five(test.poisoned))
			s := w.serve(t, get("/v1/customers"))
			if s.status != http.StatusOK {
				t.Fatal(s.body.String())
			}
			for _, id := range []int{1, 2, 4, 5} {
				if !strings.Contains(s.body.String(), fmt.Sprintf(`{"id":%d,"name":"Person%d"}`, id, id)) {
					t.Errorf("%d is not in the answer: %s", id, s.body.String())
				}
			}
			if strings.Contains(s.body.String(), `"id":3`) == test.withheld {
				t.Errorf("withheld is not %t: %s", test.withheld, s.body.String())
			}
			rec := w.ledger.only(t, ledger.KindReleased)
			for what, text := range map[string]string{"answer": s.body.String(), "log": w.logged.String(), "record": w.ledger.text()} {
				if strings.Contains(text, c) {
					t.Errorf("the %s holds the value: %s", what, text)
				}
			}
			if m.defects["crm customers "+test.place+" "+test.reason] != 1 {
				t.Errorf("counted %v", m.defects)
			}
			if logged := w.logged.String(); !strings.Contains(logged, "place="+test.place+" reason="+test.reason+" count=1 do=\"") || !strings.Contains(logged, "resource=crm.customers") {
				t.Errorf("told: %s", logged)
			}
			by := rec.Disclosure.Counts.UnresolvedBy
			if test.values != "" {
				by = rec.Disclosure.Counts.DefectsBy
			}
			if by[test.reason] != 1 {
				t.Errorf("on record: %+v", rec.Disclosure.Counts)
			}
		})
	}
}

// A sound answer alerts nobody, and neither does a request whose caller leaves the id
// out or names no person where the subject is the caller.
func TestNothingToAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.metered()
	w.customer("2", restricted())
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":null,"born":null,"address":null},{"id":2,"name":"x"},{"id":4,"address":{}}],"object":"list"}`)
	w.serve(t, get("/v1/customers"))
	w.upstream.answer = answers(200, `{"data":[{"id":1}]}`)
	w.serve(t, get("/v1/orders"))
	w.upstream.answer = answers(200, `{"name":"Ada"}`)
	w.serve(t, get("/v1/me")) // a service names no person
	if len(m.defects) > 0 || w.logged.String() != "" {
		t.Errorf("%v %s", m.defects, w.logged.String())
	}
	if c := w.ledger.records[0].Disclosure.Counts; c.Defects != 0 || c.DefectsBy != nil || c.UnresolvedBy != nil {
		t.Errorf("%+v", c)
	}
	for _, rec := range w.ledger.records[1:] {
		if c := rec.Disclosure.Counts; !maps.Equal(c.UnresolvedBy, map[string]int{"id_absent": 1}) {
			t.Errorf("%+v", c)
		}
	}
}

// The same defect is told once in a minute, with how many there were since; the metric
// has them all.
func TestDefectsAreToldOnceInAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.metered()
	now := w.now
	w.gateway.Clock = func() time.Time { return now }
	w.upstream.answer = answers(200, `{"data":[`+strings.Repeat(`{"id":"x"},`, 999)+`{"id":"x"}]}`)
	told := func() int { return strings.Count(w.logged.String(), "\n") }
	w.serve(t, get("/v1/customers"))
	if told() != 1 || !strings.Contains(w.logged.String(), "reason=id_malformed count=1000 ") {
		t.Errorf("told %d times:\n%s", told(), w.logged.String())
	}
	for range 59 {
		now = now.Add(time.Second)
		w.serve(t, get("/v1/customers"))
	}
	if told() != 1 {
		t.Errorf("told %d times in a minute:\n%s", told(), w.logged.String())
	}
	now = now.Add(time.Second)
	w.serve(t, get("/v1/customers"))
	if told() != 2 || !strings.Contains(w.logged.String(), "reason=id_malformed count=60000 ") {
		t.Errorf("told %d times after a minute:\n%s", told(), w.logged.String())
	}
	if m.defects["crm customers data[].id id_malformed"] != 61000 {
		t.Errorf("counted %v", m.defects)
	}
	// Another defect is told at once.
	w.upstream.answer = answers(200, `{"data":[{"name":"x"}]}`)
	w.serve(t, get("/v1/customers"))
	if told() != 3 {
		t.Errorf("another defect is not told:\n%s", w.logged.String())
	}
}

// What is wrong with an answer as a whole is told with its place, and on record and
// counted by a word of a closed list, without anything of the answer.
func TestRefusedAnswerHasItsCause(t *testing.T) {
	t.Parallel()
	const c = "canaryvalue"
	for cause, body := range map[string]string{
		"truncated": `{"id":17,"name":"` + c, "trailing_bytes": `{"id":17}` + `"` + c + `"`, "invalid_utf8": `{"id":"` + c + "\xff\"}", "empty": " ",
		"control_character": `{"id":"` + c + "\x01\"}", "invalid_number": `{"name":"` + c + `","id":01}`, "byte_order_mark": "\ufeff" + `{"id":"` + c + `"}`,
		"unexpected_byte": `{"name":"` + c + `","id":NaN}`, "invalid_escape": `{"name":"` + c + `\x"}`,
		"too_deep": `{"name":"` + c + `","x":` + strings.Repeat("[", 129) + strings.Repeat("]", 129) + "}",
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.metered()
			w.upstream.answer = answers(200, body)
			if s := w.serve(t, get("/v1/customers/17")); reason(t, s) != "response_uninspectable" || strings.Contains(s.body.String(), c) || strings.Contains(s.body.String(), cause) {
				t.Error(s.body.String())
			}
			if d := w.ledger.only(t, ledger.KindRefused).Disclosure; d.Cause != cause || strings.Contains(w.ledger.text(), c) {
				t.Errorf("on record: %s", w.ledger.text())
			}
			if logged := w.logged.String(); !strings.Contains(logged, "error="+cause+" offset=") || strings.Contains(logged, c) {
				t.Errorf("told: %s", logged)
			}
			if !maps.Equal(m.unusable, map[string]int{"crm customer " + cause: 1}) {
				t.Errorf("counted %v", m.unusable)
			}
		})
	}
	w := newWorld(t)
	m := w.metered()
	w.upstream.answer = answers(500, "")
	w.serve(t, get("/v1/customers/17"))
	if d := w.ledger.only(t, ledger.KindRefused).Disclosure; d.Cause != "status" || m.unusable["crm customer status"] != 1 {
		t.Errorf("%+v %v", d, m.unusable)
	}
}
