package redact_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// repeatShape is a shape with what stands around a list of objects. Where data is
// set they are the members of a map.
type repeatShape struct {
	shape         string
	before, after string
	data          bool
	keys          []string // of the first object
}

// manyKeys is more than a place remembers.
const manyKeys = 300

func repeatShapes() []repeatShape {
	person := "d[].k public\nd[].i\nd[].n\nd[].na\nd[].name\nd[].named\nd[].b\nd[].o.l\nd[].o.n.n\nd[].t[]\nd[].s subtree\n"
	var many, long strings.Builder
	for i := range manyKeys {
		fmt.Fprintf(&many, "q%d public\n", i)
	}
	for _, n := range []int{90, 92, 93, 94, 100} {
		fmt.Fprintf(&long, "d[].%s\n", strings.Repeat("k", n))
	}
	each := func(prefix, fields string) string {
		return prefix + strings.ReplaceAll(strings.TrimSuffix(fields, "\n"), "\n", "\n"+prefix)
	}
	keys := []string{"i", "n", "k", "name", "o", "s", "t"}
	return []repeatShape{
		{"subject a at d[] id=i country=o.c born=b\n" + person + long.String(), `{"p":1,"d":[`, `]}`, false, keys},
		{each("[].", many.String()) + "\n[].n public\n[].na public\n[].o.l public\n[].s public subtree", `[`, `]`, false, []string{"q0", "n", "q1", "o"}},
		{"subject a at {} id=@key country=o.c\n{}@key\n{}.k public\n{}.n\n{}.o.l\n{}.s subtree\n{}.m{key}\n{}.m{}", `{`, `}`, true, []string{"n", "k", "m", "o"}},
		{"subject a at d[] id=i\nabout o in d[] id=o.i born=b\nabout p in d[] id=n\n" +
			"d[].i\nd[].k public\nd[].n about=p\nd[].o.l about=o\nd[].s subtree about=o\nd[].o.i about=o\nd[].name", `{"d":[`, `]}`, false, keys},
		{"subject a at l[] id=i\nsubject b at l[].o id=i\nl[].i\nl[].n\nl[].k public\nl[].o.i\nl[].o.n\nl[].o.k public\nl[].m{key}\nl[].m{}", `{"x":0,"l":[`, `],"l":[{"n":1}]}`, false, keys},
	}
}

// The letters of a program. Those that change a member change the one at the cursor.
//
//	.  write the object    *  write it five times    n  null instead    [  an array instead
//	>  move the cursor     d  drop the member        x  swap it with the next    r  rotate all
//	e  escape its key      2  write it twice         v  give it another value    u  half a surrogate pair in its key
//	p  add keys that begin like it    l  add a long key    k  add a key of the shape
//	m  add 50 keys that the shape does not name    q  add 50 that it may name
//	w  other whitespace    W  other whitespace for each member    a  begin again    !  break the next object
const repeatLetters = ".*n[>dxre2vuplkmqwWa!"

var repeatSpaces = [][4]string{ // before key, colon and value, and behind the value
	{}, {" ", "", " ", ""}, {"\n      ", "", " ", ""}, {"", "", "", "\n"}, {"\t", " ", "\r\n", " "}, {"", "", strings.Repeat(" ", 20), ""}, {strings.Repeat(" ", 95), "", "", ""}, {"", "\n", "", "\t"},
}

var repeatValues = []string{
	`"Bo"`, `1`, `{"c":"JP","l":2,"i":3,"n":{"n":4}}`, `"x"`, `null`, `true`, `["a",1]`, `""`, `"\u00e9\n"`, `-0.5e3`, `{}`, `[]`, `"é"`, `"\ud800"`, `1234567890`,
	`{"i":"x", "l" : "\u0041","c":"DE"}`, `{"c":"JP","c":"DE","l":[]}`, `[{"n":1},null]`, `"1980-02-29"`,
}

// repeater runs a program.
type repeater struct {
	repeatShape
	members  []repeatMember
	at       int // the cursor
	style    int
	mixed    bool
	spoilt   bool // the next object
	next     int  // of names that are counted
	elements int
	out      strings.Builder
}

