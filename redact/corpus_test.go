package redact_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of the corpus")

// TestCorpus runs testdata/*.txtar. The sections "shape" and "actions" of a
// file hold for the cases after them. A case is a section NAME/body, perhaps
// NAME/actions and NAME/want (the wanted fields; all if it is missing), and
// NAME/out. With a section "complete" in which stands yes, objects are filled in the
// cases after it. Each case is named for the rule that it proves.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	total := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a := parseArchive(string(text))
		for _, c := range corpusCases(t, a) {
			total++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				got := c.run(t)
				if *update {
					c.out.data = got
				} else if diff := cmp.Diff(c.out.data, got); diff != "" {
					t.Errorf("body %s\n-want +got\n%s", c.body, diff)
				}
			})
		}
		t.Cleanup(func() { // after all cases
			if !*update {
				return
			}
			if err := os.WriteFile(file, []byte(a.String()), 0o644); err != nil {
				t.Error(err)
			}
		})
	}
	if total < 60 {
		t.Errorf("only %d cases were found", total)
	}
}

type corpusCase struct {
	name, shape, actions, want, body string
	complete                         bool
	out                              *archiveFile
}

func corpusCases(tb testing.TB, a *archive) []corpusCase {
	tb.Helper()
	var cases []corpusCase
	var shape, actions string
	var complete bool
	for i := range a.files {
		f := &a.files[i]
		text := strings.TrimSuffix(f.data, "\n")
		switch name, part, _ := strings.Cut(f.name, "/"); {
		case f.name == "shape":
			shape = text
		case f.name == "actions":
			actions = text
		case f.name == "complete":
			complete = text == "yes"
		case part == "body":
			cases = append(cases, corpusCase{name: name, shape: shape, actions: actions, complete: complete, body: text})
		case len(cases) == 0 || cases[len(cases)-1].name != name:
			tb.Fatalf("section %q stands before its body", f.name)
		case part == "actions":
			cases[len(cases)-1].actions = text
		case part == "want":
			cases[len(cases)-1].want = text
		case part == "out":
			cases[len(cases)-1].out = f
		default:
			tb.Fatalf("unknown section %q", f.name)
		}
	}
	for _, c := range cases {
		if c.out == nil {
			tb.Fatalf("case %q has no out section", c.name)
		}
	}
	return cases
}

// run minimises the body and writes output and report readably. What the slow
// reference says must be the same.
func (c corpusCase) run(t *testing.T) string {
	t.Helper()
	shape := mustShape(t, c.shape)
	var want rules.FieldSet
	if c.want != "" {
		want = rules.NewFieldSet(len(shape.Fields))
		for f := range shape.Fields {
			for path := range strings.FieldsSeq(c.want) {
				if shape.Fields[f].Path == path {
					want.Add(f)
				}
			}
		}
	}
	var doc redact.Document
	if err := doc.Open(shape, want, []byte(c.body), redact.Limits{}); err != nil {
		var syntax *redact.SyntaxError
		if !errors.As(err, &syntax) {
			t.Fatal(err)
		}
		return fmt.Sprintf("error: %s at %d\n", syntax.Kind, syntax.Offset)
	}
	actions, err := decisions(shape, doc.Subjects(), c.actions)
	if err != nil {
		t.Fatal(err)
	}
	out, err := doc.Emit(nil, actions, redact.Terms{Tokens: hashTokens{}, At: decided, Complete: c.complete})
	if err != nil {
		t.Fatal(err)
	}
	if c.want == "" {
		compareReference(t, shape, []byte(c.body), &doc, actions, redact.Terms{MinCell: rules.DefaultMinCell, Complete: c.complete}, out)
	}
	text := string(out) + "\n"
	if len(out) == 0 {
		text = "nothing\n"
	}
	for i, s := range doc.Subjects() {
		text += fmt.Sprintf("%d %s", i, shape.Subjects[s.Kind].Shape)
		if s.Parent >= 0 {
			text += fmt.Sprintf(" in %d", s.Parent)
		}
		for _, role := range []struct {
			name string
			v    redact.Scalar
		}{{"id", s.ID}, {"country", s.Country}, {"region", s.Region}, {"residence", s.Residence}, {"born", s.Born}} {
			if role.v.Type != redact.Absent {
				text += fmt.Sprintf(" %s=%s", role.name, describe(role.v))
			}
		}
		if doc.Released(i) {
			text += " released: " + strings.Join(fieldPaths(shape, doc.Emitted(i)), " ")
		} else {
			text += " withheld"
		}
		if doc.Small(i) {
			text += " small"
		}
		if n := doc.Defects(i); n > 0 {
			text += fmt.Sprintf(" defects: %d", n)
		}
		text += "\n"
	}
	if n := doc.Defects(-1); n > 0 {
		text += fmt.Sprintf("outside: defects: %d\n", n)
	}
	for _, f := range doc.Faults() {
		text += fmt.Sprintf("fault: %s %s: %d\n", f.Path, f.Reason, f.Count)
	}
	return text
}
