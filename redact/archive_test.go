package redact_test

import (
	"regexp"
	"strings"
)

// archive is a text in the txtar format: a comment, then named sections.
type archive struct {
	comment string
	files   []archiveFile
}

type archiveFile struct{ name, data string }

var sectionMarker = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func parseArchive(text string) *archive {
	marks := sectionMarker.FindAllStringSubmatchIndex(text, -1)
	a := &archive{comment: text}
	for i, m := range marks {
		if i == 0 {
			a.comment = text[:m[0]]
		}
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		a.files = append(a.files, archiveFile{name: text[m[2]:m[3]], data: text[m[1]:end]})
	}
	return a
}

func (a *archive) String() string {
	var b strings.Builder
	b.WriteString(a.comment)
	for _, f := range a.files {
		b.WriteString("-- " + f.name + " --\n" + f.data)
	}
	return b.String()
}
