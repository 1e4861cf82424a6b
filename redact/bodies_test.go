package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// The bodies of the benchmarks are made here, the same in every run: customers
// like those of an internal CRM, and three lists that each hold much of one thing.

// jsonWriter writes objects, tidy or shuffled.
type jsonWriter struct {
	r       *rand.Rand
	shuffle bool // members in any order, three of ten keys with an escape
}

func newWriter(seed uint64, shuffle bool) *jsonWriter {
	return &jsonWriter{r: rand.New(rand.NewPCG(seed, 1)), shuffle: shuffle}
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

// half returns a list of 100 people, each of whom has twice as many of one thing: in
// a member that the shape names ("kept") and in another ("left").
func (w *jsonWriter) half(each int, member func() string) []byte {
	items := make([]string, 100)
	for i := range items {
		kept, left := make([]string, each), make([]string, each)
		for k := range each {
			kept[k], left[k] = member(), member()
		}
		items[i] = fmt.Sprintf(`{"id":%d,"kept":[%s],"left":[%s]}`, 1000+i, strings.Join(kept, ","), strings.Join(left, ","))
	}
	return []byte(`{"data":[` + strings.Join(items, ",") + `]}`)
}

var syllables = []string{"a", "be", "cor", "d'", "ette", "fu", "gön", "har", "ic", "日本", "-"}

// strings is many short strings, of up to fourteen bytes, some of them not ASCII.
func (w *jsonWriter) strings() []byte {
	return w.half(85, func() string {
		var word string
		for range 1 + w.r.IntN(4) {
			word += syllables[w.r.IntN(len(syllables))]
		}
		return strconv.Quote(word)
	})
}

// numbers is many numbers of all lengths and signs, with fractions and exponents.
func (w *jsonWriter) numbers() []byte {
	return w.half(73, func() string {
		whole := strconv.FormatInt(w.r.Int64N(int64(1)<<(1+w.r.IntN(50)))-3, 10)
		switch w.r.IntN(8) {
		case 0, 1, 2:
			return fmt.Sprintf("%s.%d", whole, w.r.IntN(10_000))
		case 3:
			return fmt.Sprintf("%s.%de%+d", whole, w.r.IntN(10), w.r.IntN(40)-20)
		}
		return whole
	})
}

// keyCount is how many members beside its id an object of keys has.
const keyCount = 96

// keys is objects of many members with values of one or two bytes. The shape names
// every second member.
func (w *jsonWriter) keys() []byte {
	items := make([]string, 100)
	for i := range items {
		members := []string{`"id":` + strconv.Itoa(1000+i)}
		for k := range keyCount {
			members = append(members, fmt.Sprintf(`"%s":%d`, keyName(k), w.r.IntN(99)))
		}
		items[i] = w.object(members...)
	}
	return []byte(`{"data":[` + strings.Join(items, ",") + `]}`)
}

// keyName is a name of five to twenty bytes.
func keyName(k int) string {
	return strings.Repeat("member_of_", k%2) + strings.Repeat("long_", k%3/2) + "key" + strconv.Itoa(10+k)
}

func indented(tb testing.TB, body []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
