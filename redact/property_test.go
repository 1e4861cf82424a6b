package redact_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// TestProperties draws a shape, a body that more or less fits it, and
// decisions, and checks every property of the output; see checkEmit.
func TestProperties(t *testing.T) {
	t.Parallel()
	var doc redact.Document
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{t: t, shape: &rules.Shape{}}
		g.shape.Root = g.node("$", 0, -1, false)
		var body strings.Builder
		g.out = &body
		g.value(g.shape.Root, 0)
		t.Logf("shape %s\nbody %s", draw(g.shape.Root), &body)
		seed := rapid.Uint64().Draw(t, "decisions")
		checkEmit(rapidTB{T: nil, t: t}, &doc, g.shape, []byte(body.String()), rand.New(rand.NewPCG(seed, 1)))
	})
}

// draw writes a trie readably.
func draw(n *rules.Node) string {
	s := fmt.Sprintf("(field %d key %d subject %d roles %05b others %v", n.Field, n.Key, n.Subject, n.Roles, n.Others)
	for _, key := range generatorKeys {
		if m := n.Members[key]; m != nil {
			s += " ." + key + draw(m)
		}
	}
	if n.Elem != nil {
		s += " []" + draw(n.Elem)
	}
	if n.Any != nil {
		s += " {}" + draw(n.Any)
	}
	return s + ")"
}

// rapidTB lets checks written for testing.TB run under rapid.
type rapidTB struct {
	*testing.T
	t *rapid.T
}

func (tb rapidTB) Helper()                      { tb.t.Helper() }
func (tb rapidTB) Fatal(args ...any)            { tb.t.Fatal(args...) }
func (tb rapidTB) Fatalf(f string, args ...any) { tb.t.Fatalf(f, args...) }
func (tb rapidTB) Errorf(f string, args ...any) { tb.t.Errorf(f, args...) }
func (tb rapidTB) Name() string                 { return tb.t.Name() }
func (tb rapidTB) Logf(f string, args ...any)   { tb.t.Logf(f, args...) }
func (tb rapidTB) Log(args ...any)              { tb.t.Log(args...) }
func (tb rapidTB) Error(args ...any)            { tb.t.Error(args...) }

type generator struct {
	t     *rapid.T
	shape *rules.Shape
	roles []rules.Roles // by kind: a policy names one place for each
	about map[int][]int // by kind: those of persons besides it
	out   *strings.Builder
}

func (g *generator) below(n int) int { return rapid.IntRange(0, n-1).Draw(g.t, "n") }

var generatorKeys = []string{"a", "b", "id", "x.y", "é", "k\"q"}

func (g *generator) field(path string, kind int, subtree bool) int {
	f := rules.Field{Path: path, Kind: kind, Public: kind < 0 || g.below(4) == 0, Subtree: subtree}
	g.shape.Fields = append(g.shape.Fields, f)
	return len(g.shape.Fields) - 1
}

// node draws the place at a path. direct says that only members lead here from
// the subject, so that a deciding member may stand here.
func (g *generator) node(path string, depth, kind int, direct bool) *rules.Node {
	n := rules.NewNode()
	if g.below(3) == 0 {
		n.Subject = len(g.shape.Subjects)
		kind, direct = n.Subject, true
		g.shape.Subjects = append(g.shape.Subjects, rules.SubjectKind{Shape: path})
		g.roles = append(g.roles, 0)
	}
	form := g.below(6)
	if depth == 0 && form > 3 {
		form = 1
	}
	switch {
	case form <= 2 && depth < 4:
		n.Members = map[string]*rules.Node{}
		for range g.below(4) + 1 {
			key := generatorKeys[g.below(len(generatorKeys))]
			if n.Members[key] == nil {
				n.Members[key] = g.node(path+"."+key, depth+1, kind, direct)
			}
		}
	case form == 3 && depth < 4:
		n.Elem = g.node(path+"[]", depth+1, kind, false)
	case form == 4 && depth < 4:
		n.Any = g.node(path+"{}", depth+1, kind, false)
		owner := kind
		if s := n.Any.Subject; s >= 0 && g.below(3) > 0 {
			owner = s
			g.shape.Subjects[s].ID = rules.IDKey
		}
		if g.below(5) > 0 {
			n.Any.Key = g.field(path+"{key}", owner, false)
		}
	default:
		n.Subtree = g.below(5) == 0
		n.Field = g.field(path, kind, n.Subtree)
	}
	g.others(n, kind, direct)
	if role := rules.Roles(1) << g.below(5); direct && kind >= 0 && g.roles[kind]&role == 0 && g.below(2) == 0 {
		n.Roles = role
		g.roles[kind] |= role
	}
	return n
}

