package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// The reference is a second, slow and obvious implementation: encoding/json
// reads a tree that keeps the raw tokens, and the rules of the package
// documentation are applied to it one by one.

// tree is a value with the bytes that upstream sent.
type tree struct {
	open    byte   // '{', '[' or 0 for a scalar
	raw     string // of a scalar, and of a container with everything in it
	members []treeMember
	elems   []*tree
}

type treeMember struct {
	raw   string
	value *tree
}

// parseTree reads a body that json.Valid accepts.
func parseTree(body []byte) *tree {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	next := func() (json.Token, string, int) {
		from := int(dec.InputOffset())
		tok, err := dec.Token()
		if err != nil {
			panic(err)
		}
		to := int(dec.InputOffset())
		raw := strings.TrimLeft(string(body[from:to]), " \t\r\n,:")
		return tok, raw, to - len(raw)
	}
	var value func() *tree
	value = func() *tree {
		tok, raw, from := next()
		v := &tree{raw: raw}
		if _, ok := tok.(json.Delim); !ok {
			return v
		}
		v.open = raw[0]
		for dec.More() {
			if v.open == '[' {
				v.elems = append(v.elems, value())
				continue
			}
			_, key, _ := next()
			v.members = append(v.members, treeMember{key, value()})
		}
		_, _, end := next()
		v.raw = string(body[from : end+1])
		return v
	}
	return value()
}

// validBody is what a body must be, said by encoding/json and three more rules.
func validBody(body []byte, depth int) bool {
	return utf8.Valid(body) && json.Valid(body) && treeDepth(body) <= depth
}

func treeDepth(body []byte) int {
	depth, most, in := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case in && c == '\\':
			i++
		case c == '"':
			in = !in
		case in:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

// loneSurrogate reports whether a string, or any string in a container, has
// half of a surrogate pair.
func loneSurrogate(raw string) bool {
	high := false
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			if high {
				return true
			}
			i++
			continue
		}
		if raw[i+1] != 'u' {
			if high {
				return true
			}
			i += 2
			continue
		}
		n, err := strconv.ParseUint(raw[i+2:i+6], 16, 16)
		if err != nil {
			panic(err)
		}
		switch r := rune(n); {
		case high:
			if utf16.DecodeRune(0xD800, r) == utf8.RuneError {
				return true
			}
			high = false
		case utf16.IsSurrogate(r) && r < 0xDC00:
			high = true
		case utf16.IsSurrogate(r):
			return true
		}
		i += 6
	}
	return high
}

func unquote(raw string) string {
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		panic(err)
	}
	return s
}

// reference minimises one body.
type reference struct {
	shape    *rules.Shape
	subjects []redact.Subject
	begin    map[*tree]int // the subject that begins at a value
	at       []beginning   // by subject; of a person besides one, that one's
	actions  []*rules.Actions
	defects  map[int]int
	faults   map[redact.Fault]int // without counts
	terms    redact.Terms
	small    map[int]bool // by subject
}

func newReference(shape *rules.Shape, body []byte) (*reference, *tree) {
	r := &reference{shape: shape, begin: map[*tree]int{}, defects: map[int]int{}}
	root := parseTree(body)
	r.find(root, shape.Root, -1, "")
	return r, root
}

func (v *tree) named(n *rules.Node) bool {
	return n.Field < 0 && (v.open == '{' && (len(n.Members) > 0 || n.Any != nil) || v.open == '[' && n.Elem != nil)
}