type repeatMember struct{ key, value string }

const (
	repeatProgram = 120
	repeatMembers = 400
	repeatBytes   = 24 << 10
)

// repeatBody writes the body of a program. A byte that is no letter stands for one.
func repeatBody(s repeatShape, program string) []byte {
	b := &repeater{repeatShape: s}
	b.begin()
	b.out.WriteString(s.before)
	for _, c := range []byte(program[:min(len(program), repeatProgram)]) {
		if strings.IndexByte(repeatLetters, c) < 0 {
			c = repeatLetters[int(c)%len(repeatLetters)]
		}
		b.step(c)
	}
	b.out.WriteString(s.after)
	return []byte(b.out.String())
}

func (b *repeater) begin() {
	b.members, b.at = nil, 0
	for i, key := range b.keys {
		b.add(key, repeatValues[i])
	}
}

func (b *repeater) add(key, value string) {
	if len(b.members) < repeatMembers {
		b.members = append(b.members, repeatMember{`"` + key + `"`, value})
	}
}

func (b *repeater) step(c byte) {
	switch c {
	case '.':
		b.element(b.object())
	case '*':
		for range 5 {
			b.element(b.object())
		}
	case 'n':
		b.element("null")
	case '[':
		b.element("[" + b.object() + "]")
	case 'l':
		b.next++
		b.add(strings.Repeat("k", 88+b.next%14), "1")
	case 'm', 'q':
		for range 50 {
			b.next++
			b.add(string([]byte{c})+strconv.Itoa(b.next%(manyKeys+20)), "1")
		}
	case 'k':
		b.next++
		b.add(b.keys[b.next%len(b.keys)], repeatValues[b.next%len(repeatValues)])
	case 'w':
		b.style++
	case 'W':
		b.mixed = !b.mixed
	case 'a':
		b.begin()
	case '!':
		b.spoilt = true
	default:
		if n := len(b.members); n > 0 {
			b.at %= n
			b.change(c, &b.members[b.at])
		}
	}
}

// change is a step for the member at the cursor.
func (b *repeater) change(c byte, m *repeatMember) {
	n := len(b.members)
	switch c {
	case '>':
		b.at++
	case 'd':
		b.members = append(b.members[:b.at:b.at], b.members[b.at+1:]...)
	case 'x':
		other := &b.members[(b.at+1)%n]
		*m, *other = *other, *m
	case 'r':
		b.members = append(b.members[1:n:n], b.members[0])
	case 'e':
		if len(m.key) > 2 && m.key[1] != '\\' {
			m.key = fmt.Sprintf(`"\u%04x%s`, m.key[1], m.key[2:])
		}
	case 'u':
		m.key = `"\udc00` + m.key[1:]
	case '2':
		b.members = append(b.members, *m)
	case 'v':
		b.next++
		m.value = repeatValues[b.next%len(repeatValues)]
	case 'p':
		text := m.key[1 : len(m.key)-1]
		b.add(text+"a", "1")
		b.add(text+"am", `"Al"`)
		b.add(text+"ame", "2")
		b.add(text[:len(text)/2], "3") // it may cut an escape short
	}
}

func (b *repeater) object() string {
	var out strings.Builder
	out.WriteByte('{')
	for i, m := range b.members {
		if i > 0 {
			out.WriteByte(',')
		}
		style := b.style
		if b.mixed {
			style += i
		}
		s := repeatSpaces[style%len(repeatSpaces)]
		out.WriteString(s[0] + m.key + s[1] + ":" + s[2])
		if b.spoilt && i == b.at%len(b.members) {
			out.WriteString("01")
			b.spoilt = false
		}
		out.WriteString(m.value + s[3])
	}
	out.WriteByte('}')
	return out.String()
}

func (b *repeater) element(text string) {
	if b.out.Len()+len(text) > repeatBytes {
		return
	}
	if b.elements++; b.elements > 1 {
		b.out.WriteByte(',')
	}
	if b.data {
		b.out.WriteString(`"k` + strconv.Itoa(b.elements%40) + `":`)
	}
	b.out.WriteString(text)
}