// others draws what a place says of persons besides the subject: now and then one more,
// a deciding member of one, or that the field here is about it.
func (g *generator) others(n *rules.Node, kind int, direct bool) {
	if !direct || kind < 0 || n.Subject >= 0 || g.below(3) > 0 {
		return
	}
	if len(g.about[kind]) == 0 || g.below(3) == 0 {
		if g.about == nil {
			g.about = map[int][]int{}
		}
		g.about[kind] = append(g.about[kind], len(g.shape.Subjects))
		g.shape.Subjects = append(g.shape.Subjects, rules.SubjectKind{Shape: "other", About: true, Within: kind})
		g.roles = append(g.roles, 0)
	}
	other := g.about[kind][g.below(len(g.about[kind]))]
	if n.Field >= 0 && g.below(3) > 0 {
		g.shape.Fields[n.Field].Public, g.shape.Fields[n.Field].About = false, other
	}
	if role := rules.Roles(1) << g.below(5); g.roles[other]&role == 0 && g.below(2) == 0 {
		n.Others = []rules.OtherRoles{{Kind: other, Roles: role}}
		g.roles[other] |= role
	}
}

// value draws a value for a place: mostly what fits, sometimes anything.
func (g *generator) value(n *rules.Node, depth int) {
	form := g.below(8)
	switch {
	case n == nil || form == 0 || depth > 6:
		g.noise(depth)
	case n.Members != nil:
		keys := make([]string, 0, len(n.Members))
		for key := range n.Members {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		g.list('{', g.below(6), func() {
			key := generatorKeys[g.below(len(generatorKeys))]
			if g.below(4) > 0 {
				key = keys[g.below(len(keys))]
			}
			g.key(key)
			g.value(n.Members[key], depth+1)
		})
	case n.Any != nil:
		g.list('{', g.below(4), func() {
			g.key([]string{"a", "", "k1", "17", "é"}[g.below(5)])
			g.value(n.Any, depth+1)
		})
	case n.Elem != nil:
		g.list('[', g.below(4), func() { g.value(n.Elem, depth+1) })
	default:
		g.scalar()
	}
}

func (g *generator) list(open byte, n int, item func()) {
	g.out.WriteByte(open)
	for i := range n {
		if i > 0 {
			g.out.WriteByte(',')
		}
		item()
	}
	g.out.WriteByte(open + 2)
}

// key writes a key, now and then with an escape or broken.
func (g *generator) key(key string) {
	g.string(key)
	g.out.WriteByte(':')
}

func (g *generator) string(text string) {
	quoted := strconv.Quote(text)
	switch g.below(8) {
	case 0:
		if text != "" && text[0] < 0x80 {
			quoted = fmt.Sprintf(`"\u%04X%s`, text[0], strconv.Quote(text[1:])[1:])
		}
	case 1:
		if g.below(4) == 0 {
			quoted = `"\udc00` + quoted[1:]
		}
	}
	g.out.WriteString(quoted)
}

func (g *generator) scalar() {
	switch g.below(9) {
	case 0:
		g.out.WriteString("null")
	case 1:
		g.out.WriteString("true")
	case 2:
		g.out.WriteString([]string{"0", "-0", "1E400", "12.50"}[g.below(4)])
	case 3:
		g.string("")
	case 4:
		g.out.WriteString(`"\ud83e\udd8a \/"`)
	default:
		g.string([]string{"Bo", "山田", "a b", `"`, "JP"}[g.below(5)])
	}
}

func (g *generator) noise(depth int) {
	switch form := g.below(6); {
	case form == 0 && depth < 7:
		g.list('{', g.below(3), func() {
			g.key(generatorKeys[g.below(len(generatorKeys))])
			g.noise(depth + 1)
		})
	case form == 1 && depth < 7:
		g.list('[', g.below(3), func() { g.noise(depth + 1) })
	default:
		g.scalar()
	}
}