// find numbers the subjects in the order in which they begin.
func (r *reference) find(v *tree, n *rules.Node, in int, key string) {
	if n.Subject >= 0 && (n.Field >= 0 || v.named(n)) {
		s := redact.Subject{Kind: n.Subject, Parent: in}
		in = len(r.subjects)
		r.begin[v] = in
		if r.shape.Subjects[n.Subject].ID == rules.IDKey && key != "" {
			s.ID = redact.Scalar{Type: redact.String, Text: []byte(unquote(key))}
		}
		r.decide(&s, v, n)
		r.subjects = append(r.subjects, s)
		r.at = append(r.at, beginning{v, n})
	}
	if _, begun := r.begin[v]; n.Subject < 0 || begun { // else nothing of it is named
		r.meet(v, n, in)
	}
	if !v.named(n) {
		return
	}
	for _, e := range v.elems {
		r.find(e, n.Elem, in, "")
	}
	seen := map[string]bool{}
	for _, m := range v.members {
		if child, data := memberNode(n, m); child != nil {
			key := ""
			if data {
				key = m.raw
			} else if child.Subject < 0 {
				if name := unquote(m.raw); seen[name] {
					r.meetAgain(child, in)
				} else {
					seen[name] = true
				}
			}
			r.find(m.value, child, in, key)
		}
	}
}

// memberNode returns the node of a member, nil when nothing names it.
func memberNode(n *rules.Node, m treeMember) (child *rules.Node, data bool) {
	if loneSurrogate(m.raw) {
		return nil, false
	}
	if child := n.Members[unquote(m.raw)]; child != nil {
		return child, false
	}
	if n.Any != nil && n.Any.Key >= 0 {
		return n.Any, true
	}
	return nil, false
}

// decide follows the way to each deciding member of a subject.
func (r *reference) decide(s *redact.Subject, v *tree, n *rules.Node) {
	slots := map[rules.Roles]*redact.Scalar{
		rules.RoleID: &s.ID, rules.RoleCountry: &s.Country, rules.RoleRegion: &s.Region, rules.RoleResidence: &s.Residence, rules.RoleBorn: &s.Born,
	}
	for role, slot := range slots {
		for _, way := range ways(n, role, true) {
			found := follow(v, way)
			switch {
			case found.Type == redact.Absent:
			case slot.Type == redact.Absent:
				*slot = found
			default:
				*slot = defect(rules.DuplicateMember)
			}
		}
	}
}

func defect(why rules.Reason) redact.Scalar { return redact.Scalar{Type: redact.Defect, Fault: why} }

// ways lists the member names that lead to a role of this very subject.
func ways(n *rules.Node, role rules.Roles, start bool) [][]string {
	return waysBy(n, start, func(n *rules.Node) bool { return n.Roles&role != 0 })
}

// waysBy lists the member names that lead to such places of the subject at n.
func waysBy(n *rules.Node, start bool, such func(*rules.Node) bool) [][]string {
	if !start && n.Subject >= 0 {
		return nil
	}
	var out [][]string
	if such(n) {
		out = append(out, nil)
	}
	if n.Field >= 0 {
		return out
	}
	for name, child := range n.Members {
		for _, way := range waysBy(child, false, such) {
			out = append(out, append([]string{name}, way...))
		}
	}
	return out
}

func follow(v *tree, way []string) redact.Scalar {
	if len(way) == 0 {
		if v.open != 0 {
			return defect(rules.TypeUnexpected)
		}
		return scalarOf(v.raw)
	}
	if v.open != '{' {
		if v.raw == "null" {
			return redact.Scalar{}
		}
		return defect(rules.MemberUnreachable)
	}
	var found []*tree
	for _, m := range v.members {
		if !loneSurrogate(m.raw) && unquote(m.raw) == way[0] {
			found = append(found, m.value)
		}
	}
	switch len(found) {
	case 0:
		return redact.Scalar{}
	case 1:
		return follow(found[0], way[1:])
	}
	return defect(rules.DuplicateMember)
}

func scalarOf(raw string) redact.Scalar {
	switch {
	case loneSurrogate(raw):
		return defect(rules.LoneSurrogate)
	case raw == "null":
		return redact.Scalar{Type: redact.Null}
	case raw == "true" || raw == "false":
		return redact.Scalar{Type: redact.Bool, Text: []byte(raw)}
	case raw[0] == '"':
		return redact.Scalar{Type: redact.String, Text: []byte(unquote(raw))}
	}
	return redact.Scalar{Type: redact.Number, Text: []byte(raw)}
}

// piece is what leaves of one value: nothing, or text with what it discloses
// of whom.
type piece struct {
	leaves bool
	text   string
	fields map[int]map[int]bool // by subject
	cells  map[int][]cellText   // by subject, in the order of the body
}

