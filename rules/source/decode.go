package source

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/modicum-dev/modicum/rules"
)

// decoder collects problems and goes on: an author sees all of them at once.
type decoder struct {
	name     string // of the file being read
	bundle   *rules.Bundle
	problems rules.Problems

	choicesPos, disclosuresPos rules.Pos // where the sections stand
}

// keys maps what a mapping may hold to what reads it.
type keys map[string]func(value)

// value is a node with its place.
type value struct {
	d    *decoder
	node ast.Node
	pos  rules.Pos
	what string // its key, for messages

	sketch *sketch // of the schema, in place of a node; nil while a file is read
}

func (d *decoder) problem(pos rules.Pos, kind error, detail, suggestion string) {
	d.problems = append(d.problems, &rules.Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion})
}

func (d *decoder) pos(n ast.Node) rules.Pos {
	p := rules.Pos{File: d.name, Line: 1, Column: 1}
	if n == nil {
		return p
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	return p
}

// each visits the members of a mapping in order, once each.
func (v value) each(visit func(key rules.Name, v value)) {
	d := v.d
	if v.sketch != nil {
		visit(rules.Name{}, v.drawn(v.sketch.others()))
		return
	}
	if !d.plain(v.node) {
		return
	}
	m, ok := v.node.(ast.MapNode)
	if !ok {
		v.bad("a mapping (key: value)")
		return
	}
	seen := make(map[string]bool)
	for it := m.MapRange(); it.Next(); {
		kv := it.KeyValue()
		key, pos := keyText(kv.Key), d.pos(kv.Key)
		switch {
		case kv.Key.IsMergeKey():
			d.problem(pos, rules.ErrSyntax, "merge keys (<<) are not allowed in a policy", "write the members out")
			continue
		case seen[key]:
			d.problem(pos, rules.ErrDuplicate, fmt.Sprintf("%q stands twice in %s", key, v.what), "")
			continue
		}
		seen[key] = true
		member := value{d: d, node: kv.Value, pos: d.pos(kv.Value), what: key}
		if implicitNull(kv.Value) {
			member.pos = pos
		}
		visit(rules.Name{Value: key, Pos: pos}, member)
	}
}

// eachOf visits the members of a mapping whose keys are words of a vocabulary, and
// has refuse note the others.
func (v value) eachOf(vocabulary []string, refuse func(key rules.Name), visit func(key rules.Name, v value)) {
	if v.sketch != nil {
		for _, word := range vocabulary {
			visit(rules.Name{Value: word}, v.drawn(v.sketch.member(word, "*")))
		}
		return
	}
	v.each(func(key rules.Name, v value) {
		if !slices.Contains(vocabulary, key.Value) {
			refuse(key)
			return
		}
		visit(key, v)
	})
}

// drawn is a value without a node, of which a schema is drawn.
func (v value) drawn(s *sketch) value { return value{d: v.d, sketch: s} }

// either reads a value of two forms: the first one if it is there.
func (v value) either(first bool, one, other func(value)) {
	switch {
	case v.sketch != nil:
		one(v.drawn(v.sketch.alternative()))
		other(v.drawn(v.sketch.alternative()))
	case first:
		one(v)
	default:
		other(v)
	}
}

func (v value) isMapping() bool { _, ok := v.node.(ast.MapNode); return ok }
func (v value) isList() bool    { _, ok := v.node.(*ast.SequenceNode); return ok }
func (v value) isString() bool  { _, ok := v.node.(*ast.StringNode); return ok }

// as names a form that stands in several places, for the schema.
func (v value) as(name string) value {
	if v.sketch == nil {
		return v
	}
	return v.drawn(v.sketch.definition(name))
}

// implicitNull reports whether a key has nothing behind it: there is no place where
// its value stands.
func implicitNull(n ast.Node) bool {
	null, ok := n.(*ast.NullNode)
	return ok && null.Token.Type == token.ImplicitNullType
}

// keyText returns a key as it was written, without quotes.
func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return strings.TrimSpace(k.GetToken().Value)
}

