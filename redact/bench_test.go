package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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

// workload is one body with its shape; every second field of it is withheld,
// and one is replaced by a token.
type workload struct {
	name  string
	shape *rules.Shape
	body  []byte
	one   *rules.Actions
	all   []*rules.Actions
}

func workloads(tb testing.TB) []*workload {
	tb.Helper()
	list := mustShape(tb, "subject customer at data[] id=id country=address.country region=address.state born=date_of_birth\nobject public\nhas_more public\n"+fmt.Sprintf(customerFields, "data[]"))
	one := mustShape(tb, "subject customer at . id=id country=address.country region=address.state born=date_of_birth\n"+strings.ReplaceAll(fmt.Sprintf(customerFields, ""), "\n.", "\n"))
	tidy, shuffled := &jsonWriter{r: rand.New(rand.NewPCG(1, 1))}, &jsonWriter{r: rand.New(rand.NewPCG(1, 1)), shuffle: true}
	ws := []*workload{
		{name: "list", shape: list, body: tidy.list(100)},
		{name: "one", shape: one, body: tidy.customer(7)},
		{name: "shuffled", shape: list, body: shuffled.list(100)},
		{name: "shuffled_one", shape: one, body: shuffled.customer(7)},
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, ws[0].body, "", "  "); err != nil {
		tb.Fatal(err)
	}
	ws = append(ws, &workload{name: "indented", shape: list, body: indented.Bytes()})
	for _, w := range ws {
		w.one = &rules.Actions{Fields: make([]rules.Action, len(w.shape.Fields))}
		for i := range w.one.Fields {
			switch path := w.shape.Fields[i].Path; {
			case strings.HasSuffix(path, "email"):
				w.one.Fields[i] = rules.Action{Verb: rules.Transform, Need: rules.NeedPseudonym}
			case w.shape.Fields[i].Public || i%2 == 1:
				w.one.Fields[i].Verb = rules.Allow
			}
		}
	}
	return ws
}

type fixedToken struct{}

func (fixedToken) AppendToken(dst []byte, _, _ int, _ rules.Need, _ redact.Scalar) ([]byte, bool) {
	return append(dst, `"p_0123456789abcdef0123456789abcdef"`...), true
}

// minimise is the complete job: check, subjects, decisions, output.
func (w *workload) minimise(tb testing.TB, doc *redact.Document, dst []byte) []byte {
	tb.Helper()
	if err := doc.Open(w.shape, nil, w.body, redact.Limits{}); err != nil {
		tb.Fatal(err)
	}
	w.all = w.all[:0]
	for i := range doc.Subjects() {
		a := w.one
		if len(doc.Subjects()) > 1 && i%2 == 1 {
			a = nil // half of the subjects are withheld
		}
		w.all = append(w.all, a)
	}
	out, err := doc.Emit(dst, w.all, redact.Terms{Tokens: fixedToken{}})
	if err != nil || len(out) == 0 {
		tb.Fatal(err)
	}
	return out
}

// jsonWriter makes customers like those of an internal CRM.
type jsonWriter struct {
	r       *rand.Rand
	shuffle bool
}