type cellText struct {
	field int
	text  string
}

func (p *piece) add(subject, field int) {
	if p.fields == nil {
		p.fields = map[int]map[int]bool{}
	}
	if p.fields[subject] == nil {
		p.fields[subject] = map[int]bool{}
	}
	p.fields[subject][field] = true
}

func (p *piece) join(q piece) {
	for s, cells := range q.cells {
		if p.cells == nil {
			p.cells = map[int][]cellText{}
		}
		p.cells[s] = append(p.cells[s], cells...)
	}
	for s, fields := range q.fields {
		for f := range fields {
			p.add(s, f)
		}
	}
}

func (r *reference) action(field, in int) rules.Action {
	f := &r.shape.Fields[field]
	switch {
	case in < 0 && f.Kind < 0 && f.Public:
		return rules.Action{Verb: rules.Allow}
	case in < 0 || f.Kind != r.subjects[in].Kind:
		return rules.Action{}
	}
	a := r.actions[in].Fields[field]
	if a.Cell && r.small[in] {
		return rules.Action{}
	}
	if f.About > 0 {
		return r.both(field, in, a)
	}
	return a
}

func (r *reference) person(s int) string {
	if r.terms.Keys == nil {
		return strconv.Itoa(s)
	}
	return string(r.terms.Keys[s][:])
}

// document runs until no combination is too small. At its eighth turn it gives up, and
// no combination leaves.
func (r *reference) document(root *tree) piece {
	r.small = map[int]bool{}
	for turn := 1; ; turn++ {
		r.defects, r.faults = map[int]int{}, map[redact.Fault]int{}
		p := r.value(root, r.shape.Root, -1)
		sharing := map[string][]int{}
		for s, cells := range p.cells {
			slices.SortStableFunc(cells, func(a, b cellText) int { return a.field - b.field })
			combination := fmt.Sprintf("%d %#v", r.subjects[s].Kind, cells)
			sharing[combination] = append(sharing[combination], s)
		}
		again := false
		for _, subjects := range sharing {
			people := map[string]bool{}
			for _, s := range subjects {
				people[r.person(s)] = true
			}
			if len(people) < r.terms.MinCell || turn == 8 {
				again = true
				for _, s := range subjects {
					r.small[s] = true
				}
			}
		}
		if !again {
			return p
		}
	}
}

func (r *reference) value(v *tree, n *rules.Node, in int) piece {
	s, begins := r.begin[v]
	if !begins {
		return r.content(v, n, in)
	}
	if r.actions[s] == nil {
		return piece{}
	}
	return r.released(s, r.content(v, n, s))
}

// released lets a subject pass if something personal of its own is in it.
func (r *reference) released(s int, p piece) piece {
	for f := range p.fields[s] {
		if p.leaves && !r.shape.Fields[f].Public {
			return p
		}
	}
	return piece{}
}

func (r *reference) content(v *tree, n *rules.Node, in int) piece {
	var p piece
	switch {
	case n.Field >= 0:
		p.text, p.leaves = r.rule(v, n, in)
		if p.leaves {
			for _, s := range r.concerned(n.Field, in) {
				p.add(s, n.Field)
				if r.action(n.Field, in).Cell {
					p.join(piece{cells: map[int][]cellText{s: {{n.Field, p.text}}}})
				}
			}
		}
		return p
	case !v.named(n):
		r.misplaced(v, n, in)
		return p
	}
	var parts []string
	left := map[string]bool{}
	for _, e := range v.elems {
		if q := r.value(e, n.Elem, in); q.leaves {
			parts = append(parts, q.text)
			p.join(q)
		}
	}
	for _, m := range v.members {
		child, data := memberNode(n, m)
		if child == nil {
			if n.Any != nil && n.Any.Key >= 0 && loneSurrogate(m.raw) && r.leavesBelow(n.Any, in) {
				r.fault(in, pathOf(r.shape.Root, n.Any, ""), -1, rules.LoneSurrogate)
			}
			continue
		}
		var q piece
		if data {
			q = r.keyed(m, child, in)
		} else if q = r.value(m.value, child, in); q.leaves {
			q.text = m.raw + ":" + q.text
			left[unquote(m.raw)] = true
		}
		if q.leaves {
			parts = append(parts, q.text)
			p.join(q)
		}
	}
	p.leaves = len(parts) > 0 || in < 0
	if v.open == '{' && r.terms.Complete {
		parts = append(parts, blanks(n, left)...)
	}
	p.text = string(v.open) + strings.Join(parts, ",") + string(v.open+2)
	return p
}

