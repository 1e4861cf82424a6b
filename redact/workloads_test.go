package redact_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

const customerFields = `
%[1]s.id
%[1]s.object public
%[1]s.name
%[1]s.name_kana
%[1]s.email
%[1]s.phone
%[1]s.date_of_birth
%[1]s.language
%[1]s.company
%[1]s.title
%[1]s.address.line1
%[1]s.address.line2
%[1]s.address.city
%[1]s.address.state
%[1]s.address.postal_code
%[1]s.address.country
%[1]s.payment.brand
%[1]s.payment.last4
%[1]s.orders[].id
%[1]s.orders[].price
%[1]s.orders[].status
%[1]s.tags[]
%[1]s.scores{key}
%[1]s.scores{}
%[1]s.created public
`

// customerGone is what leaves of no customer by the decisions of [workload.decide]:
// what the shape does not name, and every second field.
const customerGone = "id name date_of_birth company address.line1 address.city address.postal_code payment.brand payment.fingerprint payment.exp_month payment.exp_year " +
	"orders.id orders.status orders.currency orders.tracking scores internal metadata"

// workload is a job: bodies of one shape, and decisions by which every second field
// is withheld and every second person of a list. A job has more than one body where
// repeating a single one would teach the processor where each member stands.
type workload struct {
	name     string
	shape    *rules.Shape
	bodies   [][]byte
	body     []byte // whose turn it is
	turn     int
	gone     [][]string // paths that do not leave of a person, for who deletes instead
	one      *rules.Actions
	all      []*rules.Actions
	want     rules.FieldSet // as a plan says it
	complete bool
}

func newWorkload(name string, shape *rules.Shape, gone string, bodies ...[]byte) *workload {
	w := &workload{name: name, shape: shape, bodies: bodies, body: bodies[0]}
	for path := range strings.FieldsSeq(gone) {
		w.gone = append(w.gone, strings.Split(path, "."))
	}
	w.decide()
	return w
}

// decide fills in what happens to the fields of a person who is not withheld.
func (w *workload) decide() {
	w.one = &rules.Actions{Fields: make([]rules.Action, len(w.shape.Fields))}
	w.want = rules.NewFieldSet(len(w.shape.Fields))
	for i := range w.one.Fields {
		switch path := w.shape.Fields[i].Path; {
		case strings.HasSuffix(path, "email"):
			w.one.Fields[i] = rules.Action{Verb: rules.Transform, Need: rules.NeedPseudonym}
		case w.shape.Fields[i].Public || i%2 == 1:
			w.one.Fields[i].Verb = rules.Allow
		}
		if w.one.Fields[i].Verb != rules.Withhold {
			w.want.Add(i)
		}
	}
}

func (w *workload) next() {
	w.turn++
	w.body = w.bodies[w.turn%len(w.bodies)]
}

// workloads are all jobs. Their sizes are those of the demo: 170 KB a list, 1.7 KB a
// customer. The shuffled bodies of a job differ in their order, their escapes and some
// numbers; there are 64 small ones, as eight of 1.7 KB could still be learnt.
func workloads(tb testing.TB) []*workload {
	tb.Helper()
	list := mustShape(tb, "subject customer at data[] id=id country=address.country region=address.state born=date_of_birth\nobject public\nhas_more public\n"+fmt.Sprintf(customerFields, "data[]"))
	one := mustShape(tb, "subject customer at . id=id country=address.country region=address.state born=date_of_birth\n"+strings.ReplaceAll(fmt.Sprintf(customerFields, ""), "\n.", "\n"))
	half := mustShape(tb, "subject person at data[] id=id\ndata[].id\ndata[].kept[]")

	var lists, ones [][]byte
	for seed := range uint64(8) {
		lists = append(lists, newWriter(1+seed, true).list(100))
	}
	for seed := range uint64(64) {
		ones = append(ones, newWriter(1+seed, true).customer(7))
	}
	tidy := newWriter(1, false).list(100)
	keys, keysGone := keysShape(tb)
	return []*workload{
		newWorkload("list", list, customerGone, tidy),
		newWorkload("one", one, customerGone, newWriter(1, false).customer(7)),
		newWorkload("shuffled", list, customerGone, lists...),
		newWorkload("shuffled_one", one, customerGone, ones...),
		newWorkload("strings", half, "id left", newWriter(1, false).strings()),
		newWorkload("numbers", half, "id left", newWriter(1, false).numbers()),
		newWorkload("keys", keys, keysGone, newWriter(1, false).keys()),
		newWorkload("indented", list, customerGone, indented(tb, tidy)),
	}
}