// mapping reads a mapping with a closed set of keys.
func (v value) mapping(known keys) {
	if v.sketch != nil {
		v.sketch.object()
		for _, key := range sortedKeys(known) {
			known[key](v.drawn(v.sketch.member(key, key)))
		}
		return
	}
	v.each(func(key rules.Name, member value) {
		read, ok := known[key.Value]
		if !ok {
			v.d.problem(key.Pos, rules.ErrUnknownKey, fmt.Sprintf("unknown key %q in %s", key.Value, v.what),
				rules.DidYouMean(key.Value, sortedKeys(known)))
			return
		}
		read(member)
	})
}

// plain refuses what gives a policy a second meaning.
func (d *decoder) plain(n ast.Node) bool {
	kind := ""
	switch n.(type) {
	case nil:
		return false
	case *ast.AnchorNode:
		kind = "anchors (&)"
	case *ast.AliasNode:
		kind = "aliases (*)"
	case *ast.TagNode:
		kind = "tags (!)"
	default:
		return true
	}
	d.problem(d.pos(n), rules.ErrSyntax, kind+" are not allowed in a policy", "write the value out")
	return false
}

func (v value) bad(want string) {
	v.d.problem(v.pos, rules.ErrBadValue, fmt.Sprintf("%s must be %s", v.what, want), "")
}

// list visits the elements of a sequence.
func (v value) list(visit func(value)) {
	if v.sketch != nil {
		visit(v.drawn(v.sketch.element()))
		return
	}
	if !v.d.plain(v.node) {
		return
	}
	s, ok := v.node.(*ast.SequenceNode)
	if !ok {
		v.bad("a list")
		return
	}
	for _, n := range s.Values {
		visit(value{d: v.d, node: n, pos: v.d.pos(n), what: v.what})
	}
}

// scalar reads a scalar as it was written: numbers and dates keep their form. It
// is false, and the problem is noted, for anything else.
func (v value) scalar() (string, bool) {
	v.sketch.text()
	if !v.d.plain(v.node) {
		return "", false
	}
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return v.node.GetToken().Value, true
	}
	v.bad("a text")
	return "", false
}

// text reads a scalar that may be empty.
func (v value) text() string {
	s, _ := v.scalar()
	return s
}

// word reads a scalar that may not.
func (v value) word() rules.Name {
	s, ok := v.scalar()
	v.sketch.notEmpty()
	if ok && s == "" {
		v.d.problem(v.pos, rules.ErrMissing, v.what+" is empty", "")
	}
	return rules.Name{Value: s, Pos: v.pos}
}

func (v value) words() []rules.Name {
	var out []rules.Name
	v.list(func(e value) { out = append(out, e.word()) })
	return out
}

// someWords reads a list that narrows something. An empty one would not.
func (v value) someWords() []rules.Name { return v.some(value.words) }

// someCountries is the same of countries.
func (v value) someCountries() []rules.Name { return v.some(value.countries) }

func (v value) some(list func(value) []rules.Name) []rules.Name {
	if s, ok := v.node.(*ast.SequenceNode); ok && len(s.Values) == 0 {
		v.d.problem(v.pos, rules.ErrMissing, v.what+" is an empty list", "leave it out where any is meant")
	}
	names := list(v)
	v.sketch.notEmpty()
	return names
}

// wordOrWords reads a list, or one word in place of a list of one.
func (v value) wordOrWords() []rules.Name {
	var out []rules.Name
	v.either(v.isList(), func(v value) { out = v.words() }, func(v value) { out = []rules.Name{v.word()} })
	return out
}

// country reads the code of a country. Whether there is one of that code is for the
// compiler.
func (v value) country() rules.Name {
	n := v.word()
	v.sketch.form(countryForm)
	return n
}

func (v value) countries() []rules.Name {
	var out []rules.Name
	v.list(func(e value) { out = append(out, e.country()) })
	return out
}

func (v value) integer() (int, bool) {
	v.sketch.integer(0, 0)
	if n, ok := v.node.(*ast.IntegerNode); ok {
		if i, err := strconv.Atoi(n.GetToken().Value); err == nil && i >= 0 && i < math.MaxInt32 {
			return i, true
		}
	}
	v.bad("a whole number")
	return 0, false
}

// between reads a whole number of at least least, and at most most if that is not 0.
// Of another one it says what it must be.
func (v value) between(least, most int, want string) int {
	i, ok := v.integer()
	v.sketch.integer(least, most)
	if ok && (i < least || most > 0 && i > most) {
		v.bad(want)
	}
	return i
}

