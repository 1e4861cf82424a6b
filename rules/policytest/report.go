package policytest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// Text is the report for people: a line for each test, what was not as expected
// below it, and a tally.
func (r *Report) Text() string {
	var b strings.Builder
	for i := range r.Results {
		t := &r.Results[i]
		verdict := "ok  "
		if !t.Passed() {
			verdict = "FAIL"
		}
		fmt.Fprintf(&b, "%s  %s:%d: %s\n", verdict, t.Test.Name.Pos.File, t.Test.Name.Pos.Line, t.Test.Name.Value)
		for j := range t.Failures {
			f := &t.Failures[j]
			fmt.Fprintf(&b, "      %s: %s\n", f.Pos, f)
		}
	}
	tests := "tests"
	if len(r.Results) == 1 {
		tests = "test"
	}
	fmt.Fprintf(&b, "%d %s, %d failed\n", len(r.Results), tests, r.Failed())
	return b.String()
}

// Text is the coverage for people: how much was exercised, and everything that
// never was.
func (c *Cover) Text() string {
	var b strings.Builder
	var never []string
	tested := 0
	for _, cell := range c.Cells {
		if cell.Decisions > 0 {
			tested++
			continue
		}
		never = append(never, fmt.Sprintf("  never: %s, %s, %s (%s)", cell.Recipient, cell.Purpose, cell.Category, cell.Need))
	}
	fmt.Fprintf(&b, "cells of the contracts: %d of %d tested\n", tested, len(c.Cells))
	for _, line := range never {
		b.WriteString(line + "\n")
	}
	seen, unseen := split(c.Rules)
	fmt.Fprintf(&b, "rules of the tables: %d of %d seen\n", len(seen), len(c.Rules))
	if len(unseen) > 0 {
		fmt.Fprintf(&b, "  never: %s\n", strings.Join(unseen, " "))
	}
	codes, _ := split(c.Reasons)
	fmt.Fprintf(&b, "reasons seen: %s\n", strings.Join(codes, " "))
	return b.String()
}

func split(counts []Count) (seen, unseen []string) {
	for _, c := range counts {
		if c.Seen > 0 {
			seen = append(seen, c.Name)
		} else {
			unseen = append(unseen, c.Name)
		}
	}
	return seen, unseen
}

// JSON is the report for a pipeline, with what is wrong with the files of tests, or
// with the names in them, and if asked for the coverage.
func (r *Report) JSON(problems rules.Problems, cover bool) ([]byte, error) {
	type failure struct {
		Line     int      `json:"line"`
		Column   int      `json:"column"`
		Subject  int      `json:"subject,omitempty"`
		What     string   `json:"what"`
		Expected string   `json:"expected"`
		Got      string   `json:"got"`
		Reasons  []string `json:"reasons,omitempty"`
	}
	type test struct {
		Name     string    `json:"name"`
		File     string    `json:"file"`
		Line     int       `json:"line"`
		Clauses  []string  `json:"clauses,omitempty"`
		Passed   bool      `json:"passed"`
		Failures []failure `json:"failures,omitempty"`
	}
	type problem struct {
		File       string `json:"file"`
		Line       int    `json:"line"`
		Column     int    `json:"column"`
		Problem    string `json:"problem"`
		Suggestion string `json:"suggestion,omitempty"`
	}
	type cell struct {
		Recipient string `json:"recipient"`
		Purpose   string `json:"purpose"`
		Category  string `json:"category"`
		Need      string `json:"need"`
		Decisions int    `json:"decisions"`
	}
	type coverage struct {
		Cells   []cell         `json:"cells"`
		Rules   map[string]int `json:"rules"`
		Reasons map[string]int `json:"reasons"`
	}
	out := struct {
		Tests    []test    `json:"tests"`
		Failed   int       `json:"failed"`
		Problems []problem `json:"problems,omitempty"`
		Cover    *coverage `json:"cover,omitempty"`
	}{Tests: []test{}, Failed: r.Failed()}
	for i := range r.Results {
		res := &r.Results[i]
		t := test{
			Name: res.Test.Name.Value, File: res.Test.Name.Pos.File, Line: res.Test.Name.Pos.Line,
			Clauses: values(res.Test.Clauses), Passed: res.Passed(),
		}
		for _, f := range res.Failures {
			t.Failures = append(t.Failures, failure{f.Pos.Line, f.Pos.Column, f.Subject, f.What, f.Expected, f.Got, f.Reasons})
		}
		out.Tests = append(out.Tests, t)
	}
	for _, p := range problems {
		out.Problems = append(out.Problems, problem{p.Pos.File, p.Pos.Line, p.Pos.Column, p.Detail, p.Suggestion})
	}
	if cover {
		out.Cover = &coverage{Cells: []cell{}, Rules: counts(r.Cover.Rules), Reasons: counts(r.Cover.Reasons)}
		for _, c := range r.Cover.Cells {
			out.Cover.Cells = append(out.Cover.Cells, cell(c))
		}
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return append(b, '\n'), nil
}

func counts(list []Count) map[string]int {
	m := make(map[string]int, len(list))
	for _, c := range list {
		m[c.Name] = c.Seen
	}
	return m
}