// keyed writes a member whose key is data.
func (r *reference) keyed(m treeMember, n *rules.Node, in int) piece {
	s, begins := r.begin[m.value]
	own := n.Subject >= 0 && r.shape.Fields[n.Key].Kind == n.Subject
	if own {
		if !begins {
			r.misplaced(m.value, n, in)
			return piece{}
		}
		if r.actions[s] == nil {
			return piece{}
		}
		in = s
	}
	key, ok := m.raw, false
	switch a := r.action(n.Key, in); a.Verb {
	case rules.Allow:
		ok = true
	case rules.Transform:
		if text := unquote(m.raw); text != "" && a.Need != rules.NeedGeneralised {
			key, ok = hashToken(text), true
		}
	case rules.Withhold:
	}
	if !ok {
		return piece{}
	}
	var p piece
	if own {
		if p = r.content(m.value, n, s); !p.leaves && m.value.named(n) {
			p = piece{leaves: true, text: string(m.value.open) + string(m.value.open+2)}
			if m.value.open == '{' && r.terms.Complete {
				p.text = "{" + strings.Join(blanks(n, nil), ",") + "}"
			}
		}
	} else {
		p = r.value(m.value, n, in)
	}
	if !p.leaves {
		return piece{}
	}
	p.text = key + ":" + p.text
	p.add(in, n.Key)
	if own {
		return r.released(s, p)
	}
	return p
}

func (r *reference) rule(v *tree, n *rules.Node, in int) (string, bool) {
	a := r.action(n.Field, in)
	if a.Verb == rules.Withhold {
		return "", false
	}
	path := r.shape.Fields[n.Field].Path
	switch {
	case v.open != 0 && !n.Subtree:
		r.fault(in, path, n.Field, rules.TypeUnexpected)
		return "", false
	case loneSurrogate(v.raw):
		r.fault(in, path, n.Field, rules.LoneSurrogate)
		return "", false
	case v.open != 0 && a.Verb != rules.Allow:
		r.fault(in, path, n.Field, rules.TypeUnexpected)
		return "", false
	}
	switch {
	case v.open != 0:
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(v.raw)); err != nil {
			panic(err)
		}
		return compact.String(), true
	case a.Verb == rules.Allow:
		return v.raw, true
	}
	s := scalarOf(v.raw)
	if len(s.Text) == 0 {
		return "", false
	}
	if a.Need == rules.NeedGeneralised {
		text, ok := generalised(a.Generaliser, s, decided)
		if !ok {
			r.fault(in, path, n.Field, rules.ValueDefect)
		}
		return text, ok
	}
	return hashToken(string(s.Text)), true
}

func (r *reference) fault(in int, path string, field int, why rules.Reason) {
	r.defects[in]++
	r.faults[redact.Fault{Path: path, Field: field, Reason: why}]++
}

// misplaced notes a value that is of another form than what is named below its place.
func (r *reference) misplaced(v *tree, n *rules.Node, in int) {
	empty := v.open != 0 && len(v.members)+len(v.elems) == 0
	if v.raw != "null" && !empty && r.leavesBelow(n, in) {
		r.fault(in, pathOf(r.shape.Root, n, ""), -1, rules.TypeUnexpected)
	}
}

