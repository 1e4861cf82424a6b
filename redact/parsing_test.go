package redact_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/redact"
)

// The classes of the well-known JSON parsing suite, rebuilt by hand: y_ must be
// read, n_ must be refused, i_ is left to the parser and decided here. Every
// text runs on its own, as an unmapped member and as an unmapped element, so
// that what is withheld is checked as strictly as what leaves.

func TestParsingAccepts(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		// y_array, y_object
		`[]`, `[[]]`, `[[] ]`, `[ 4]`, `[""]`, `[false]`, `[null, 1, "1", {}]`, `[null]`, "[1\n]", `[1,null,null,null,2]`, `[2] `, `[""  ]`,
		`{}`, `{"":0}`, `{"a":"b","a":"c"}`, `{"a":"b","a":"b"}`, `{"asd":"sdf","dfg":"fgh"}`, `{"foo\u0000bar":42}`, `{"min":-1.0e+28,"max":1.0e+28}`,
		`{"a":[]}`, "{\n\"a\":\"b\"\n}", `{"x":[{"id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}],"id":"x"}`,
		// y_number
		`[123e65]`, `[0e+1]`, `[0e1]`, `[ 4]`, `[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]`, `[20e1]`, `[-0]`, `[-123]`, `[-1]`,
		`[1E22]`, `[1E-2]`, `[1E+2]`, `[123e45]`, `[123.456e78]`, `[1e-2]`, `[1e+2]`, `[123]`, `[123.456789]`, `-0`, `0`, `0.5`, `-0.5E-07`,
		// y_string
		`["\u0060\u012a\u12AB"]`, `["\uD801\udc37"]`, `["\ud83d\ude39\ud83d\udc8d"]`, `["\"\\\/\b\f\n\r\t"]`, `["\\u0000"]`, `["\""]`, `["a/*b*/c/*d//e"]`, `["\\a"]`, `["\\n"]`,
		`["\u0012"]`, `["\uFFFF"]`, `["asd"]`, `[ "asd"]`, `["\uDBFF\uDFFF"]`, `["new\u00A0line"]`, "[\"\U0010ffff\"]", "[\"\uffff\"]", `["\u0000"]`, `["\u002c"]`,
		"[\"π\"]", "[\"\U0001bfff\"]", `["\uD834\uDd1e"]`, `["\u0821"]`, "[\"\u2028\"]", "[\"\u2029\"]", `["\u005C"]`, `["\u0022"]`, "[\"\u20ac\U0001d11e\"]", "[\"\u007f\"]", "[\"aa\x7f\"]",
		"\"\ufffd\"", "[\"\ufeff\"]",
		// y_structure
		`false`, `42`, `-0.1`, `null`, `"asd"`, `true`, `""`, "[\"a\"]\n", `[true]`, ` [] `, "\t[\r\n] ",
		// i_: read, as the grammar allows it
		`[123.456e-789]`, `[0.4e00669999999999999999999999999999999999999999999999999999999999999999]`, `[-1e+9999]`, `[1.5e+9999]`, `[123123e100000]`, `[1E400]`,
		`[-123123123123123123123123123123]`, `[100000000000000000000]`, `["\uDADA"]`, `["\uD888\u1234"]`, `["\uD800\n"]`, `["\uDd1ea"]`, `["\uD800\uD800\n"]`, `["\ud800"]`,
		`["\ud800abc"]`, `["\uDd1e\uD834"]`, `["\uDFAA"]`, `{"\ud800":1}`,
		strings.Repeat("[", 126) + strings.Repeat("]", 126), strings.Repeat(`{"a":`, 126) + "1" + strings.Repeat("}", 126),
	} {
		if !json.Valid([]byte(body)) {
			t.Errorf("%q: encoding/json refuses it", body)
		}
		for _, wrapped := range wrappings(body) {
			if err := openAny(wrapped); err != nil {
				t.Errorf("%q: %v", wrapped, err)
			}
		}
	}
}

func TestParsingRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		kind redact.ErrorKind
		at   int
	}{
		// n_array
		{`[1 true]`, redact.Unexpected, 3},
		{`["": 1]`, redact.Unexpected, 3},
		{`[""],`, redact.Trailing, 4},
		{`[,1]`, redact.Unexpected, 1},
		{`[1,,2]`, redact.Unexpected, 3},
		{`["x",,]`, redact.Unexpected, 5},
		{`["x"]]`, redact.Trailing, 5},
		{`["",]`, redact.Unexpected, 4},
		{`["x"`, redact.Truncated, 4},
		{`[x`, redact.Unexpected, 1},
		{`[3[4]]`, redact.Unexpected, 2},
		{`[1:2]`, redact.Unexpected, 2},
		{`[,]`, redact.Unexpected, 1},
		{`[-]`, redact.InvalidNumber, 1},
		{`[   , ""]`, redact.Unexpected, 4},
		{"[\"a\",\n4\n,1,", redact.Truncated, 11},
		{`[1,]`, redact.Unexpected, 3},
		{"[\"\va\"\\f]", redact.ControlCharacter, 2},
		{`[*]`, redact.Unexpected, 1},
		{`[""`, redact.Truncated, 3},
		{`[1,`, redact.Truncated, 3},
		{`[{}`, redact.Truncated, 3},
		{`[1}`, redact.Unexpected, 2},
		{`[fals]`, redact.Unexpected, 1},
		{`[nul]`, redact.Unexpected, 1},
		{`[tru]`, redact.Unexpected, 1},
		{`[True]`, redact.Unexpected, 1},
		{`[nullx]`, redact.Unexpected, 5},
		// n_number
		{"123\x00", redact.Trailing, 3},
		{`[++1234]`, redact.Unexpected, 1},
		{`[+1]`, redact.Unexpected, 1},
		{`[+Inf]`, redact.Unexpected, 1},
		{`[-01]`, redact.InvalidNumber, 1},
		{`[-1.0.]`, redact.Unexpected, 5},
		{`[-2.]`, redact.InvalidNumber, 1},
		{`[-NaN]`, redact.InvalidNumber, 1},
		{`[.-1]`, redact.Unexpected, 1},
		{`[.2e-3]`, redact.Unexpected, 1},
		{`[0.1.2]`, redact.Unexpected, 4},
		{`[0.3e+]`, redact.InvalidNumber, 1},
		{`[0.3e]`, redact.InvalidNumber, 1},
		{`[0.e1]`, redact.InvalidNumber, 1},
		{`[0E+]`, redact.InvalidNumber, 1},
		{`[0E]`, redact.InvalidNumber, 1},
		{`[1.0e-]`, redact.InvalidNumber, 1},
		{`[1 000.0]`, redact.Unexpected, 3},
		{`[1eE2]`, redact.InvalidNumber, 1},
		{`[2.e3]`, redact.InvalidNumber, 1},
		{`[9.e+]`, redact.InvalidNumber, 1},
		{`[Inf]`, redact.Unexpected, 1},
		{`[NaN]`, redact.Unexpected, 1},
		{"[\uff11]", redact.Unexpected, 1},
		{`[1+2]`, redact.Unexpected, 2},
		{`[0x1]`, redact.Unexpected, 2},
		{`[0x42]`, redact.Unexpected, 2},
		{`[Infinity]`, redact.Unexpected, 1},
		{`[-Infinity]`, redact.InvalidNumber, 1},
		{`[012]`, redact.InvalidNumber, 1},
		{`[-012]`, redact.InvalidNumber, 1},
		{`[00]`, redact.InvalidNumber, 1},
		{`[-foo]`, redact.InvalidNumber, 1},
		{`[- 1]`, redact.InvalidNumber, 1},
		{`[-.123]`, redact.InvalidNumber, 1},
		{`[1ea]`, redact.InvalidNumber, 1},
		{`[1.]`, redact.InvalidNumber, 1},
		{`[1.8011670033376514H-308]`, redact.Unexpected, 19},
		{`[.123]`, redact.Unexpected, 1},
		{`[1_000]`, redact.Unexpected, 2},
		{`-`, redact.Truncated, 1},
		{`1.`, redact.Truncated, 2},
		{`1e`, redact.Truncated, 2},
		{`1e+`, redact.Truncated, 3},
		// n_object
		{`["x", truth]`, redact.Unexpected, 6},
		{`{[: "x"}`, redact.Unexpected, 1},
		{`{"x", null}`, redact.Unexpected, 4},
		{`{"x"::"b"}`, redact.Unexpected, 5},
		{`{"a":"a" 123}`, redact.Unexpected, 9},
		{`{key: 'value'}`, redact.Unexpected, 1},
		{`{"a" b}`, redact.Unexpected, 5},
		{`{:"b"}`, redact.Unexpected, 1},
		{`{"a" "b"}`, redact.Unexpected, 5},
		{`{"a":`, redact.Truncated, 5},
		{`{"a"`, redact.Truncated, 4},
		{`{1:1}`, redact.Unexpected, 1},
		{`{null:null}`, redact.Unexpected, 1},
		{`{"id":0,,,,,}`, redact.Unexpected, 8},
		{`{'a':0}`, redact.Unexpected, 1},
		{`{"id":0,}`, redact.Unexpected, 8},
		{`{"a":"b"}/**/`, redact.Trailing, 9},
		{`{"a":"b"}//`, redact.Trailing, 9},
		{`{"a":/*c*/"b"}`, redact.Unexpected, 5},
		{`{"a":"b",,"c":"d"}`, redact.Unexpected, 9},
		{`{a: "b"}`, redact.Unexpected, 1},
		{`{"a":"a`, redact.Truncated, 7},
		{`{ "foo" : "bar", "a" }`, redact.Unexpected, 21},
		{`{"a":"b"}#`, redact.Trailing, 9},
		{`{`, redact.Truncated, 1},
		{`{"a":1`, redact.Truncated, 6},
		{`{"a":1]`, redact.Unexpected, 6},
		{`{"a":}`, redact.Unexpected, 5},
		{`{,}`, redact.Unexpected, 1},
		// n_string
		{`["\uD800\"]`, redact.Truncated, 11},
		{`["\uD800\u"]`, redact.InvalidEscape, 8},
		{`["\uD800\u1"]`, redact.InvalidEscape, 8},
		{`["\uD800\u1x"]`, redact.InvalidEscape, 8},
		{`[é]`, redact.Unexpected, 1},
		{"[\"\\\x00\"]", redact.InvalidEscape, 2},
		{`["\x00"]`, redact.InvalidEscape, 2},
		{`["\\\"]`, redact.Truncated, 7},
		{"[\"\\\t\"]", redact.InvalidEscape, 2},
		{`["\🌀"]`, redact.InvalidEscape, 2},
		{`["\"]`, redact.Truncated, 5},
		{`["\u00A"]`, redact.InvalidEscape, 2},
		{`["\uD834\uDd"]`, redact.InvalidEscape, 8},
		{`["\uqqqq"]`, redact.InvalidEscape, 2},
		{`["\a"]`, redact.InvalidEscape, 2},
		{`["\U0041"]`, redact.InvalidEscape, 2},
		{`["\'"]`, redact.InvalidEscape, 2},
		{`[\u0020"asd"]`, redact.Unexpected, 1},
		{`[\n]`, redact.Unexpected, 1},
		{`"`, redact.Truncated, 1},
		{`"\`, redact.Truncated, 2},
		{`"\u12`, redact.Truncated, 5},
		{`['single quote']`, redact.Unexpected, 1},
		{`abc`, redact.Unexpected, 0},
		{"[\"a\x00a\"]", redact.ControlCharacter, 3},
		{"[\"new\nline\"]", redact.ControlCharacter, 5},
		{"[\"\t\"]", redact.ControlCharacter, 2},
		{"[\"\x1f\"]", redact.ControlCharacter, 2},
		{"[\"12345678901234567890\x1f\"]", redact.ControlCharacter, 22},
		{`""x`, redact.Trailing, 2},
		// UTF-8
		{"[\"\xff\"]", redact.InvalidUTF8, 2},
		{"[\"\xe5\"]", redact.InvalidUTF8, 2},
		{"[\"a\xe5\"]", redact.InvalidUTF8, 3},
		{"[\"\xc0\xaf\"]", redact.InvalidUTF8, 2},
		{"[\"\xe0\x80\xaf\"]", redact.InvalidUTF8, 2},
		{"[\"\xed\xa0\x80\"]", redact.InvalidUTF8, 2},
		{"[\"\xf4\x90\x80\x80\"]", redact.InvalidUTF8, 2},
		{"[\"\xfc\x80\x80\x80\x80\x80\"]", redact.InvalidUTF8, 2},
		{"[\"\x81\"]", redact.InvalidUTF8, 2},
		{"{\"\xff\":1}", redact.InvalidUTF8, 2},
		{"[\xff]", redact.Unexpected, 1},
		{"\xff", redact.Unexpected, 0},
		{"[\"abcdefghijk\xe6\x97\"]", redact.InvalidUTF8, 13},
		// n_structure
		{`<.>`, redact.Unexpected, 0},
		{`[<null>]`, redact.Unexpected, 1},
		{`[1]x`, redact.Trailing, 3},
		{`[1]]`, redact.Trailing, 3},
		{`["asd]`, redact.Truncated, 6},
		{`aå`, redact.Unexpected, 0},
		{`[True`, redact.Unexpected, 1},
		{`1]`, redact.Trailing, 1},
		{`{"x": true,`, redact.Truncated, 11},
		{`[][]`, redact.Trailing, 2},
		{`]`, redact.Unexpected, 0},
		{"\ufeff{}", redact.ByteOrderMark, 0},
		{"\xef\xbb{}", redact.Unexpected, 0},
		{"\xff\xfe[\x00]\x00", redact.Unexpected, 0},
		{"\u2060[]", redact.Unexpected, 0},
		{"", redact.Empty, 0},
		{" \n", redact.Empty, 2},
		{"[\f]", redact.Unexpected, 1},
		{"[\u00a0]", redact.Unexpected, 1},
		{"[\x00]", redact.Unexpected, 1},
		{`{}}`, redact.Trailing, 2},
		{`{"a":b}`, redact.Unexpected, 5},
		{`[`, redact.Truncated, 1},
		{`[1`, redact.Truncated, 2},
		{`nul`, redact.Truncated, 3},
		{`tru`, redact.Truncated, 3},
		{`t`, redact.Truncated, 1},
		{`fals`, redact.Truncated, 4},
		{`TRUE`, redact.Unexpected, 0},
		{`[a`, redact.Unexpected, 1},
		{`{"a": true} "x"`, redact.Trailing, 12},
		{strings.Repeat("[", 100000), redact.TooDeep, 128},
		{strings.Repeat(`{"a":`, 100000), redact.TooDeep, 128 * 5},
		{strings.Repeat(`[{"":`, 50000), redact.TooDeep, 64 * 5},
	} {
		err := openAny(c.body)
		var syntax *redact.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40q is read", c.body)
			continue
		}
		if syntax.Kind != c.kind || syntax.Offset != c.at {
			t.Errorf("%.40q: %v, want %v at byte %d", c.body, err, c.kind, c.at)
		}
		for _, wrapped := range wrappings(c.body) {
			// Whitespace is no document, but it is nothing between brackets.
			if openAny(wrapped) == nil && json.Valid([]byte(wrapped)) == false {
				t.Errorf("%.60q is read", wrapped)
			}
		}
	}
}

// wrappings puts a text where the shape names nothing, where it names a field,
// and where it names members and elements.
func wrappings(body string) []string {
	return []string{body, `{"x":` + body + `}`, `[` + body + `]`, `{"a":` + body + `}`, `{"o":` + body + `}`, `{"l":[` + body + `]}`, `{"m":{"k":` + body + `}}`}
}

func openAny(body string) error {
	shape, err := parseShape("a public\no.b public\nl[] public\nm{key} public\nm{} public\n")
	if err != nil {
		return err
	}
	var doc redact.Document
	return doc.Open(shape, nil, []byte(body), redact.Limits{})
}