// FuzzRepeat: what a Document expects because of the objects that it has read, in this
// body and in others, changes nothing. It reads the body of the program before the bar,
// that of the one behind it, and the first again, with all fields wanted and with some.
func FuzzRepeat(f *testing.F) {
	shapes := repeatShapes()
	for i, program := range []string{
		"...|...", "*|x*", ".d.d.d.d.|.....", ".x.r.x.r.|r.r.r.", ".e.>e.>e.|.e.e.", ".l.l.l.l.l.l.l.l.l.l.l.l.l.l.|l.r.l.r.",
		">.p.p.r.r.r.r.|>p.x.x.", ".2.2.>2.|2.r.r.", ".v.>v.>v.>v.v.v.|v.v.v.v.v.", ".w.w.w.w.w.w.w.w.|w.w.W..", "W.w.w.|W*",
		"mmmmmm.r.rr.*|mmmmmm.mm.x.", "qqqqqq.r.*|aq.qr.mmm.qqq.", "amq*|qm*", ".n.n.[.|n[n.", ".u.>u.|u.u.", "..!..|....", "!|.", "****|>!*", ".kkkk.kkkk.|k.k.k.k.",
		"*w*x*d*|*ww*xx*dd*", ".>>v>vvv.|*>>>>vv*",
	} {
		for which := range shapes {
			f.Add(program, uint8(which), uint64(i))
		}
	}
	parsed := make([]*rules.Shape, len(shapes))
	for i, s := range shapes {
		parsed[i] = mustShape(f, s.shape)
	}
	f.Fuzz(func(t *testing.T, program string, which uint8, seed uint64) {
		n := int(which) % len(shapes)
		one, other, _ := strings.Cut(program, "|")
		first, second := repeatBody(shapes[n], one), repeatBody(shapes[n], other)
		r := rand.New(rand.NewPCG(seed, 6))
		want := someFields(parsed[n], r)
		var doc redact.Document
		for _, w := range []rules.FieldSet{nil, want, nil} {
			for _, body := range [][]byte{first, second, first} {
				likeFresh(t, &doc, parsed[n], w, body, seed)
			}
		}
		for _, body := range [][]byte{second, first} {
			checkEmit(t, &doc, parsed[n], body, r)
		}
	})
}

// someFields draws fields.
func someFields(shape *rules.Shape, r *rand.Rand) rules.FieldSet {
	set := rules.NewFieldSet(len(shape.Fields))
	for f := range shape.Fields {
		if r.IntN(2) == 0 {
			set.Add(f)
		}
	}
	return set
}

// likeFresh lets a Document that has read other bodies and one that has not read the
// same body, with decisions from the seed, and compares all that they tell.
func likeFresh(tb testing.TB, doc *redact.Document, shape *rules.Shape, want rules.FieldSet, body []byte, seed uint64) {
	tb.Helper()
	var fresh redact.Document
	expected, got := openIn(tb, &fresh, shape, want, body), openIn(tb, doc, shape, want, body)
	if valid := validBody(body, redact.DefaultMaxDepth); got != expected || got.refused == valid {
		tb.Fatalf("%v, fresh %v, the oracle %v\n%s", got, expected, valid, body)
	}
	if got.refused {
		if other := openIn(tb, &fresh, nil, nil, body); other != got {
			tb.Fatalf("%v, without a shape %v\n%s", got, other, body)
		}
		return
	}
	if len(doc.Subjects()) != len(fresh.Subjects()) {
		tb.Fatalf("%d subjects, fresh %d\n%s", len(doc.Subjects()), len(fresh.Subjects()), body)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	actions := randomActions(shape, fresh.Subjects(), r)
	terms := redact.Terms{Tokens: hashTokens{}, At: decided, MinCell: 1 + r.IntN(4), Complete: r.IntN(2) == 0}
	if diff := cmp.Diff(tell(tb, &fresh, shape, actions, terms), tell(tb, doc, shape, actions, terms)); diff != "" {
		tb.Fatalf("-fresh +used\n%s\n%s", body, diff)
	}
}
