package draft

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// writer writes one file, and notes what a person must decide at its line.
type writer struct {
	name string
	text strings.Builder
	line int
	all  *[]Decision
}

func newWriter(name string, all *[]Decision) *writer { return &writer{name: name, line: 1, all: all} }

// say writes a line.
func (w *writer) say(format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
	w.line++
}

// comment writes comment lines at an indentation.
func (w *writer) comment(indent int, text string) {
	for line := range strings.SplitSeq(fold(visible(text), 110-indent), "\n") {
		w.say("%s# %s", strings.Repeat(" ", indent), line)
	}
}

// decide writes a comment that asks for a decision, and returns its number.
func (w *writer) decide(indent int, format string, args ...any) int {
	text := visible(fmt.Sprintf(format, args...))
	n := len(*w.all) + 1
	*w.all = append(*w.all, Decision{Number: n, File: w.name, Line: w.line, Text: text})
	w.comment(indent, fmt.Sprintf("DECIDE %d: %s", n, text))
	return n
}

func (w *writer) done() File { return File{Name: w.name, Text: []byte(w.text.String())} }

// visible replaces what does something to a terminal, or to the order of a line, in place
// of being seen: names are those of whoever wrote the description or the traffic.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// fold breaks a text into lines between words.
func fold(text string, width int) string {
	var b strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case length == 0:
		case length+1+len(word) > width:
			b.WriteByte('\n')
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}

var plainScalar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// scalar writes a text as YAML, in quotes where YAML could take it for something
// else.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return strconv.Quote(s)
	}
	if plainScalar.MatchString(s) {
		return s
	}
	if strings.ContainsAny(s, `"\`) && !strings.Contains(s, "'") && visible(s) == s {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}

// list reads "a, b, c and 4 more".
func list(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
