package redact_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// The scanner reads a body in blocks of 64 bytes and in words of eight. So here every
// kind of text is put at every place of both, and at every place where a value or key may
// stand, as each has its own way through the code. The oracle is json.Valid with
// utf8.Valid.

// tableShape has a place of each form.
const tableShape = `subject person at c id=i
a public
b.c public
l[] public
m{key} public
m{} public
s public subtree
r[].a public
c.i
c.n`

// stringPlaces are bodies with one string at @.
var stringPlaces = []string{
	`@`,
	`{"a":@}`,                       // with a rule
	`{"x":@}`,                       // named by nothing
	`{"x":[{"y":@}]}`,               // far within that
	`{@:1}`,                         // a key
	`{"a":1,@:[]}`,                  // a later one
	`{"x":{@:1}}`,                   // one below what nothing names
	`{"m":{@:1}}`,                   // a key that is data
	`{"m":{"k":@}}`,                 // and what stands under it
	`{"l":["",@,""]}`,               // an element
	`{"s":{"k":[@]}}`,               // in a subtree
	`{"s":{@:{}}}`,                  // and a key there
	`{"c":{"n":1,"i":@}}`,           // what decides
	`{"c":@}`,                       // where a person should be
	`{"r":[{"a":"b"},{"a":@}]}`,     // after a key that is expected
	`{"r":[{"a":"b"},{@:"b"}]}`,     // instead of one
	"[ @\t]",                        // where nothing is named
	`{"b":@,"c":{"i":1,"n":2},@:1}`, // twice
}

// table opens bodies on one Document for all and on one without a shape.
type table struct {
	shape          *rules.Shape
	doc, shapeless redact.Document
	r              *rand.Rand
	body           []byte
	count, valid   int
}

func newTable(tb testing.TB) *table {
	tb.Helper()
	return &table{shape: mustShape(tb, tableShape), r: rand.New(rand.NewPCG(6, 2))}
}

// put opens a body with the text where @ stands, after so many spaces. oracle says what
// Open must say.
func (b *table) put(tb testing.TB, spaces int, place string, text []byte, oracle func(body []byte) bool) {
	tb.Helper()
	b.body = b.body[:0]
	for range spaces {
		b.body = append(b.body, ' ')
	}
	for i := range len(place) {
		if place[i] == '@' {
			b.body = append(b.body, text...)
		} else {
			b.body = append(b.body, place[i])
		}
	}
	body := slices.Clip(b.body)
	got := openIn(tb, &b.doc, b.shape, nil, body)
	want := oracle(body)
	if want == got.refused {
		tb.Fatalf("%v, but the oracle says %v\n%q", got, want, body)
	}
	b.count++
	if want {
		b.valid++
	} else if other := openIn(tb, &b.shapeless, nil, nil, body); got != other {
		tb.Fatalf("%v, without a shape %v\n%q", got, other, body)
	}
}

// anywhere puts a text at a place that is drawn.
func (b *table) anywhere(tb testing.TB, spaces int, text []byte) {
	tb.Helper()
	b.put(tb, spaces, stringPlaces[b.r.IntN(len(stringPlaces))], text, strictly)
}

func strictly(body []byte) bool { return json.Valid(body) && utf8.Valid(body) }

// mixed fails the test unless there were enough texts of both kinds.
func (b *table) mixed(tb testing.TB, least int) {
	tb.Helper()
	if b.count < least || b.valid < b.count/20 || b.valid > b.count-b.count/20 {
		tb.Errorf("%d bodies of which %d are valid", b.count, b.valid)
	}
}

// edgeBytes are those at which a comparison of bytes may be wrong by one.
const edgeBytes = "\x00\x1f !\"#[\\]\x7f\x80\xbf\xc1\xc2\xff"

// TestEveryByteInStrings puts every byte at every place of strings of many lengths.
func TestEveryByteInStrings(t *testing.T) {
	t.Parallel()
	b := newTable(t)
	quoted := func(n int) []byte {
		// The letter is one that may follow a backslash, or not.
		return []byte(`"` + strings.Repeat([]string{"x", "n"}[n%2], n) + `"`)
	}
	for n := range 41 {
		for i := range n {
			text := quoted(n)
			for c := range 256 {
				text[1+i] = byte(c)
				b.anywhere(t, b.r.IntN(64), text)
			}
			if n%5 > 0 || testing.Short() {
				continue
			}
			for _, c := range []byte(edgeBytes) {
				text[1+i] = c
				for _, place := range stringPlaces {
					b.put(t, b.r.IntN(64), place, text, strictly)
				}
			}
		}
	}
	for _, n := range []int{7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65} {
		for i := range n {
			text := quoted(n)
			for spaces := range 64 {
				if testing.Short() && spaces%7 > 0 {
					continue
				}
				for range 4 {
					text[1+i] = edgeBytes[b.r.IntN(len(edgeBytes))]
					b.anywhere(t, spaces, text)
				}
			}
		}
	}
	b.mixed(t, 200_000)
}