// period reads a length of calendar time: P3Y, P1Y6M, P30D, or P0D.
func (v value) period() *rules.Period {
	s, ok := v.scalar()
	v.sketch.form(periodForm)
	if !ok {
		return nil
	}
	m := period.FindStringSubmatch(s)
	if m == nil || s == "P" {
		v.bad("a period of years, months and days (P3Y, P18M, P30D)")
		return nil
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // at most four digits; nothing is zero
		return n
	}
	return &rules.Period{Years: number(m[1]), Months: number(m[2]), Days: number(m[3])}
}

var period = regexp.MustCompile(`^P(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})D)?$`)

// The forms of texts, as the schema has them. They refuse nothing that is read.
const (
	countryForm = `^[A-Z]{2}$`
	periodForm  = `^P([0-9]{1,3}Y([0-9]{1,4}M)?([0-9]{1,4}D)?|[0-9]{1,4}M([0-9]{1,4}D)?|[0-9]{1,4}D)$`
	momentForm  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?$`
	dottedForm  = `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`
	orderForm   = `^[A-Za-z0-9._:-]{1,64}$`
	routeForm   = `^GET /`
)

// generaliser reads the form of a generaliser: a name, with its arguments.
func (v value) generaliser() *rules.Generaliser {
	s, ok := v.scalar()
	v.sketch.generaliser()
	if !ok {
		return nil
	}
	return v.generaliserOf(s, rules.GeneraliserForms)
}

// generaliserOf reads a text that is a generaliser, in a place where the vocabulary
// may be written.
func (v value) generaliserOf(s string, vocabulary []string) *rules.Generaliser {
	g, err := rules.ParseGeneraliser(s)
	if err == nil {
		return g
	}
	if !generaliserName(s) {
		v.notOneOf(s, vocabulary)
		return nil
	}
	hint := ""
	if strings.Contains(s, "(") && !strings.HasSuffix(s, ")") {
		hint = `within braces, put it in quotes: "band(10, 50)"`
	}
	v.d.problem(v.pos, rules.ErrBadValue, fmt.Sprintf("%q is %v", s, err), hint)
	return nil
}

// generaliserName reports whether a text begins with the name of a generaliser, so
// that what is wrong with it is its arguments.
func generaliserName(s string) bool {
	name, _, _ := strings.Cut(s, "(")
	return slices.ContainsFunc(rules.GeneraliserForms, func(form string) bool {
		known, _, _ := strings.Cut(form, "(")
		return known == strings.TrimSpace(name)
	})
}

func (v value) boolean() bool {
	v.sketch.boolean()
	if n, ok := v.node.(*ast.BoolNode); ok {
		return n.Value
	}
	v.bad("true or false")
	return false
}

// date reads a day or an instant. A day stands for its first moment in UTC.
func (v value) date() time.Time {
	t, _ := v.moment()
	return t
}

// end reads the end of a validity. A day is included: the end is the first
// moment of the day after.
func (v value) end() time.Time {
	t, day := v.moment()
	if day {
		return t.AddDate(0, 0, 1)
	}
	return t
}

func (v value) moment() (t time.Time, day bool) {
	s, ok := v.scalar()
	v.sketch.form(momentForm)
	if !ok {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), false
	}
	v.bad("a date (2027-03-31) or an instant (2027-03-31T12:00:00Z)")
	return time.Time{}, false
}

// oneOf reads a word of a closed vocabulary.
func oneOf[T any](v value, parse func(string) (T, bool), vocabulary ...string) T {
	var t T
	s, ok := v.scalar()
	v.sketch.words(vocabulary)
	if !ok {
		return t
	}
	if t, ok = parse(s); !ok {
		v.notOneOf(s, vocabulary)
	}
	return t
}

// notOneOf says which words there are in place of one that is none of them.
func (v value) notOneOf(s string, vocabulary []string) {
	v.d.problem(v.pos, rules.ErrBadValue, fmt.Sprintf("%s cannot be %q: it is one of %s", v.what, s, strings.Join(vocabulary, ", ")),
		rules.DidYouMean(s, vocabulary))
}

// listOf reads a list of words of a closed vocabulary.
func listOf[T any](v value, parse func(string) (T, bool), vocabulary ...string) []T {
	var out []T
	v.list(func(e value) { out = append(out, oneOf(e, parse, vocabulary...)) })
	return out
}
