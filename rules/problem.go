package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a policy file. Lines and columns count from 1.
type Pos struct {
	File         string
	Line, Column int
}

// String returns file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Sentinels of policy problems, for [errors.Is].
var (
	ErrSyntax     = errors.New("not well-formed")
	ErrUnknownKey = errors.New("unknown key")
	ErrDuplicate  = errors.New("defined twice")
	ErrMissing    = errors.New("missing")
	ErrBadValue   = errors.New("not a value that is allowed here")
	ErrDangling   = errors.New("no such name")
	ErrConflict   = errors.New("contradicts another rule")
	ErrTooMuch    = errors.New("beyond a limit")
	ErrOutdated   = errors.New("out of date")
	ErrReveals    = errors.New("may reveal more than it says")
)

// Problem is one thing wrong with a policy.
//
//nolint:errname // a finding of a review first, and an error where one is asked for
type Problem struct {
	Pos        Pos
	Kind       error  // one of the sentinels
	Detail     string // what is wrong, with the names involved
	Suggestion string // what to do about it, may be empty
	// Warning: the policy may be used, and somebody should look at it.
	Warning bool
}

// Error returns file:line:column and what is wrong.
func (p *Problem) Error() string {
	s := p.Pos.String() + ": "
	if p.Warning {
		s += "warning: "
	}
	s += p.Detail
	if p.Suggestion != "" {
		s += " (" + p.Suggestion + ")"
	}
	return s
}

// Unwrap returns the sentinel.
func (p *Problem) Unwrap() error { return p.Kind }

// Problems is every problem of a policy, in the order of its files.
//
//nolint:errname // as Problem
type Problems []*Problem

// Err returns the problems as one error, nil when there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error lists all problems, a line each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, q := range p {
		lines[i] = q.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets [errors.Is] find any of them.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, q := range p {
		errs[i] = q
	}
	return errs
}

// Sort orders by position and removes what is said twice.
func (p Problems) Sort() Problems {
	slices.SortStableFunc(p, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(p, func(a, b *Problem) bool { return a.Pos == b.Pos && a.Detail == b.Detail })
}

// Nearest returns the candidate that a misspelt word most likely means, or "".
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		longer, shorter := max(len(word), len(c)), min(len(word), len(c))
		if longer-shorter >= bestDistance && best == "" || longer-shorter > bestDistance {
			continue // at least so many edits, without counting them
		}
		d := editDistance(word, c)
		if 2*d > shorter {
			continue // hardly anything in common
		}
		if d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean phrases [Nearest] as a suggestion.
func DidYouMean(word string, candidates []string) string {
	if n := Nearest(word, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