// TestEscapesAtEveryAlignment puts escapes, whole, broken and cut short, across the
// borders of blocks.
func TestEscapesAtEveryAlignment(t *testing.T) {
	t.Parallel()
	b := newTable(t)
	for _, escape := range []string{
		`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\uFFFF`, `\uabCD`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\ud83d\ud83d\ude00`, `\ud83dx`, `\\\"`,
		`\`, `\x`, `\u`, `\u1`, `\u12`, `\u123`, `\u123g`, `\u12 4`, `\ug123`, `\u/123`, `\u:123`, `\u@123`, "\\u`123", `\uG123`, `\ud83d\u`, `\ud83d\ude0`, `\ud83d\`, "\\\x00", "\\\xc3\xa9", `\U0041`,
	} {
		for _, text := range []string{`"` + escape + `"`, `"0123456` + escape + `789"`} {
			for spaces := range 64 {
				for _, place := range stringPlaces {
					if !testing.Short() || spaces%7 == 0 {
						b.put(t, spaces, place, []byte(text), strictly)
					}
				}
			}
		}
	}
	b.mixed(t, 10_000)
}

// TestUTF8AtEveryAlignment puts the first and the last character of each length, and
// what is just beside them, across the borders of blocks, and cuts them short.
func TestUTF8AtEveryAlignment(t *testing.T) {
	t.Parallel()
	b := newTable(t)
	sequences := []string{
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbf\xbf",
		"\xed\xa0\xbd\xed\xb8\x80", // a surrogate pair, each half encoded
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff",
	}
	for _, c := range []rune{
		0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFEFF, 0xFFFE, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFF,
	} {
		sequences = append(sequences, string(c), string(c)+string(c))
		for n := 1; n < utf8.RuneLen(c); n++ {
			sequences = append(sequences, string(c)[:n])
		}
		sequences = append(sequences, string(c)+"\x80")
	}
	for _, s := range sequences {
		for spaces := range 64 {
			if testing.Short() && spaces%7 > 0 {
				continue
			}
			for _, text := range []string{`"` + s + `"`, `"x` + s + `yé"`} {
				for _, place := range stringPlaces {
					b.put(t, spaces, place, []byte(text), strictly)
				}
			}
			b.put(t, spaces, "@", []byte(`"`+s), strictly) // the body ends there
			b.put(t, spaces, `{"a":@`, []byte(`"`+s), strictly)
		}
	}
	b.mixed(t, 20_000)
}

// TestEveryLeadByte combines every byte that is not ASCII with what follows it at the
// borders of what may follow.
func TestEveryLeadByte(t *testing.T) {
	t.Parallel()
	b := newTable(t)
	const second, later = "\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xff\"x", "\x7f\x80\xbf\xc0\"x"
	text := []byte(`"....z"`)
	for lead := 0x80; lead <= 0xFF; lead++ {
		for i := range len(second) {
			for k := range len(later) {
				for l := range len(later) {
					text[1], text[2], text[3], text[4] = byte(lead), second[i], later[k], later[l]
					b.anywhere(t, b.r.IntN(64), text)
				}
			}
		}
	}
	if b.valid < 500 { // few are
		t.Errorf("%d of %d bodies are valid", b.valid, b.count)
	}
}

// numberPlaces are bodies with one number at @, followed by each byte that may end it,
// close to the end of the body and far from it. A number is never broken in a way that
// could mend them.
var numberPlaces = []string{
	`@`, ` @ `, "@\n        ", `[@]`, `[@]         `, `[@,1234,"x","y"]`, `[0, @ ,1234567]`,
	`{"a":@}`, `{"a":@}         `, `{"a":@,"x":"12345678"}`, `{"a":@ }`, `{"a":@]         `, `{"a":@ `, `{"a":@`, `{"a":@,`,
	`{"x":@}`, `{"x":@,"a":1,"b":"12"}`, `{"x":{"y":@}}`, `{"x":{"y":@}}       `, `{"x":[@,@,@]}       `,
	`{"l":[@]}`, `{"l":[@,@ , @]}        `, `{"s":{"k":@}}`, `{"s":[@,@]}       `, `{"m":{"k":@}}        `, `{"c":{"i":@}}`, `{"c":{"i":@,"n":@}}       `,
	`{"b":@}       `, `{"r":[{"a":1},{"a":@}]}`, `[@}         `,
}

// TestNumbers puts all short texts of the letters of numbers, and long ones with one
// letter changed, at all places.
func TestNumbers(t *testing.T) {
	t.Parallel()
	const letters = "019-+.eE"
	b := newTable(t)
	whole := make([]bool, len(numberPlaces)) // whether a body is valid with a valid number
	for i, place := range numberPlaces {
		whole[i] = json.Valid([]byte(strings.ReplaceAll(place, "@", "1")))
	}
	at := func(i int, text []byte) {
		valid := whole[i] && json.Valid(text)
		b.put(t, b.r.IntN(16), numberPlaces[i], text, func([]byte) bool { return valid })
	}
	var all func(text []byte, more int)
	all = func(text []byte, more int) {
		if len(text) > 0 {
			valid := json.Valid(text)
			for i := range numberPlaces {
				// What is not valid is most of it.
				if valid || len(text) < 4 || b.r.IntN(8) == 0 {
					at(i, text)
				}
			}
		}
		if more == 0 {
			return
		}
		for _, c := range []byte(letters) {
			all(append(text, c), more-1)
		}
	}
	all(make([]byte, 0, 8), 5)
	b.mixed(t, 100_000)

	for n := 1; n <= 20; n++ {
		for point := range n + 1 {
			text := bytes.Repeat([]byte("9071"), 5)[:n]
			if point > 0 && point < n {
				text[point] = '.'
			}
			for i := range n {
				was := text[i]
				for _, c := range []byte(letters + "/:x ") {
					text[i] = c
					place := b.r.IntN(len(numberPlaces))
					b.put(t, b.r.IntN(64), numberPlaces[place], text, strictly)
				}
				text[i] = was
			}
		}
	}
}