func (w *jsonWriter) object(members ...string) string {
	if w.shuffle {
		w.r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		for i, m := range members {
			if w.r.IntN(10) < 3 { // write one letter of the key as an escape
				members[i] = fmt.Sprintf(`"\u%04x%s`, m[1], m[2:])
			}
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (w *jsonWriter) list(n int) []byte {
	items := make([]string, n)
	for i := range items {
		items[i] = string(w.customer(i))
	}
	return []byte(w.object(`"object":"list"`, `"url":"/v1/customers"`, `"data":[`+strings.Join(items, ",")+`]`, `"has_more":false`))
}

func (w *jsonWriter) customer(i int) []byte {
	var orders []string
	for k := range 4 {
		orders = append(orders, w.object(fmt.Sprintf(`"id":"ord_%08d"`, i*10+k), fmt.Sprintf(`"price":%d.%02d`, w.r.IntN(900), w.r.IntN(100)),
			`"currency":"jpy"`, `"status":"delivered"`, fmt.Sprintf(`"tracking":"TRK%012d"`, w.r.IntN(1e9))))
	}
	return []byte(w.object(
		fmt.Sprintf(`"id":"cus_%06d"`, i), `"object":"customer"`, fmt.Sprintf(`"created":%d`, 1700000000+i), `"name":"Hanako Yamada"`, `"name_kana":"ヤマダ ハナコ"`,
		fmt.Sprintf(`"email":"hanako.yamada.%d@example.com"`, i), `"phone":"+81-3-5550-0123"`, `"date_of_birth":"1984-02-29"`, `"language":"ja"`, `"company":"Example Trading K.K."`,
		`"title":"General \"affairs\" \/ manager"`,
		`"address":`+w.object(`"line1":"1-2-3 Example-cho"`, `"line2":"Example Heights 405"`, `"city":"Chiyoda-ku"`, `"state":"Tokyo"`, `"postal_code":"100-0001"`, `"country":"JP"`),
		`"payment":`+w.object(`"brand":"visa"`, `"last4":"4242"`, `"fingerprint":"canary-Xt5EWLLDS7FJjR1c"`, `"exp_month":12`, `"exp_year":2029`),
		`"orders":[`+strings.Join(orders, ",")+`]`, `"tags":["vip","newsletter","2024-campaign"]`, `"scores":{"activity":0.75,"churn":0.125,"credit":712}`,
		`"internal":`+w.object(`"notes":"canary: called twice about the invoice, very unhappy, see ticket 4711"`, `"risk":0.0132`, `"flags":[1,2,3,{"a":null,"b":[true,false]}]`, `"crm_owner":"canary-staff-17"`),
		`"metadata":`+w.object(`"source":"import"`, `"batch":"2024-06-30T12:00:00Z"`, `"description":"canary: imported from the former system; the consent of the former system was not carried over and has to be asked for again before any newsletter is sent"`, `"referrer":"https://www.example.com/campaign?utm_source=canary&utm_medium=email"`, `"checksum":"canary9f86d081884c7d659a2feaa0c55ad015"`, `"legacy_id":null`),
	))
}

// BenchmarkRedact runs the complete job beside checking alone (gjson) and
// decoding, deleting and encoding (encoding/json), so that the ratios can be
// read in one run.
func BenchmarkRedact(b *testing.B) {
	for _, w := range workloads(b) {
		b.Run(w.name+"/redact", func(b *testing.B) {
			var doc redact.Document
			var out []byte
			b.SetBytes(int64(len(w.body)))
			b.ReportAllocs()
			for b.Loop() {
				out = w.minimise(b, &doc, out[:0])
			}
		})
		b.Run(w.name+"/gjson_valid", func(b *testing.B) {
			b.SetBytes(int64(len(w.body)))
			b.ReportAllocs()
			for b.Loop() {
				if !gjson.ValidBytes(w.body) {
					b.Fatal("not valid")
				}
			}
		})
		b.Run(w.name+"/encoding_json", func(b *testing.B) {
			b.SetBytes(int64(len(w.body)))
			b.ReportAllocs()
			for b.Loop() {
				if len(decodeDeleteEncode(b, w.body)) == 0 {
					b.Fatal("nothing")
				}
			}
		})
	}
}

func decodeDeleteEncode(b *testing.B, body []byte) []byte {
	b.Helper()
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		b.Fatal(err)
	}
	people := []any{doc}
	if list, ok := doc["data"].([]any); ok {
		people = list
		kept := list[:0:0]
		for i, p := range list {
			if i%2 == 0 {
				kept = append(kept, p)
			}
		}
		doc["data"] = kept
	}
	for _, p := range people {
		if m, ok := p.(map[string]any); ok {
			for _, key := range []string{"internal", "metadata", "payment", "phone", "name", "date_of_birth", "company", "scores"} {
				delete(m, key)
			}
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkFields shows that the number of rules does not matter.
func BenchmarkFields(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		var text strings.Builder
		text.WriteString("subject customer at data[] id=id\ndata[].id\n")
		for i := range n {
			fmt.Fprintf(&text, "data[].f%d\n", i)
		}
		shape := mustShape(b, text.String())
		w := &workload{shape: shape, body: []byte(`{"data":[` + strings.Repeat(`{"id":1,"f1":"aaaa","f2":"bbbb","f3":"cccc","f4":"dddd","x":"eeeeeeee"},`, 99) + `{"id":2}]}`)}
		w.one = &rules.Actions{Fields: make([]rules.Action, len(shape.Fields))}
		for i := range w.one.Fields {
			w.one.Fields[i].Verb = rules.Allow
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var doc redact.Document
			var out []byte
			b.SetBytes(int64(len(w.body)))
			b.ReportAllocs()
			for b.Loop() {
				out = w.minimise(b, &doc, out[:0])
			}
		})
	}
}
