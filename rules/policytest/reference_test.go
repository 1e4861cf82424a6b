package policytest_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
	"github.com/modicum-dev/modicum/rules/source"
)

// header stands before the tests of the reference, as the page says.
const header = "language: 1\nat: 2026-11-23\ntests:"

// section is what stands under one heading of the reference of the language.
type section struct {
	at        string // page and line
	title     string
	keys      []string          // of its tables
	parent    *section          // of a subsection
	fragments []string          // of policy
	tests     map[string][]byte // files; the lines in them are those of the page
}

// reference reads the pages: the complete policy, and the sections in their order.
func reference(t *testing.T) (complete map[string][]byte, sections []*section) {
	t.Helper()
	complete = make(map[string][]byte)
	for _, name := range []string{"policy.md", "policy-notices.md", "policy-recipients.md", "policy-resources.md"} {
		b, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		p := manual{name: name, complete: complete}
		for i, line := range strings.Split(string(b), "\n") {
			p.line(i+1, line)
		}
		sections = append(sections, p.sections...)
	}
	return complete, sections
}

// manual is a page that is being read.
type manual struct {
	name     string
	complete map[string][]byte
	sections []*section
	table    string           // its first line
	block    *strings.Builder // of code; nil: prose
	info     string
	start    int
}

var keys = regexp.MustCompile("`([a-z0-9_]+)`")

func (p *manual) line(number int, line string) {
	switch {
	case p.block != nil && line == "```":
		p.example()
		p.block = nil
	case p.block != nil:
		p.block.WriteString(line + "\n")
	case strings.HasPrefix(line, "```"):
		p.block, p.info, p.start = new(strings.Builder), line[3:], number
	case strings.HasPrefix(line, "#"):
		p.heading(number, line)
	case strings.HasPrefix(line, "| ") && p.table == "":
		p.table = line
	case strings.HasPrefix(line, "| ") && strings.HasPrefix(p.table, "| key |"):
		cell, _, _ := strings.Cut(line[2:], " | ")
		for _, m := range keys.FindAllStringSubmatch(cell, -1) {
			here := p.sections[len(p.sections)-1]
			here.keys = append(here.keys, m[1])
		}
	case !strings.HasPrefix(line, "|"):
		p.table = ""
	}
}

// heading begins a section. A subsection goes on with the fragments of the section
// that it is in.
func (p *manual) heading(number int, line string) {
	s := &section{at: fmt.Sprintf("%s:%d", p.name, number), title: strings.TrimLeft(line, "# "), tests: make(map[string][]byte)}
	if strings.HasPrefix(line, "### ") {
		s.parent = p.sections[len(p.sections)-1]
		if s.parent.parent != nil {
			s.parent = s.parent.parent
		}
	}
	p.sections = append(p.sections, s)
}

// example takes a block of code.
func (p *manual) example() {
	here := p.sections[len(p.sections)-1]
	switch kind, name, _ := strings.Cut(p.info, " "); {
	case kind != "yaml" || name == "broken":
	case name == "":
		here.fragments = append(here.fragments, p.block.String())
	case name == "test":
		text := header + strings.Repeat("\n", p.start-strings.Count(header, "\n")) + p.block.String()
		here.tests[fmt.Sprintf("%s_%d_test.yaml", p.name, p.start)] = []byte(text)
	default:
		p.complete[name] = []byte(p.block.String())
	}
}

// with is the complete policy of the page with the fragments of a section and of
// the one that it is in, but for one.
func (s *section) with(t *testing.T, complete map[string][]byte, without string) (*rules.Policy, rules.Problems) {
	t.Helper()
	fragments := slices.Clone(s.fragments)
	if s.parent != nil {
		fragments = append(fragments, s.parent.fragments...)
	}
	dir := folder(complete)
	for i, f := range fragments {
		if f != without {
			dir[fmt.Sprintf("fragment%d.yaml", i+1)] = &fstest.MapFile{Data: []byte("language: 1\n" + f)}
		}
	}
	policy, problems, err := source.Policy(dir)
	if err != nil {
		t.Fatal(err)
	}
	return policy, problems
}

// hold runs the tests of a section. It says what is wrong with them.
func (s *section) hold(t *testing.T, policy *rules.Policy) (ran int, wrong string) {
	t.Helper()
	suite, problems, err := policytest.Load(folder(s.tests))
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", s.title, problems)
	}
	report, err := policytest.Run(policy, suite)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) > 0 {
		return 0, report.Problems.Error()
	}
	if report.Failed() > 0 {
		return 0, report.Text()
	}
	return len(report.Results), ""
}

// users are the section itself and its subsections, as far as they have tests.
func (s *section) users(sections []*section) (list []*section) {
	for _, other := range sections {
		if (other == s || other.parent == s) && len(other.tests) > 0 {
			list = append(list, other)
		}
	}
	return list
}

// What the reference of the language says of its examples comes of them: the tests
// of each section hold with its fragments. A section with keys or fragments has
// tests, or its subsections do.
func TestReferenceIsWorked(t *testing.T) {
	t.Parallel()
	complete, sections := reference(t)
	ran, all := 0, make(map[string][]byte)
	for _, s := range sections {
		if len(s.keys)+len(s.fragments) > 0 && len(s.users(sections)) == 0 {
			t.Errorf("%s: %q has keys and no worked example", s.at, s.title)
		}
		policy, problems := s.with(t, complete, "")
		if len(problems) > 0 {
			t.Errorf("%s: %q\n%v", s.at, s.title, problems)
			continue
		}
		if len(s.tests) == 0 {
			continue
		}
		maps.Copy(all, s.tests)
		n, wrong := s.hold(t, policy)
		if wrong != "" {
			t.Errorf("%s: %q\n%s", s.at, s.title, wrong)
		}
		ran += n
	}
	if _, problems, err := policytest.Load(folder(all)); err != nil || len(problems) > 0 {
		t.Error("two tests of the page have one name:", problems, err)
	}
	if ran < 80 {
		t.Errorf("only %d tests ran", ran)
	}
}

// Each fragment makes a difference: without it, not all of the tests hold that are
// written for it.
func TestReferenceNeedsItsFragments(t *testing.T) {
	t.Parallel()
	complete, sections := reference(t)
	for _, s := range sections {
		for i, f := range s.fragments {
			needed := false
			for _, user := range s.users(sections) {
				policy, problems := user.with(t, complete, f)
				if len(problems) > 0 { // another fragment is about what this one defines
					needed = true
					break
				}
				if _, wrong := user.hold(t, policy); wrong != "" {
					needed = true
					break
				}
			}
			if !needed {
				t.Errorf("%s: the tests of %q hold without its fragment %d", s.at, s.title, i+1)
			}
		}
	}
}

// Every key that a table of the reference explains stands in an example.
func TestReferenceShowsEveryKey(t *testing.T) {
	t.Parallel()
	complete, sections := reference(t)
	var text strings.Builder
	for _, b := range complete {
		text.Write(b)
	}
	found := 0
	for _, s := range sections {
		for _, f := range s.fragments {
			text.WriteString(f)
		}
	}
	for _, s := range sections {
		for _, key := range s.keys {
			found++
			if !regexp.MustCompile(`(?m)(^|[\s{,])` + key + `:(\s|$)`).MatchString(text.String()) {
				t.Errorf("%s: no example has the key %q of %q", s.at, key, s.title)
			}
		}
	}
	if found < 90 {
		t.Errorf("only %d keys were found", found)
	}
}