// keysShape names every second member of the objects of keys, of which every second
// one is withheld.
func keysShape(tb testing.TB) (shape *rules.Shape, gone string) {
	tb.Helper()
	text := "subject person at data[] id=id\ndata[].id\n"
	gone = "id"
	for k := range keyCount {
		if k%2 == 0 {
			text += "data[]." + keyName(k) + "\n"
		}
		if k%4 != 0 {
			gone += " " + keyName(k)
		}
	}
	return mustShape(tb, text), gone
}

const theToken = "p_0123456789abcdef0123456789abcdef"

type fixedToken struct{}

func (fixedToken) AppendToken(dst []byte, _, _ int, _ rules.Need, _ redact.Scalar) ([]byte, bool) {
	return append(dst, `"`+theToken+`"`...), true
}

// minimise is the complete job: check, subjects, decisions, output. It panics where
// a test would fail: what marks a helper of tests costs a tenth of the job.
func (w *workload) minimise(doc *redact.Document, dst []byte) []byte {
	w.open(doc)
	return w.emit(doc, dst)
}

func (w *workload) open(doc *redact.Document) {
	if err := doc.Open(w.shape, w.want, w.body, redact.Limits{}); err != nil {
		panic(err)
	}
}

func (w *workload) emit(doc *redact.Document, dst []byte) []byte {
	w.all = w.all[:0]
	for i := range doc.Subjects() {
		a := w.one
		if i%2 == 1 {
			a = nil // half of the people of a list are withheld
		}
		w.all = append(w.all, a)
	}
	out, err := doc.Emit(dst, w.all, redact.Terms{Tokens: fixedToken{}, Complete: w.complete})
	if err != nil || len(out) == 0 {
		panic(err)
	}
	return out
}

// check is what gjson does: it says that the body is JSON, which is less than a
// strict check, as it takes bytes that are not UTF-8.
func (w *workload) check(tb testing.TB) {
	tb.Helper()
	if !gjson.ValidBytes(w.body) {
		tb.Fatal("not valid")
	}
}

// decodeDeleteEncode does the same job as minimise in the usual way.
func (w *workload) decodeDeleteEncode(tb testing.TB) []byte {
	tb.Helper()
	var doc map[string]any
	if err := json.Unmarshal(w.body, &doc); err != nil {
		tb.Fatal(err)
	}
	if people, ok := doc["data"].([]any); ok {
		kept := people[:0]
		for i, p := range people {
			if i%2 == 0 {
				w.strip(p)
				kept = append(kept, p)
			}
		}
		doc["data"] = kept
		delete(doc, "url")
	} else {
		w.strip(doc)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// strip removes from a person what may not leave, and replaces the address.
func (w *workload) strip(person any) {
	for _, path := range w.gone {
		deletePath(person, path)
	}
	if m, ok := person.(map[string]any); ok && m["email"] != nil {
		m["email"] = theToken
	}
}

// deletePath deletes the member at a path, of every element of the arrays on the way.
func deletePath(v any, path []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			deletePath(e, path)
		}
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0])
		} else {
			deletePath(v[path[0]], path[1:])
		}
	}
}

// Who is compared must have done the same.
func TestContestantsAgree(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		w.agree(t)
	}
}

// agree compares the contents of the answers, for each body.
func (w *workload) agree(tb testing.TB) {
	tb.Helper()
	var doc redact.Document
	for range w.bodies {
		w.check(tb)
		var ours, theirs any
		if err := json.Unmarshal(w.minimise(&doc, nil), &ours); err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(w.decodeDeleteEncode(tb), &theirs); err != nil {
			tb.Fatal(err)
		}
		if !reflect.DeepEqual(ours, theirs) {
			tb.Fatalf("%s: the answers differ:\nredact %v\nencoding/json %v", w.name, ours, theirs)
		}
		w.next()
	}
}