// leavesBelow reports whether anything may leave of a place. Subjects that do not stand
// there have no decision: theirs counts.
func (r *reference) leavesBelow(n *rules.Node, in int) bool {
	if n == nil {
		return false
	}
	for _, f := range []int{n.Field, n.Key} {
		switch {
		case f < 0:
		case in < 0 && r.shape.Fields[f].Kind < 0:
			if r.shape.Fields[f].Public {
				return true
			}
		case in >= 0 && r.shape.Fields[f].Kind == r.subjects[in].Kind:
			a := r.actions[in].Fields[f]
			if kind := r.shape.Fields[f].About; kind > 0 && r.besides(kind, in) >= 0 {
				a = r.both(f, in, a)
			}
			if a.Verb != rules.Withhold {
				return true
			}
		case r.shape.Fields[f].Kind >= 0:
			return true
		}
	}
	if n.Field >= 0 {
		return false
	}
	for _, child := range n.Members {
		if r.leavesBelow(child, in) {
			return true
		}
	}
	return r.leavesBelow(n.Any, in) || r.leavesBelow(n.Elem, in)
}

// pathOf returns the path of a node; empty if it is not below n.
func pathOf(n, wanted *rules.Node, path string) string {
	switch {
	case n == nil || n.Field >= 0 && n != wanted:
		return ""
	case n == wanted && path == "":
		return "."
	case n == wanted:
		return path
	}
	for name, child := range n.Members {
		if strings.ContainsAny(name, "\". ") {
			name = strconv.Quote(name)
		}
		if path != "" {
			name = path + "." + name
		}
		if found := pathOf(child, wanted, name); found != "" {
			return found
		}
	}
	return pathOf(n.Any, wanted, path+"{}") + pathOf(n.Elem, wanted, path+"[]")
}

// compareReference checks all that a Document says of a body against the
// reference.
func compareReference(tb testing.TB, shape *rules.Shape, body []byte, doc *redact.Document, actions []*rules.Actions, terms redact.Terms, out []byte) {
	tb.Helper()
	r, root := newReference(shape, body)
	if diff := cmp.Diff(texts(r.subjects), texts(doc.Subjects())); diff != "" {
		tb.Fatalf("subjects differ: -reference +redact\n%s", diff)
	}
	r.actions, r.terms = actions, terms
	p := r.document(root)
	if !p.leaves {
		p.text = ""
	}
	if diff := cmp.Diff(p.text, string(out)); diff != "" {
		tb.Fatalf("output differs: -reference +redact\n%s", diff)
	}
	for i := range actions {
		want := map[int]bool{}
		for f := range shape.Fields {
			if doc.Emitted(i).Has(f) {
				want[f] = true
			}
		}
		got := p.fields[i]
		if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			tb.Fatalf("subject %d: reference emitted %v, redact %v", i, got, want)
		}
		if doc.Released(i) != (len(got) > 0) {
			tb.Fatalf("subject %d: released %v with fields %v", i, doc.Released(i), got)
		}
		if doc.Small(i) != r.small[i] {
			tb.Fatalf("subject %d: small %v, reference %v", i, doc.Small(i), r.small[i])
		}
	}
	for i := -1; i < len(actions); i++ {
		if r.defects[i] != doc.Defects(i) {
			tb.Fatalf("subject %d: reference counts %d defects, redact %d", i, r.defects[i], doc.Defects(i))
		}
	}
	faults := map[redact.Fault]int{}
	for _, f := range doc.Faults() {
		n := f.Count
		f.Count = 0
		faults[f] += n
	}
	if len(faults) != len(doc.Faults()) {
		tb.Fatalf("a place and reason has two entries: %v", doc.Faults())
	}
	if diff := cmp.Diff(r.faults, faults); diff != "" {
		tb.Fatalf("faults differ: -reference +redact\n%s", diff)
	}
}

// texts makes subjects comparable: an empty text is no text.
func texts(subjects []redact.Subject) []map[string]string {
	out := make([]map[string]string, 0, len(subjects))
	for _, s := range subjects {
		out = append(out, map[string]string{
			"kind": strconv.Itoa(s.Kind), "parent": strconv.Itoa(s.Parent),
			"id": describe(s.ID), "country": describe(s.Country), "region": describe(s.Region),
			"residence": describe(s.Residence), "born": describe(s.Born),
		})
	}
	return out
}
