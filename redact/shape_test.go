package redact_test

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// parseShape builds a shape from a readable list, one line for each subject
// and field. Fields are numbered in order.
//
//	subject customer at data[] id=id country=address.country
//	data[].id
//	data[].object public
//	data[].extra subtree
//	about friend in data[] id=friend.id    another person; its paths begin at the subject's object
//	data[].friend.name about=friend        a field that is about it, too
//	by_id{key}              the keys of a map, decided by who encloses it
//	by_id{}@key             the key under which a subject stands, decided by it
func parseShape(text string) (*rules.Shape, error) {
	shape := &rules.Shape{Root: rules.NewNode(), Single: true}
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) < 4 || words[0] != "subject" {
			continue
		}
		k := rules.SubjectKind{Shape: words[1], Path: words[3]}
		base, _, err := walkShape(shape, words[3])
		if err != nil {
			return nil, err
		}
		for _, role := range words[4:] {
			name, path, _ := strings.Cut(role, "=")
			switch path {
			case "@key":
				k.ID = rules.IDKey
				continue
			case "@param":
				k.ID = rules.IDParam
				continue
			}
			n := base
			if path != "." {
				if n, _, err = walkFrom(base, -1, path); err != nil {
					return nil, err
				}
			}
			n.Roles |= roleWords[name]
		}
		base.Subject = len(shape.Subjects)
		shape.Subjects = append(shape.Subjects, k)
		shape.Single = shape.Single && !strings.ContainsAny(words[3], "[{")
	}
	others, err := parseOthers(shape, lines)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "subject" || words[0] == "about" {
			continue
		}
		f := rules.Field{Path: words[0], Kind: -1, Category: "test"}
		for _, word := range words[1:] {
			switch word {
			case "public":
				f.Public, f.Category = true, ""
			case "subtree":
				f.Subtree = true
			default:
				name, about := strings.CutPrefix(word, "about=")
				if f.About = others[name]; !about || f.About == 0 {
					return nil, fmt.Errorf("unknown word %q", word)
				}
			}
		}
		path := strings.TrimSuffix(words[0], "@key")
		enclosing, keys := strings.CutSuffix(path, "{key}")
		n, kind, err := walkShape(shape, enclosing)
		if err != nil {
			return nil, err
		}
		f.Kind = kind
		switch {
		case keys:
			if n.Any == nil {
				n.Any = rules.NewNode()
			}
			n.Any.Key = len(shape.Fields)
		case path != words[0]:
			n.Key = len(shape.Fields)
		default:
			n.Field, n.Subtree = len(shape.Fields), f.Subtree
		}
		shape.Fields = append(shape.Fields, f)
	}
	for i := range shape.Subjects {
		shape.Subjects[i].Personal = rules.NewFieldSet(len(shape.Fields))
		for n, f := range shape.Fields {
			if f.Concerns(i) && !f.Public {
				shape.Subjects[i].Personal.Add(n)
			}
		}
	}
	return shape, nil
}

// parseOthers reads the lines about persons besides the subjects, and returns the
// kind of each by its name.
func parseOthers(shape *rules.Shape, lines []string) (map[string]int, error) {
	others := map[string]int{}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) < 4 || words[0] != "about" {
			continue
		}
		base, within, err := walkShape(shape, words[3])
		if err != nil {
			return nil, err
		}
		k := rules.SubjectKind{Shape: words[1], Path: words[3], About: true, Within: within}
		kind := len(shape.Subjects)
		for _, role := range words[4:] {
			name, path, _ := strings.Cut(role, "=")
			if path == "@param" {
				k.ID = rules.IDParam
				continue
			}
			n, _, err := walkFrom(base, -1, path)
			if err != nil {
				return nil, err
			}
			n.Others = append(n.Others, rules.OtherRoles{Kind: kind, Roles: roleWords[name]})
		}
		others[words[1]] = kind
		shape.Subjects = append(shape.Subjects, k)
	}
	return others, nil
}

// roleWords are the names of the deciding members.
var roleWords = map[string]rules.Roles{
	"id": rules.RoleID, "country": rules.RoleCountry, "region": rules.RoleRegion, "residence": rules.RoleResidence, "born": rules.RoleBorn,
}

func walkShape(shape *rules.Shape, path string) (*rules.Node, int, error) {
	return walkFrom(shape.Root, shape.Root.Subject, path)
}

// walkFrom returns the node at a path, made on the way, and the kind of the
// subject that decides there.
func walkFrom(n *rules.Node, kind int, path string) (*rules.Node, int, error) {
	path = strings.TrimPrefix(path, ".")
	for path != "" {
		var name string
		switch {
		case strings.HasPrefix(path, "[]"):
			path = path[2:]
			if n.Elem == nil {
				n.Elem = rules.NewNode()
			}
			n = n.Elem
		case strings.HasPrefix(path, "{}"):
			path = path[2:]
			if n.Any == nil {
				n.Any = rules.NewNode()
			}
			n = n.Any
		default:
			path = strings.TrimPrefix(path, ".")
			if strings.HasPrefix(path, `"`) {
				quoted, err := strconv.QuotedPrefix(path)
				if err != nil {
					return nil, 0, fmt.Errorf("path %q: %w", path, err)
				}
				if name, err = strconv.Unquote(quoted); err != nil {
					return nil, 0, fmt.Errorf("path %q: %w", path, err)
				}
				path = path[len(quoted):]
			} else {
				end := strings.IndexAny(path, ".[{")
				if end < 0 {
					end = len(path)
				}
				name, path = path[:end], path[end:]
			}
			if n.Members == nil {
				n.Members = map[string]*rules.Node{}
			}
			if n.Members[name] == nil {
				n.Members[name] = rules.NewNode()
			}
			n = n.Members[name]
		}
		if n.Subject >= 0 {
			kind = n.Subject
		}
	}
	return n, kind, nil
}

func mustShape(tb testing.TB, text string) *rules.Shape {
	tb.Helper()
	shape, err := parseShape(text)
	if err != nil {
		tb.Fatal(err)
	}
	return shape
}

// decisions turns lines such as
//
//   - allow data[].id data[].name
//     0 token data[].id
//     1 none
//   - year data[].born
//   - cell:region data[].country
//
// into one decision for each subject. What no line names is withheld.
func decisions(shape *rules.Shape, subjects []redact.Subject, text string) ([]*rules.Actions, error) {
	out := make([]*rules.Actions, len(subjects))
	for i, s := range subjects {
		out[i] = &rules.Actions{Fields: make([]rules.Action, len(shape.Fields))}
		for line := range strings.Lines(text) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "*" && words[0] != strconv.Itoa(i) {
				continue
			}
			var a rules.Action
			switch words[1] {
			case "none":
				out[i] = nil
				continue
			case "allow":
				a.Verb = rules.Allow
			case "token":
				a = rules.Action{Verb: rules.Transform, Need: rules.NeedPseudonym}
			case "withhold":
			default:
				form, cell := strings.CutPrefix(words[1], "cell:")
				g, err := rules.ParseGeneraliser(form)
				if err != nil {
					return nil, fmt.Errorf("unknown verb in %q", line)
				}
				a = rules.Action{Verb: rules.Transform, Need: rules.NeedGeneralised, Generaliser: g, Cell: cell}
			}
			for _, path := range words[2:] {
				found := false
				for f := range shape.Fields {
					if path == "*" || path == shape.Fields[f].Path {
						found = true
						if out[i] != nil && shape.Fields[f].Concerns(s.Kind) {
							out[i].Fields[f] = a
						}
					}
				}
				if !found {
					return nil, fmt.Errorf("no field %q", path)
				}
			}
		}
	}
	return out, nil
}

// hashTokens replaces a value by a hash of it.
type hashTokens struct{}

func (hashTokens) AppendToken(dst []byte, _, _ int, _ rules.Need, value redact.Scalar) ([]byte, bool) {
	return append(dst, hashToken(string(value.Text))...), true
}

func hashToken(text string) string {
	h := fnv.New32a()
	h.Write([]byte(text))
	return fmt.Sprintf(`"tok_%08x"`, h.Sum32())
}

func fieldPaths(shape *rules.Shape, set rules.FieldSet) []string {
	var paths []string
	for f := range shape.Fields {
		if set.Has(f) {
			paths = append(paths, shape.Fields[f].Path)
		}
	}
	return paths
}

// describe writes a deciding member.
func describe(s redact.Scalar) string {
	switch s.Type {
	case redact.Absent:
		return "absent"
	case redact.Null:
		return "null"
	case redact.Defect:
		return "DEFECT(" + s.Fault.String() + ")"
	case redact.String:
		return strconv.Quote(string(s.Text))
	case redact.Number, redact.Bool:
		return string(s.Text)
	}
	return "?"
}
